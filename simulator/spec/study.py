"""A study: which questions are asked of a scenario, and how surely they must be answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from simulator.spec.base import Count, Id, Quarter, Ratio, Share, Spec
from simulator.spec.quantities import PositiveSeconds


def _plain(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, float | int | str):
        raise ValueError(f"must be a number or a quantity such as '26 weeks', got {value!r}")
    return value


#: What a scenario file would say in one place: ``0.3``, ``"26 weeks"``.
Plain = Annotated[Any, AfterValidator(_plain)]


class Precision(Spec):
    """Replicate until the mean is known so well."""

    metric: str
    """Of which number."""
    relative: Ratio
    """Half width of the interval asked for, as a part of the mean. [1]"""
    level: float = Field(default=0.95, gt=0, lt=1)
    """Confidence of the interval. [1]"""


class Replications(Spec):
    """How many replications, or when they are enough."""

    first: int = Field(ge=2)
    """Made in any case."""
    most: int = Field(ge=2)
    """Never more."""
    precision: Precision | None = None
    """When to stop between the two; without it ``first`` are made."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.most < self.first:
            raise ValueError(f"most must be >= first, got {self.most} and {self.first}")
        return self


def _count_alone(value: object) -> object:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return {"first": value, "most": value} if is_count else value


class Input(Spec):
    """A value of the scenario that is moved."""

    key: str = Field(min_length=1)
    """Dotted key, such as ``supply.catch_up``; ``*`` stands for any part of a key there."""
    factor: bool = False
    """Whether low, high and values multiply what stands there."""
    whole: bool = False
    """Whether it counts things: rounded to whole numbers."""


class Range(Input):
    """A value that may lie anywhere in a range, all of it equally likely."""

    low: Plain = None
    """Low end; without it the catalogue figure's own."""
    high: Plain = None
    """High end; without it the catalogue figure's own."""

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("needs both 'low' and 'high', or neither for the figure's own range")
        if self.factor and self.low is None:
            raise ValueError("a factor needs 'low' and 'high'")
        return self


class Levels(Input):
    """A value that is set to each of a list."""

    values: list[Plain] = Field(min_length=1)
    """What it is set to, in turn."""


#: Inputs by the name they have in tables and figures.
Ranges = Annotated[dict[Id, Range], Field(min_length=1)]


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


class Addition(Spec):
    """Two cases that differ by what is added to the fleet, at the same demand."""

    given: str
    """The case with it."""
    without: str
    """The case without it."""


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


class StudyPlan(Spec):
    """A study file, whole."""

    title: str = Field(min_length=3)
    """The question in words."""
    scenario: str
    """The scenario file, from where the study file lies."""
    change: dict[str, Any] = Field(default_factory=dict)
    """What differs in every run, as in a case."""
    seed: Count = 0
    """Shared by all runs: common random numbers."""
    replications: Annotated[Replications, BeforeValidator(_count_alone)]
    """A number, or when they are enough."""
    outcome: str = "unserved_share"
    """The metric the question is about."""
    metrics: list[str] = Field(default=["work_done", "unserved_share", "capital", "unit_cost"])
    """Metrics told beside it."""
    portfolio: Portfolio | None = None
    """Cases side by side."""
    deltas: Deltas | None = None
    """One change at a time."""
    sweep: Sweep | None = None
    """Values in turn."""
    stress: Stress | None = None
    """Nodes stopped."""
    dependence: Dependence | None = None
    """Groups of nodes stopped, alone and together."""
    importance: Importance | None = None
    """Nodes perfect and failed."""
    credit: Credit | None = None
    """What additions to the fleet are worth."""
    design: Design | None = None
    """Points spread over ranges."""
    frontier: Frontier | None = None
    """Cost, work and risk."""
    tornado: Tornado | None = None
    """Inputs at their ends."""
    morris: Morris | None = None
    """Screening of inputs."""
    sobol: Sobol | None = None
    """Parts of variance."""
    nested: Nested | None = None
    """Parameters outside, luck inside."""
    rare: Rare | None = None
    """Rare shocks by strata."""
    break_even: BreakEven | None = None
    """Where two cases are worth the same."""
    select: Select | None = None
    """Which case is best."""

    @property
    def sections(self) -> dict[str, Section]:
        """The questions asked, by kind, in the order above."""
        found: dict[str, Section | None] = {name: getattr(self, name) for name in KINDS}
        return {name: part for name, part in found.items() if part is not None}

    @property
    def wanted_metrics(self) -> tuple[str, ...]:
        """Every metric the study needs, the outcome first."""
        named = [self.outcome, *self.metrics]
        if self.replications.precision is not None:
            named.append(self.replications.precision.metric)
        if self.frontier is not None:
            named += [self.frontier.cost, self.frontier.work, self.frontier.risk]
        if self.dependence is not None:
            named += ["work_asked", "work_done"]
        if self.importance is not None:
            named += ["unserved_share"]
        if self.credit is not None:
            named += ["work_asked", "unserved", "capacity"]
        return tuple(dict.fromkeys(named))

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.sections:
            raise ValueError(f"asks nothing; add one of {', '.join(KINDS)}")
        return self


#: Kinds of question, in the order of a study file.
KINDS = (
    *("portfolio", "deltas", "sweep", "stress", "dependence", "importance"),
    *("credit", "design", "frontier"),
    *("tornado", "morris", "sobol", "nested", "rare", "break_even", "select"),
)
