"""What runs bring to the network: how the engine shows them, what classes send, pools' racks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs_fabric import STAND
from simulator.world.network_plant import Plant

__all__ = ["ClassTraffic", "PoolTraffic", "Pools", "Runs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Runs(Protocol):
    """Runs that leave their rack, as the job engine shows them; ``n`` runs, ``k`` parts."""

    @property
    def run(self) -> NDArray[np.signedinteger]:
        """Names a run while it runs. Shape (n,)."""

    @property
    def job_class(self) -> NDArray[np.signedinteger]:
        """Row of the rate matrix. Shape (n,)."""

    @property
    def pool(self) -> NDArray[np.signedinteger]:
        """Pool it runs in. Shape (n,)."""

    @property
    def chips(self) -> NDArray[np.signedinteger]:
        """Chips it holds. Shape (n,)."""

    @property
    def indptr(self) -> NDArray[np.signedinteger]:
        """First part of each run, and the end. Shape (n + 1,)."""

    @property
    def rack(self) -> NDArray[np.signedinteger]:
        """Rack of each part, numbered in its pool as they entered; those of a pod side by side.

        Shape (k,).
        """

    @property
    def hosts(self) -> NDArray[np.signedinteger]:
        """Hosts the run has there. Shape (k,)."""


class ClassTraffic(NamedTuple):
    """What each job class sends; shape (classes,)."""

    all_to_all: Floats
    """Share that goes from all to all. [1]"""
    replica: Floats
    """Chips of a copy of the model. [chips]"""


@dataclass(frozen=True)
class PoolTraffic:
    """What a pool's racks bring to the network.

    Parameters
    ----------
    chips_per_host : int
        Lanes of a host. [chips]
    hosts_per_rack : int
    line_b_per_s : float
        Of a chip into the fabric. [B/s]
    communication : ndarray, shape (classes,)
        Share of a step at full line rate that waits for the exchange. [1]
    rate : callable
        Work of a chip of each class at full line rate, shape (classes,). [rce/chip]
    """

    chips_per_host: int
    hosts_per_rack: int
    line_b_per_s: float
    communication: Floats
    rate: Callable[[], Floats]

    @property
    def rack_b_per_s(self) -> float:
        """Of all chips of a rack into the fabric. [B/s]"""
        return self.hosts_per_rack * self.chips_per_host * self.line_b_per_s


@dataclass
class _Pool:
    traffic: PoolTraffic
    plant: int
    racks: int = 0
    #: Of each rack by number, and of those yet to fill the last pod.
    place: Ints = field(default_factory=lambda: np.empty(0, np.int64))


class Pools:
    """Where pools' racks stand in the plants, and what is asked for by pool, as arrays.

    Invariant: every rack of a pool has a place in its plant, and racks that share a pod there are
    those that share one in the pool's own numbering.

    Parameters
    ----------
    plants : sequence of Plant
    classes : int
        Job classes.
    """

    def __init__(self, plants: Sequence[Plant], classes: int) -> None:
        self._plants = plants
        self._classes = classes
        self._pools: dict[int, _Pool] = {}
        self.tabulate()

    def add(self, pool: int, plant: int, traffic: PoolTraffic) -> None:
        """Let a pool, as yet without racks, join a plant."""
        self._pools[pool] = _Pool(traffic, plant)
        self.tabulate()

    def enter(self, pool: int, racks: int) -> None:
        """Let a pool have so many racks in all; the new ones get places in pods of its own."""
        mine = self._pools[pool]
        plant = self._plants[mine.plant]
        while mine.place.size < racks:
            mine.place = np.r_[mine.place, plant.open() + np.arange(plant.spec.racks)]
        new = mine.place[mine.racks : racks]
        if new.size:
            mine.racks = racks
            plant.enter(new, mine.traffic.rack_b_per_s)
            self.tabulate()

    def at(self, plant: int, places: Ints) -> list[tuple[int, int]]:
        """Pool and number of the racks on *places* of a plant."""
        found = []
        for pool, mine in self._pools.items():
            if places.size and mine.plant == plant:
                there = np.flatnonzero(np.isin(mine.place[: mine.racks], places))
                found += [(pool, rack) for rack in there.tolist()]
        return found

    def tabulate(self) -> None:
        """Lay what is asked for by pool out as arrays; rates as they are now."""
        n = max(self._pools, default=-1) + 1
        none = np.empty(0, np.int64)
        places = [self._pools[p].place if p in self._pools else none for p in range(n)]
        begin = np.cumsum([0, *(p.size for p in places)])[:-1]
        self.place = np.concatenate([none, *places])
        self.stands = np.zeros(n, STAND)
        self.stands["begin"], self.stands["per_host"] = begin, 1.0
        self.waits, self.work = np.zeros((self._classes, n)), np.zeros((self._classes, n))
        for p, pool in self._pools.items():
            stand, brings = self.stands[p], pool.traffic
            stand["plant"], stand["racks"] = pool.plant, pool.racks
            stand["per_host"], stand["line"] = brings.chips_per_host, brings.line_b_per_s
            self.waits[:, p] = pool.traffic.communication
            self.work[:, p] = pool.traffic.rate()
