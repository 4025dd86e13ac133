"""The network's memory as compiled code sees it, kept in step with plants, pools and backbone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs_fabric import HUNGRY, LACK, MEMBER, N_COUNTS, PLANT, SITES, STALE, USED
from simulator.world.jobs_fabric_memory import Links
from simulator.world.network_backbone import Backbone
from simulator.world.network_plant import Plant
from simulator.world.network_traffic import ClassTraffic, Pools

__all__ = ["Memory"]

Ints = NDArray[np.int64]

#: Room for parts at first; most runs have few. [1]
_PARTS = 4096


class Memory:
    """What is laid out for compiled code; `links` is another object whenever an array has grown.

    Invariant: what `renew` was called after is what the plants and the backbone are.

    Parameters
    ----------
    plants : sequence of Plant
    pools : Pools
    classes : ClassTraffic
    backbone : Backbone, optional
    """

    def __init__(
        self,
        plants: Sequence[Plant],
        pools: Pools,
        classes: ClassTraffic,
        backbone: Backbone | None,
    ) -> None:
        self._plants, self._pools, self._backbone = plants, pools, backbone
        self._version, self._backbone_version = [-1] * len(plants), -1
        sites = 0 if backbone is None else backbone.capacity_b_per_s.size
        plant = _laid_out(plants, sites)
        rows = int(plant["row"][-1] + (plant["places"] + plant["pods"])[-1]) + sites
        count = np.zeros(N_COUNTS, np.int64)
        flags = np.int8
        self.links = Links(
            count=count,
            due=np.full(1, np.inf),
            place=np.zeros(_PARTS, np.int64),
            hosts=np.zeros(_PARTS, np.int64),
            entry=np.zeros(_PARTS, np.int64),
            lanes=np.zeros(_PARTS),
            all_to_all=classes.all_to_all,
            replica=classes.replica,
            plant=plant,
            cost=np.zeros((plant.size, 5)),
            cost_s=np.zeros((plant.size, 5)),
            sums=np.zeros((plant.size, 12)),
            pod_of=np.concatenate([p.pod_of for p in plants]),
            rack_lost=np.zeros(plant["places"].sum(), flags),
            marked=np.zeros(plant["places"].sum(), flags),
            pod_lost=np.zeros(plant["pods"].sum(), flags),
            rack_up=np.ones((plant["places"] * plant["planes"]).sum(), flags),
            pod_up=np.ones((plant["pods"] * plant["planes"] * plant["spines"]).sum(), flags),
            capacity=np.zeros(rows),
            want=np.zeros(rows),
            peak=np.zeros(rows),
            mean=np.zeros(rows),
            whole=np.zeros((3, rows)),
        )
        if backbone is not None:
            count[SITES] = len(plants)
            plant["site"][:-1] = [backbone.sites.index(p.name.partition("/")[0]) for p in plants]
            self.links["capacity"][rows - sites :] = backbone.capacity_b_per_s
            self.links = self.links.with_arrays(
                plant=plant,
                family=backbone.family,
                reads=backbone.reads_b_per_s,
                families=np.full(1, backbone.families),
                fed=np.ones(backbone.columns),
                wanted=np.zeros(backbone.columns),
            )
        self.tabulate()
        self.renew()

    def tabulate(self) -> None:
        """Lay pools out: where they stand and what is asked for of them, which have changed."""
        pools = self._pools
        self.links = self.links.with_arrays(
            pool=pools.stands, pool_place=pools.place, waits=pools.waits, work=pools.work
        )
        member = self.links["member"]
        there = np.flatnonzero(self.links["of"] >= 0)
        at = member["kind"][there], member["pool"][there]
        member["rce"][there] = member["chips"][there] * pools.work[at]
        self.links["plant"]["stale"][: len(self._plants)] = STALE

    def renew(self) -> None:
        """Copy what changed of plants and backbone; they are looked at again."""
        for k, plant in enumerate(self._plants):
            if plant.version != self._version[k]:
                self._version[k] = plant.version
                self._copy(k, plant)
        backbone = self._backbone
        if backbone is not None and backbone.version != self._backbone_version:
            self._backbone_version = backbone.version
            routes = backbone.routes
            self.links["count"][HUNGRY] = 1
            self.links["cost"][-1, 4] = backbone.lost_share()
            self.links = self.links.with_arrays(
                reached=backbone.reached,
                away=backbone.away,
                routes_at=routes.indptr,
                routes_link=routes.indices,
                routes=routes.data,
                site_capacity=backbone.counted_b_per_s,
            )

    def make_room(self, runs: int, parts: int = 0) -> None:
        """Make room for so many runs of the engine, and for so many parts more."""
        links, count = self.links, self.links["count"]
        size = links["of"].size
        if runs > size:
            more = max(runs, 2 * size) - size
            nobody = np.full(more, -1)
            self.links = links.with_arrays(
                job=np.concatenate([links["job"], nobody]),
                started=np.concatenate([links["started"], np.zeros(more)]),
                of=np.concatenate([links["of"], nobody]),
                member=np.concatenate([links["member"], np.zeros(more, MEMBER)]),
            )
        parts = max(parts, int(count[LACK]))
        if count[USED] + parts > self.links["place"].size:
            self._squeeze(parts)
        count[LACK] = 0

    def _squeeze(self, parts: int) -> None:
        """Take the parts of runs that left out of the store, and make it four times as large."""
        member = self.links["member"]
        there = np.flatnonzero(self.links["of"] >= 0)
        begin, end = member["begin"][there], member["end"][there]
        size = end - begin
        first = np.cumsum(size) - size
        kept = np.repeat(begin - first, size) + np.arange(size.sum())
        room = {}
        for name in ("place", "hosts", "entry", "lanes"):
            old = self.links[name]
            room[name] = np.zeros(4 * (kept.size + parts), old.dtype)
            room[name][: kept.size] = old[kept]
        member["begin"][there], member["end"][there] = first, first + size
        self.links["count"][USED] = kept.size
        self.links = self.links.with_arrays(**room)

    def _copy(self, k: int, plant: Plant) -> None:
        """Copy what is open of a plant; nothing is asked of the rest."""
        links, its = self.links, self.links["plant"][k]
        racks, pods = plant.opened * plant.spec.racks, plant.opened
        row, place, pod = int(its["row"]), int(its["place"]), int(its["pod"])
        capacity, above = plant.capacity_b_per_s, row + plant.places
        links["capacity"][row : row + racks] = capacity[:racks]
        links["capacity"][above : above + pods] = capacity[plant.places : plant.places + pods]
        lost, lost_pod = plant.lost
        links["rack_lost"][place : place + racks] = lost[:racks]
        links["pod_lost"][pod : pod + pods] = lost_pod[:pods]
        racks_up, pods_up = plant.up
        links["rack_up"][its["rack_up"] :][: racks_up.size] = racks_up.ravel()
        links["pod_up"][its["pod_up"] :][: pods_up.size] = pods_up.ravel()
        its["opened"], its["tight"], its["hurt"] = plant.opened, plant.tight, plant.hurt
        its["stale"] = STALE
        links["cost"][k, 4] = plant.lost_share()


def _laid_out(plants: Sequence[Plant], sites: int) -> NDArray[np.void]:
    """Each plant's place in the arrays, and the backbone's."""
    found = np.zeros(len(plants) + (sites > 0), PLANT)
    for k, plant in enumerate(plants):
        row = found[k]
        row["places"], row["pods"], row["pod_racks"] = plant.places, plant.pods, plant.spec.racks
        row["planes"], row["spines"] = plant.spec.planes, plant.spec.spines
    if sites:
        found["opened"][-1] = sites
    sizes = {
        "row": found["places"] + found["pods"],
        "place": found["places"],
        "pod": found["pods"],
        "rack_up": found["places"] * found["planes"],
        "pod_up": found["pods"] * found["planes"] * found["spines"],
    }
    for name, size in sizes.items():
        found[name] = np.cumsum(size) - size
    return found
