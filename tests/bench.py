"""How fast the job engine is, as ratios within one process: ``python -m tests.bench``.

Every figure is processor time against that of the barest SimPy program for the
same jobs: a source that waits for each arrival and starts a process that waits
the job's run time; no chips, no queue. Rows go to ``build/bench.jsonl`` too.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from pathlib import Path
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


@dataclass(frozen=True)
class Row:
    """One figure and what it is held against."""

    name: str
    value: float
    unit: str
    against: str
    bound: float
    sense: str


def table(jobs: int, chips: int, seed: int = 1) -> JobTable:
    """Return jobs of 1 to 4,096 chips that load a fleet, three priorities among them.

    Each doubling of size is 0.6 times as frequent, run times are exponential.
    """
    rng = np.random.default_rng(seed)
    share = 0.6 ** np.arange(len(SIZES))
    size = rng.choice(SIZES, jobs, p=share / share.sum())
    work_s = rng.exponential(MEAN_RUN_S, jobs)
    gap_s = np.mean(size) * MEAN_RUN_S / (chips * LOAD)
    return JobTable.of(
        np.cumsum(rng.exponential(gap_s, jobs)),
        size,
        work_s,
        priority=rng.integers(0, 3, jobs),
        checkpoint_s=1800.0,
        restart_s=300.0,
    )


def run(jobs: JobTable, chips: int, discipline: str, *, faults: bool) -> EngineRecord:
    """Run all jobs to their end on one pool."""
    engine = JobEngine(
        simpy.Environment(),
        jobs,
        1,
        Policy(discipline),
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
    # To the last arrival: an endless world has endless faults.
    return engine.close(float(jobs.submit_s[-1]))


def floor(jobs: JobTable) -> None:
    """Only time the jobs, in SimPy."""
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


def seconds(function: Callable[[], object]) -> float:
    """Return the least processor time of two calls."""
    spent = []
    for _ in range(2):
        gc.collect()
        began = time.process_time()
        function()
        spent.append(time.process_time() - began)
    return min(spent)


def backlog_seconds(waiting: int) -> float:
    """Return the time to run 200,000 jobs behind a queue that stands."""
    jobs = table(200_000 + waiting, FLEET_CHIPS)
    # As many arrive as the fleet can do, after those that already wait.
    later_s = jobs.submit_s * LOAD - jobs.submit_s[waiting] * LOAD
    ready = JobTable.of(
        np.maximum(later_s, 0.0),
        jobs.chips,
        jobs.work_s,
        priority=jobs.priority,
        checkpoint_s=1800.0,
    )
    return seconds(lambda: run(ready, FLEET_CHIPS, "easy", faults=False))


def peak_bytes(jobs: int) -> float:
    """Return the peak memory a job of a run, its table included."""
    tracemalloc.start()
    run(table(jobs, FLEET_CHIPS), FLEET_CHIPS, "easy", faults=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / jobs


def rows(jobs: int) -> Generator[Row]:
    """Measure, one row after the other."""
    work = table(jobs, FLEET_CHIPS)
    run(table(1000, FLEET_CHIPS), FLEET_CHIPS, "easy", faults=True)
    bare_s = seconds(lambda: floor(work))
    yield Row("bare SimPy", bare_s, "s", "", np.inf, "at most")
    easy_s = seconds(lambda: run(work, FLEET_CHIPS, "easy", faults=True))
    against = "bare SimPy, same jobs"
    name = "easy, priorities, faults, checkpoints"
    yield Row(name, easy_s / bare_s, "1", against, 0.5, "at most")
    fcfs_s = seconds(lambda: run(work, FLEET_CHIPS, "fcfs", faults=False))
    yield Row("fcfs, best fit", fcfs_s / bare_s, "1", against, 0.15, "at most")
    large = table(jobs, 13 * FLEET_CHIPS)
    large_s = seconds(lambda: run(large, 13 * FLEET_CHIPS, "fcfs", faults=False))
    yield Row("fcfs, 13 times the chips", large_s / fcfs_s, "1", "fcfs", 2.0, "at most")
    large_s = seconds(lambda: run(large, 13 * FLEET_CHIPS, "easy", faults=True))
    yield Row("easy, 13 times the chips", large_s / easy_s, "1", "easy", 2.0, "at most")
    ten = table(10 * jobs, FLEET_CHIPS)
    ten_s = seconds(lambda: run(ten, FLEET_CHIPS, "easy", faults=True))
    yield Row("easy, ten times the jobs", ten_s / easy_s, "1", "easy", 11.0, "at most")
    ratio = backlog_seconds(100_000) / backlog_seconds(1_000)
    yield Row("easy, backlog of 100,000", ratio, "1", "backlog of 1,000", 5.0, "at most")
    yield Row("peak memory", peak_bytes(jobs), "B/job", "", 400.0, "at most")


def main() -> None:
    """Print the table and write the rows."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    path = Path("build/bench.jsonl")
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as out:
        for row in rows(jobs):
            values = asdict(row)
            values["bound"] = None if np.isinf(row.bound) else row.bound
            print(json.dumps(values), file=out, flush=True)
            bound = "" if np.isinf(row.bound) else f"{row.sense} {row.bound:g}"
            sys.stdout.write(
                f"{row.name:40} {row.value:10.3f} {row.unit:6} {bound:14} {row.against}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
