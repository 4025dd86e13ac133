"""Capacity dispatched to demand, step by step, in many sampled worlds at once.

The cheap fidelity: work flows to chips as a linear program would send it, and
what finds no room waits. No gang, no host and no order inside a step is seen,
so it errs towards more work done; it is right where the fleet is large
against its jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative
from simulator.laws.backlog import Backlog
from simulator.laws.dispatch_worlds import Dispatcher


@dataclass(frozen=True)
class Askers:
    """Who asks: groups of demand of one family each.

    Attributes
    ----------
    family : tuple of int
        Row of the rate matrix, one a group.
    rank : tuple of float
        Higher is served first.
    patience : tuple of int
        Whole steps work waits after the one it was asked in.
    """

    family: tuple[int, ...]
    rank: tuple[float, ...]
    patience: tuple[int, ...]


@dataclass(frozen=True)
class Flow:
    """What became of demand and capacity.

    Attributes
    ----------
    done : ndarray, shape (steps, groups, worlds)
        Work served, by the step it was served in. [rce·s]
    unserved : ndarray, shape (steps, groups, worlds)
        Work whose patience or time ended, by the step it was asked in. [rce·s]
    used : ndarray, shape (steps, worlds, families, chips)
        Chip time that served each family; no worlds if it was not asked for. [chip·s]
    solves : int
        Linear programs solved.
    """

    done: Array
    unserved: Array
    used: Array
    solves: int


def flow(
    asked: npt.ArrayLike,
    chip_s: npt.ArrayLike,
    rate: npt.ArrayLike,
    askers: Askers,
    burden: npt.ArrayLike | None = None,
    *,
    uses: bool = True,
) -> Flow:
    """Serve as much of what is asked as each world's chips can.

    Parameters
    ----------
    asked : array_like, shape (steps, groups, worlds)
        Work the groups would do in each step if nothing were short. [rce·s]
    chip_s : array_like, shape (steps, worlds, chips)
        Chip time in service. [chip·s]
    rate : array_like, shape (steps, worlds, families, chips)
        Work a chip does of a family; 0 where it is not ported. [rce/chip]
    askers : Askers
        Of the groups.
    burden : array_like, shape (chips,), optional
        Of equally good chips, those of less burden serve, such as watts a chip.
    uses : bool
        Whether to keep which chip served whom, most of the memory.

    Raises
    ------
    ValueError
        If shapes do not fit, or an amount is negative.

    Examples
    --------
    A chip of ten is there for the second of three steps; what waits a step is done then:

    >>> who = Askers(family=(0,), rank=(1.0,), patience=(1,))
    >>> asked, chip_s = np.full((3, 1, 1), 4.0), np.reshape([0.0, 10.0, 0.0], (3, 1, 1))
    >>> found = flow(asked, chip_s, np.ones((3, 1, 1, 1)), who)
    >>> found.done.round(6).ravel().tolist(), found.unserved.round(6).ravel().tolist()
    ([0.0, 8.0, 0.0], [0.0, 0.0, 4.0])
    """
    work, there, speed = floats(asked), floats(chip_s), floats(rate)
    steps, groups, worlds = work.shape
    families, chips = speed.shape[2:]
    if there.shape != (steps, worlds, chips) or speed.shape != (*there.shape[:2], families, chips):
        raise ValueError(
            f"chip_s {there.shape} and rate {speed.shape} do not fit asked {work.shape}"
        )
    if len(askers.family) != groups or max(askers.family, default=-1) >= families:
        raise ValueError(f"askers name {askers.family} for {groups} groups, {families} families")
    require_not_negative(asked=work, chip_s=there, rate=speed)
    known: dict[bytes, Dispatcher] = {}
    done, unserved = np.empty_like(work), np.zeros_like(work)
    used = np.empty(speed.shape if uses else (steps, 0, families, chips))
    for first in range(0, worlds, _BLOCK):
        block = slice(first, first + _BLOCK)
        queue = Backlog(askers.family, askers.rank, askers.patience, work[0, 0, block].size)
        for step in range(steps):
            wanted = _padded(queue.ask(work[step, :, block]), families)
            served, chip_time = _dispatch(
                wanted, there[step, block], speed[step, block], burden, known, uses
            )
            if uses:
                used[step, block] = chip_time
            outcome = queue.serve(served)
            done[step, :, block] = outcome.done
            for group, patience in enumerate(askers.patience):
                if step >= patience:
                    unserved[step - patience, group, block] = outcome.lost[group]
        for group, patience in enumerate(askers.patience):
            for ago in range(1, min(patience, steps) + 1):
                unserved[steps - ago, group, block] = queue.cohorts(group)[ago]
    solves = sum(dispatcher.solves for dispatcher in known.values())
    return Flow(done, unserved, used, solves)


#: Worlds carried side by side: many, so that the calls themselves cost little, and yet no more
#: than the processor's cache holds. [1]
_BLOCK = 4096


def _dispatch(
    wanted: Array,
    chip_s: Array,
    speed: Array,
    burden: npt.ArrayLike | None,
    known: dict[bytes, Dispatcher],
    uses: bool,
) -> tuple[Array, Array]:
    """Serve one step of a block of worlds; return work served and chip time used."""
    if (speed == speed[0]).all():
        speed = speed[:1]  # one world tells of all
    # A chip counts by its best family, so that worlds in which one chip is
    # better or worse throughout share their dispatch.
    best = speed.max(axis=1, initial=0.0)
    per_best = np.divide(1.0, best, out=np.zeros_like(best), where=best > 0)
    relative = (speed * per_best[:, None]).round(9)
    capacity = chip_s * best
    served = np.zeros_like(wanted)
    used = np.zeros((len(wanted) if uses else 0, *speed.shape[1:]))
    for example, here in _alike(relative):
        key = relative[example].tobytes()
        if key not in known:
            known[key] = Dispatcher(relative[example], burden=burden)
        found = known[key](wanted[here], capacity[here], uses=uses)
        served[here] = found.served
        if uses:
            used[here] = found.used
    used *= per_best[:, None]
    return served, used


def _alike(relative: Array) -> Iterator[tuple[int, slice | npt.NDArray[np.intp]]]:
    """Yield worlds of one efficiency matrix, by an example of them."""
    if np.all(relative == relative[0]):
        yield 0, slice(None)
        return
    rows = relative.reshape(len(relative), -1)
    _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    for kind, example in enumerate(first):
        yield int(example), np.flatnonzero(which == kind)


def _padded(wanted: Array, families: int) -> Array:
    """Families that nobody asks for come last and want nothing."""
    return np.pad(wanted, ((0, 0), (0, families - wanted.shape[1])))
