"""The world the engine is measured in, and the barest SimPy program for its jobs."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from simulator.world.engine import EngineRecord, JobEngine, JobTable, Policy

DAY_S = 86400.0
CHIPS_PER_HOST = 8
FLEET_CHIPS = 102_400
LOAD = 0.9
#: Host faults per host and second: 6.5 per 1,000 node-days (Meta RSC-1).
HOST_MTBF_S = 1000 / 6.5 * DAY_S
REPAIR_S = DAY_S
MEAN_RUN_S = 2 * 3600.0
SIZES = 2 ** np.arange(13)
#: Each doubling of size is 0.6 times as frequent.
SHARES = 0.6 ** np.arange(len(SIZES)) / np.sum(0.6 ** np.arange(len(SIZES)))
MEAN_CHIPS = float(SHARES @ SIZES)
SERVICES = 8


def table(jobs: int, chips: int, seed: int = 1) -> JobTable:
    """Return jobs of 1 to 4,096 chips that load a fleet, three priorities among them.

    Run times are exponential, services equally busy.
    """
    rng = np.random.default_rng(seed)
    size = rng.choice(SIZES, jobs, p=SHARES)
    work_s = rng.exponential(MEAN_RUN_S, jobs)
    gap_s = np.mean(size) * MEAN_RUN_S / (chips * LOAD)
    return JobTable.of(
        np.cumsum(rng.exponential(gap_s, jobs)),
        size,
        work_s,
        priority=rng.integers(0, 3, jobs),
        service=rng.integers(0, SERVICES, jobs),
        checkpoint_s=1800.0,
        restart_s=300.0,
    )


def behind_a_queue(waiting: int, jobs: int, chips: int) -> JobTable:
    """Return jobs that arrive as fast as the fleet works, behind a fleet that is full.

    So many wait from the start, after those that fill the fleet.
    """
    first = waiting + int(chips / MEAN_CHIPS)
    later = table(jobs + first, chips)
    return JobTable.of(
        np.maximum(later.submit_s - later.submit_s[first], 0.0) * LOAD,
        later.chips,
        later.work_s,
        priority=later.priority,
        service=later.service,
        checkpoint_s=1800.0,
    )


def run(jobs: JobTable, chips: int, policy: Policy, *, faults: bool = True) -> EngineRecord:
    """Run jobs on one pool, to the last arrival: an endless world has endless faults."""
    return fleet(jobs, chips, policy, faults=faults).close(float(jobs.submit_s[-1]))


def fleet(jobs: JobTable, chips: int, policy: Policy, *, faults: bool) -> JobEngine:
    """Return an engine of one pool, at time 0."""
    engine = JobEngine(
        simpy.Environment(),
        jobs,
        1,
        policy,
        rng_faults=lambda name: np.random.default_rng(len(name)),
    )
    pool = engine.add_pool(
        "fleet",
        CHIPS_PER_HOST,
        [1.0],
        host_mtbf_s=HOST_MTBF_S if faults else np.inf,
        host_repair_s=REPAIR_S,
    )
    engine.add_hosts(pool, chips // CHIPS_PER_HOST)
    return engine


def bare(jobs: JobTable) -> None:
    """Only time the jobs, in SimPy: a source, and a process a job."""
    env = simpy.Environment()

    def job(run_s: float) -> Generator[simpy.Event, Any, None]:
        yield env.timeout(run_s)

    def source() -> Generator[simpy.Event, Any, None]:
        for gap_s, run_s in zip(gaps, runs, strict=True):
            yield env.timeout(gap_s)
            env.process(job(run_s))

    gaps = np.diff(jobs.submit_s, prepend=0.0).tolist()
    runs = jobs.work_s.tolist()
    env.process(source())
    env.run()


def state(record: EngineRecord, chips: int) -> dict[str, float]:
    """Return the mean load and the mean number that waited."""
    rows, jobs, end_s = record.segments, record.jobs, record.horizon_s
    ran_s = rows["end_s"] - rows["start_s"]
    there_s = np.fmin(np.nan_to_num(jobs["finish_s"], nan=end_s), end_s) - jobs["submit_s"]
    return {
        "load": float(np.sum(ran_s * rows["chips"]) / (chips * end_s)),
        "queued": float((there_s.sum() - ran_s.sum()) / end_s),
    }
