"""Orders: wanted, paid, made in stages that hang on nodes, landed on the dock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from itertools import groupby
from math import exp, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.world.clock import at
from simulator.world.floor import Consignment, Floor
from simulator.world.nodes import STAGES, Nodes
from simulator.world.recorder import Recorder
from simulator.world.treasury import CENT_USD, Treasury


@dataclass
class OrderState:
    """One order's life; times are None until they happen. [s]."""

    name: str
    chip: str
    quarter: str
    cause: str
    racks: int
    price_usd: float
    wanted_s: float
    funded_s: float | None = None
    due_s: float | None = None
    landed_s: float | None = None


class Supply:
    """The buyer's order book.

    Invariant: racks ordered = landed + still in the pipeline or unpaid; a stop
    of a node delays what has not passed its stage and takes nothing that has.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        streams: Streams,
        nodes: Nodes,
        treasury: Treasury,
        floor: Floor,
        record: Recorder,
    ) -> None:
        self.env = env
        self.scenario = scenario
        self.streams = streams
        self.nodes = nodes
        self.treasury = treasury
        self.floor = floor
        self.record = record
        self.orders: list[OrderState] = []
        self._ordinal: Counter[tuple[str, str, str]] = Counter()

    def follow_plan(self) -> Generator[simpy.Event, Any, None]:
        """Place the plan of record's orders, each at the start of its quarter."""
        calendar = self.scenario.horizon.calendar
        plan = sorted(self.scenario.supply.plan, key=lambda order: calendar.at(order.quarter))
        for quarter, orders in groupby(plan, key=lambda order: order.quarter):
            yield at(self.env, calendar.at(quarter))
            for order in orders:
                racks = order.racks
                if racks is None:
                    racks = self.racks_for(order.chip, order.spend or 0.0)
                self.place(order.chip, quarter, racks, "plan")

    def place(
        self, chip: str, quarter: str, racks: int, cause: str, extra_wait_s: float = 0.0
    ) -> None:
        """Order whole racks; an order before the start is already paid and under way."""
        if racks == 0:
            return
        kind = (cause, chip, quarter)
        self._ordinal[kind] += 1
        name = f"{cause}/{chip}/{quarter}/{self._ordinal[kind]}"
        before_start_s = min(self.scenario.horizon.calendar.at(quarter), 0.0)
        wanted_s = self.env.now if before_start_s == 0 else before_start_s
        price_usd = self.scenario.catalog.racks[chip].price.value
        order = OrderState(name, chip, quarter, cause, racks, price_usd, wanted_s)
        self.orders.append(order)
        self.record.event(self.env.now, "ordered", name, f"{racks} racks")
        self.env.process(self._deliver(order, extra_wait_s))

    def racks_for(self, chip: str, spend_usd: float) -> int:
        """Return the whole racks that money buys."""
        return int((spend_usd + CENT_USD) // self.scenario.catalog.racks[chip].price.value)

    def _deliver(self, order: OrderState, extra_wait_s: float) -> Generator[simpy.Event, Any, None]:
        """Tell the story of one order."""
        if order.wanted_s >= 0:
            yield self.treasury.claim(order.racks * order.price_usd)
            order.funded_s = self.env.now
            self.record.event(self.env.now, "funded", order.name)
        else:
            order.funded_s = order.wanted_s
        lead = self.scenario.supply.lead_times[order.chip]
        total_s = self._lead_time_s(order)
        order.due_s = order.funded_s + extra_wait_s + total_s
        shares = (lead.fab_share, lead.package_share, 1 - lead.fab_share - lead.package_share)
        through_s = order.funded_s + extra_wait_s
        for stage, share in zip(STAGES, shares, strict=True):
            through_s = self.nodes.stage_end(order.chip, stage, through_s, share * total_s)
            if through_s == float("inf"):
                return  # its line never comes back
            yield at(self.env, through_s)
            self.record.event(self.env.now, f"{stage} done", order.name)
        order.landed_s = self.env.now
        self.record.event(self.env.now, "landed", order.name, f"{order.racks} racks")
        self.floor.land(Consignment(order.name, order.chip, order.racks))

    def _lead_time_s(self, order: OrderState) -> float:
        """Draw the lead time: racks of one chip ordered in one quarter share a queue."""
        total = self.scenario.supply.lead_times[order.chip].total
        sigma = log(total.p90 / total.median) / NormalDist().inv_cdf(0.9)
        z = float(self.streams(f"lead/{order.chip}/{order.quarter}").standard_normal())
        return total.median * exp(sigma * z)
