"""Money for racks: a budget that comes by quarter, spent in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from simulator.spec.scenario import Scenario
from simulator.world.clock import At
from simulator.world.recorder import Recorder

#: A claim is paid if it misses by less: the rounding of sums of money. [USD]
CENT_USD = 0.01


class Claim(simpy.Event):
    """Money that is waited for; happens when it is paid."""

    def __init__(self, env: simpy.Environment, usd: float) -> None:
        super().__init__(env)
        self.usd = usd


class Treasury:
    """The part of the capital budget that buys training racks.

    Money that is not spent stays. Claims are paid first come first served;
    the first that cannot be paid holds up those behind it.

    Invariant: ``balance_usd > -CENT_USD`` and balance + paid = budget released,
    where what a vendor gives back is no longer paid.
    """

    def __init__(self, env: simpy.Environment, scenario: Scenario, record: Recorder) -> None:
        self.env = env
        self.scenario = scenario
        self.record = record
        self.balance_usd = 0.0
        self.paid_usd = 0.0
        self.claims: deque[Claim] = deque()

    def release(self) -> Generator[simpy.Event, Any, None]:
        """Release each quarter's money at its start."""
        calendar = self.scenario.horizon.calendar
        share = self.scenario.economics.training_share.value
        for quarter, usd in sorted(self.scenario.economics.budget.items()):
            at_s = max(calendar.at(quarter), 0.0)
            yield At(self.env, at_s)
            self.balance_usd += share * usd
            self._pay()

    def claim(self, usd: float) -> Claim:
        """Ask for money; the event happens when it is paid."""
        claim = Claim(self.env, usd)
        self.claims.append(claim)
        self._pay()
        return claim

    @property
    def at_hand_usd(self) -> float:
        """What can be paid at once: nothing while somebody waits for money. [USD]."""
        return 0.0 if self.claims else self.balance_usd

    def pays(self, usd: float) -> bool:
        """Pay at once if the money is there and nobody waits for it; tell whether."""
        if usd > self.at_hand_usd + CENT_USD:
            return False
        self.balance_usd -= usd
        self.paid_usd += usd
        return True

    def withdraw(self, claim: Claim) -> None:
        """Take back a claim, and its money if that was paid this very moment."""
        if claim.triggered:
            self.refund(claim.usd)
            return
        self.claims = deque(waiting for waiting in self.claims if waiting is not claim)
        self._pay()

    def refund(self, usd: float) -> None:
        """Take back money that was paid."""
        self.balance_usd += usd
        self.paid_usd -= usd
        self._pay()

    def _pay(self) -> None:
        while self.claims and self.claims[0].usd <= self.balance_usd + CENT_USD:
            paid = self.claims.popleft()
            self.balance_usd -= paid.usd
            self.paid_usd += paid.usd
            paid.succeed()
