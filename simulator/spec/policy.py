"""How the fleet is operated: order, placement, checkpoints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from simulator.spec.base import Figure, Spec
from simulator.spec.quantities import PositiveSeconds, Seconds


class Policy(Spec):
    """Queue discipline and recovery."""

    discipline: Literal["fcfs", "first_fit", "sjf", "priority", "easy"]
    """Order in which waiting jobs start."""
    fidelity: Literal["jobs", "fluid"] = "jobs"
    """``jobs``: every job is queued and placed. ``fluid``: work is dispatched to chips by a
    linear program each third of a quarter; a tenth of the time, no waits of single jobs, and
    right where the fleet is large against its jobs."""
    backfill_depth: int = Field(ge=0, default=1000)
    """Waiting jobs that backfilling looks at. [jobs]"""
    checkpoint_write: Figure[PositiveSeconds]
    """Time to write a checkpoint; the interval follows Young's law."""
    restart: Figure[Seconds]
    """Time from a fault to useful work on another host."""
    host_repair: Figure[Seconds]
    """Mean time a failed host is away."""
