"""A study: which questions are asked of a scenario, and how surely they must be answered."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from simulator.spec.base import Count, Spec
from simulator.spec.study_inputs import Replications
from simulator.spec.study_risk import Credit, Dependence, Hedges, Importance, Pilot, Survival
from simulator.spec.study_sections import (
    BreakEven,
    Deltas,
    Design,
    Frontier,
    Morris,
    Nested,
    Portfolio,
    Rare,
    Section,
    Select,
    Sobol,
    Stress,
    Sweep,
    Tornado,
)

#: As the stems of case files.
CaseName = Annotated[str, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$")]


def _count_alone(value: object) -> object:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return {"first": value, "most": value} if is_count else value


class OwnCase(Spec):
    """A case of the study's own: another with a change, or a case file that lies elsewhere."""

    case: str = "baseline"
    """What it is made from: the stem of a case file; the path of one that lies elsewhere, from
    where the study file lies, ``mine/late.yaml``; or the scenario itself."""
    change: dict[str, Any] = Field(default_factory=dict)
    """What differs, as in a case file."""

    @model_validator(mode="after")
    def _differs(self) -> Self:
        if not self.change and self.case == "baseline":
            raise ValueError("says neither 'case', what it is made from, nor 'change'")
        return self


class StudyPlan(Spec):
    """A study file, whole."""

    title: str = Field(min_length=3)
    """The question in words."""
    scenario: str
    """The scenario file, from where the study file lies."""
    change: dict[str, Any] = Field(default_factory=dict)
    """What differs in every run, as in a case."""
    cases: dict[CaseName, OwnCase] = Field(default_factory=dict)
    """Cases beside the scenario's own, by name."""
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
    survival: Survival | None = None
    """Times to survive against times to recover."""
    pilot: Pilot | None = None
    """What a pilot and its gate are worth."""
    hedges: Hedges | None = None
    """What hedges save, by what they cost."""
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
        if self.dependence is not None or self.survival is not None:
            named += ["work_asked", "work_done"]
        if self.hedges is not None:
            named += ["work_done", "capital"]
        if self.pilot is not None:
            named += ["work_done", "capital", "unit_cost", "ramped"]
        if self.importance is not None:
            named += ["unserved_share"]
        if self.credit is not None:
            named += ["work_asked", "unserved", "capacity"]
        if "capital" in named:
            # What is not paid by the end is owed still: beside the cash, or it looks saved.
            named.insert(named.index("capital") + 1, "owed")
            if "work_done" in named and (self.portfolio or self.deltas or self.sweep):
                named.append("work_per_kusd")
        return tuple(dict.fromkeys(named))

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.sections:
            raise ValueError(f"asks nothing; add one of {', '.join(KINDS)}")
        return self


#: Kinds of question, in the order of a study file.
KINDS = (
    *("portfolio", "deltas", "sweep", "stress", "dependence", "importance"),
    *("credit", "survival", "pilot", "hedges", "design", "frontier"),
    *("tornado", "morris", "sobol", "nested", "rare", "break_even", "select"),
)
