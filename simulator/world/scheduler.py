"""Queue disciplines by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.world.jobs_state import (
    ASKED,
    BEST_FIT,
    BLOCKING,
    BY_ATTAINED,
    BY_PRIORITY,
    BY_SHARE,
    BY_SUBMIT,
    BY_WORK,
    CONSERVATIVE,
    EASY,
    RANDOM,
    SHARING,
    SKIPPING,
    WORST_FIT,
)
from simulator.world.scheduler_asked import Decide
from simulator.world.scheduler_pools import PoolChoice

#: What each discipline is: (order of the queue, way a pass goes over it).
DISCIPLINES: dict[str, tuple[int, int]] = {
    "fcfs": (BY_SUBMIT, BLOCKING),
    "first_fit": (BY_SUBMIT, SKIPPING),
    "sjf": (BY_WORK, BLOCKING),
    "sjf_first_fit": (BY_WORK, SKIPPING),
    "priority": (BY_PRIORITY, BLOCKING),
    "priority_first_fit": (BY_PRIORITY, SKIPPING),
    "easy": (BY_PRIORITY, EASY),
    "conservative": (BY_SUBMIT, CONSERVATIVE),
    "las": (BY_ATTAINED, BLOCKING),
    "fair_share": (BY_SHARE, SHARING),
    "drf": (BY_SHARE, SHARING),
    "asked": (BY_SUBMIT, ASKED),
}
#: Those whose jobs may take chips from others.
PREEMPTIBLE = ("sjf", "priority", "las", "fair_share")
#: Those that may choose pools by aims; the others look ahead, or leave it to the planner.
CHOOSING = ("fcfs", "first_fit", "sjf", "priority", "las", "fair_share", "drf")
PREEMPTIONS = ("none", "checkpoint")
RUN_TIMES = ("estimate", "class_mean")

#: Which of the places that hold it a job takes.
PLACEMENTS = {
    "best_fit": BEST_FIT,
    "worst_fit": WORST_FIT,
    "random": RANDOM,
    "cool_pod": BEST_FIT,
}


@dataclass(frozen=True)
class Policy:
    """Who goes next.

    ``fcfs``: in order of submission, the first that does not fit blocks.
    ``first_fit``: in order of submission, whoever fits goes.
    ``sjf``: least work left first, as far as is known, blocking.
    ``sjf_first_fit``: in the same order, whoever fits goes.
    ``priority``: higher first, then in order of submission, blocking.
    ``priority_first_fit``: in the same order, whoever fits goes.
    ``easy``: in the same order, and those behind a blocked job start if they do
    not delay its reservation.
    ``conservative``: in order of submission, and those behind start if they delay
    no reservation of those before them.
    ``las``: least attained service: jobs that have had chips for fewest chip
    seconds first, by levels (Tiresias' discretised 2D-LAS), of a level in order of
    submission, blocking; little without preemption.
    ``fair_share``: of the jobs that fit, the first of the service that holds
    fewest chips for its weight, no service above its quota.
    ``drf``: likewise, by the largest part it holds of any pool or of the power.
    ``asked``: as a function of the planner's says, at every moment something
    changed (in rounds, at the next) and some job that waits fits somewhere; some ten times
    slower than the others.

    A job that blocks holds only the pools it could run in. A job sent back by
    a fault keeps its place by its first submission.

    With preemption ``checkpoint`` a job that fits nowhere takes the chips of
    weaker ones, which checkpoint and wait again: of lower priority, of a higher
    level of service, thought to end later than it would (then ``sjf`` is shortest
    remaining time), or of services above what they deserve.

    Raises
    ------
    ValueError
        If the discipline is unknown or a number is out of bounds.
    """

    discipline: str
    #: Which of the hosts (domains, racks, pods) that hold it a job takes:
    #: ``best_fit``, the fullest; ``worst_fit``, the emptiest; ``random``, each as likely;
    #: ``cool_pod``, as ``best_fit``, but a gang over several pods takes those whose trunks are
    #: least full, as the network tells.
    placement: str = "best_fit"
    #: Of ``easy``: waiting jobs that fit, looked at in one pass. Of ``conservative``: waiting
    #: jobs that have a reservation; those behind them just wait.
    backfill_depth: int = 1000
    #: Priority gained per second of waiting. [1/s]
    ageing_per_s: float = 0.0
    #: Time between passes over the queue, at its multiples; 0: whenever something changes. [s]
    round_s: float = 0.0
    #: ``none`` or ``checkpoint``, of ``sjf``, ``priority``, ``las`` and ``fair_share``.
    preemption: str = "none"
    #: What is known of a run time: the job's ``estimate``, or only the ``class_mean``
    #: of jobs done so far (none done: nothing, so that the class goes first).
    run_time: str = "estimate"
    #: Of discipline ``las``: service attained at which a job goes down a level. [chip s]
    thresholds_chip_s: tuple[float, ...] = (3.6e3, 3.6e4, 3.6e5)
    #: Chooses pools by the mix of classes; by default each job goes where it likes best.
    pools: PoolChoice | None = None
    #: Of ``fair_share`` and ``drf``: what each service's share is by, in order of its number.
    weights: tuple[float, ...] | None = None
    #: Of ``fair_share`` and ``drf``: most chips each service may hold. [chip]
    quotas: tuple[int, ...] | None = None
    #: The planner's function, of discipline ``asked``.
    decide: Decide | None = None
    #: Whether, of discipline ``asked``, a job that does not fit holds its pools for itself.
    blocking: bool = False

    def __post_init__(self) -> None:
        if self.discipline not in DISCIPLINES:
            raise ValueError(
                f"discipline {self.discipline!r} is not one of {', '.join(DISCIPLINES)}"
            )
        if self.placement not in PLACEMENTS:
            raise ValueError(f"placement {self.placement!r} is not one of {', '.join(PLACEMENTS)}")
        if self.backfill_depth < 0:
            raise ValueError(f"backfill_depth must be >= 0, got {self.backfill_depth}")
        for name in ("ageing_per_s", "round_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be >= 0 and finite, got {getattr(self, name)}")
        for name, values, known in (
            ("preemption", self.preemption, PREEMPTIONS),
            ("run_time", self.run_time, RUN_TIMES),
        ):
            if values not in known:
                raise ValueError(f"{name} {values!r} is not one of {', '.join(known)}")
        if self.preemption != "none" and self.discipline not in PREEMPTIBLE:
            raise ValueError(f"preemption goes with {', '.join(PREEMPTIBLE)} only")
        if self.pools is not None and self.discipline not in CHOOSING:
            raise ValueError(f"a choice of pools goes with {', '.join(CHOOSING)} only")
        steps = np.array([0.0, *self.thresholds_chip_s])
        if not np.all(np.diff(steps) > 0):
            raise ValueError(f"thresholds_chip_s must ascend from 0, got {self.thresholds_chip_s}")
        if self.weights is not None and not all(w > 0 for w in self.weights):
            raise ValueError(f"weights must be > 0, got {self.weights}")
        if self.quotas is not None and not all(q >= 0 for q in self.quotas):
            raise ValueError(f"quotas must be >= 0, got {self.quotas}")
        if (self.discipline == "asked") != (self.decide is not None):
            raise ValueError("discipline 'asked' goes with a function to decide, and only that")
