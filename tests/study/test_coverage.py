"""What the reported 95 % intervals are worth: 400 small studies of a question, on the real code."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from analysis.uncertainty import mean_interval, paired_difference
from simulator.spec.loader import load
from simulator.world.world import simulate

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"
STUDIES, REPLICATIONS = 400, 10
CASES = ("baseline", "cancelled")


def unserved(case: str, first: int) -> list[float]:
    """Unserved work [% of asked] of a block of replications."""
    scenario, found = load(TINY, case).scenario, []
    for (number,) in np.arange(first, first + 2 * REPLICATIONS)[:, None].tolist():
        (tables,) = simulate(scenario, 11, [number])
        asked = tables["asked"]
        found.append(100 * sum(asked["unserved_rce_s"]) / sum(asked["work_rce_s"]))
    return found


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say_and_pairing_saves_replications():
    blocks = range(0, STUDIES * REPLICATIONS, 2 * REPLICATIONS)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        one, two = (
            np.concatenate(list(pool.map(unserved, [case] * len(blocks), blocks)))
            for case in CASES
        )
    shape = (STUDIES, REPLICATIONS)
    levels = [mean_interval(x) for x in one.reshape(shape)]
    deltas = [
        paired_difference(y, x)
        for x, y in zip(one.reshape(shape), two.reshape(shape), strict=True)
    ]
    # All replications together know the mean twenty times as well as any one study.
    of_level = np.mean([not e.distinguishable(one.mean()) for e in levels])
    of_delta = np.mean([not e.distinguishable((two - one).mean()) for e in deltas])
    gain = (one.var(ddof=1) + two.var(ddof=1)) / (two - one).var(ddof=1)
    told = (f"\ncoverage of unserved work {of_level:.4f}, of its paired difference {of_delta:.4f}; "
          f"pairing is worth {gain:.2f} times the replications\n")  # fmt: skip
    sys.stdout.write(told)
    assert 0.92 <= of_level <= 0.98
    assert 0.92 <= of_delta <= 0.98
    assert gain > 2
