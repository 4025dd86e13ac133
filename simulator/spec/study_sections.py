"""Kinds of question a study may ask, each a section of its file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from simulator.spec.base import Id, Quarter, Ratio, Share, Spec
from simulator.spec.quantities import PositiveSeconds
from simulator.spec.study_inputs import Levels, Range, Ranges


class Section(Spec):
    """One kind of question."""

    replications: int | None = Field(default=None, ge=2)
    """Of each run; without it, as the study says."""


class Ranged(Section):
    """A question that moves inputs over ranges."""

    case: str = "baseline"
    """What is moved."""
    inputs: Ranges
    """Over which ranges."""


class Valued(Section):
    """A question that sets inputs to values of a list."""

    inputs: dict[Id, Levels]
    """Which values."""


class Portfolio(Section):
    """Cases side by side, each against the first."""

    cases: list[str] = Field(min_length=2)
    """Stems of case files; ``baseline`` is the scenario itself."""


class Deltas(Section):
    """One change at a time, then some of them together."""

    case: str = "baseline"
    """What they change."""
    changes: dict[Id, dict[str, Any]] = Field(min_length=1)
    """By name: dotted keys and what a file would say there."""
    together: dict[Id, list[Id]] = Field(default_factory=dict)
    """By name: which of them are made together."""


class Sweep(Valued):
    """Values in turn: one input at a time, or every combination."""

    case: str = "baseline"
    """What they are set in."""
    inputs: dict[Id, Levels] = Field(min_length=1)
    """Which values."""
    cross: bool = False
    """Every combination, and not one at a time."""


class Stress(Section):
    """Each node stopped for each length of time."""

    cases: list[str] = Field(default=["baseline"], min_length=1)
    """In which cases."""
    nodes: list[Id] | None = None
    """Which nodes; without it all, or all of *kinds*."""
    kinds: list[Literal["vendor", "foundry", "packaging", "memory"]] | None = None
    """Which kinds of node."""
    quarter: Quarter
    """From the start of this quarter."""
    durations: list[PositiveSeconds] = Field(min_length=1)
    """For so long each."""
    severity: float = Field(default=1.0, gt=0, le=1)
    """Share of the node's output that is lost. [1]"""


class Design(Ranged):
    """Points spread over ranges: what goes with what."""

    points: int = Field(ge=4)
    """How many points."""
    sampler: Literal["latin-hypercube", "sobol"] = "latin-hypercube"
    """How they are spread."""


class Frontier(Valued):
    """Cost, work and risk of alternatives: which no other beats in all three."""

    cases: list[str] = Field(min_length=1)
    """Alternatives."""
    inputs: dict[Id, Levels] = Field(default_factory=dict)
    """And each of them with every combination of these values."""
    cost: str = "capital"
    """Metric to spend little of."""
    work: str = "work_done"
    """Metric to get much of."""
    risk: str = "unserved_share"
    """Metric to suffer little of."""


class Tornado(Ranged):
    """Each input at either end of its range, the others as they are."""


class Morris(Ranged):
    """Walks that move one input a step: which inputs matter at all."""

    paths: int = Field(default=10, ge=2)
    """Walks; ten to fifty are usual."""


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(f"must be a power of 2, got {value}")
    return value


class Sobol(Ranged):
    """Parts of the outcome's variance that inputs and their interactions make."""

    samples: Annotated[int, AfterValidator(_power_of_two)] = Field(ge=4)
    """Size of a sample, a power of 2; runs are samples × (inputs + 2)."""


class Nested(Ranged):
    """Parameters drawn outside, luck inside: how sure we are beyond luck."""

    draws: int = Field(ge=4)
    """Draws of the parameters."""


class Rare(Section):
    """Rare shocks by strata: as many as come, each stratum with its chance."""

    case: str = "baseline"
    """In which shocks of chance come."""
    most: int = Field(default=2, ge=1)
    """Strata are no shock, one, ... and so many or more."""


class BreakEven(Section):
    """The value of one input at which two cases are worth the same."""

    case: str
    """In which the input is moved."""
    against: str
    """The other, as it stands."""
    name: Id
    """The input's name in tables."""
    input: Range
    """What is moved, and between which ends it is sought."""
    tolerance: Share = 0.01
    """How close, as a part of the range. [1]"""


class Select(Section):
    """Which case is best, with as few replications as it takes."""

    cases: list[str] = Field(min_length=2)
    """Who races."""
    first: int = Field(default=10, ge=2)
    """Replications of each before anyone may drop out."""
    most: int = Field(ge=2)
    """Replications after which those left are not told apart."""
    indifference: Ratio
    """Difference worth telling, in the outcome's unit."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """Chance allowed of a wrong choice. [1]"""
