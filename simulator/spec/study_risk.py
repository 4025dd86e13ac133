"""Questions of risk a study may ask: what hangs on whom, and what being less dependent is worth."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from simulator.spec.base import Id, Quarter, Ratio, Share, Spec
from simulator.spec.quantities import Dollars, PositiveSeconds
from simulator.spec.study_sections import Section


class Dependence(Section):
    """What hangs on whom: groups of nodes stopped alone, in pairs, and in every combination."""

    case: str = "baseline"
    """In which case."""
    groups: dict[Id, list[Id]] = Field(min_length=2, max_length=8)
    """By name: the nodes that are stopped together, such as all of one owner or country."""
    quarter: Quarter
    """From the start of this quarter."""
    duration: PositiveSeconds
    """For so long."""
    severity: float = Field(default=1.0, gt=0, le=1)
    """Share of the nodes' output that is lost. [1]"""
    threshold: Share = 0.05
    """Work lost, of work asked, from which a set of groups counts as a cut. [1]"""


class Importance(Section):
    """Each node that chance may stop: once perfect, once failed for good."""

    case: str = "baseline"
    """In which case."""
    nodes: list[Id] | None = None
    """Which nodes; without it all that have random shocks of their own."""


class Stop(Spec):
    """Nodes stopped together, in this question alone."""

    nodes: list[Id] = Field(min_length=1)
    """Which nodes."""
    quarter: Quarter
    """From the start of this quarter."""
    duration: PositiveSeconds
    """For so long."""
    severity: float = Field(default=1.0, gt=0, le=1)
    """Share of their output that is lost. [1]"""


class Addition(Spec):
    """Two cases that differ by what is added to the fleet, at the same demand."""

    given: str
    """The case with it."""
    without: str
    """The case without it."""
    nameplate: str | None = None
    """The case whose capacity beyond *without* is the nameplate; *given* if absent."""
    stop: Stop | None = None
    """What stops in both."""


class Credit(Section):
    """How much firm capacity an addition to the fleet is worth, at equal unserved work."""

    additions: dict[Id, Addition] = Field(min_length=1)
    """By name."""
    growth: list[Share] = Field(default=[0.0, 0.05, 0.1, 0.2], min_length=3)
    """Demand added in the runs with the addition, of all services' own; ascending from 0. [1]"""

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.growth[0] != 0 or sorted(set(self.growth)) != self.growth:
            raise ValueError(f"growth must ascend from 0, got {self.growth}")
        return self


class Survival(Section):
    """How long a node may stop before work is lost, against how long it takes to come back."""

    cases: list[str] = Field(default=["baseline"], min_length=1)
    """In which cases."""
    nodes: list[Id] = Field(min_length=1)
    """Which nodes; each has random shocks of its own, whose length is its time to recover."""
    quarter: Quarter
    """Stopped from the start of this quarter."""
    durations: list[PositiveSeconds] = Field(min_length=2)
    """For so long each, ascending; between them the loss is taken as straight."""
    threshold: Share = 0.001
    """Work lost, of work asked, that counts as a loss. [1]"""

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if sorted(set(self.durations)) != self.durations:
            raise ValueError(f"durations must ascend, got {self.durations} seconds")
        return self


class Pilot(Section):
    """What a pilot and its gate are worth: both branches forced, on the same luck."""

    case: str = "baseline"
    """Whose gate decides."""
    without: str
    """The case without the programme, its money spent elsewhere."""
    worth: Ratio | None = None
    """Of a unit of work; what one costs in *without* if absent. [USD/rce-day]"""


class Hedge(Spec):
    """One way to be less dependent: a case against another, or a change."""

    given: str | None = None
    """The case with it."""
    without: str | None = None
    """The case without it; the section's own if absent."""
    changes: dict[str, Any] | None = None
    """Or dotted keys and what a file would say there, laid over *without*."""
    costs: Dollars = 0.0
    """What it costs beside what the runs pay, such as engineers' time."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.given is None) == (self.changes is None):
            raise ValueError("says either 'given', a case, or 'changes'")
        return self


class Hedges(Section):
    """What hedges save while suppliers stop, and while none does, by what they cost."""

    case: str = "baseline"
    """What they are held against."""
    stop: Stop
    """What they shall help against."""
    hedges: dict[Id, Hedge] = Field(min_length=1)
    """By name."""
