"""One replication of one scenario, from its first second to its horizon."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

import numpy as np
import simpy

from simulator.laws.preference import least_flexible_first
from simulator.results import schemas
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.units import DAY_S
from simulator.world import accounts
from simulator.world.chain import Chain
from simulator.world.clock import At
from simulator.world.collector import collector_at_rest
from simulator.world.demand import draw_demand, shared_demand
from simulator.world.engine import JobEngine
from simulator.world.fluid import settle
from simulator.world.fluid_engine import FluidEngine
from simulator.world.maintenance import Rounds
from simulator.world.network_world import Interconnect
from simulator.world.operation import policy_of
from simulator.world.rates import Rates
from simulator.world.recorder import Columns, Recorder
from simulator.world.supply_world import SupplyWorld


class World:
    """Everything that changes, joined: sites, supply, programme, jobs.

    Invariant: a pool of the engine has as many hosts as the floor has racks in
    service of its chip at its site, times hosts a rack.

    Parameters
    ----------
    scenario : Scenario
        What is given.
    seed, replication : int
        Which luck.
    """

    def __init__(self, scenario: Scenario, seed: int, replication: int) -> None:
        self.scenario = scenario
        self.env = simpy.Environment()
        self.record = Recorder(schemas())
        streams = Streams(seed, replication)
        drawn = shared_demand if scenario.policy.fidelity == "fluid" else draw_demand
        self.demand = drawn(scenario, streams)
        self.buying = SupplyWorld(
            self.env,
            Chain(scenario),
            streams,
            self.record,
            self._rack_in_service,
            self._rack_retired,
            self._ported,
        )
        self.programme = self.buying.programme
        self.rates = Rates(scenario, self.demand.classes, self.programme.performance)
        self.rates.ported_s = self.buying.porting.ready_s
        self.pools: list[tuple[str, str]] = []
        #: Rates of the current quarter by chip; a pool that comes changes no other's.
        self._rate: dict[str, np.ndarray[Any, Any]] = {}
        self.interconnect = self._interconnect(streams)
        self.engine = self._engine(streams)

    def _engine(self, streams: Streams) -> JobEngine | FluidEngine:
        """Return what stands for the jobs at the scenario's fidelity."""
        policy, edges_s = self.scenario.policy, self.scenario.horizon.calendar.edges_s()
        if policy.fidelity == "fluid":
            return FluidEngine(self.env, self.demand.table, self.demand.classes, edges_s)
        return JobEngine(
            self.env,
            self.demand.table,
            len(self.demand.classes),
            policy_of(self.scenario, self.demand.services, self.pools, self._chip_w),
            rng_faults=lambda name: streams(f"faults/{name}"),
            edges_s=edges_s,
            network=None if self.interconnect is None else self.interconnect.network,
        )

    def _interconnect(self, streams: Streams) -> Interconnect | None:
        """Return the network between racks, unless distance costs nothing."""
        spec = self.scenario.network
        if spec is None or spec.fidelity == "ideal":
            return None
        return Interconnect(
            self.env, self.scenario, spec, self.rates, streams, self.record, self._set_rates
        )

    def begin(self) -> None:
        """Let everything start that changes by itself."""
        if self.interconnect is not None and isinstance(self.engine, JobEngine):
            self.interconnect.start(self.engine)
        self.buying.start()
        self.env.process(self._mature())
        self.env.process(self._lose_support())
        self.env.process(self.engine.operate())

    def run(self) -> None:
        """Run to the horizon."""
        self.begin()
        self.env.run(until=self.scenario.horizon.calendar.horizon_s)

    def _pool(self, site: str, chip: str) -> int:
        """Return the engine's pool of a chip at a site, added when its first rack comes."""
        if (site, chip) not in self.pools:
            rack = self.scenario.catalog.racks[chip]
            self.pools.append((site, chip))
            stands: dict[str, Any] = {}
            if isinstance(self.engine, JobEngine):
                stands["chip_w"] = self._chip_w(chip)
            if self.interconnect is not None:
                stands["layout"] = self.interconnect.layout(chip)
                stands["spread_rate"] = self.interconnect.spread_rate(chip)
            pool = self.engine.add_pool(
                f"{site}/{chip}",
                rack.chips_per_host,
                self._rate_of(chip),
                size_factor=self.rates.gang_factor(chip),
                host_mtbf_s=DAY_S / rack.host_faults_per_day.value,
                host_repair_s=self.scenario.policy.host_repair.value,
                **stands,
            )
            if self.interconnect is not None:
                self.interconnect.join(pool, site, chip, partial(self._rate_of, chip))
            self._maintain(pool, rack.hosts)
            self._set_rates()
        return self.pools.index((site, chip))

    def _maintain(self, pool: int, hosts_per_rack: int) -> None:
        """Begin the rolling maintenance of a pool that comes, if there is any."""
        spec = self.scenario.policy.maintenance
        if spec is not None and isinstance(self.engine, JobEngine):
            rounds = Rounds(self.env, self.engine, spec)
            placed = self.interconnect is not None
            self.env.process(rounds.of_pool(pool, hosts_per_rack, placed))

    def _rack_in_service(self, site: str, chip: str, racks: int) -> None:
        spec = self.scenario.supply.programme
        first_pilot = spec is not None and chip == spec.chip and not self.programme.landed.triggered
        if first_pilot:
            self.rates.pilot_ready_s = self.env.now
            self._rate.pop(chip, None)
        pool = self._pool(site, chip)
        self.engine.add_hosts(pool, racks * self.scenario.catalog.racks[chip].hosts)
        if self.interconnect is not None and isinstance(self.engine, JobEngine):
            racks = self.engine.hosts_of_racks(pool).size
            self.interconnect.enter(pool, site, chip, racks)

    def _rack_retired(self, site: str, chip: str, racks: int) -> None:
        hosts = racks * self.scenario.catalog.racks[chip].hosts
        self.engine.remove_hosts(self._pool(site, chip), hosts)

    def _ported(self, family: str, chip: str) -> None:
        """Let a family run on a chip from now on."""
        self._rate.pop(chip, None)
        if self.pools:
            self._set_rates()

    def _lose_support(self) -> Generator[simpy.Event, Any, None]:
        """Slow what stands while a licence or support is withdrawn, and no longer."""
        blows = [blow for blow in self.buying.nodes.blows if blow.takes == "stock"]
        steps = [step for blow in blows for step in blow.steps()]
        for t_s in sorted({t for begin, end, _ in steps for t in (begin, end) if t > 0}):
            yield At(self.env, t_s)
            self._rate.clear()
            self._set_rates()

    def _mature(self) -> Generator[simpy.Event, Any, None]:
        """Let software mature: new rates at each quarter's start, for running jobs too."""
        for edge_s in self.scenario.horizon.calendar.edges_s()[1:-1]:
            yield At(self.env, edge_s)
            self._rate.clear()
            self._set_rates()

    def _set_rates(self) -> None:
        rates = np.stack([self._rate_of(chip) for _, chip in self.pools], axis=1)
        if self.interconnect is not None:
            for pool, (site, _) in enumerate(self.pools):
                fed = self.interconnect.fed(site)
                rates[:, pool] *= 1.0 if fed is None else fed
        preference = least_flexible_first(rates, self._watts_per_chip())
        for pool in range(len(self.pools)):
            self.engine.set_rates(pool, rates[:, pool])
            self.engine.set_preference(pool, preference[:, pool])
        if self.interconnect is not None:
            self.interconnect.rates_changed()

    def _rate_of(self, chip: str) -> np.ndarray[Any, Any]:
        if chip not in self._rate:
            left = self.buying.nodes.share_left("stock", chip, self.env.now)
            self._rate[chip] = left * self.rates.at(chip, self.env.now)
        return self._rate[chip]

    def _watts_per_chip(self) -> np.ndarray[Any, Any]:
        return np.array([self._chip_w(chip) for _, chip in self.pools])

    def _chip_w(self, chip: str) -> float:
        """Return the power of a chip under load, known once it stands on the floor. [W]."""
        rack = self.scenario.catalog.racks[chip]
        return self.buying.nameplate_w[chip] * rack.busy_share.value / rack.chips

    def close(self) -> dict[str, Columns]:
        """Close the books at the horizon and return the tables."""
        jobs = self.engine.close(self.scenario.horizon.calendar.horizon_s)
        if self.interconnect is not None:
            self.interconnect.close(self.scenario.horizon.calendar.horizon_s)
        tables = self.record.tables
        orders = self.buying.supply.orders
        books = accounts.Books(
            self.scenario,
            self.demand,
            tuple(self.pools),
            jobs,
            tables["fleet"],
            self.programme.energy,
        )
        energy = accounts.energy(books)
        return {
            "asked": accounts.asked(books),
            "work": accounts.work(books),
            "jobs": accounts.job_rows(books) if isinstance(self.engine, JobEngine) else {},
            "fleet": tables["fleet"],
            "fleet_quarter": accounts.fleet_quarters(books),
            "stranded": accounts.stranded(self.scenario, tables["fleet"], self.buying.runs_from_s),
            "orders": accounts.order_rows(self.scenario, orders),
            "deliveries": tables["deliveries"],
            "waiting": accounts.waiting(books, orders, tables["deliveries"]),
            "energy": energy,
            "cost": accounts.cost(
                books, orders, energy, tables["deliveries"], self.programme.spent
            ),
            "nodes": tables["nodes"],
            "programme": tables["programme"],
            "links": tables["links"],
            "bundles": tables["bundles"],
            "contention": tables["contention"],
            "outages": tables["outages"],
            "events": tables["events"],
        }


def simulate(
    scenario: Scenario, seed: int, replications: Sequence[int]
) -> list[dict[str, Columns]]:
    """Run some replications and return the tables of each as columns.

    At fidelity ``fluid`` all of them are dispatched at once.

    Parameters
    ----------
    scenario : Scenario
    seed : int
        Seed of the study.
    replications : sequence of int
        Indices of the replications.
    """
    if scenario.policy.fidelity == "jobs":
        return [_run(World(scenario, seed, number)).close() for number in replications]
    worlds = [_run(World(scenario, seed, number)) for number in replications]
    settle([w.engine for w in worlds if isinstance(w.engine, FluidEngine)], scenario)
    return [world.close() for world in worlds]


def _run(world: World) -> World:
    with collector_at_rest():
        world.run()
    return world
