"""Suppliers, lead times, orders, shocks and the in-house programme."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Count, Figure, Id, Quarter, Ratio, Share, Spec, Spread
from simulator.spec.quantities import Dollars, Seconds


class Node(Spec):
    """A company's plant, line or desk that chips hang on."""

    label: str
    """Name on figures."""
    kind: Literal["vendor", "foundry", "packaging", "memory"]
    """What it gives."""
    country: str = Field(pattern=r"^[A-Z]{2}$")
    """Where it stands, ISO 3166 two letters."""
    source: str = Field(min_length=3)
    """Who says so."""


class LeadTime(Spec):
    """Time from order to landed rack, cut in three stages that hang on different nodes."""

    total: Spread[Seconds]
    """From order to landing when nothing fails."""
    fab_share: Share
    """Share of it in the foundry."""
    package_share: Share
    """Share in packaging, with memory. The rest is the vendor's: board, rack, test, ship."""
    source: str = Field(min_length=3)
    """Who says so."""

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        if self.fab_share + self.package_share > 1:
            raise ValueError("fab_share + package_share must not exceed 1")
        return self


class Order(Spec):
    """A line of the plan of record: racks of one chip in one quarter, by count or by money."""

    chip: Id
    """What is ordered."""
    quarter: Quarter
    """Ordered at the start of this quarter; before the run's start: paid and under way."""
    racks: Count | None = None
    """Whole racks."""
    spend: Dollars | None = None
    """Or money: as many whole racks as it buys."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.racks is None) == (self.spend is None):
            raise ValueError("an order has either 'racks' or 'spend'")
        if self.spend is not None and self.spend < 0:
            raise ValueError(f"spend must be >= 0, got {self.spend:g}")
        return self


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


class Shock(Spec):
    """A node gives less for a while."""

    node: Id
    """The node that is hit."""
    quarter: Quarter
    """From the start of this quarter."""
    duration: Seconds
    """For so long."""
    severity: float = Field(gt=0, le=1)
    """Share of the node's output that is lost."""


class RandomShocks(Spec):
    """Rare stops of a node: Poisson arrivals, heavy-tailed length, all output lost."""

    node: Id
    """The node that is hit."""
    per_year: Figure[Ratio]
    """Arrivals a year. [1/yr]"""
    duration: Spread[Seconds]
    """Length of a stop."""


class Gate(Spec):
    """The decision at the end of the pilot."""

    quarter: Quarter
    """Decided at the start of this quarter (later if the pilot is late)."""
    min_performance: Ratio
    """Measured performance over target must reach this."""
    min_performance_per_watt: Ratio
    """Measured performance per watt over target must reach this."""
    forced: Literal["ramp", "cancel"] | None = None
    """Decide so whatever was measured; for cases that ask what if."""


class Programme(Spec):
    """The in-house training chip: pilot, gate, and ramp or cancel."""

    chip: Id
    """The chip in pilot."""
    pilot_racks: int = Field(ge=1)
    """Racks of the pilot."""
    pilot_quarter: Quarter
    """Pilot racks are ordered at the start of this quarter."""
    development: Figure[Dollars]
    """Spent until the gate whether it ramps or not (masks, design, bring-up)."""
    performance: Spread[Ratio]
    """True performance over target. [1]"""
    energy: Spread[Ratio]
    """True power over target. [1]"""
    measurement_noise: Figure[Share]
    """Standard deviation of the pilot's measurement, relative. [1]"""
    pilot_run: Seconds
    """Time the pilot needs in service before the gate can decide."""
    gate: Gate
    """The decision."""
    reserve: dict[Quarter, Dollars]
    """Money kept for the ramp, by quarter; after a cancel it buys the fallback."""
    fallback: Id
    """GPU bought when the chip is dropped."""
    fallback_delay: Seconds
    """Extra wait of a fallback order: the back of the merchant's queue."""
    ports_after_ramp: list[Id]
    """Families whose software runs on the chip once the pilot has landed."""


class Supply(Spec):
    """All that is bought and what it depends on."""

    nodes: dict[Id, Node]
    """The dependency graph's nodes."""
    lead_times: dict[Id, LeadTime]
    """By chip."""
    catch_up: Figure[Share]
    """Spare rate of a line above its plan, by which production lost in a stop is made up."""
    in_service: list[InService]
    """The fleet at the start."""
    plan: list[Order]
    """The plan of record, in order of urgency within a quarter."""
    shocks: list[Shock] = Field(default_factory=list)
    """Stops that happen in this scenario."""
    random_shocks: list[RandomShocks] = Field(default_factory=list)
    """Stops that may happen."""
    programme: Programme | None = None
    """The in-house chip, if there is one."""
