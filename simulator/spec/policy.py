"""How the fleet is operated: order, placement, checkpoints."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from simulator.spec.base import Count, Figure, Id, Ratio, Spec
from simulator.spec.quantities import PositiveSeconds, ReferenceWork, Seconds
from simulator.units import DAY_S

#: Disciplines whose jobs may take chips from others; those that may choose pools by an aim;
#: those that go by shares.
PREEMPTIBLE = ("sjf", "priority", "las", "fair_share")
AIMABLE = ("fcfs", "first_fit", "sjf", "priority", "las", "fair_share", "drf")
SHARING = ("fair_share", "drf")


class Maintenance(Spec):
    """Rolling maintenance: each rack is drained once in a period."""

    every: Figure[PositiveSeconds]
    """Time between two maintenances of a rack."""
    notice: Figure[Seconds]
    """Time for which nothing starts on the rack and its jobs go on; then those still there write
    a checkpoint and wait again."""
    takes: Figure[Seconds]
    """Time from then until the rack is back."""


class Policy(Spec):
    """Queue discipline and recovery."""

    discipline: Literal[
        "fcfs",
        "first_fit",
        "sjf",
        "sjf_first_fit",
        "priority",
        "priority_first_fit",
        "easy",
        "conservative",
        "las",
        "fair_share",
        "drf",
    ]
    """Order in which waiting jobs start: of submission (``fcfs``, ``first_fit``), of work left
    (``sjf``), of priority (``easy`` too, with backfill), by conservative backfill, by least
    attained service (``las``), by chips held for a service's weight (``fair_share``) or by its
    dominant share (``drf``). ``*_first_fit``: whoever fits goes; else the first waits."""
    preemption: Literal["none", "checkpoint"] = "none"
    """``checkpoint``: a job that fits nowhere takes the chips of weaker ones, which write a
    checkpoint and wait again. Of ``sjf``, ``priority``, ``las`` and ``fair_share``."""
    run_time: Literal["estimate", "class_mean"] = "estimate"
    """What is known of a run time: an estimate, or only the mean of the jobs of its family and
    size that are done."""
    estimate_error: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviation of the logarithm of estimated over true run time; 0: known. [1]"""
    ageing_per_day: Annotated[float, Field(ge=0)] = 0.0
    """Priority gained by a day of waiting. [1/day]"""
    attained: list[ReferenceWork] = Field(default=[10 * DAY_S, 100 * DAY_S, 1000 * DAY_S])
    """Of ``las``: chips asked, times how long it has had them, at which a job falls behind those
    that have had less, a level for each."""
    weights: dict[Id, Ratio] = Field(default_factory=dict)
    """Of ``fair_share`` and ``drf``: weight of a service; 1 where none is given. [1]"""
    quotas: dict[Id, Count] = Field(default_factory=dict)
    """Of ``fair_share`` and ``drf``: most chips a service may hold at once. [chips]"""
    placement: Literal["best_fit", "worst_fit", "random", "cool_pod"] = "best_fit"
    """Which of the hosts, domains, racks and pods that hold it a job takes: the fullest, the
    emptiest, any. ``cool_pod``: as ``best_fit``, but a gang over several pods takes those whose
    trunks are least full; of a ``contended`` network."""
    aim: Literal[
        "least_flexible", "max_throughput", "max_min_fairness", "least_cost", "least_energy"
    ] = "least_flexible"
    """How a job chooses among chips that can run it. ``least_flexible``: those that fewest
    classes of jobs can use, then most work a watt. The others solve a linear program over class
    and pool when the mix of jobs changes; not with backfill."""
    fidelity: Literal["jobs", "fluid"] = "jobs"
    """``jobs``: every job is queued and placed. ``fluid``: work is dispatched to chips by a
    linear program each third of a quarter; a tenth of the time, no waits of single jobs, and
    right where the fleet is large against its jobs."""
    backfill_depth: int = Field(ge=0, default=1000)
    """Waiting jobs that backfilling looks at. [jobs]"""
    round: Seconds = 0.0
    """Time between two passes over the queue; 0: whenever something changes."""
    maintenance: Maintenance | None = None
    """None if absent."""
    checkpoint_write: Figure[PositiveSeconds]
    """Time to write a checkpoint; the interval follows Young's law."""
    restart: Figure[Seconds]
    """Time from a fault to useful work on another host."""
    host_repair: Figure[Seconds]
    """Mean time a failed host is away."""

    @field_validator("attained")
    @classmethod
    def _ascends(cls, steps: list[float]) -> list[float]:
        if any(a >= b for a, b in pairwise([0.0, *steps])):
            raise ValueError("must ascend, from above zero")
        return steps
