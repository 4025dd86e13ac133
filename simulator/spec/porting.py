"""Who carries training software to new chips, and how much work that is."""

from __future__ import annotations

from pydantic import Field

from simulator.spec.base import Id, Quarter, Ratio, Spec, Spread


class PortTask(Spec):
    """One family carried to one chip: first it runs correctly, then it is tuned."""

    family: Id
    """Whose software."""
    chip: Id
    """To which chip."""
    start: Quarter
    """Not before this quarter, such as when hardware is there to try it on."""
    engineers: int = Field(ge=1)
    """People who work on it at once. [engineers]"""
    effort: Spread[Ratio]
    """Work until results are correct. [engineer-months]"""
    source: str = Field(min_length=3)
    """Who says so."""


class Porting(Spec):
    """The team that ports, and its tasks; who may start first is served first."""

    engineers: int = Field(ge=1)
    """Size of the team. [engineers]"""
    tasks: list[PortTask]
    """What it shall port. A port that is not listed is ready on its date, without the team."""
