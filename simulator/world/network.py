"""The network between racks as running jobs load it: asked by the job engine, told by faults.

Each site has a fabric of its own for every kind of fabric the scenario names. A run that leaves its
rack exchanges over it; all runs are taken to exchange at once, sharing trunks max-min fairly,
and a run's step is stretched by what its exchange takes longer. That is the worst moment of a step
and not its mean: runs whose exchanges are short, and fall apart in time, lose less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded import Parts, Senders, Shared
from simulator.laws.traffic import slowdown
from simulator.world.network_plant import Plant
from simulator.world.recorder import Recorder

__all__ = ["ClassTraffic", "Network", "PoolTraffic", "Runs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


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


@dataclass
class _Answer:
    """The last answer for a plant and what it was given to."""

    version: int
    given: tuple[Ints, ...]
    speed: Floats
    cut: Ints


class Network:
    """All sites' fabrics.

    Invariant: every rack of a pool has a place in the plant of its site and fabric, and racks that
    share a pod there are those that share one in the pool's own numbering; answers are those of
    the runs last shown and of what is alive now.

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
        self.record = record
        self._names = list(self.plants)
        self._classes = classes
        self._now = now
        self._pools: dict[int, _Pool] = {}
        self._answers: dict[int, _Answer] = {}
        self._tabulate()

    def add_pool(self, pool: int, plant: str, traffic: PoolTraffic) -> None:
        """Let a pool of the engine, as yet without racks, join a plant."""
        self._pools[pool] = _Pool(traffic, self._names.index(plant))
        self._tabulate()

    def enter(self, pool: int, racks: int) -> None:
        """Let a pool have so many racks in all; the new ones get places in pods of its own."""
        mine = self._pools[pool]
        plant = self.plants[self._names[mine.plant]]
        while mine.place.size < racks:
            mine.place = np.r_[mine.place, plant.open() + np.arange(plant.spec.racks)]
        new = mine.place[mine.racks : racks]
        if new.size:
            mine.racks = racks
            plant.enter(new, mine.traffic.rack_b_per_s)
            self._tabulate()

    def rates_changed(self) -> None:
        """Forget answers whose work is counted at rates that have changed."""
        self._answers.clear()

    def __call__(self, runs: Runs) -> Floats:
        """Speed of each run over its speed with the fabric's full line rate. Shape (n,), [1]."""
        speed = np.ones(len(runs.run))
        plant, wanted = self._concerned(runs)
        for k in np.unique(plant[wanted]).tolist():
            chosen = np.flatnonzero(wanted & (plant == k))
            speed[chosen] = self._answer(k, runs, chosen).speed
        quiet = self._answers.keys() - set(plant[wanted].tolist())
        for k in quiet:
            del self._answers[k]
            self._tell(k, None, np.empty(0), np.empty(0))
        return np.minimum(speed, 1.0)

    def isolated(self, name: str) -> list[tuple[int, int]]:
        """Pool and number of the racks of a plant that nothing joins to their pod."""
        places = self.plants[name].isolated()
        found = []
        for pool, mine in self._pools.items():
            if places.size and self._names[mine.plant] == name:
                lost = np.flatnonzero(np.isin(mine.place[: mine.racks], places))
                found += [(pool, rack) for rack in lost.tolist()]
        return found

    def cut(self) -> Ints:
        """Return the runs last shown whose parts nothing joins any more."""
        found = [answer.cut for answer in self._answers.values()]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _concerned(self, runs: Runs) -> tuple[Ints, Mask]:
        """Plant of each run, and whether others can matter to it there.

        Inside a pod whose racks are not oversubscribed and where nothing is down, no bundle can
        be filled: every host sends at most its own line.
        """
        if not len(runs.run):
            return np.empty(0, np.int64), np.empty(0, bool)
        begin = self._begin[runs.pool]
        plant = self._plant[runs.pool]
        first = self._place[begin + runs.rack[runs.indptr[:-1]]]
        last = self._place[begin + runs.rack[runs.indptr[1:] - 1]]
        size = self._pod_racks[plant]
        crossing = first // size != last // size
        wanted = crossing | self._tight[plant]
        for k, name in enumerate(self._names):
            if self.plants[name].hurt:
                mine = np.flatnonzero(plant == k)
                if mine.size:
                    wanted[mine] |= self._near_faults(self.plants[name], runs, mine, crossing[mine])
        return plant, wanted

    def _near_faults(self, plant: Plant, runs: Runs, mine: Ints, crossing: Mask) -> Mask:
        """Whether runs have fewer trunks than all, or share a rack with one that has."""
        indptr, place = self._places_of(runs, mine)
        thin = plant.thinned(place, np.repeat(crossing, np.diff(indptr)))
        of_run = np.repeat(np.logical_or.reduceat(thin, indptr[:-1]), np.diff(indptr))
        marked = np.zeros(plant.places, bool)
        marked[place[of_run]] = True
        return np.asarray(np.logical_or.reduceat(marked[place], indptr[:-1]))

    def _places_of(self, runs: Runs, chosen: Ints) -> tuple[Ints, Ints]:
        """Places of the parts of the *chosen* runs, compressed by run."""
        indptr, at = _rows_of(runs.indptr, chosen)
        begin = np.repeat(self._begin[runs.pool[chosen]], np.diff(indptr))
        return indptr, self._place[begin + runs.rack[at]]

    def _answer(self, k: int, runs: Runs, chosen: Ints) -> _Answer:
        plant = self.plants[self._names[k]]
        pool = np.asarray(runs.pool[chosen], np.int64)
        indptr, place = self._places_of(runs, chosen)
        hosts = np.asarray(runs.hosts[_rows_of(runs.indptr, chosen)[1]], np.int64)
        run = np.asarray(runs.run[chosen], np.int64)
        kind = np.asarray(runs.job_class[chosen], np.int64)
        given = (run, kind, indptr, place, hosts)
        before = self._answers.get(k)
        if before and before.version == plant.version and _equal(before.given, given):
            return before
        per_host, line = self._per_host[pool], self._line[pool]
        senders = Senders(
            per_host,
            np.ceil(self._classes.replica[kind] / per_host).astype(np.int64),
            self._classes.all_to_all[kind],
            line,
        )
        shared = plant.share(Parts(indptr, place, hosts), senders)
        waits = self._waits[kind, pool]
        alone = 1 / slowdown(line, shared.alone_b_per_s, waits)
        speed = np.where(shared.cut, 0.0, 1 / slowdown(line, shared.rate_b_per_s, waits))
        self._answers[k] = answer = _Answer(plant.version, given, speed, run[shared.cut])
        work = np.asarray(runs.chips[chosen]) * self._work_rate(kind, pool)
        busy = waits * line / np.maximum(shared.rate_b_per_s, 1e-9 * line) * speed
        self._tell(k, (shared, busy), work * (1 - alone), work * (alone - speed))
        return answer

    def _work_rate(self, kind: Ints, pool: Ints) -> Floats:
        """Work of a chip of each run at full line rate. [rce/chip]"""
        out = np.empty(kind.size)
        for p in np.unique(pool).tolist():
            mine = pool == p
            out[mine] = self._pools[p].traffic.rate()[kind[mine]]
        return out

    def _tell(
        self,
        k: int,
        load: tuple[Shared, Floats] | None,
        by_fabric_rce: Floats,
        by_neighbours_rce: Floats,
    ) -> None:
        """Record how full a plant's tiers are from now on, and what it costs its runs."""
        plant, now = self.plants[self._names[k]], self._now()
        site, _, fabric = self._names[k].partition("/")
        self.record(
            "contention",
            t_s=now,
            site=site,
            fabric=fabric,
            runs=by_fabric_rce.size,
            slowed=int(np.count_nonzero(by_fabric_rce + by_neighbours_rce > 1e-9)),
            by_fabric_rce=float(by_fabric_rce.sum()),
            by_neighbours_rce=float(by_neighbours_rce.sum()),
            down_share=plant.lost_share(),
        )
        for tier, capacity, peak, mean in _tiers(plant, load):
            self.record(
                "links",
                t_s=now,
                site=site,
                fabric=fabric,
                tier=tier,
                bundles=capacity.size,
                capacity_b_per_s=float(capacity.sum()),
                peak_b_per_s=float(peak.sum()),
                mean_b_per_s=float(mean.sum()),
                hottest=float((peak / capacity).max(initial=0.0)),
                hot=int(np.count_nonzero(peak > 0.999 * capacity)),
            )

    def _tabulate(self) -> None:
        """Lay what is asked for by pool out as arrays."""
        n = max(self._pools, default=-1) + 1
        places = [self._pools[p].place if p in self._pools else np.empty(0, np.int64)
                  for p in range(n)]  # fmt: skip
        self._begin = np.cumsum([0, *(p.size for p in places)])[:-1]
        self._place = np.concatenate([np.empty(0, np.int64), *places])
        self._plant, self._per_host = np.zeros(n, np.int64), np.ones(n, np.int64)
        self._line, self._waits = np.ones(n), np.zeros((self._classes.replica.size, n))
        for p, pool in self._pools.items():
            self._plant[p] = pool.plant
            self._per_host[p] = pool.traffic.chips_per_host
            self._line[p] = pool.traffic.line_b_per_s
            self._waits[:, p] = pool.traffic.communication
        self._tight = np.array([plant.tight for plant in self.plants.values()], bool)
        self._pod_racks = np.array([plant.spec.racks for plant in self.plants.values()], np.int64)


def _rows_of(indptr: NDArray[np.signedinteger], chosen: Ints) -> tuple[Ints, Ints]:
    """Compressed rows of the *chosen* only: their pointers, and where their entries were."""
    begin, size = indptr[chosen], indptr[chosen + 1] - indptr[chosen]
    out = np.zeros(chosen.size + 1, np.int64)
    np.cumsum(size, out=out[1:])
    return out, np.arange(out[-1]) + np.repeat(begin - out[:-1], size)


def _equal(a: tuple[Ints, ...], b: tuple[Ints, ...]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def _tiers(
    plant: Plant, load: tuple[Shared, Floats] | None
) -> list[tuple[str, Floats, Floats, Floats]]:
    """Capacity of each bundle of a tier in use, taken while runs exchange, and on average. [B/s]

    The trunks of racks are told only where they can be short.
    """
    spans = {"pod": slice(plant.places, plant.places + plant.opened)}
    if plant.spec.rack_oversubscription > 1:
        spans = {"rack": slice(0, plant.opened * plant.spec.racks), **spans}
    peak, mean = np.zeros(plant.capacity_b_per_s.size), np.zeros(plant.capacity_b_per_s.size)
    if load is not None:
        shared, busy = load
        peak[shared.bundle] = shared.lanes @ shared.rate_b_per_s
        mean[shared.bundle] = shared.lanes @ (shared.rate_b_per_s * busy)
    found = []
    for tier, span in spans.items():
        stands = span.start + np.flatnonzero(plant.capacity_b_per_s[span] > 0)
        found.append((tier, plant.capacity_b_per_s[stands], peak[stands], mean[stands]))
    return found
