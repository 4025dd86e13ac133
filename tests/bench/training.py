"""The planner of training plans: every feasible plan of a model on 16,384 chips, timed at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.laws.plans import best_plan, candidate_plans
from simulator.laws.training import Plan, step_time
from simulator.laws.training_shapes import Architecture
from tests.bench.measure import Row, seconds
from tests.laws.transformers import CHIP, NETWORK, SOFTWARE, gpt

CHIPS, BATCH = 16_384, 4096
MODELS = {
    "dense, 126 layers of 16,384": gpt(layers=126, hidden=16384, heads=128, sequence=8192),
    "128 experts, 96 layers of 4,096": gpt(
        layers=96, hidden=4096, heads=64, sequence=8192, experts=128
    ),
}
#: Plans timed one by one, for what a plan costs alone.
ALONE = 40


def _one(plans: Plan, index: int) -> Plan:
    return Plan(**{n: np.asarray(getattr(plans, n)[index]) for n in Plan.__dataclass_fields__})


def rows(size: float) -> Iterator[Row]:
    """Time of a whole search, and over that of as many plans timed one by one."""
    for name, model in MODELS.items():
        plans = candidate_plans(model, CHIPS, BATCH, int(CHIP.domain))
        count = plans.tp.size

        def search(model: Architecture = model) -> None:
            best_plan(model, CHIP, NETWORK, SOFTWARE, chips=CHIPS, global_batch=BATCH)

        spent_s = seconds(search, times=15)
        some = max(int(ALONE * size), 1)
        chosen = [_one(plans, int(i)) for i in np.linspace(0, count - 1, some)]

        def alone(model: Architecture = model, chosen: list[Plan] = chosen) -> None:
            for plan in chosen:
                step_time(model, CHIP, NETWORK, plan, SOFTWARE)

        each_s = seconds(alone) / some
        beside = {"plans": float(count)}
        yield Row(f"planner, {name}", 1e3 * spent_s, "ms", "", 50.0, beside=beside)
        yield Row(
            f"planner, {name}", spent_s / (count * each_s), "1", "plans one by one", 0.05,
            beside=beside,
        )  # fmt: skip
