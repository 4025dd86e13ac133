"""The network between racks as running jobs load it: asked by the job engine, told by faults.

Each site has a fabric of its own for every kind of fabric the scenario names. A run that leaves its
rack exchanges over it; all runs are taken to exchange at once, sharing trunks max-min fairly,
and a run's step is stretched by what its exchange takes longer. That is the worst moment of a step
and not its mean: runs whose exchanges are short, and fall apart in time, lose less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded import Senders, Shared
from simulator.laws.folded_kernel import speeds
from simulator.world.network_backbone import Backbone
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
    backbone : Backbone, optional
        Between the sites of the plants.
    """

    def __init__(
        self,
        plants: Mapping[str, Plant],
        classes: ClassTraffic,
        now: Callable[[], float],
        record: Recorder,
        backbone: Backbone | None = None,
    ) -> None:
        self.plants = dict(plants)
        self._names = list(self.plants)
        self._plants = list(self.plants.values())
        self._classes = classes
        self._now = now
        self._pools = Pools(self._plants, classes.replica.size)
        self._pod_racks = np.array([plant.spec.racks for plant in self._plants], np.int64)
        self._members = Members(self._pools, classes, self._pod_racks)
        self.tallies: dict[str, Tally] = {
            name: Tally(plant, record) for name, plant in self.plants.items()
        }
        self._version = [plant.version for plant in self._plants]
        self.backbone, self._backbone_version = backbone, 0
        #: Of what is read at a site by a family, what is had; one for all without a backbone.
        self._fed = np.ones(1)
        if backbone is not None:
            self.tallies[backbone.name] = Tally(backbone, record)
            sites = [name.partition("/")[0] for name in self._names]
            self._fed = np.ones(backbone.columns)
            self._site = np.array([backbone.sites.index(site) for site in sites], np.int64)
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
            self._read(self._members, np.asarray(came.run, np.int64))
        touched = [self._share(k) for k in sorted(stale)]
        if self.backbone is not None and (
            gone.size or len(came.run) or self._backbone_version != self.backbone.version
        ):
            touched = [self._feed(self.backbone)]
        if not touched:
            return np.empty(0, np.int64), np.empty(0)
        runs = np.concatenate(touched)
        # Field by field: gathering whole rows costs more than all the rest.
        row = self._members.row
        speed, was = row["fabric"][runs], row["speed"][runs]
        if self.backbone is not None:
            speed = speed * self._fed[row["column"][runs]]
        changed = np.abs(speed - was) > _ROUNDING * was
        self._members.row["speed"][runs[changed]] = speed[changed]
        return runs[changed], speed[changed]

    def __call__(self, runs: Runs) -> Floats:
        """Speed of each of some runs if they were all there are. Shape (n,), [1]."""
        members = Members(self._pools, self._classes, self._pod_racks)
        if not len(runs.run):
            return np.empty(0)
        members.join(runs)
        self._read(members, np.asarray(runs.run, np.int64))
        for k, plant in enumerate(self._plants):
            chosen = _chosen(plant, members, members.of(k))
            if chosen.size:
                members.row["fabric"][chosen] = _shared(plant, members, chosen)[1]
        row, fed = members.row[runs.run], np.ones(1)
        if self.backbone is not None:
            wanted = self.backbone.wanted_b_per_s(row["column"], row["reads"] * row["fabric"])
            fed, _ = self.backbone.share(wanted)
        return np.asarray(row["fabric"] * fed[row["column"]], np.float64)

    def heat(self) -> Iterator[tuple[int, Floats]]:
        """Load over capacity of the trunks of the pods of each pool with racks. [1]"""
        for pool, plant, first in self._pools.pods():
            tally, spine = self.tallies[self._names[plant]], self._plants[plant].places
            yield pool, tally.fullness()[spine + first]

    @property
    def roomy(self) -> bool:
        """Whether runs inside a pod are nowhere short of bandwidth."""
        easy = not any(plant.tight or plant.hurt for plant in self._plants)
        return easy and self.backbone is None

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

    def _share(self, k: int) -> Ints:
        """Look at a plant again; return its runs."""
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
            if plant.hurt and shared.cut.any():
                self._cut[k] = chosen[shared.cut]
            rce = members.row["rce"][chosen]
            by_fabric, by_neighbours = rce * (1 - alone), rce * (alone - now)
            slowed = np.count_nonzero(by_fabric + by_neighbours > 1e-9 * rce)
            cost = float(by_fabric.sum()), float(by_neighbours.sum())
            tally.set((float(chosen.size), float(slowed), *cost), peak, mean)
        else:
            none = np.zeros(plant.counted_b_per_s.size)
            tally.set((0.0, 0.0, 0.0, 0.0), none, none)
        members.row["fabric"][there] = speed[there]
        return there

    def _read(self, members: Members, runs: Ints) -> None:
        """Note what runs that came read, and where."""
        if self.backbone is not None:
            row = members.row[runs]
            row["column"] = self.backbone.column(self._site[row["plant"]], row["kind"])
            chips = row["chips"]
            row["reads"] = chips * self.backbone.reads_b_per_s[row["kind"]]
            members.row[runs] = row

    def _feed(self, backbone: Backbone) -> Ints:
        """Look at the links between sites again; return all runs."""
        self._backbone_version = backbone.version
        there = np.flatnonzero(self._members.row["plant"] >= 0)
        row = self._members.row[there]
        tally = self.tallies[backbone.name]
        tally.change(self._now())
        wanted = backbone.wanted_b_per_s(row["column"], row["reads"] * row["fabric"])
        self._fed, load = backbone.share(wanted)
        lost = row["rce"] * row["fabric"] * (1 - self._fed[row["column"]])
        slowed = float(np.count_nonzero(lost > 1e-9 * row["rce"]))
        tally.set((float(there.size), slowed, 0.0, float(lost.sum())), load, load)
        return there


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
    line, waits, per_host, replica, all_to_all = (
        members.row[name][chosen] for name in ("line", "waits", "per_host", "replica", "all_to_all")
    )
    senders = Senders(per_host, replica, all_to_all, line)
    shared = plant.share(members.parts(chosen), senders)
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
