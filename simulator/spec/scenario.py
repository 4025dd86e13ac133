"""A scenario: everything that is given for one question."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from simulator.spec.base import Id, Quarter, Spec
from simulator.spec.economics import Economics
from simulator.spec.hardware import Chip, Rack
from simulator.spec.network import Network
from simulator.spec.policy import Policy
from simulator.spec.quantities import INSIDE
from simulator.spec.site import Site
from simulator.spec.supply import Supply
from simulator.spec.training import StepLaw
from simulator.spec.workload import Family, Service, Software
from simulator.units import Calendar


class Horizon(Spec):
    """What span of time is studied."""

    start: Quarter
    """First quarter."""
    quarters: int = Field(ge=1, le=80)
    """Number of quarters."""

    @property
    def calendar(self) -> Calendar:
        """The calendar that translates quarters to seconds."""
        return Calendar(self.start, self.quarters)


class StopStudy(Spec):
    """Forced runs: each node stopped in turn, so that rare shocks are not left to luck."""

    nodes: list[Id]
    """Nodes that are stopped, one a run."""
    quarter: Quarter
    """From the start of this quarter."""
    quarters: int = Field(ge=1)
    """For so many quarters."""
    cases: list[str]
    """Cases in which they are stopped; ``baseline`` is the file itself."""


class Catalog(Spec):
    """Things that can be bought, built and trained, with sources."""

    reference_chip: Id
    """The chip whose work is counted as 1 rce."""
    chips: dict[Id, Chip]
    """By id."""
    racks: dict[Id, Rack]
    """By chip id."""
    families: dict[Id, Family]
    """By id."""
    software: Software
    """Which family runs on which chip."""
    step_law: StepLaw | None = None
    """Constants of the step-time law; families' models need it."""


class Scenario(Spec):
    """One question, whole: validated, frozen, SI units inside."""

    title: str
    """The question in words."""
    horizon: Horizon
    """Span of time."""
    catalog: Catalog
    """What exists."""
    sites: dict[Id, Site]
    """Where it can stand."""
    services: dict[Id, Service]
    """Who asks for training."""
    supply: Supply
    """What is bought."""
    economics: Economics
    """Money."""
    policy: Policy
    """Operation."""
    network: Network | None = None
    """Network between racks; without it, distance costs nothing."""
    stops: StopStudy | None = None
    """Supplier stops to force."""

    @classmethod
    def from_si(cls, values: dict[str, Any]) -> Scenario:
        """Return the scenario that `model_dump` wrote, its quantities in SI units."""
        return cls.model_validate(values, context=INSIDE)

    def __reduce__(self) -> tuple[Any, ...]:
        # Generic figures have no importable names, so a scenario travels as its values.
        return Scenario.from_si, (self.model_dump(mode="json"),)
