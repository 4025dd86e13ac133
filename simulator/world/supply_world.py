"""What is ordered and what arrives: the half of the world that needs no jobs."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import simpy

from simulator.results import schema
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.world.accounts.fleet import stranded
from simulator.world.accounts.orders import order_rows
from simulator.world.chain import Chain
from simulator.world.clock import run_to_end
from simulator.world.collector import collector_at_rest
from simulator.world.floor import Consignment, Floor
from simulator.world.market import Market
from simulator.world.nodes import Nodes
from simulator.world.orders import OrderState
from simulator.world.porting import Porting
from simulator.world.programme import Programme
from simulator.world.recorder import Columns, Recorder
from simulator.world.shocks import herald
from simulator.world.supply import Supply
from simulator.world.treasury import Treasury

#: Called with site, chip and number of racks.
_Told = Callable[[str, str, int], None]
_Read = TypeVar("_Read")
#: Tables a supply world fills.
TABLES = ("orders", "deliveries", "fleet", "nodes", "programme", "events")


class SupplyWorld:
    """Nodes, market, treasury, orders, sites and programme on one clock.

    Parameters
    ----------
    env : simpy.Environment
    chain : Chain
        The scenario's supply, shared by its replications.
    streams : Streams
        Which luck.
    record : Recorder
    in_service, retired : callable, optional
        Called with (site, chip, racks) when racks go into and out of service.
    ported : callable, optional
        Called with (family, chip) when the team has ported one.
    """

    def __init__(
        self,
        env: simpy.Environment,
        chain: Chain,
        streams: Streams,
        record: Recorder,
        in_service: _Told | None = None,
        retired: _Told | None = None,
        ported: Callable[[str, str], None] | None = None,
    ) -> None:
        self.env = env
        self.scenario = scenario = chain.scenario
        self.record = record
        streams.expect(chain.streams)
        self.nodes = Nodes(chain, streams)
        self.programme = Programme(env, scenario, streams, record)
        #: Power to provision for a rack of each chip, known once one stands on the floor. [W]
        self.nameplate_w = {
            chip: rack.nameplate.value * self.programme.provisioned_factor(chip)
            for chip, rack in scenario.catalog.racks.items()
        }
        self.porting = Porting(env, scenario, streams, record, ported or _nobody_asks)
        self.floor = Floor(
            env,
            scenario,
            record,
            _told(in_service or _nobody, self.programme),
            self.nameplate_w,
            retired or _nobody,
            streams,
        )
        self.treasury = Treasury(env, scenario, record)
        self.market = Market(env, chain, self.nodes, self.treasury, streams, record)
        self.supply = Supply(
            env, chain, streams, self.nodes, self.market, self.treasury, self.floor, record
        )

    def start(self) -> None:
        """Put the starting fleet into service, and begin."""
        self.nodes.tell(self.record)
        self.floor.start()
        self._start_warm()
        self.porting.start()
        for process in self._processes():
            self.env.process(process)

    def run(self) -> None:
        """Run to the horizon, and close the book."""
        with collector_at_rest():
            self.start()
            run_to_end(self.env, self.scenario.horizon.calendar.horizon_s)
            self.supply.close()

    def runs_from_s(self, family: str, chip: str) -> float:
        """Return from when a family runs on a chip, the pilot's not before it has landed. [s]."""
        from_s, spec = self.porting.runs_from_s(family, chip), self.scenario.supply.programme
        if spec is not None and chip == spec.chip and family in spec.ports_after_ramp:
            from_s = max(from_s, self.programme.landed_s)
        return from_s

    def _processes(self) -> list[Generator[simpy.Event, Any, None]]:
        return [
            self.floor.energise(),
            self.floor.retire(),
            self.treasury.release(),
            herald(self.env, self.nodes.blows, self.record),
            self.supply.follow_plan(),
            self.programme.run(self.supply, self.porting),
            self.market.hold_windows(),
        ]

    def _start_warm(self) -> None:
        for k, stock in enumerate(self.scenario.supply.in_service):
            name = f"in-service/{stock.chip}/{stock.site}/{k}"
            price = self.scenario.catalog.racks[stock.chip].price.value
            start = self.scenario.horizon.start
            state = OrderState(name, stock.chip, start, "in_service", stock.racks, price, 0.0)
            state.granted_s = state.funded_s = state.due_s = state.landed_s = 0.0
            self.supply.orders.append(state)
            self.floor.install_at(stock.site, Consignment(name, stock.chip, stock.racks))


def _told(told: _Told, programme: Programme) -> _Told:
    """Return what tells a listener, and the programme if any, that racks are in service.

    A method of the world would hold the world, which then only the collector could free.
    """
    if programme.spec is None:
        return told

    def in_service(site: str, chip: str, racks: int) -> None:
        told(site, chip, racks)
        programme.rack_in_service(site, chip, racks)

    return in_service


def _nobody_asks(family: str, chip: str) -> None:
    """Tell nobody."""


def _nobody(site: str, chip: str, racks: int) -> None:
    """Tell nobody."""


def run_supply(
    scenario: Scenario, seed: int, replication: int, chain: Chain | None = None
) -> SupplyWorld:
    """Run the supply half of one replication, without jobs, to its horizon.

    Parameters
    ----------
    scenario : Scenario
    seed, replication : int
        Which luck: the same as the whole world's.
    chain : Chain, optional
        Of this scenario, made once for many replications.
    """
    world = SupplyWorld(
        simpy.Environment(),
        chain or Chain(scenario),
        Streams(seed, replication),
        Recorder({name: schema(name) for name in TABLES}),
    )
    world.run()
    return world


def read_supplies(
    chain: Chain, seed: int, replications: int, read: Callable[[SupplyWorld], _Read]
) -> list[_Read]:
    """Run the supply half of many replications, and keep what is read of each.

    A world is gone before the next is made: the collector, which would find nothing, rests.

    Parameters
    ----------
    chain : Chain
    seed, replications : int
    read : callable
        Called with each world at its horizon.
    """
    with collector_at_rest():
        return [read(run_supply(chain.scenario, seed, r, chain)) for r in range(replications)]


def simulate_supply(
    scenario: Scenario, seed: int, replication: int, chain: Chain | None = None
) -> dict[str, Columns]:
    """Run the supply half of one replication and return its tables as columns."""
    world = run_supply(scenario, seed, replication, chain)
    tables = world.record.tables
    return {name: tables[name] for name in TABLES} | {
        "orders": order_rows(scenario, world.supply.orders),
        "stranded": stranded(scenario, tables["fleet"], world.runs_from_s),
    }
