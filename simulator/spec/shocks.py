"""What may befall a supplier: where, how hard, how long, and how it recovers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Count, Figure, Id, Quarter, Share, Spec, Spread
from simulator.spec.quantities import Seconds

#: Of shocks, of which each is told: what comes daily is no shock but a lower capacity. [1/yr]
Rate = Annotated[float, Field(gt=0, le=366)]
#: What a shock is; says what it takes away.
Kind = Literal[
    "stop",
    "fire",
    "quake",
    "yield_excursion",
    "respin",
    "blockade",
    "export_rule",
    "allocation_cut",
    "demand_surge",
    "licence_withdrawal",
]


class Hit(Spec):
    """Whom a shock hits, and how.

    A stop, fire, quake, yield excursion, respin, blockade or export rule takes
    output; an allocation cut takes part of what we ask anew; a demand surge
    raises what others ask; a withdrawn licence slows what already stands.

    Capacity is shared out by quarter: a cut and a surge count by their mean over each.
    Surges add up; losses combine by `overlap`. A node feels one shock once, also if it
    hits what the node rests on.
    """

    node: Id | None = None
    """This node."""
    tag: Id | None = None
    """Or every node that bears this tag: one cause, hit together."""
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    """Or every node of this country: one cause, hit together."""
    kind: Kind = "stop"
    """What happens."""
    recovery: Literal["step", "linear", "exponential"] = "step"
    """Full loss until the end; or a loss that falls evenly; or by e^-3 until the end."""
    warning: Seconds = 0.0
    """It is known this long before."""

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        if sum(value is not None for value in (self.node, self.tag, self.country)) != 1:
            raise ValueError("a shock hits either a 'node', a 'tag' or a 'country'")
        return self

    def hits(self, node: str, tags: Collection[str], country: str) -> bool:
        """Tell whether it hits a node, by its name, tags or country."""
        return self.node == node or self.tag in tags or self.country == country

    @property
    def selector(self) -> str:
        """Whom it hits, in words that name its random stream."""
        if self.node is not None:
            return self.node
        return f"tag:{self.tag}" if self.tag is not None else f"country:{self.country}"


class Shock(Hit):
    """It happens in this scenario."""

    quarter: Quarter
    """From the start of this quarter."""
    duration: Seconds
    """For so long; longer than the run is for good."""
    severity: float = Field(gt=0, le=1)
    """Share that is lost (or, of a demand surge, added)."""


class RandomShocks(Hit):
    """Rare shocks: arrivals at a constant rate, heavy-tailed length.

    One may be under way on the first day, but lines start the run on time: what it cost
    before that is in nobody's backlog. Orders placed earlier are held up by what is left of it.
    """

    id: Id | None = None
    """Name of its random stream, needed where one node has two of a kind."""
    per_year: Figure[Rate]
    """Arrivals a year, at most one a day. [1/yr]"""
    duration: Spread[Seconds]
    """Length of a shock."""
    severity: Share = 1.0
    """Share that is lost (or, of a demand surge, added); the most, where it is drawn."""
    least_severity: Share | None = None
    """If given, each shock's severity is drawn evenly between this and `severity`."""
    arrival: Literal["poisson", "renewal"] = "poisson"
    """At any time, so that they overlap; or the next only after recovery."""

    @model_validator(mode="after")
    def _severities_ascend(self) -> Self:
        if self.least_severity is not None and self.least_severity > self.severity:
            raise ValueError(
                f"least_severity {self.least_severity:g} is above severity {self.severity:g}"
            )
        return self

    @property
    def stream(self) -> str:
        """Name of its random stream."""
        return self.id or f"{self.selector}/{self.kind}"


class ShockCount(Spec):
    """How many Poisson shocks come within the horizon, when that is not left to chance.

    For strata of a study: chance decides which, when and for how long, and what comes
    before the start.
    """

    shocks: Count
    """So many."""
    or_more: bool = False
    """Or more, as chance has it then."""
