"""What is ordered, on which terms, and how long it takes."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Count, Id, Quarter, Ratio, Share, Spec, Spread
from simulator.spec.chain import Stage
from simulator.spec.quantities import Dollars, Seconds

#: State of a vendor's queue.
Regime = Literal["loose", "tight", "sold_out"]


class LeadTime(Spec):
    """Time from order to racks in service, cut in stages that hang on different nodes."""

    total: Spread[Seconds]
    """From order to the end of the last stage when nothing fails and nobody queues."""
    fab_share: Share
    """Share of it in the foundry: wafers."""
    package_share: Share
    """Share in packaging, with memory. What no share names is board, rack and test."""
    ship_share: Share = 0.0
    """Share on the way to the site's dock."""
    install_share: Share = 0.0
    """Share to install, once position, power and network are there."""
    burn_in_share: Share = 0.0
    """Share for burn-in and acceptance."""
    source: str = Field(min_length=3)
    """Who says so."""

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        if self.rack_share < -1e-9:
            raise ValueError("the shares of the stages (fab_share + package_share + ...) exceed 1")
        return self

    @property
    def rack_share(self) -> float:
        """Share for boards, racks and test."""
        others = self.ship_share + self.install_share + self.burn_in_share
        return 1 - self.fab_share - self.package_share - others


class QueueState(Spec):
    """How a vendor's queue is in one regime."""

    wait: Seconds
    """Median wait for a slot before the first wafer."""
    granted: Share = 1.0
    """Most that is accepted of what is asked in a quarter; the rest asks again."""
    leaves_to: dict[Regime, Share] = Field(default_factory=dict)
    """Chance by quarter to go over to another regime; the rest stays."""

    @model_validator(mode="after")
    def _chances_fit(self) -> Self:
        if sum(self.leaves_to.values()) > 1 + 1e-9:
            raise ValueError("the chances of 'leaves_to' exceed 1")
        return self


class Queue(Spec):
    """A vendor's queue, whose length switches by quarter: a Markov chain."""

    regimes: dict[Regime, QueueState] = Field(min_length=1)
    """By regime."""
    start: Regime
    """In the first quarter."""
    known: dict[Quarter, Regime] = Field(default_factory=dict)
    """What was published, or is supposed; from there on chance again."""
    wait_spread: Ratio = 1.0
    """90th percentile of a wait over its median."""
    source: str = Field(min_length=3)
    """Who says so."""

    @model_validator(mode="after")
    def _names_are_described(self) -> Self:
        named = {self.start, *self.known.values()}
        named |= {to for state in self.regimes.values() for to in state.leaves_to}
        if missing := sorted(named - self.regimes.keys()):
            raise ValueError(f"regime {missing[0]!r} is named but not described")
        if self.wait_spread < 1:
            raise ValueError(f"wait_spread must be >= 1, got {self.wait_spread:g}")
        return self


class Contract(Spec):
    """Terms on which racks of a chip are bought."""

    minimum: int = Field(ge=1, default=1)
    """Fewest racks of an order; a smaller one is not placed. [racks]"""
    prepay: Share = 1.0
    """Part of the price due with the order; the rest before shipping."""
    take_or_pay: Share = 0.0
    """Part of the price kept by the vendor when an order is cancelled: a share, where the
    programme's is a sum of money."""
    cancel_before: Stage = "packaging"
    """An order can be cancelled until it enters this stage."""
    source: str = Field(min_length=3)
    """Who says so."""


class Order(Spec):
    """A line of the plan of record: racks of one chip in one quarter, by count or by money."""

    chip: Id
    """What is ordered."""
    quarter: Quarter
    """Ordered at the start of this quarter; before the run's start: paid in full and under way,
    whatever its contract says of prepayment."""
    racks: Count | None = None
    """Whole racks."""
    spend: Dollars | None = None
    """Or money: as many whole racks as it buys."""
    price: Dollars | None = None
    """Paid for a rack, where it is not the catalogue's price."""
    discount: float | None = Field(ge=0, lt=1, default=None)
    """Part taken off the catalogue's price of a rack, instead of a price."""
    cancel: Quarter | None = None
    """Called off at the start of this quarter, if it still can be. What was paid beyond the
    contract's `take_or_pay` comes back then and can be spent, also of an order before the start."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.racks is None) == (self.spend is None):
            raise ValueError("an order has either 'racks' or 'spend'")
        if self.spend is not None and self.spend < 0:
            raise ValueError(f"spend must be >= 0, got {self.spend:g}")
        return self

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if self.price is not None and self.discount is not None:
            raise ValueError("an order has either a 'price' or a 'discount'")
        if self.price is not None and self.price <= 0:
            raise ValueError(f"price must be > 0, got {self.price:g}")
        return self

    def rack_usd(self, listed_usd: float) -> float:
        """Return what a rack costs where the catalogue lists it at a price. [USD]."""
        if self.price is not None:
            return self.price
        return listed_usd if self.discount is None else listed_usd * (1 - self.discount)

    def usd(self, listed_usd: float) -> float:
        """Return what is to be spent on the whole line. [USD]."""
        if self.spend is not None:
            return self.spend
        return (self.racks or 0) * self.rack_usd(listed_usd)


class InService(Spec):
    """Racks that stand and run at the start."""

    chip: Id
    """Kind of chip."""
    site: Id
    """Where."""
    racks: Count
    """How many."""
    source: str = Field(min_length=3)
    """Who says so."""


class Retirement(Spec):
    """Racks taken out, which frees their positions, power and network."""

    chip: Id
    """Kind of chip."""
    site: Id
    """Where."""
    quarter: Quarter
    """At the start of this quarter."""
    racks: Count
    """At most so many."""
    makes_room_for: Id | None = None
    """A refresh: from that quarter on, and only as racks of this chip stand on the dock and find no
    room without it. If absent, all at once whatever comes."""
