"""The network between racks as running jobs load it: asked by the job engine, told by faults.

Each site has a fabric of its own for every kind of fabric the scenario names. A run that leaves its
rack exchanges over it; all runs are taken to exchange at once, sharing trunks max-min fairly,
and a run's step is stretched by what its exchange takes longer. That is the worst moment of a step
and not its mean: runs whose exchanges are short, and fall apart in time, lose less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded import Senders, Shared
from simulator.laws.folded_kernel import speeds
from simulator.world.network_members import Members
from simulator.world.network_plant import Plant
from simulator.world.network_record import Tally
from simulator.world.network_traffic import ClassTraffic, Pools, PoolTraffic, Runs
from simulator.world.recorder import Recorder

__all__ = ["ClassTraffic", "Network", "PoolTraffic", "Runs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A speed that differs by so little is the same: only the order of sums has changed. [1]
_ROUNDING = 1e-12


class Network:
    """All sites' fabrics.

    Invariant: speeds are those of the runs last told of and of what was alive then; each plant is
    looked at again only if a run that matters to others came or went, or the plant changed.

    Parameters
    ----------
    plants : mapping of str to Plant
    classes : ClassTraffic
    now : callable
        The time. [s]
    record : Recorder
    """

    def __init__(
        self,
        plants: Mapping[str, Plant],
        classes: ClassTraffic,
        now: Callable[[], float],
        record: Recorder,
    ) -> None:
        self.plants = dict(plants)
        self._names = list(self.plants)
        self._plants = list(self.plants.values())
        self._classes = classes
        self._now = now
        self._pools = Pools(self._plants, classes.replica.size)
        self._pod_racks = np.array([plant.spec.racks for plant in self._plants], np.int64)
        self._members = Members(self._pools, classes, self._pod_racks)
        self.tallies = {name: Tally(plant, record) for name, plant in self.plants.items()}
        self._version = [plant.version for plant in self._plants]
        self._cut: dict[int, Ints] = {}

    def add_pool(self, pool: int, plant: str, traffic: PoolTraffic) -> None:
        """Let a pool of the engine, as yet without racks, join a plant."""
        self._pools.add(pool, self._names.index(plant), traffic)

    def enter(self, pool: int, racks: int) -> None:
        """Let a pool have so many racks in all; the new ones get places in pods of its own."""
        self.tallies[self._names[int(self._pools.plant[pool])]].change(self._now())
        self._pools.enter(pool, racks)

    def rates_changed(self) -> None:
        """Count work at the rates of now, which have changed."""
        self._pools.tabulate()
        self._members.rates_changed()
        self._version = [-1] * len(self._plants)

    def follow(self, came: Runs, gone: Ints) -> tuple[Ints, Floats]:
        """Take note of runs that came and went since; return whose speed is another now.

        Returns
        -------
        runs : ndarray of int, shape (n,)
        speed : ndarray, shape (n,)
            Over their speed with the fabric's full line rate, in [0, 1]; that of runs that came
            was 1. [1]
        """
        stale = {k for k, plant in enumerate(self._plants) if plant.version != self._version[k]}
        if gone.size:
            stale |= self._matters(self._members.leave(gone))
        if len(came.run):
            stale |= self._matters(self._members.join(came))
        if not stale:
            return np.empty(0, np.int64), np.empty(0)
        found = [self._share(k) for k in sorted(stale)]
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def __call__(self, runs: Runs) -> Floats:
        """Speed of each of some runs if they were all there are. Shape (n,), [1]."""
        members = Members(self._pools, self._classes, self._pod_racks)
        if len(runs.run):
            members.join(runs)
        for k, plant in enumerate(self._plants):
            chosen = _chosen(plant, members, members.of(k))
            if chosen.size:
                members.row["speed"][chosen] = _shared(plant, members, chosen)[1]
        return np.asarray(members.row["speed"][runs.run], np.float64)

    @property
    def roomy(self) -> bool:
        """Whether runs inside a pod are nowhere short of bandwidth."""
        return not any(plant.tight or plant.hurt for plant in self._plants)

    def isolated(self, name: str) -> list[tuple[int, int]]:
        """Pool and number of the racks of a plant that nothing joins to their pod."""
        return self._pools.at(self._names.index(name), self.plants[name].isolated())

    def cut(self) -> Ints:
        """Return the runs whose parts nothing joins any more."""
        return np.concatenate([np.empty(0, np.int64), *self._cut.values()])

    def close(self, horizon_s: float) -> None:
        """Write what is not written yet."""
        for tally in self.tallies.values():
            tally.close(horizon_s)

    def _matters(self, rows: NDArray[np.void]) -> set[int]:
        """Plants where the coming or going of some runs can change the speed of any.

        Inside a pod whose racks are not oversubscribed and where nothing is down, no bundle can
        be filled: every host sends at most its own line.
        """
        found = set(rows["plant"][rows["crosses"]].tolist())
        for k in set(rows["plant"].tolist()) - found:
            if self._plants[k].tight or self._plants[k].hurt:
                found.add(k)
        return found

    def _share(self, k: int) -> tuple[Ints, Floats]:
        """Look at a plant again; return whose speed is another now."""
        plant, members = self._plants[k], self._members
        self._version[k] = plant.version
        there = members.of(k)
        speed = np.ones(members.row.size)
        chosen = _chosen(plant, members, there)
        tally = self.tallies[plant.name]
        tally.change(self._now())
        self._cut.pop(k, None)
        if chosen.size:
            shared, now, alone, peak, mean = _shared(plant, members, chosen)
            speed[chosen] = now
            if shared.cut.any():
                self._cut[k] = chosen[shared.cut]
            rce = members.row["rce"][chosen]
            by_fabric, by_neighbours = rce * (1 - alone), rce * (alone - now)
            slowed = np.count_nonzero(by_fabric + by_neighbours > 1e-9 * rce)
            cost = float(by_fabric.sum()), float(by_neighbours.sum())
            tally.set((float(chosen.size), float(slowed), *cost), peak, mean)
        else:
            none = np.zeros(plant.counted_b_per_s.size)
            tally.set((0.0, 0.0, 0.0, 0.0), none, none)
        was = members.row["speed"][there]
        changed = there[np.abs(speed[there] - was) > _ROUNDING * was]
        members.row["speed"][changed] = speed[changed]
        return changed, speed[changed]


def _chosen(plant: Plant, members: Members, there: Ints) -> Ints:
    """Runs of a plant to which others can matter."""
    if plant.tight or not there.size:
        return there
    crosses = members.row["crosses"][there]
    if not plant.hurt:
        return there[crosses]
    return there[crosses | plant.beside_thin(members.parts(there), crosses)]


def _shared(
    plant: Plant, members: Members, chosen: Ints
) -> tuple[Shared, Floats, Floats, Floats, Floats]:
    """What runs get, their speeds sharing and alone, and the loads of the plant's bundles."""
    row = members.row[chosen]
    line = np.ascontiguousarray(row["line"])
    per_host, replica, all_to_all = (
        np.ascontiguousarray(row[name]) for name in ("per_host", "replica", "all_to_all")
    )
    senders = Senders(per_host, replica, all_to_all, line)
    shared = plant.share(members.parts(chosen), senders)
    waits = np.ascontiguousarray(row["waits"])
    found = speeds(
        shared.indptr,
        shared.row,
        shared.lanes,
        plant.counted_b_per_s,
        line,
        waits,
        shared.rate_b_per_s,
        shared.alone_b_per_s,
    )
    return shared, *found
