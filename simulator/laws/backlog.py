"""Demand that waits for room in a fleet, and leaves when its patience ends.

The fluid counterpart of a queue of jobs: work, not jobs, waits, in cohorts by
the step it was asked in. All worlds are carried side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative


@dataclass(frozen=True)
class Served:
    """What became of waiting demand in one step.

    Attributes
    ----------
    done : ndarray, shape (groups, worlds)
        Work served. [rce·s]
    lost : ndarray, shape (groups, worlds)
        Work whose patience ended unserved. [rce·s]
    """

    done: Array
    lost: Array


class Backlog:
    """Work that groups of askers want, by family, in many worlds.

    Within a family, groups of higher rank are served first, and of one group the work
    that has waited longest. Invariant: asked = done + lost + waiting.

    Parameters
    ----------
    family : array_like of int, shape (groups,)
        Whose speed on a chip a group's work has.
    rank : array_like, shape (groups,)
        Higher goes first; ties in order of the groups.
    patience : array_like of int, shape (groups,)
        Steps work waits after the one it was asked in, >= 0; then it is lost.
    worlds : int
        Side by side.

    Examples
    --------
    Ten are asked and six served; the four wait one step, in which three are:

    >>> queue = Backlog([0], [1.0], [1], worlds=1)
    >>> _ = queue.ask([[10.0]]); first = queue.serve([[6.0]])
    >>> queue.ask([[0.0]]).tolist()
    [[4.0]]
    >>> second = queue.serve([[3.0]])
    >>> float(first.lost.item()), float(second.done.item()), float(second.lost.item())
    (0.0, 3.0, 1.0)
    """

    def __init__(
        self,
        family: npt.ArrayLike,
        rank: npt.ArrayLike,
        patience: npt.ArrayLike,
        worlds: int,
    ) -> None:
        self._family = np.asarray(family, np.int64)
        self._patience = np.asarray(patience, np.int64)
        require_not_negative(family=self._family, patience=self._patience)
        self._order = np.argsort(-floats(rank), kind="stable")
        self._families = int(self._family.max(initial=-1)) + 1
        #: Row a of a group: asked a steps ago.
        self._waiting = [np.zeros((p + 1, worlds)) for p in self._patience]

    @property
    def waiting(self) -> Array:
        """Work that waits, shape (groups, worlds). [rce·s]."""
        return np.stack([cohorts.sum(axis=0) for cohorts in self._waiting])

    def cohorts(self, group: int) -> Array:
        """Work of a group that waits, a row for each step ago it was asked. [rce·s]."""
        return self._waiting[group]

    def ask(self, work: npt.ArrayLike) -> Array:
        """Take in a step's new work and return what each family wants now.

        Parameters
        ----------
        work : array_like, shape (groups, worlds)
            Asked in this step, >= 0. [rce·s]

        Returns
        -------
        ndarray, shape (worlds, families)
            Waiting and new. [rce·s]
        """
        wanted = np.zeros((self._families, self._waiting[0].shape[1]))
        for group, new in enumerate(floats(work)):
            cohorts = self._waiting[group]
            cohorts[0] += new
            # One by one: a sum's last bits depend on how many worlds stand side by side.
            for cohort in cohorts:
                wanted[self._family[group]] += cohort
        return wanted.T

    def serve(self, served: npt.ArrayLike) -> Served:
        """Give each family's served work to its groups, and let a step pass.

        Parameters
        ----------
        served : array_like, shape (worlds, families)
            At most what was wanted. [rce·s]
        """
        left = floats(served).T.copy()
        shape = (len(self._waiting), left.shape[1])
        done, lost = np.zeros(shape), np.zeros(shape)
        for group in self._order:
            cohorts, room = self._waiting[group], left[self._family[group]]
            for cohort in cohorts[::-1]:
                part = np.minimum(cohort, room)
                cohort -= part
                room -= part
                done[group] += part
            lost[group] = cohorts[-1]
            cohorts[1:] = cohorts[:-1].copy()
            cohorts[0] = 0.0
        return Served(done, lost)
