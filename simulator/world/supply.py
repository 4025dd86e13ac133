"""Orders: wanted, allocated, paid, made in stages that hang on nodes, landed on the dock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import groupby
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.spec.orders import Contract, LeadTime
from simulator.streams import Streams
from simulator.world.buying import RULES, slipped
from simulator.world.chain import STAGES, Chain
from simulator.world.clock import at
from simulator.world.floor import Consignment, Floor
from simulator.world.market import Ask, Market
from simulator.world.nodes import Nodes
from simulator.world.recorder import Recorder
from simulator.world.treasury import CENT_USD, Treasury

_Z90 = NormalDist().inv_cdf(0.9)
#: Quarters before the start whose orders have lead times of their own.
_EARLIER = 40
_PLAIN = Contract(source="no contract is named: paid in full with the order")


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
    granted_s: float | None = None
    funded_s: float | None = None
    made_s: float | None = None
    due_s: float | None = None
    landed_s: float | None = None
    cancelled_s: float | None = None
    #: Time from the dock to service, once there is room. [s]
    commission_s: float = 0.0
    #: What it waits for or is in: allocation, money, queue, a stage, dock.
    stage: str = "allocation"
    extra_wait_s: float = 0.0
    #: What was paid to the vendor, and got back, as it happened. [s, USD]
    payments: list[tuple[float, float]] = field(default_factory=list)
    #: The part of a larger order that was not granted at once.
    again: bool = False
    pending: Ask | simpy.Event | None = field(default=None, repr=False, compare=False)
    process: simpy.Process | None = field(default=None, repr=False, compare=False)

    @property
    def paid_usd(self) -> float:
        """Paid so far, less what came back. [USD]"""
        return sum(usd for _, usd in self.payments)


class Supply:
    """The buyer's order book.

    Invariant: racks ordered = landed + still in the pipeline or unpaid +
    cancelled; a stop of a node delays what has not passed its stage and takes
    nothing that has.
    """

    def __init__(
        self,
        env: simpy.Environment,
        chain: Chain,
        streams: Streams,
        nodes: Nodes,
        market: Market,
        treasury: Treasury,
        floor: Floor,
        record: Recorder,
    ) -> None:
        self.env = env
        self.scenario = chain.scenario
        self.streams = streams
        self.nodes = nodes
        self.market = market
        self.treasury = treasury
        self.floor = floor
        self.record = record
        self.orders: list[OrderState] = []
        self._ordinal: Counter[tuple[str, str, str]] = Counter()
        self._luck: dict[str, tuple[list[float], list[float]]] = {}
        self._quarter = {q: k for k, q in enumerate(chain.quarters)}

    def follow_plan(self) -> Generator[simpy.Event, Any, None]:
        """Place the plan of record's orders, each at the start of its quarter."""
        calendar = self.scenario.horizon.calendar
        rule = self.scenario.supply.buying
        if rule.rule == "react_to_slips" and rule.other is not None:
            self.env.process(self._react(rule.other, rule.grace))
        plan = sorted(
            RULES[rule.rule](self.scenario, rule), key=lambda order: calendar.at(order.quarter)
        )
        for quarter, orders in groupby(plan, key=lambda order: order.quarter):
            yield at(self.env, calendar.at(quarter))
            for line in orders:
                racks = line.racks
                if racks is None:
                    racks = self.racks_for(line.chip, line.spend or 0.0)
                order = self.place(line.chip, quarter, racks, "plan")
                if order is not None and line.cancel is not None:
                    self.env.process(self._call_off(order, line.cancel))

    def place(
        self,
        chip: str,
        quarter: str,
        racks: int,
        cause: str,
        extra_wait_s: float = 0.0,
        price_usd: float | None = None,
    ) -> OrderState | None:
        """Order whole racks; an order before the start is already paid and under way."""
        if racks == 0:
            return None
        kind = (cause, chip, quarter)
        self._ordinal[kind] += 1
        name = f"{cause}/{chip}/{quarter}/{self._ordinal[kind]}"
        minimum = self.contract(chip).minimum
        if racks < minimum:
            detail = f"{racks} racks are fewer than the minimum of {minimum}"
            self.record.event(self.env.now, "too small", name, detail)
            return None
        before_start_s = min(self.scenario.horizon.calendar.at(quarter), 0.0)
        wanted_s = self.env.now if before_start_s == 0 else before_start_s
        price_usd = price_usd or self.scenario.catalog.racks[chip].price.value
        order = OrderState(name, chip, quarter, cause, racks, price_usd, wanted_s)
        order.extra_wait_s = extra_wait_s
        self.record.event(self.env.now, "ordered", name, f"{racks} racks")
        self._enter(order)
        return order

    def racks_for(self, chip: str, spend_usd: float, price_usd: float | None = None) -> int:
        """Return the whole racks that money buys, at the catalogue's price unless another."""
        price_usd = price_usd or self.scenario.catalog.racks[chip].price.value
        return int((spend_usd + CENT_USD) // price_usd)

    def contract(self, chip: str) -> Contract:
        """Return the terms on which a chip is bought."""
        return self.scenario.supply.contracts.get(chip, _PLAIN)

    def cancel(self, order: OrderState) -> bool:
        """Call an order off if it still can be; the vendor keeps its part of the price."""
        contract = self.contract(order.chip)
        too_late = order.stage in STAGES[STAGES.index(contract.cancel_before) :]
        if order.landed_s is not None or order.cancelled_s is not None or too_late:
            self.record.event(self.env.now, "too late to cancel", order.name, order.stage)
            return False
        if isinstance(order.pending, Ask):
            self.market.withdraw(order.pending)
        elif order.pending is not None:
            self.treasury.withdraw(order.pending)
        # What is not ordered firmly yet is owed nothing for.
        firm = order.funded_s is not None
        owed_usd = contract.take_or_pay * order.racks * order.price_usd if firm else 0.0
        back_usd = max(0.0, order.paid_usd - owed_usd)
        if back_usd and order.wanted_s >= 0:  # what was paid before the run is not ours to spend
            self.treasury.refund(back_usd)
            order.payments.append((self.env.now, -back_usd))
        if owed_usd > order.paid_usd + CENT_USD:
            self.env.process(self._settle(order, owed_usd - order.paid_usd))
        order.cancelled_s = self.env.now
        if order.process is not None and order.process.is_alive:
            order.process.interrupt()
        self.record.event(self.env.now, "cancelled", order.name, f"{owed_usd:.0f} USD are owed")
        return True

    def _enter(self, order: OrderState) -> None:
        self.orders.append(order)
        order.process = self.env.process(self._deliver(order))

    def _deliver(self, order: OrderState) -> Generator[simpy.Event, Any, None]:
        """Tell the story of one order."""
        try:
            if order.wanted_s >= 0:
                if self.market.rations(order.chip):
                    order.pending = self.market.ask(
                        order.name, order.chip, order.racks, again=order.again
                    )
                    self._take(order, (yield order.pending.granted))
                order.granted_s = self.env.now
                order.stage = "money"
                due_usd = self.contract(order.chip).prepay * order.racks * order.price_usd
                order.pending = self.treasury.claim(due_usd)
                yield order.pending
                order.pending = None
                order.payments.append((self.env.now, due_usd))
                order.funded_s = self.env.now
                self.record.event(self.env.now, "funded", order.name)
            else:
                order.granted_s = order.funded_s = order.wanted_s
                order.payments.append((order.wanted_s, order.racks * order.price_usd))
            yield from self._make(order, order.funded_s)
        except simpy.Interrupt:
            return
        if order.landed_s is not None:
            self.record.event(self.env.now, "landed", order.name, f"{order.racks} racks")
            self.floor.land(self._consignment(order))

    def _make(self, order: OrderState, funded_s: float) -> Generator[simpy.Event, Any, None]:
        """Take an order through the stages that hang on nodes, each when its line lets it."""
        lead = self.scenario.supply.lead_times[order.chip]
        total_s = self._lead_time_s(order, lead)
        order.commission_s = total_s * (lead.install_share + lead.burn_in_share)
        order.stage = "queue"
        wait_s = order.extra_wait_s
        if order.wanted_s >= 0:
            wait_s += self.market.wait_s(order.chip)
        through_s = funded_s + wait_s
        order.due_s = through_s + total_s - order.commission_s
        shares = (lead.fab_share, lead.package_share, lead.rack_share, lead.ship_share)
        if wait_s:
            yield at(self.env, through_s)
        order.made_s = through_s
        for stage, share in zip(STAGES, shares, strict=True):
            if stage == "ship":
                balance_usd = order.racks * order.price_usd - order.paid_usd
                if balance_usd > CENT_USD:
                    order.stage, order.pending = "money", self.treasury.claim(balance_usd)
                    yield order.pending
                    order.pending = None
                    order.payments.append((self.env.now, balance_usd))
                    through_s = max(through_s, self.env.now)
                if share == 0:
                    break
            order.stage = stage
            through_s = self.nodes.stage_end(order.chip, stage, through_s, share * total_s)
            if through_s == inf:
                return  # its line never comes back
            yield at(self.env, through_s)
            self.record.event(self.env.now, f"{stage} done", order.name)
        order.stage = "dock"
        order.landed_s = self.env.now

    def _take(self, order: OrderState, granted: int) -> None:
        """Go on with what is granted; the rest asks again in the next window."""
        order.pending = None
        if granted == order.racks:
            return
        rest = OrderState(
            f"{order.name}+",
            order.chip,
            order.quarter,
            order.cause,
            order.racks - granted,
            order.price_usd,
            order.wanted_s,
            extra_wait_s=order.extra_wait_s,
            again=True,
        )
        order.racks = granted
        self.record.event(self.env.now, "asks again", rest.name, f"{rest.racks} racks")
        self._enter(rest)

    def _react(self, other: str, grace_s: float) -> Generator[simpy.Event, Any, None]:
        """In each quarter buy again, as another chip, what is overdue; each order once."""
        replaced: set[str] = set()
        for quarter, edge_s in zip(self._quarter, self.market.edges_s, strict=True):
            yield at(self.env, edge_s)
            open_orders = [
                (o.name, o.due_s, o.landed_s)
                for o in self.orders
                if o.cause == "plan" and o.chip != other and o.cancelled_s is None
            ]
            late = {*slipped(open_orders, self.env.now, grace_s)} - replaced
            usd = sum(o.racks * o.price_usd for o in self.orders if o.name in late)
            replaced |= late
            self.place(other, quarter, self.racks_for(other, usd), "react")

    def _call_off(self, order: OrderState, quarter: str) -> Generator[simpy.Event, Any, None]:
        yield at(self.env, self.scenario.horizon.calendar.at(quarter))
        for part in [o for o in self.orders if o.name.rstrip("+") == order.name]:
            self.cancel(part)

    def _settle(self, order: OrderState, owed_usd: float) -> Generator[simpy.Event, Any, None]:
        """Pay what is owed for an order that was called off."""
        yield self.treasury.claim(owed_usd)
        order.payments.append((self.env.now, owed_usd))

    def _consignment(self, order: OrderState) -> Consignment:
        lead = self.scenario.supply.lead_times[order.chip]
        both = lead.install_share + lead.burn_in_share
        install_s = order.commission_s * lead.install_share / both if both else 0.0
        stages = (("install", install_s), ("burn_in", order.commission_s - install_s))
        return Consignment(order.name, order.chip, order.racks, stages if both else ())

    def _lead_time_s(self, order: OrderState, lead: LeadTime) -> float:
        """Draw the lead time: racks of one chip ordered in one quarter share their luck."""
        if order.chip not in self._luck:
            quarters = len(self._quarter)
            self._luck[order.chip] = (
                self.streams(f"lead/{order.chip}").standard_normal(quarters).tolist(),
                self.streams(f"lead/{order.chip}/before").standard_normal(_EARLIER).tolist(),
            )
        later, before = self._luck[order.chip]
        if order.quarter in self._quarter:
            z = later[self._quarter[order.quarter]]
        else:
            z = before[min(_quarters_before(order.wanted_s), _EARLIER - 1)]
        sigma = log(lead.total.p90 / lead.total.median) / _Z90
        return lead.total.median * exp(sigma * z)


def _quarters_before(t_s: float) -> int:
    """Return how many quarters before the start a quarter began; the first is 0."""
    return max(0, round(-t_s / (365.25 / 4 * 86400)) - 1)
