"""Sites: where racks can stand and draw power."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.spec.base import Count, Figure, Quarter, Ratio, Spec
from simulator.spec.quantities import DollarsPerJoule, Watts


class PowerPhase(Spec):
    """A block of critical IT power and floor that is energised on one date."""

    quarter: Quarter
    """Energised at the start of this quarter (at the latest at the start of the run)."""
    it_power: Watts
    """Critical IT power of the block."""
    racks: Count
    """Rack positions of the block."""


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
