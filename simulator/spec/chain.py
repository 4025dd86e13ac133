"""Whom a chip hangs on: makers, what they need in turn, and how the short share out."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Amount, Count, Figure, Id, Quarter, Ratio, Share, Shares, Spec
from simulator.spec.quantities import Seconds

#: What a node gives.
Kind = Literal[
    "vendor",
    "design_partner",
    "ip",
    "foundry",
    "packaging",
    "memory",
    "substrate",
    "material",
    "equipment",
    "switch_silicon",
    "host_cpu",
    "optics",
    "power",
    "integrator",
    "country",
]
#: Stages of an order that hang on nodes, in the order it passes them.
Stage = Literal["wafer", "packaging", "rack", "ship"]


class Terms(Spec):
    """How suppliers of one input stand in for each other, and who says so."""

    per_unit: Figure[Ratio] | None = None
    """Supplier's units that go into one unit of the consumer; one if absent."""
    limits: dict[Id, Share] = Field(default_factory=dict)
    """Most of the need a supplier may cover when others fail; its planned share if absent."""
    switch_lag: Seconds = 0.0
    """Time from a failure until the others deliver more."""
    qualified: dict[Id, Quarter] = Field(default_factory=dict)
    """A supplier may cover more than its share from this quarter on; always if absent."""
    stock: Seconds = 0.0
    """What stands ready at the consumer, in time it lasts; a stop is felt once it is gone."""
    record: Literal["public", "thin"] = "public"
    """Whether the shares stand in a public record, or only in reports that disagree or in none."""
    source: str = Field(min_length=3)
    """Who says so."""


class Input(Terms):
    """One thing that is needed, from one supplier or from several that substitute."""

    shares: Shares
    """Planned share by supplier."""
    stage: Stage = "rack"
    """Stage of an order that waits for it; of no meaning between nodes."""


class Sharing(Spec):
    """How a node that is short shares out among our chips and its other customers."""

    rule: Literal["pro_rata", "priority", "contract"] = "pro_rata"
    """In proportion to what is asked; by rank; or guaranteed amounts first, then in proportion."""
    ranks: dict[Id, Count] = Field(default_factory=dict)
    """By chip, lowest first; 1 if absent."""
    others_rank: Count = 1
    """Place of the other customers."""
    floors: dict[Id, Ratio] = Field(default_factory=dict)
    """Guaranteed by chip. [node's units a quarter]"""


class Node(Spec):
    """A company's plant, line or desk, a licence or a country that chips hang on."""

    label: str
    """Name on figures."""
    kind: Kind
    """What it gives."""
    country: str = Field(pattern=r"^[A-Z]{2}$")
    """Where it stands, ISO 3166 two letters."""
    source: str = Field(min_length=3)
    """Who says so."""
    tags: list[Id] = Field(default_factory=list)
    """Words by which shocks select several nodes at once."""
    unit: str = "chips"
    """What its capacity counts."""
    capacity: dict[Quarter, Figure[Ratio]] = Field(default_factory=dict)
    """Output of all lines from a quarter on, the first figure also before it; boundless if
    absent. [units a quarter]"""
    others: dict[Quarter, Figure[Amount]] = Field(default_factory=dict)
    """What other customers ask from a quarter on, the first figure also before it.
    [units a quarter]"""
    sharing: Sharing = Field(default_factory=Sharing)
    """How it shares out when short."""
    inputs: dict[Id, Input] = Field(default_factory=dict)
    """What it needs, all of it."""
    rests_on: dict[Id, Id] = Field(default_factory=dict)
    """Nodes without which it stands still though it consumes nothing of theirs, by kind of tie."""

    @model_validator(mode="after")
    def _others_need_a_capacity(self) -> Self:
        if self.others and not self.capacity:
            raise ValueError("'others' ask for a part of a 'capacity', which is not given")
        return self
