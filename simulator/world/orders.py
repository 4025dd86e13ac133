"""One order: what it is, what was paid for it, and which stage it is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

import simpy

from simulator.world.chain import STAGES


@dataclass(slots=True)
class OrderState:
    """One order's life; times are None until they are known. [s].

    What happens to each node is drawn before the run, so that from the moment an
    order is paid its way through the stages is known up to the next payment.
    """

    name: str
    chip: str
    quarter: str
    cause: str
    racks: int
    price_usd: float
    wanted_s: float
    extra_wait_s: float = 0.0
    #: The part of a larger order that was not granted at once.
    again: bool = False
    #: When it would first have been granted racks, had there been money for them.
    passed_s: float | None = field(init=False, default=None)
    granted_s: float | None = field(init=False, default=None)
    funded_s: float | None = field(init=False, default=None)
    #: When its first wafer starts: the queue's end.
    made_s: float | None = field(init=False, default=None)
    due_s: float | None = field(init=False, default=None)
    landed_s: float | None = field(init=False, default=None)
    cancelled_s: float | None = field(init=False, default=None)
    #: End of each stage that hangs on nodes; infinite if its line never comes back. [s]
    ends: list[tuple[str, float]] = field(init=False, default_factory=list)
    #: From the first wafer to service when nothing fails and there is room. [s]
    total_s: float = field(init=False, default=0.0)
    #: Time from the dock to service, once there is room. [s]
    commission_s: float = field(init=False, default=0.0)
    #: What it waits for while it is in no stage: allocation, money, queue, or a place (dock).
    waits_for: str = field(init=False, default="allocation")
    #: What the vendor keeps, or is owed still, of an order that was called off. [USD]
    owed_usd: float = field(init=False, default=0.0)
    #: When it began to wait for its balance, and when that was paid. [s]
    owing_s: float | None = field(init=False, default=None)
    settled_s: float | None = field(init=False, default=None)
    #: What was paid to the vendor, and got back, as it happened. [s, USD]
    payments: list[tuple[float, float]] = field(init=False, default_factory=list)
    process: simpy.Process | None = field(init=False, default=None, repr=False, compare=False)

    @property
    def lacks_money_s(self) -> float | None:
        """When it was first held up by money, a slot being there, or was granted. [s]."""
        return self.granted_s if self.passed_s is None else self.passed_s

    @property
    def paid_usd(self) -> float:
        """Paid so far, less what came back. [USD]"""
        return sum(usd for _, usd in self.payments)

    @property
    def worth_usd(self) -> float:
        """Price of all its racks. [USD]"""
        return self.racks * self.price_usd

    def stage(self, t_s: float) -> str:
        """Return the stage it is in, or what it waits for, at a time of its past or present."""
        if self.owing_s is not None and self.owing_s <= t_s < (self.settled_s or inf):
            return "money"
        if self.made_s is not None and t_s >= self.made_s:
            for stage, end_s in self.ends:
                if t_s < end_s:
                    return stage
        return self.waits_for

    def entered(self) -> Iterator[tuple[str, float]]:
        """Yield each stage that hangs on nodes and when the order came, or will come, to it."""
        begin_s = self.made_s
        for stage, end_s in self.ends:
            if stage == "ship" and self.settled_s is not None:  # it stood until it was paid
                begin_s = self.settled_s
            if begin_s is not None and begin_s < inf:
                yield stage, begin_s
            begin_s = end_s


def may_be_cancelled(entered: Iterable[str], before: str) -> bool:
    """Tell whether an order that has entered some stages has not yet entered another.

    What it waits for now does not matter: racks that are built and wait for their
    balance have been through packaging.

    Examples
    --------
    >>> may_be_cancelled(["wafer"], "packaging"), may_be_cancelled(["wafer", "rack"], "packaging")
    (True, False)
    """
    return not set(entered) & {*STAGES[STAGES.index(before) :]}
