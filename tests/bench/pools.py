"""Policies that choose among pools, and a planner's own, against the barest SimPy program.

Six classes of jobs on three kinds of chip, on one of which one class cannot run.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import simpy

from simulator.world.engine import JobEngine, JobTable, Policy
from simulator.world.scheduler_asked import QueueView
from simulator.world.scheduler_pools import PoolChoice
from simulator.world.scheduler_programs import (
    least_cost,
    least_energy,
    max_min_fairness,
    max_throughput,
)
from tests.bench.measure import Row, seconds
from tests.bench.world import (
    CHIPS_PER_HOST,
    FLEET_CHIPS,
    HOST_MTBF_S,
    REPAIR_S,
    bare,
    state,
    table,
)

#: Work of a chip of each pool by class, the first chip being the reference. [rce/chip]
RATES = np.array(
    [
        [1.0, 2.4, 0.9],
        [1.0, 2.0, 0.8],
        [1.0, 1.6, 1.1],
        [1.0, 2.2, 0.6],
        [1.0, 1.8, 0.7],
        [1.0, 1.4, 0.0],
    ]
)
PARTS = (0.4, 0.3, 0.3)
CHIP_W = (700.0, 1200.0, 450.0)
USD_PER_CHIP_H = (1.8, 3.4, 0.9)
#: Arrivals, over those that would load as many reference chips; found by trial.
FASTER = 1.25
#: Between two passes, as of Gavel's scheduler. [s]
ROUND_S = 360.0
AGAINST = "bare SimPy, same jobs"

CHOICES: dict[str, PoolChoice] = {
    "max_throughput": max_throughput(),
    "max_min_fairness": max_min_fairness(),
    "least_cost": least_cost([usd / 3600 for usd in USD_PER_CHIP_H]),
    "least_energy": least_energy(CHIP_W),
}


def jobs_of_classes(jobs: int) -> JobTable:
    """Return the jobs of :func:`table`, of six classes that are equally frequent."""
    one = table(jobs, FLEET_CHIPS)
    return JobTable.of(
        one.submit_s / FASTER,
        one.chips,
        one.work_s,
        job_class=np.random.default_rng(2).integers(0, len(RATES), jobs),
        priority=one.priority,
        checkpoint_s=1800.0,
        restart_s=300.0,
    )


def fleet_of_pools(jobs: JobTable, policy: Policy) -> JobEngine:
    """Return an engine of three pools, with faults."""
    engine = JobEngine(
        simpy.Environment(),
        jobs,
        len(RATES),
        policy,
        rng_faults=lambda name: np.random.default_rng(len(name)),
    )
    for number, part in enumerate(PARTS):
        rate = RATES[:, number]
        pool = engine.add_pool(
            f"{'kind' * (number + 1)}",
            CHIPS_PER_HOST,
            rate,
            size_factor=1 / np.maximum(rate, 0.5),
            host_mtbf_s=HOST_MTBF_S,
            host_repair_s=REPAIR_S,
        )
        engine.add_hosts(pool, int(FLEET_CHIPS * part / CHIPS_PER_HOST))
    return engine


def shortest_left(queue: QueueView) -> tuple[object, object]:
    """Let the job go first that would be done soonest, where it is done soonest."""
    return -queue.wall_s.min(axis=1), -queue.wall_s


def rows(size: float) -> Iterator[Row]:
    """Each choice by linear programs, then a policy of arrays."""
    jobs = jobs_of_classes(int(1_000_000 * size))
    bare_s = seconds(lambda: bare(jobs))
    for name, choice in CHOICES.items():
        yield measured(f"{name}, linear programs", jobs, bare_s, Policy("fcfs", pools=choice))
    in_rounds = Policy("asked", decide=shortest_left, round_s=ROUND_S)
    yield measured("arrays, in rounds of 6 minutes", jobs, bare_s, in_rounds)
    for name, blocking in (("", False), (", blocking", True)):
        every_time = Policy("asked", decide=shortest_left, blocking=blocking)
        yield measured(f"arrays, asked at every change{name}", jobs, bare_s, every_time)


def measured(name: str, jobs: JobTable, bare_s: float, policy: Policy) -> Row:
    """Time one policy."""
    few = jobs_of_classes(1000)
    fleet_of_pools(few, policy).close(float(few.submit_s[-1]))
    engines: list[JobEngine] = []
    beside: dict[str, float] = {}

    def once() -> None:
        engines[:] = [fleet_of_pools(jobs, policy)]
        record = engines[0].close(float(jobs.submit_s[-1]))
        beside.update(state(record, FLEET_CHIPS))

    spent_s = seconds(once)
    asked = engines[0].asked
    if policy.pools is not None:
        beside |= {"solves": asked.programs, "asked": asked.times, "worst gap": asked.worst_gap}
    beside["jobs/s"] = len(jobs) / spent_s
    return Row(name, spent_s / bare_s, "1", AGAINST, 5.0, beside=beside)
