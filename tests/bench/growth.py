"""How the job engine's cost grows: with jobs, chips, the queue; and its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from simulator.world.engine import EngineRecord, JobEngine, JobTable
from tests.bench.engine import COMPILED, policy
from tests.bench.measure import Row, peak_bytes, ratio, seconds
from tests.bench.world import FLEET_CHIPS, behind_a_queue, fleet, run, state, table

#: Disciplines whose passes must not grow with the queue.
FLAT = ("fcfs", "sjf", "priority", "easy")
#: Jobs run behind the queue: few, for one of 1,000 to stand meanwhile.
BEHIND = 500
LARGER = 13


def warm() -> None:
    """Compile, so that memory and time are of running alone."""
    run(table(1000, FLEET_CHIPS), FLEET_CHIPS, policy("easy"))


def rows(size: float) -> Iterator[Row]:
    """Ten times the jobs, thirteen times the chips, a hundred times the queue; memory a job."""
    warm()
    n = int(1_000_000 * size)
    for discipline in ("easy", "fcfs"):
        once, more_chips = (carry(n, discipline, k * FLEET_CHIPS) for k in (1, LARGER))
        value, _ = ratio(more_chips, once)
        name = f"{discipline}, {LARGER} times the chips"
        beside = {"chips": float(LARGER * FLEET_CHIPS)}
        yield Row(name, value, "1", discipline, 2.0, beside=beside)
    value, one_s = ratio(carry(10 * n, "easy"), carry(n, "easy"))
    beside = {"jobs": 10.0 * n, "jobs/s of one": n / one_s}
    yield Row("easy, ten times the jobs", value, "1", "easy", 11.0, beside=beside)
    peak = peak_bytes(__name__, "whole", n)
    yield Row("easy, faults: peak memory", peak / n, "B/job", "", 400.0, beside={"jobs": n})
    yield from backlogs(size)


def carry(n: int, discipline: str, chips: int = FLEET_CHIPS) -> Callable[[], object]:
    """Return how to run so many jobs; with faults under EASY."""
    jobs, faults = table(n, chips), discipline == "easy"
    return lambda: run(jobs, chips, policy(discipline), faults=faults)


def whole(jobs: int) -> None:
    """Make a table of jobs and run it."""
    run(table(jobs, FLEET_CHIPS), FLEET_CHIPS, policy("easy"))


def backlogs(size: float) -> Iterator[Row]:
    """A pass of each discipline over a long queue against one over a short one.

    Once the queue stands. There is a pass whenever a job comes or leaves its chips; with
    the shortest first, a longer queue has shorter jobs, and so more passes.
    """
    for name in COMPILED:
        pass_s, beside = [], {"jobs": float(BEHIND)}
        for waiting in (1_000, int(100_000 * size)):
            work = behind_a_queue(waiting, BEHIND, FLEET_CHIPS)
            spent_s, record = carried(work, name)
            passes = BEHIND + np.count_nonzero(record.segments["end_s"] < record.horizon_s)
            pass_s.append(spent_s / passes)
            beside[f"queued of {waiting}"] = state(record, FLEET_CHIPS)["queued"]
            beside[f"passes of {waiting}"] = float(passes)
        beside["µs/pass"] = pass_s[1] * 1e6
        if name == "easy":
            beside["depth"] = float(policy(name).backfill_depth)
        yield Row(
            f"{name}, backlog of {int(100_000 * size):,}",
            pass_s[1] / pass_s[0],
            "1",
            "backlog of 1,000",
            5.0 if name in FLAT else None,
            beside=beside,
        )


def carried(work: JobTable, discipline: str) -> tuple[float, EngineRecord]:
    """Return the time from when the queue stands to the last arrival, and what came out. [s]."""
    end_s = float(work.submit_s[-1])
    last: list[JobEngine] = []

    def carry(engine: JobEngine) -> None:
        engine.env.run(until=end_s)
        last[:] = [engine]

    spent_s = seconds(carry, times=15, prepare=lambda: (queued(work, discipline),))
    return spent_s, last[0].close(end_s)


def queued(work: JobTable, discipline: str) -> JobEngine:
    """Return an engine in which all that arrive at time 0 run or wait."""
    engine = fleet(work, FLEET_CHIPS, policy(discipline), faults=False)
    engine.env.process(engine.operate())
    engine.env.run(until=1e-6)
    return engine
