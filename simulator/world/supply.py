"""Orders: wanted, allocated, paid, made in stages that hang on nodes, landed on the dock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.laws.pipeline import stage_end_s
from simulator.spec.orders import Contract
from simulator.streams import Streams
from simulator.world.buying import slipped
from simulator.world.chain import STAGES, Chain
from simulator.world.clock import At
from simulator.world.floor import Consignment, Floor
from simulator.world.market import Ask, Market
from simulator.world.nodes import Clock, Nodes
from simulator.world.orders import OrderState, may_be_cancelled
from simulator.world.promises import landing_s
from simulator.world.recorder import Recorder
from simulator.world.treasury import CENT_USD, Treasury

_Z90 = NormalDist().inv_cdf(0.9)
#: Quarters before the start whose orders have lead times of their own.
_EARLIER = 40
#: Stages before the balance is due, those behind it, and all.
_MADE, _SHIPPED, _ALL = range(3)
_DONE = {stage: f"{stage} done" for stage in STAGES}
#: Stages that hang on nodes, each with its part of the lead time [1] and its line's clock.
_Way = list[tuple[str, float, Clock | None]]
_PLAIN = Contract(source="no contract is named: paid in full with the order")


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
        self._ordinal: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        #: Lead times by chip: of orders of the run's quarters, and of earlier ones. [s]
        self._lead_s: dict[str, list[float]] = {}
        self._earlier_s: dict[str, list[float]] = {}
        self._quarter = chain.number_of_quarter
        self._begins_s = chain.begins_s
        self._plan = chain.plan
        racks = self.scenario.catalog.racks
        self._price_usd = {chip: rack.price.value for chip, rack in racks.items()}
        self._terms = {chip: self.scenario.supply.contracts.get(chip, _PLAIN) for chip in racks}
        self._leads = self.scenario.supply.lead_times
        #: By chip: the way before the balance is due, behind it, and the whole.
        self._ways: dict[str, tuple[_Way, _Way, _Way]] = {}

    def follow_plan(self) -> Generator[simpy.Event, Any, None]:
        """Place the plan of record's orders, each at the start of its quarter."""
        rule = self.scenario.supply.buying
        if rule.rule == "react_to_slips" and rule.other is not None:
            self.env.process(self._react(rule.other, rule.grace))
        for quarter, lines in self._plan:
            yield At(self.env, self._begins_s[quarter])
            for line in lines:
                rack_usd = line.rack_usd(self._price_usd[line.chip])
                racks = line.racks
                if racks is None:
                    racks = self.racks_for(line.chip, line.spend or 0.0, rack_usd)
                order = self.place(line.chip, quarter, racks, "plan", price_usd=rack_usd)
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
        minimum, now_s = self._terms[chip].minimum, self.env.now
        if racks < minimum:
            detail = f"{racks} racks are fewer than the minimum of {minimum}"
            self.record.event(now_s, "too small", name, detail)
            return None
        begin_s = self._begins_s[quarter]
        wanted_s = now_s if begin_s >= 0 else begin_s
        price_usd = price_usd or self._price_usd[chip]
        order = OrderState(name, chip, quarter, cause, racks, price_usd, wanted_s)
        order.extra_wait_s = extra_wait_s
        self.record.tell((now_s, "ordered", name, f"{racks} racks"))
        self._enter(order)
        return order

    def racks_for(self, chip: str, spend_usd: float, price_usd: float | None = None) -> int:
        """Return the whole racks that money buys, at the catalogue's price unless another."""
        price_usd = price_usd or self._price_usd[chip]
        return int((spend_usd + CENT_USD) // price_usd)

    def contract(self, chip: str) -> Contract:
        """Return the terms on which a chip is bought."""
        return self._terms[chip]

    def cancel(self, order: OrderState) -> bool:
        """Call an order off if it still can be; the vendor keeps its part of the price."""
        contract = self.contract(order.chip)
        entered = [stage for stage, t_s in order.entered() if t_s <= self.env.now]
        too_late = not may_be_cancelled(entered, contract.cancel_before)
        if order.landed_s is not None or order.cancelled_s is not None or too_late:
            stage = order.stage(self.env.now)
            self.record.event(self.env.now, "too late to cancel", order.name, stage)
            return False
        if isinstance(order.pending, Ask):
            self.market.withdraw(order.pending)
        elif order.pending is not None:
            self.treasury.withdraw(order.pending)
        # What is not ordered firmly yet is owed nothing for.
        firm = order.funded_s is not None
        owed_usd = contract.take_or_pay * order.worth_usd if firm else 0.0
        order.owed_usd = owed_usd
        back_usd = max(0.0, order.paid_usd - owed_usd)
        if back_usd:  # of what was paid before the run too: it is cash of the run
            self.treasury.refund(back_usd)
            order.payments.append((self.env.now, -back_usd))
        if owed_usd > order.paid_usd + CENT_USD:
            self.env.process(self._settle(order, owed_usd - order.paid_usd))
        order.cancelled_s = self.env.now
        if order.process is not None and order.process.is_alive:
            order.process.interrupt()
        self.record.event(self.env.now, "cancelled", order.name, f"{owed_usd:.0f} USD are owed")
        return True

    def call_off(self, order: OrderState) -> None:
        """Cancel an order, and what of it was not granted at once, as far as that goes."""
        for part in [o for o in self.orders if o.name.rstrip("+") == order.name]:
            self.cancel(part)

    def _enter(self, order: OrderState) -> None:
        self.orders.append(order)
        order.process = self.env.process(self._deliver(order))

    def _deliver(self, order: OrderState) -> Generator[simpy.Event, Any, None]:
        """Tell the story of one order."""
        env, tell = self.env, self.record.tell
        try:
            if order.wanted_s >= 0:
                if order.chip in self.market.rationed:
                    ask = self.market.ask(order.name, order.chip, order.racks, again=order.again)
                    order.pending = ask
                    granted = yield ask.granted
                    order.pending = None
                    if granted < order.racks:
                        self._split(order, granted)
                order.granted_s = now_s = env.now
                due_usd = self._terms[order.chip].prepay * order.racks * order.price_usd
                order.waits_for = "money"
                if self.treasury.pays(due_usd):
                    order.payments.append((now_s, due_usd))
                else:
                    yield from self._pay(order, due_usd)
                    now_s = env.now
                order.funded_s = now_s
                tell((now_s, "funded", order.name, ""))
            else:
                order.granted_s = order.funded_s = order.wanted_s
                order.payments.append((order.wanted_s, order.worth_usd))
            # What was paid is one sum so far: with the order.
            balance_usd = order.racks * order.price_usd - order.payments[0][1]
            owing = balance_usd > CENT_USD
            self._schedule(order, order.funded_s, _MADE if owing else _ALL)
            for stage, end_s in order.ends:
                tell(((yield At(env, end_s)), _DONE[stage], order.name, ""))
            if owing:
                order.owing_s = env.now
                yield from self._pay(order, balance_usd)
                order.settled_s = env.now
                through_s = self._pass(order, _SHIPPED, env.now)
                if order.ends[-1][0] == "ship":
                    tell(((yield At(env, through_s)), _DONE["ship"], order.name, ""))
        except simpy.Interrupt:
            return
        order.waits_for, order.landed_s = "dock", env.now
        tell((order.landed_s, "landed", order.name, f"{order.racks} racks"))
        self.floor.land(self._consignment(order))

    def _pay(self, order: OrderState, usd: float) -> Generator[simpy.Event, Any, None]:
        """Wait for money."""
        order.waits_for, order.pending = "money", self.treasury.claim(usd)
        yield order.pending
        order.pending = None
        order.payments.append((self.env.now, usd))

    def _schedule(self, order: OrderState, funded_s: float, part: int) -> None:
        """Schedule an order's stages, by the queue and the clocks of the lines."""
        chip, total_s = order.chip, self._lead_time_s(order)
        lead = self._leads[chip]
        order.commission_s = total_s * (lead.install_share + lead.burn_in_share)
        order.waits_for = "queue"
        wait_s = order.extra_wait_s
        if order.wanted_s >= 0:
            wait_s += self.market.wait_s(chip)
        order.made_s = order.slot_s = made_s = funded_s + wait_s
        order.due_s = made_s + total_s - order.commission_s
        order.total_s = total_s
        self._pass(order, part, made_s)

    def _pass(self, order: OrderState, part: int, through_s: float) -> float:
        """Take an order through stages that hang on nodes, each when its line lets it. [s]."""
        slot_s, total_s, ends = order.slot_s, order.total_s, order.ends
        for stage, share, clock in self._way(order.chip)[part]:
            if through_s == inf:
                break
            span_s = share * total_s
            if clock is None:
                through_s += span_s
            else:
                # Late from a line before this one, it keeps its place in the plan of this one:
                # a stop that reaches several lines holds an order up once.
                through_s = stage_end_s(through_s, span_s, *clock, slot_s)
            slot_s += span_s
            ends.append((stage, through_s))
        order.slot_s = slot_s
        return through_s

    def _way(self, chip: str) -> tuple[_Way, _Way, _Way]:
        if chip not in self._ways:
            lead, clocks = self._leads[chip], self.nodes.clocks(chip)
            shares = (lead.fab_share, lead.package_share, lead.rack_share, lead.ship_share)
            way = [(s, share, clocks[s]) for s, share in zip(STAGES, shares, strict=True)]
            shipped = way[-1:] if lead.ship_share else []
            self._ways[chip] = (way[:-1], shipped, way[:-1] + shipped)
        return self._ways[chip]

    def _split(self, order: OrderState, granted: int) -> None:
        """Go on with what is granted; the rest asks again in the next window."""
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
        replaced: set[str] = set()  # the rest of a split order is part of what was replaced
        for quarter in self._quarter:
            yield At(self.env, self._begins_s[quarter])
            open_orders = [
                (o.name, landing_s(o, self._leads[o.chip], self.market), o.landed_s)
                for o in self.orders
                if o.cause == "plan" and o.chip != other and o.cancelled_s is None
                if o.name.rstrip("+") not in replaced
            ]
            late = {*slipped(open_orders, self.env.now, grace_s)}
            usd = sum(o.worth_usd for o in self.orders if o.name in late)
            replaced |= {name.rstrip("+") for name in late}
            self.place(other, quarter, self.racks_for(other, usd), "react")

    def _call_off(self, order: OrderState, quarter: str) -> Generator[simpy.Event, Any, None]:
        yield At(self.env, self._begins_s[quarter])
        self.call_off(order)

    def _settle(self, order: OrderState, owed_usd: float) -> Generator[simpy.Event, Any, None]:
        """Pay what is owed for an order that was called off."""
        yield self.treasury.claim(owed_usd)
        order.payments.append((self.env.now, owed_usd))

    def _consignment(self, order: OrderState) -> Consignment:
        lead = self._leads[order.chip]
        both = lead.install_share + lead.burn_in_share
        if not both:
            return Consignment(order.name, order.chip, order.racks)
        install_s = order.commission_s * lead.install_share / both
        stages = (("install", install_s), ("burn_in", order.commission_s - install_s))
        return Consignment(order.name, order.chip, order.racks, stages)

    def _lead_time_s(self, order: OrderState) -> float:
        """Return the lead time: racks of one chip ordered in one quarter share their luck."""
        quarter, chip = self._quarter.get(order.quarter), order.chip
        if quarter is not None:
            if chip not in self._lead_s:
                self._lead_s[chip] = self._draw(chip, "", len(self._quarter))
            return self._lead_s[chip][quarter]
        if chip not in self._earlier_s:
            self._earlier_s[chip] = self._draw(chip, "/before", _EARLIER)
        return self._earlier_s[chip][min(_quarters_before(order.wanted_s), _EARLIER - 1)]

    def _draw(self, chip: str, when: str, quarters: int) -> list[float]:
        total = self._leads[chip].total
        sigma = log(total.p90 / total.median) / _Z90
        z = self.streams(f"lead/{chip}{when}").standard_normal(quarters).tolist()
        return [total.median * exp(sigma * each) for each in z]

    def close(self) -> None:
        """Let go of the processes of orders, which hold the orders."""
        for order in self.orders:
            order.process = None


def _quarters_before(t_s: float) -> int:
    """Return how many quarters before the start a quarter began; the first is 0."""
    return max(0, round(-t_s / (365.25 / 4 * 86400)) - 1)
