"""Sites: where racks can stand and draw power."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.spec.base import Count, Figure, Quarter, Ratio, Spec, Spread
from simulator.spec.quantities import DollarsPerJoule, Seconds, Watts


class PowerPhase(Spec):
    """A block of critical IT power and floor that is energised on one date."""

    quarter: Quarter
    """Energised at the start of this quarter (at the latest at the start of the run)."""
    it_power: Watts
    """Critical IT power of the block."""
    racks: Count
    """Rack positions of the block."""
    delay: Spread[Seconds] | None = None
    """How much later it is; on time if absent."""


class NetworkPhase(Spec):
    """Rack positions whose fabric is built on one date."""

    quarter: Quarter
    """Built at the start of this quarter (at the latest at the start of the run)."""
    racks: Count
    """Positions it reaches."""
    delay: Spread[Seconds] | None = None
    """How much later it is; on time if absent."""


class Site(Spec):
    """A campus for training."""

    label: str
    """Name on figures."""
    cooling: list[Literal["air", "liquid"]] = Field(min_length=1)
    """Cooling the floor offers."""
    pue: Figure[Ratio]
    """Facility energy over IT energy. [1]"""
    energy_price: Figure[DollarsPerJoule]
    """Paid for facility energy."""
    phases: list[PowerPhase] = Field(min_length=1)
    """Blocks in order of energising."""
    network: list[NetworkPhase] = Field(default_factory=list)
    """Fabric as it is built; with the floor if none is named."""
