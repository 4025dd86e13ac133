"""The in-house programme: pilot, gate, and ramp or cancel."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.spec.base import Figure, Id, Quarter, Ratio, Share, Spec, Spread
from simulator.spec.quantities import Dollars, Seconds


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
