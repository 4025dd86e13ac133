"""Runs over several racks, as the network keeps them from when they come until they go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded import Parts
from simulator.laws.folded_kernel import gathered
from simulator.world.network_traffic import ClassTraffic, Pools, Runs

__all__ = ["Members"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DTYPE = np.dtype(
    [
        ("plant", "i8"),  # -1: nobody
        ("pool", "i8"),
        ("kind", "i8"),
        ("begin", "i8"),  # its parts in the store
        ("end", "i8"),
        ("crosses", "?"),  # pods
        ("line", "f8"),
        ("waits", "f8"),
        ("chips", "f8"),
        ("rce", "f8"),  # work a second at full line rate
        ("per_host", "f8"),
        ("replica", "f8"),  # hosts of a copy of the model
        ("all_to_all", "f8"),
        ("column", "i8"),  # of what it reads over the backbone, and how much
        ("reads", "f8"),
        ("fabric", "f8"),  # speed its fabric allows
        ("speed", "f8"),
    ]
)


class Members:
    """The runs that are there, by the number the engine names them by.

    Invariant: a member's parts lie side by side in the store; those of runs that left are
    squeezed out when it is full.

    Parameters
    ----------
    pools : Pools
    classes : ClassTraffic
    pod_racks : ndarray of int
        Racks of a pod of each plant.
    """

    def __init__(self, pools: Pools, classes: ClassTraffic, pod_racks: Ints) -> None:
        self._pools = pools
        self._classes = classes
        self._pod_racks = pod_racks
        self.row = np.zeros(0, _DTYPE)
        self._place, self._hosts = np.zeros(64, np.int64), np.zeros(64, np.int64)
        self._used = 0

    def leave(self, gone: Ints) -> NDArray[np.void]:
        """Let runs go, and return what they were."""
        was = self.row[gone]
        self.row["plant"][gone] = -1
        return was

    def join(self, runs: Runs) -> NDArray[np.void]:
        """Let runs come, at full speed, and return what they are."""
        slots, pool = np.asarray(runs.run), np.asarray(runs.pool)
        parts = len(runs.rack)
        self._make_room(int(slots.max()) + 1, parts)
        at = slice(self._used, self._used + parts)
        size = np.diff(runs.indptr)
        self._place[at] = self._pools.place[np.repeat(self._pools.begin[pool], size) + runs.rack]
        self._hosts[at] = runs.hosts
        new = np.zeros(slots.size, _DTYPE)
        new["begin"] = self._used + np.asarray(runs.indptr[:-1])
        new["end"] = self._used + np.asarray(runs.indptr[1:])
        self._used += parts
        new["plant"] = self._pools.plant[pool]
        new["pool"], new["kind"] = pool, runs.job_class
        pod = self._pod_racks[new["plant"]]
        ends = self._place[new["begin"]] // pod, self._place[new["end"] - 1] // pod
        new["crosses"] = ends[0] != ends[1]
        new["fabric"] = new["speed"] = 1.0
        new["chips"] = runs.chips
        self._look_up(new)
        self.row[slots] = new
        return new

    def of(self, plant: int) -> Ints:
        """Return the runs of a plant."""
        return np.flatnonzero(self.row["plant"] == plant)

    def parts(self, chosen: Ints) -> Parts:
        """Return where the *chosen* runs lie, on places of their plant."""
        begin, end = self.row["begin"][chosen], self.row["end"][chosen]
        return Parts(*gathered(begin, end, self._place, self._hosts))

    def rates_changed(self) -> None:
        """Look the work of all up again."""
        there = np.flatnonzero(self.row["plant"] >= 0)
        row = self.row[there]
        self._look_up(row)
        self.row[there] = row

    def _look_up(self, row: NDArray[np.void]) -> None:
        pools, kind, pool = self._pools, row["kind"], row["pool"]
        row["line"] = pools.line_b_per_s[pool]
        row["waits"] = pools.waits[kind, pool]
        row["rce"] = row["chips"] * pools.work[kind, pool]
        row["per_host"] = pools.per_host[pool]
        row["replica"] = np.ceil(self._classes.replica[kind] / row["per_host"])
        row["all_to_all"] = self._classes.all_to_all[kind]

    def _make_room(self, slots: int, parts: int) -> None:
        if slots > self.row.size:
            more = np.zeros(max(slots, 2 * self.row.size) - self.row.size, _DTYPE)
            more["plant"] = -1
            self.row = np.concatenate([self.row, more])
        if self._used + parts > self._place.size:
            there = np.flatnonzero(self.row["plant"] >= 0)
            kept = self.parts(there)
            room = 2 * (kept.rack.size + parts)
            self._place, self._hosts = np.zeros(room, np.int64), np.zeros(room, np.int64)
            self._used = kept.rack.size
            self._place[: self._used], self._hosts[: self._used] = kept.rack, kept.hosts
            self.row["begin"][there], self.row["end"][there] = kept.indptr[:-1], kept.indptr[1:]
