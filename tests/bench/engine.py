"""The job engine against the barest SimPy program for the same jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.world.engine import EngineRecord, JobTable, Policy
from simulator.world.scheduler import DISCIPLINES, PREEMPTIBLE
from tests.bench.measure import Row, seconds
from tests.bench.world import FLEET_CHIPS, SERVICES, bare, run, state, table

AGAINST = "bare SimPy, same jobs"
PREEMPTING = ", preempting"
#: Every compiled discipline, then those with preemption.
COMPILED = (
    *(name for name in DISCIPLINES if name != "asked"),
    *(name + PREEMPTING for name in PREEMPTIBLE),
)
#: Disciplines with rows of their own.
APART = ("easy", "fcfs")


def policy(name: str) -> Policy:
    """Return a policy as it is measured; services have unequal weights."""
    preemption = "checkpoint" if name.endswith(PREEMPTING) else "none"
    weights = tuple(float(weight) for weight in range(1, SERVICES + 1))
    return Policy(name.removesuffix(PREEMPTING), preemption=preemption, weights=weights)


def measured(
    name: str, bound: float, bare_s: float, jobs: JobTable, call: Callable[[], EngineRecord]
) -> Row:
    """Time one way to run the jobs."""
    records: list[EngineRecord] = []

    def once() -> None:
        records[:] = [call()]

    spent_s = seconds(once)
    beside = {"jobs/s": len(jobs) / spent_s} | state(records[0], FLEET_CHIPS)
    return Row(name, spent_s / bare_s, "1", AGAINST, bound, beside=beside)


def rows(size: float) -> Iterator[Row]:
    """Each discipline, on a million jobs and 102,400 chips."""
    jobs = table(int(1_000_000 * size), FLEET_CHIPS)
    for name in COMPILED:
        run(table(1000, FLEET_CHIPS), FLEET_CHIPS, policy(name))
    bare_s = seconds(lambda: bare(jobs))
    yield Row("bare SimPy", bare_s / len(jobs) * 1e6, "µs/job", beside={"jobs": len(jobs)})
    yield measured(
        "easy, priorities, faults, checkpoints",
        0.5,
        bare_s,
        jobs,
        lambda: run(jobs, FLEET_CHIPS, policy("easy")),
    )
    yield measured(
        "fcfs, best fit",
        0.15,
        bare_s,
        jobs,
        lambda: run(jobs, FLEET_CHIPS, policy("fcfs"), faults=False),
    )
    for name in COMPILED:
        if name not in APART:
            yield measured(
                f"{name}, faults, checkpoints",
                2.0,
                bare_s,
                jobs,
                lambda name=name: run(jobs, FLEET_CHIPS, policy(name)),  # type: ignore[misc]
            )
