"""The vendors' side of an order: the queue before the first wafer, and who gets what is short."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from dataclasses import replace
from itertools import accumulate
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import numpy as np
import simpy

from simulator.laws.allocation import Tier, joint, priority, whole
from simulator.laws.arrays import Array
from simulator.spec.orders import Queue, Regime
from simulator.streams import Streams
from simulator.world.chain import Chain
from simulator.world.clock import Answer, At
from simulator.world.nodes import Nodes
from simulator.world.orders import OrderState
from simulator.world.recorder import Recorder
from simulator.world.treasury import CENT_USD, Treasury

_Z90 = NormalDist().inv_cdf(0.9)


class Ask(Answer):
    """Racks of an order that wait for an allocation; happens with those granted and paid."""

    def __init__(
        self, env: simpy.Environment, order: OrderState, column: int, rack_usd: float
    ) -> None:
        self.env, self.callbacks = env, []  # as Answer's own, whose call would cost as much again
        self.order = order
        #: Of its chip, among those that can be bought.
        self.column = column
        self.racks = order.racks
        #: Due with each. [USD]
        self.rack_usd = rack_usd


class Market:
    """Windows by quarter in which what is asked meets what there is.

    In each quarter a scarce node's capacity is shared out, by its rule, among
    our chips and its other customers. What is not granted asks again in the
    next quarter, before anything newer. What comes in mid-quarter gets of what
    the window left. Where a vendor or a cut accepts part of what is asked, whole racks
    are accepted, and the part of a rack that is left over counts the next time.

    Invariant: what a node grants in a quarter, and so what begins in it, is at most its
    capacity, and nothing that fits, is accepted and can be paid is held back from one who
    asks. What an order is granted is paid as a whole or not at all.
    """

    def __init__(
        self,
        env: simpy.Environment,
        chain: Chain,
        nodes: Nodes,
        treasury: Treasury,
        streams: Streams,
        record: Recorder,
    ) -> None:
        self.env = env
        self.chain = chain
        self.nodes = nodes
        self.treasury = treasury
        self.record = record
        self.edges_s = chain.edges_s[:-1]
        self.queues = chain.scenario.supply.queues
        self.vendor = {i: chip.vendor for i, chip in chain.scenario.catalog.chips.items()}
        self._column = {chip: k for k, chip in enumerate(chain.bought)}
        self.regimes: dict[str, list[Regime]] = {}
        waits_s = {
            vendor: self._draw(vendor, queue, streams, chain.quarters)
            for vendor, queue in sorted(self.queues.items())
        }
        #: Wait for a slot by quarter, of chips whose vendor has a queue. [s]
        self._waits_s = {i: waits_s[v] for i, v in self.vendor.items() if v in waits_s}
        self.asks: list[Ask] = []
        self._left = np.array([], float)
        #: What the last window left can be had until then. [s]
        self._closes_s = -inf
        #: Vendors that may accept only part of what is asked, and chips shocks refuse some of.
        self._partial = {
            vendor
            for vendor, queue in self.queues.items()
            if any(state.granted < 1 for state in queue.regimes.values())
        }
        self._cut = nodes.taken_from("allocation")
        #: Part of what is asked that is accepted at all, by chip, each quarter's mean. [1]
        self._accepted = {chip: self._acceptance(chip) for chip in self._may_refuse()}
        #: Parts of racks that were accepted and are not granted yet, by chip. [racks]
        self._carried = dict.fromkeys(self._accepted, 0.0)
        self._others = chain.others
        if nodes.surges:
            surges = [nodes.surge_by_quarter(i) for i in chain.scarce]
            self._others = chain.others * np.stack(surges, axis=1) if surges else chain.others
        #: Chips of which orders wait for a window: all, if any may get less than it asks. What
        #: is granted in a window is so paid in the order in which it was asked.
        self.rationed = self._which_are_rationed()

    def wait_s(self, chip: str, t_s: float) -> float:
        """Wait for a slot of an order placed at a time. [s]."""
        waits_s = self._waits_s.get(chip)
        return waits_s[bisect_right(self.edges_s, t_s) - 1] if waits_s else 0.0

    def ask(self, order: OrderState, rack_usd: float) -> Ask:
        """Ask for an order's racks, of which so much is due with each: now, or in a window."""
        ask = Ask(self.env, order, self._column[order.chip], rack_usd)
        if not order.again and order.wanted_s < self._closes_s:
            self._share([ask], self._left, np.zeros_like(self._left))
        else:
            self.asks.append(ask)
        return ask

    def withdraw(self, ask: Ask) -> None:
        """No longer ask; take back what was paid if it was granted this very moment."""
        if ask.triggered:
            given = float(ask.value or 0)
            self.treasury.refund(given * ask.rack_usd)
            self._left = self._left + given * self.chain.units[:, ask.column]
        self.asks = [waiting for waiting in self.asks if waiting is not ask]

    def hold_windows(self) -> Generator[simpy.Event, Any, None]:
        """Share out each quarter's capacity, once all of the quarter's orders are placed."""
        regime: dict[str, Regime] = {}
        for quarter, edge_s in enumerate(self.edges_s):
            yield At(self.env, edge_s)
            for vendor, path in self.regimes.items():
                if regime.get(vendor) != path[quarter]:
                    regime[vendor] = path[quarter]
                    self.record.event(self.env.now, "regime", vendor, path[quarter])
            if not self.rationed:
                continue
            # Behind the plan of record and the programme's orders of the same moment.
            yield self.env.timeout(0)
            yield self.env.timeout(0)
            self._closes_s = self.chain.edges_s[quarter + 1]
            asks, self.asks = self.asks, []
            self._share(asks, self.chain.capacity[quarter], self._others[quarter])

    def _share(self, asks: list[Ask], supply: Array, outside: Array) -> None:
        """Share a supply out among some who ask, and grant it; who gets nothing waits.

        Only what can be paid is granted, the oldest first: a slot that no money takes goes
        to nobody's wafers. Who comes behind the first that cannot be paid waits too.
        """
        carried, everyone = {**self._carried}, asks
        while True:
            racks = [0] * len(self.chain.bought)
            for ask in asks:
                racks[ask.column] += ask.racks
            grants, left = self._grants(asks, racks, supply, outside)
            given = [ask.racks for ask in asks] if grants == racks else self._given(asks, grants)
            paid = self._paid(asks, given)
            if paid == len(asks):
                break
            self._tell_unpaid(asks[paid:])
            asks, self._carried = asks[:paid], {**carried}
        self._left = left
        if grants != racks:
            self._tell_short(racks, grants)
        for ask, part in zip(everyone, [*given, *[0] * (len(everyone) - len(asks))], strict=True):
            if part:
                ask.give(part)
            else:
                self.asks.append(ask)

    def _grants(
        self, asks: list[Ask], racks: list[int], supply: Array, outside: Array
    ) -> tuple[list[int], Array]:
        """Return the racks granted to each chip of those asked, and what they leave."""
        accepted = racks
        if self._accepted:
            chips = self.chain.bought
            accepted = [self._accept(c, asked) for c, asked in zip(chips, racks, strict=True)]
        may = np.array(accepted, float)
        needed = self.chain.units @ may
        if all((needed + outside <= supply).tolist()):
            return accepted, supply - needed - outside
        tiers = [
            self._tier(k, float(supply[k]), float(outside[k]))
            for k in range(len(self.chain.scarce))
        ]
        granted = whole(tiers, may, joint(tiers, may), self._places(asks))
        free = supply - self.chain.units @ granted
        return granted.tolist(), np.maximum(0.0, free - np.minimum(outside, free))

    def _given(self, asks: list[Ask], grants: list[int]) -> list[int]:
        """Return what each who asks gets of its chip's racks, the oldest first."""
        left, given = [*grants], []
        for ask in asks:
            given.append(min(ask.racks, left[ask.column]))
            left[ask.column] -= given[-1]
        return given

    def _paid(self, asks: list[Ask], given: list[int]) -> int:
        """Pay what is due with racks if all of it can be; return how many could be, in order."""
        due_usd = [part * ask.rack_usd for ask, part in zip(asks, given, strict=True)]
        if self.treasury.pays(sum(due_usd)):
            return len(asks)
        most_usd = self.treasury.at_hand_usd + CENT_USD
        return next(k for k, usd in enumerate(accumulate(due_usd)) if usd > most_usd)

    def _tell_unpaid(self, asks: list[Ask]) -> None:
        """Tell who waits for the next window for want of money; nobody overtakes them in this."""
        self._closes_s = -inf
        for ask in asks:
            if ask.order.passed_s is None:
                ask.order.passed_s, ask.order.waits_for = self.env.now, "money"
                self.record.event(self.env.now, "no money", ask.order.name, f"{ask.racks} racks")

    def _tell_short(self, racks: list[int], grants: list[int]) -> None:
        for column, asked in enumerate(racks):
            if grants[column] < asked:
                detail = f"{grants[column]} of {asked} racks; {self._binding(column)}"
                self.record.event(self.env.now, "short", self.chain.bought[column], detail)

    def _places(self, asks: list[Ask]) -> list[int]:
        """Return each chip's place among those who ask: who asked first comes first."""
        first = dict.fromkeys(ask.column for ask in asks)
        place = {column: k for k, column in enumerate(first)}
        return [place.get(column, len(place)) for column in range(len(self.chain.bought))]

    def _binding(self, column: int) -> str:
        """Name the node that has least left for a chip, if one has not enough for a rack."""
        need = self.chain.units[:, column]
        racks_left = {
            i: left / per_rack
            for i, left, per_rack in zip(self.chain.scarce, self._left, need, strict=True)
            if per_rack > 0
        }
        if not racks_left or min(racks_left.values()) >= 1:
            return "not accepted"
        return f"{min(racks_left, key=racks_left.__getitem__)} binds"

    def _which_are_rationed(self) -> frozenset[str]:
        may_lack = self._accepted or any(self.chain.stands_on_scarce.values())
        return frozenset(self.chain.bought) if may_lack else frozenset()

    def _accept(self, chip: str, asked: int) -> int:
        """Return the whole racks that are accepted of those asked; parts of racks add up."""
        if chip not in self._accepted or asked == 0:
            return asked
        part = self._accepted[chip][self._quarter(self.env.now)]
        if part == 1:
            return asked
        due = asked * part + self._carried[chip]
        accepted = min(asked, int(due + 1e-9))
        self._carried[chip] = max(0.0, due - accepted)
        return accepted

    def _may_refuse(self) -> list[str]:
        """Return the chips of which a vendor or a shock may refuse some."""
        return [
            chip
            for chip in self.chain.bought
            if self.vendor[chip] in self._partial or chip in self._cut
        ]

    def _acceptance(self, chip: str) -> list[float]:
        """Part of what is asked of a chip that is accepted at all, by quarter. [1]."""
        vendor = self.vendor[chip]
        left = self.nodes.left_by_quarter("allocation", chip)
        if vendor in self.queues:
            regimes = self.queues[vendor].regimes
            left = left * [regimes[regime].granted for regime in self.regimes[vendor]]
        return [float(part) for part in left]

    def _tier(self, k: int, supply: float, outside: float) -> Tier:
        """Return a scarce node with those who ask of it. [units a quarter]."""
        sharing = self.chain.scenario.supply.nodes[self.chain.scarce[k]].sharing
        tier, bought = Tier(supply, self.chain.units[k], outside), self.chain.bought
        if sharing.rule == "priority":
            ranks = [*(sharing.ranks.get(chip, 1) for chip in bought), sharing.others_rank]
            return replace(tier, rule=lambda left, requests: priority(left, requests, ranks))
        if sharing.rule == "contract":
            floors = [*(sharing.floors.get(chip, 0.0) for chip in bought), 0.0]
            return replace(tier, floors=np.array(floors))
        return tier

    def _quarter(self, t_s: float) -> int:
        return bisect_right(self.edges_s, t_s) - 1  # the first begins with the run

    def _draw(
        self, vendor: str, queue: Queue, streams: Streams, quarters: list[str]
    ) -> list[float]:
        """Draw a vendor's regimes and waits, quarter by quarter; return the waits. [s]."""
        stream = streams(f"queue/{vendor}")
        chance = stream.random(len(quarters)).tolist()
        z = stream.standard_normal(len(quarters)).tolist()
        now, path = queue.start, []
        for k, quarter in enumerate(quarters):
            if quarter in queue.known:
                now = queue.known[quarter]
            elif k > 0:
                now = _next(queue, now, chance[k])
            path.append(now)
        self.regimes[vendor] = path
        sigma = log(queue.wait_spread) / _Z90
        return [
            queue.regimes[regime].wait * exp(sigma * each)
            for regime, each in zip(path, z, strict=True)
        ]


def _next(queue: Queue, now: Regime, chance: float) -> Regime:
    edge = 0.0
    for regime, part in sorted(queue.regimes[now].leaves_to.items()):
        edge += part
        if chance < edge:
            return regime
    return now
