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

from simulator.laws.folded import Parts, Senders
from simulator.laws.traffic import slowdown
from simulator.units import DAY_S
from simulator.world.jobs_fabric import USED
from simulator.world.jobs_fabric_memory import Links
from simulator.world.jobs_verbs import compiled
from simulator.world.network_backbone import Backbone
from simulator.world.network_memory import Memory
from simulator.world.network_plant import Plant
from simulator.world.network_record import Tally
from simulator.world.network_traffic import ClassTraffic, Pools, PoolTraffic, Runs
from simulator.world.recorder import Recorder

__all__ = ["ClassTraffic", "Network", "PoolTraffic", "Runs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Rows of the record are written at the first change so long after those before. [s]
_ROW_S = DAY_S


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
        self.backbone = backbone
        self._pools = Pools(self._plants, classes.replica.size)
        self._memory = Memory(self._plants, self._pools, classes, backbone)
        shared: list[Plant | Backbone] = [*self._plants]
        shared += [] if backbone is None else [backbone]
        self.tallies: dict[str, Tally] = {
            plant.name: Tally(plant, record, self._memory, k) for k, plant in enumerate(shared)
        }
        self.links["due"][0] = _ROW_S

    @property
    def links(self) -> Links:
        """All that compiled code sees; another object when an array has grown."""
        return self._memory.links

    def add_pool(self, pool: int, plant: str, traffic: PoolTraffic) -> None:
        """Let a pool of the engine, as yet without racks, join a plant."""
        self._pools.add(pool, self._names.index(plant), traffic)
        self._memory.tabulate()

    def enter(self, pool: int, racks: int) -> None:
        """Let a pool have so many racks in all; the new ones get places in pods of its own."""
        self.tallies[self._names[int(self._pools.stands["plant"][pool])]].weigh(self._now())
        self._pools.enter(pool, racks)
        self._memory.tabulate()
        self.renew()

    def rates_changed(self) -> None:
        """Count work at the rates of now, which have changed."""
        self._pools.tabulate()
        self._memory.tabulate()

    def renew(self) -> None:
        """Take note of what failed, came back or was opened."""
        self._memory.renew()

    def forget(self) -> None:
        """Take all runs for gone and come anew: some may have moved at this moment."""
        self.links["started"][:] = np.nan

    def make_room(self, runs: int) -> None:
        """Make room for so many runs of the engine, and write the rows that are due."""
        self._memory.make_room(runs)
        now_s = self._now()
        if now_s >= self.links["due"][0]:
            for tally in self.tallies.values():
                tally.write(now_s)
            self.links["due"][0] = now_s + _ROW_S

    def follow(self, came: Runs, gone: Ints) -> tuple[Ints, Floats]:
        """Take note of runs that came and went since; return whose speed is another now.

        The engine has its runs followed by compiled code; this is for whoever shows others.

        Returns
        -------
        runs : ndarray of int, shape (n,)
        speed : ndarray, shape (n,)
            Over their speed with the fabric's full line rate, in [0, 1]; that of runs that came
            was 1. [1]
        """
        self.renew()
        run = np.asarray(came.run, np.int64)
        self.make_room(int(run.max()) + 1 if run.size else 0)
        self._memory.make_room(0, len(came.rack))
        links, used = self.links, int(self.links["count"][USED])
        links["place"][used : used + len(came.rack)] = came.rack
        links["hosts"][used : used + len(came.rack)] = came.hosts
        columns = (np.asarray(c, np.int64) for c in (came.pool, came.job_class, came.chips))
        parts = np.diff(np.asarray(came.indptr, np.int64))
        compiled.tell_network(links, np.asarray(gone, np.int64), run, *columns, parts, self._now())
        news = np.zeros(links["of"].size, np.int64)
        news = news[: compiled.list_news(links, news)]
        return news, links["member"]["speed"][news]

    def __call__(self, runs: Runs) -> Floats:
        """Speed of each of some runs if they were all there are. Shape (n,), [1].

        Found afresh by the laws, every trunk of every rack counted.
        """
        pool, kind = np.asarray(runs.pool, np.int64), np.asarray(runs.job_class, np.int64)
        stands = self._pools.stands[pool]
        size = np.diff(runs.indptr)
        place = self._pools.place[np.repeat(stands["begin"], size) + runs.rack]
        speed = np.ones(pool.size)
        for k, plant in enumerate(self._plants):
            there = stands["plant"] == k
            if there.any():
                at = np.repeat(there, size)
                indptr = np.cumsum([0, *size[there]])
                parts = Parts(indptr, place[at], np.asarray(runs.hosts, np.int64)[at])
                chips, line = stands["per_host"][there], stands["line"][there]
                replica = np.ceil(self._classes.replica[kind[there]] / chips)
                all_to_all = self._classes.all_to_all[kind[there]]
                shared = plant.share(parts, Senders(chips, replica, all_to_all, line))
                waits = self._pools.waits[kind[there], pool[there]]
                speed[there] = 1 / slowdown(line, shared.rate_b_per_s, waits)
        if self.backbone is not None:
            site = self.links["plant"]["site"][stands["plant"]]
            column = self.backbone.column(site, kind)
            reads = np.asarray(runs.chips) * self.backbone.reads_b_per_s[kind] * speed
            speed *= self.backbone.share(self.backbone.wanted_b_per_s(column, reads))[0][column]
        return speed

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
        return np.flatnonzero((self.links["of"] >= 0) & (self.links["member"]["cut"] != 0))

    def close(self, horizon_s: float) -> None:
        """Write what is not written yet."""
        for tally in self.tallies.values():
            tally.close(horizon_s)
