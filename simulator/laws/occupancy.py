"""What counts of running and waiting jobs, taken at a steady beat, tell of the jobs.

Counts hide who came and went between two of them. What is told here is the
least that explains them: as few jobs ended as will do, and of those that could
have, the youngest. Run times of jobs in clusters have a falling hazard, so the
youngest is the likeliest to end. A job that came and went between two counts is
never seen; a job seen once counts as one beat long.
"""

from __future__ import annotations

from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]

#: Sets of jobs looked at to explain one step.
_MOST_SETS = 5000


class Seen(NamedTuple):
    """Jobs inferred, in order of their start; times are numbers of the counts.

    Attributes
    ----------
    start : ndarray
        First count that has the job; 0: it may have run before.
    end : ndarray
        First count without it; -1: none.
    chips : ndarray
    """

    start: Ints
    end: Ints
    chips: Ints


def jobs_seen(jobs: ArrayLike, chips: ArrayLike) -> Seen:
    """Jobs that explain counts of running jobs and of the chips they hold.

    Parameters
    ----------
    jobs, chips : array_like of int, shape (counts,)
        Running at each count; no chips without jobs, but jobs may hold none.

    Examples
    --------
    One job of four chips; then one of two; then the four end:

    >>> seen = jobs_seen([1, 2, 1], [4, 6, 2])
    >>> seen.start.tolist(), seen.end.tolist(), seen.chips.tolist()
    ([0, 1], [2, -1], [4, 2])
    """
    n, held = np.asarray(jobs, np.int64), np.asarray(chips, np.int64)
    start: list[int] = []
    end: list[int] = []
    size: list[int] = []
    running: list[int] = []
    for t in range(len(n)):
        ended, begun = _explain([size[j] for j in running], int(n[t]), int(held[t]))
        for place in sorted(ended, reverse=True):
            end[running.pop(place)] = t
        for of_job in begun:
            running.append(len(start))
            start.append(t)
            end.append(-1)
            size.append(of_job)
    return Seen(*(np.array(column, np.int64) for column in (start, end, size)))


def _explain(sizes: list[int], jobs: int, chips: int) -> tuple[tuple[int, ...], list[int]]:
    """Which places of a list of running jobs, oldest first, ended; sizes of jobs begun.

    A job begun holds at least one chip, if that can be.
    """
    for least in (1, 0):
        for n_ended in range(max(0, len(sizes) - jobs), len(sizes) + 1):
            begun = jobs - len(sizes) + n_ended
            sets = combinations(range(len(sizes) - 1, -1, -1), n_ended)
            for ended in islice(sets, _MOST_SETS):
                fresh = chips - sum(sizes) + sum(sizes[place] for place in ended)
                if (fresh == 0) if begun == 0 else (fresh >= least * begun):
                    return ended, even_parts(fresh, begun)
    raise ValueError(f"{jobs} jobs cannot hold {chips} chips")


def even_parts(whole: int, parts: int) -> list[int]:
    """A whole in parts as even as may be, the larger first.

    Examples
    --------
    >>> even_parts(10, 4)
    [3, 3, 2, 2]
    """
    return [whole // parts + (i < whole % parts) for i in range(parts)]


def asked_at(start: ArrayLike, waiting: ArrayLike) -> Ints:
    """When jobs that start in order of arrival arrived, by the count that first has them.

    Parameters
    ----------
    start : array_like of int, shape (jobs,)
        Count at which each starts, ascending.
    waiting : array_like of int, shape (counts,)
        Jobs waiting at each count.

    Returns
    -------
    ndarray, shape (jobs,)
        Never after its start; 0: it may have waited before.

    Examples
    --------
    The second job starts at 4, but one waited from 2 on:

    >>> asked_at([1, 4], [0, 0, 1, 1, 0]).tolist()
    [1, 2]
    """
    starts, queue = np.asarray(start, np.int64), np.asarray(waiting, np.int64)
    there = np.searchsorted(starts, np.arange(len(queue)), side="right") + queue
    asked = np.zeros_like(starts)
    for k, s in enumerate(starts):
        # Not at the first count that had so many: some that waited then may have given up.
        fewer = np.flatnonzero(there[: s + 1] <= k)
        asked[k] = fewer[-1] + 1 if fewer.size else 0
    return asked
