"""How much faster a study is with two local processes than with one."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from simulator.spec.loader import load
from simulator.study.runs import Run
from simulator.study.tasks import tasks_of
from simulator.study.workers import Workers
from tests.bench.measure import Row

PILOT = Path(__file__).parent.parent.parent / "scenarios" / "inhouse_pilot.yaml"
QUARTERS = 4
TASKS = 12
TIMES = 5


def rows(size: float) -> Iterator[Row]:
    """Wall time of the same number of replications by one and by two processes, in turn."""
    scenario = load(PILOT).scenario
    horizon = scenario.horizon.model_copy(update={"quarters": QUARTERS})
    run = Run("bench", scenario.model_copy(update={"horizon": horizon}), jobs=False)
    tasks, fresh = max(2, int(TASKS * size)), count()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        with Workers(out, 1) as one, Workers(out, 2) as two:

            def spent_s(crew: Workers, number: int) -> float:
                numbers = [next(fresh) for _ in range(number)]
                todo = tasks_of([run], 0, numbers)
                began = time.perf_counter()
                outcome = crew.run(todo)
                if outcome.failed:
                    raise RuntimeError(outcome.failed[0][1])
                return time.perf_counter() - began

            # Processes begin, import and compile once a study.
            spent_s(two, 4)
            spent_s(one, 1)
            ratios, alone = [], []
            for _ in range(TIMES):
                alone.append(spent_s(one, tasks))
                ratios.append(alone[-1] / spent_s(two, tasks))
    beside = {"s_each": statistics.median(alone) / tasks, "least": min(ratios)}
    yield Row("study, two processes", statistics.median(ratios), "1", "one process", 1.6, "min",
              beside)  # fmt: skip
