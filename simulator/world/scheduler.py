"""Queue disciplines by name."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.world.jobs_state import (
    BLOCKING,
    BY_PRIORITY,
    BY_SUBMIT,
    BY_WORK,
    EASY,
    SKIPPING,
)

#: What each discipline is: (order of the queue, way a pass goes over it).
DISCIPLINES: dict[str, tuple[int, int]] = {
    "fcfs": (BY_SUBMIT, BLOCKING),
    "first_fit": (BY_SUBMIT, SKIPPING),
    "sjf": (BY_WORK, BLOCKING),
    "priority": (BY_PRIORITY, BLOCKING),
    "easy": (BY_PRIORITY, EASY),
}


@dataclass(frozen=True)
class Policy:
    """Who goes next.

    ``fcfs``: in order of submission, the first that does not fit blocks.
    ``first_fit``: in order of submission, whoever fits goes. ``sjf``: least
    work left first, blocking. ``priority``: higher first, then in order of
    submission, blocking. ``easy``: in the same order, and those behind a blocked
    job start if they do not delay its reservation. Running jobs are never stopped.

    A job that blocks holds only the pools it could run in. A job sent back by
    a fault keeps its place by its first submission.

    Raises
    ------
    ValueError
        If the discipline is unknown or a number is out of bounds.
    """

    discipline: str
    #: Waiting jobs that fit, looked at in one pass of backfill.
    backfill_depth: int = 1000
    #: Priority gained per second of waiting. [1/s]
    ageing_per_s: float = 0.0

    def __post_init__(self) -> None:
        if self.discipline not in DISCIPLINES:
            raise ValueError(
                f"discipline {self.discipline!r} is not one of {', '.join(DISCIPLINES)}"
            )
        if self.backfill_depth < 0:
            raise ValueError(f"backfill_depth must be >= 0, got {self.backfill_depth}")
        if not self.ageing_per_s >= 0:
            raise ValueError(f"ageing_per_s must be >= 0, got {self.ageing_per_s}")
