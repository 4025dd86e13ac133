"""Orders: wanted, allocated, paid, made in stages that hang on nodes, landed on the dock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from math import inf
from typing import Any

import simpy

from simulator.laws.pipeline import stage_end_s
from simulator.streams import Streams
from simulator.world.buying import Purchase, slipped, whole_racks
from simulator.world.chain import STAGES, Chain
from simulator.world.clock import Alarm, At, Process
from simulator.world.floor import Consignment, Floor
from simulator.world.market import Ask, Market
from simulator.world.nodes import Nodes
from simulator.world.offers import Offer, Offers, Stage
from simulator.world.orders import OrderState, may_be_cancelled
from simulator.world.promises import landing_s
from simulator.world.recorder import Recorder
from simulator.world.treasury import CENT_USD, Claim, Treasury

_DONE = {stage: f"{stage} done" for stage in STAGES}


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
        self.market = market
        self.treasury = treasury
        self.floor = floor
        self.record = record
        self.orders: list[OrderState] = []
        self._ordinal: Counter[tuple[str, str, str]] = Counter()
        self._quarter = chain.number_of_quarter
        self._begins_s = chain.begins_s
        self._plan = chain.plan
        #: By chip.
        self.offers = Offers(chain, streams, nodes)

    def follow_plan(self) -> Generator[simpy.Event, Any, None]:
        """Place the plan of record's orders, each at the start of its quarter."""
        rule = self.scenario.supply.buying
        if rule.rule == "react_to_slips" and rule.other is not None:
            self.env.process(self._react(rule.other, rule.grace))
        for quarter, purchases in self._plan:
            yield At(self.env, self._begins_s[quarter])
            for bought in purchases:
                order = self.place(bought)
                if bought.cancel is not None and order is not None:
                    self.env.process(self._call_off(order, bought.cancel))

    def buy(
        self,
        chip: str,
        quarter: str,
        racks: int,
        cause: str,
        extra_wait_s: float = 0.0,
        price_usd: float | None = None,
    ) -> OrderState | None:
        """Order racks, if any, at the catalogue's price unless another."""
        if racks == 0:
            return None
        self._ordinal[cause, chip, quarter] += 1
        name = f"{cause}/{chip}/{quarter}/{self._ordinal[cause, chip, quarter]}"
        price_usd = price_usd or self.offers.of[chip].price_usd
        return self.place(Purchase(name, chip, quarter, cause, racks, price_usd, extra_wait_s))

    def place(self, bought: Purchase) -> OrderState | None:
        """Order whole racks; an order before the start is already paid and under way."""
        name, racks, now_s = bought.name, bought.racks, self.env.now
        minimum = self.offers.of[bought.chip].contract.minimum
        if racks < minimum:
            detail = f"{racks} racks are fewer than the minimum of {minimum}"
            self.record.event(now_s, "too small", name, detail)
            return None
        begin_s = self._begins_s[bought.quarter]
        order = OrderState(
            name,
            bought.chip,
            bought.quarter,
            bought.cause,
            racks,
            bought.price_usd,
            now_s if begin_s >= 0 else begin_s,
            bought.extra_wait_s,
        )
        self.record.tell((now_s, "ordered", name, f"{racks} racks"))
        self._enter(order)
        return order

    def cancel(self, order: OrderState) -> bool:
        """Call an order off if it still can be; the vendor keeps its part of the price."""
        contract = self.offers.of[order.chip].contract
        entered = [stage for stage, t_s in order.entered() if t_s <= self.env.now]
        too_late = not may_be_cancelled(entered, contract.cancel_before)
        if order.landed_s is not None or order.cancelled_s is not None or too_late:
            stage = order.stage(self.env.now)
            self.record.event(self.env.now, "too late to cancel", order.name, stage)
            return False
        waits_for = order.process.target if order.process is not None else None
        if isinstance(waits_for, Ask):
            self.market.withdraw(waits_for)
        elif isinstance(waits_for, Claim):
            self.treasury.withdraw(waits_for)
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
        alarm = Alarm(self.env)
        order.process = Process(self.env, self._deliver(order, alarm), alarm)

    def _deliver(self, order: OrderState, alarm: Alarm) -> Generator[simpy.Event, Any, None]:
        """Tell the story of one order."""
        env, tell, chip, name = self.env, self.record.tell, order.chip, order.name
        offer = self.offers.of[chip]
        if order.cancelled_s is not None:  # at once, by who placed it
            return
        try:
            if order.wanted_s < 0:
                worth_usd = due_usd = order.worth_usd
                order.granted_s = order.funded_s = order.wanted_s
                order.payments.append((order.wanted_s, due_usd))
            else:
                rack_usd = offer.contract.prepay * order.price_usd
                if chip in self.market.rationed:
                    granted = yield self.market.ask(order, rack_usd)
                    if granted < order.racks:
                        self._split(order, granted)
                    due_usd = granted * rack_usd  # paid with the grant
                    order.granted_s = order.funded_s = now_s = env.now
                    order.payments.append((now_s, due_usd))
                else:
                    order.granted_s = env.now
                    due_usd = order.racks * rack_usd
                    yield from self._pay(order, due_usd)
                    order.funded_s = now_s = env.now
                worth_usd = order.worth_usd
                tell((now_s, "funded", name, ""))
            owing = worth_usd - due_usd > CENT_USD
            made_s = self._schedule(order, offer, order.funded_s)
            way = offer.unshipped if owing else offer.whole
            slot_s = self._pass(order, way, made_s, made_s)
            for stage, end_s in order.ends:
                now_s = yield alarm.at(end_s)
                tell((now_s, _DONE[stage], name, ""))
            if owing:
                order.owing_s = now_s
                yield from self._pay(order, worth_usd - due_usd)
                order.settled_s = now_s = env.now
                self._pass(order, offer.shipped, now_s, slot_s)
                if offer.shipped:
                    now_s = yield alarm.at(order.ends[-1][1])
                    tell((now_s, _DONE["ship"], name, ""))
        except simpy.Interrupt:
            return
        order.waits_for, order.landed_s = "dock", now_s
        tell((now_s, "landed", name, f"{order.racks} racks"))
        stages = self._commission(order, offer) if offer.commission_share else ()
        self.floor.land(Consignment(name, chip, order.racks, stages))

    def _pay(self, order: OrderState, usd: float) -> Generator[simpy.Event, Any, None]:
        """Pay, once there is money."""
        if not self.treasury.pays(usd):
            order.waits_for = "money"
            yield self.treasury.claim(usd)
        order.payments.append((self.env.now, usd))

    def _schedule(self, order: OrderState, offer: Offer, funded_s: float) -> float:
        """Draw an order's lead time, and return when its first wafer starts. [s]."""
        total_s = offer.lead_s.get(order.quarter)
        if total_s is None:
            total_s = self.offers.earlier_s(order.chip, order.wanted_s)
        wait_s = order.extra_wait_s
        if order.wanted_s >= 0:
            wait_s += self.market.wait_s(order.chip, funded_s)
        made_s = funded_s + wait_s
        order.waits_for = "queue"
        order.total_s, order.made_s = total_s, made_s
        order.commission_s = commission_s = total_s * offer.commission_share
        order.due_s = made_s + total_s - commission_s
        return made_s

    def _pass(self, order: OrderState, way: list[Stage], through_s: float, slot_s: float) -> float:
        """Take an order through stages that hang on nodes, each when its line lets it.

        Return when it was to come to its next stage had no line ever stopped. [s].
        """
        total_s, ends = order.total_s, order.ends
        for stage, share, clock in way:
            span_s = share * total_s
            if clock is None:
                through_s += span_s
            else:
                # Late from a line before this one, it keeps its place in the plan of this one:
                # a stop that reaches several lines holds an order up once.
                through_s = stage_end_s(through_s, span_s, clock, slot_s)
            ends.append((stage, through_s))
            if through_s == inf:
                break
            slot_s += span_s
        return slot_s

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
            order.extra_wait_s,
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
                (o.name, landing_s(o, self.offers.of[o.chip].lead, self.market), o.landed_s)
                for o in self.orders
                if o.cause == "plan" and o.chip != other and o.cancelled_s is None
                if o.name.rstrip("+") not in replaced
            ]
            late = {*slipped(open_orders, self.env.now, grace_s)}
            usd = sum(o.worth_usd for o in self.orders if o.name in late)
            replaced |= {name.rstrip("+") for name in late}
            self.buy(other, quarter, whole_racks(usd, self.offers.of[other].price_usd), "react")

    def _call_off(self, order: OrderState, quarter: str) -> Generator[simpy.Event, Any, None]:
        yield At(self.env, self._begins_s[quarter])
        self.call_off(order)

    def _settle(self, order: OrderState, owed_usd: float) -> Generator[simpy.Event, Any, None]:
        """Pay what is owed for an order that was called off."""
        yield self.treasury.claim(owed_usd)
        order.payments.append((self.env.now, owed_usd))

    def _commission(self, order: OrderState, offer: Offer) -> tuple[tuple[str, float], ...]:
        """Return what is done on the floor before service, and how long it takes. [s]."""
        install_s = order.commission_s * offer.lead.install_share / offer.commission_share
        return ("install", install_s), ("burn_in", order.commission_s - install_s)

    def close(self) -> None:
        """Let go of the processes of orders, which hold the orders."""
        for order in self.orders:
            order.process = None
