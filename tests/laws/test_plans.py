"""The planner: every plan that fits, the fastest of them, and reasons where there is none."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.memory import fits, required_b
from simulator.laws.plans import best_plan, candidate_plans
from simulator.laws.training import Plan, step_time
from tests.laws.transformers import CHIP, NETWORK, SOFTWARE, gpt, plan, seconds


def test_many_plans_at_once_equal_one_by_one():
    model = gpt()
    many = candidate_plans(model, 512, 512, 8)
    together = step_time(model, CHIP, NETWORK, many, SOFTWARE).total_s
    for i in range(0, together.size, max(together.size // 20, 1)):
        one = Plan(**{n: np.asarray(getattr(many, n)[i]) for n in Plan.__dataclass_fields__})
        assert seconds(model, CHIP, NETWORK, one) == pytest.approx(float(together[i]), rel=1e-12)


def test_what_does_not_fit_is_infinite_with_its_reason():
    best = best_plan(gpt(), CHIP, NETWORK, SOFTWARE, chips=8, global_batch=8)
    assert best.total_s == float("inf")
    assert "GB" in best.reason
    assert not fits(gpt(), best.plan, 80e9)
    assert best.memory_b > 80e9


def test_the_best_plan_fits_and_none_that_fits_is_faster():
    model = gpt(layers=24, hidden=4096, heads=32)
    best = best_plan(model, CHIP, NETWORK, SOFTWARE, chips=64, global_batch=256)
    every = candidate_plans(model, 64, 256, 8)
    fitting = fits(model, every, 80e9)
    totals = step_time(model, CHIP, NETWORK, every, SOFTWARE).total_s
    assert best.total_s == pytest.approx(float(totals[fitting].min()))
    assert float(required_b(model, best.plan)) <= 80e9
    assert float(best.plan.chips) == 64


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([16, 64, 256]), st.floats(1.0, 4.0))
def test_more_memory_never_makes_the_best_plan_slower(chips, factor):
    model = gpt(layers=32, hidden=4096, heads=32)
    larger = dataclasses.replace(CHIP, memory_b=CHIP.memory_b * factor)
    small = best_plan(model, CHIP, NETWORK, SOFTWARE, chips=chips, global_batch=256)
    large = best_plan(model, larger, NETWORK, SOFTWARE, chips=chips, global_batch=256)
    assert large.total_s <= small.total_s


def test_a_stated_plan_of_the_wrong_size_does_not_run():
    layout = Plan(**{n: np.atleast_1d(getattr(plan(), n)) for n in Plan.__dataclass_fields__})
    best = best_plan(gpt(layers=8, hidden=2048, heads=16), CHIP, NETWORK, SOFTWARE, chips=64,
                     global_batch=128, plan=layout)  # fmt: skip
    assert best.total_s == float("inf")
    assert best.reason == "plan uses 128 chips, not 64"


def test_no_chips_is_refused():
    with pytest.raises(ValueError, match="chips and global_batch must be >= 1, got 0 and 8"):
        candidate_plans(gpt(), 0, 8, 8)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([0, 8]), st.sampled_from([32, 256]), st.floats(1.0, 4.0), st.integers(0, 5)
)  # fmt: skip
def test_more_of_a_resource_never_slows_the_best_plan(experts, chips, factor, which):
    model = gpt(layers=32, hidden=4096, heads=32, experts=experts)
    field = ["matmul_flops_per_s", "wide_flops_per_s", "memory_b_per_s", "memory_b", "up_b_per_s",
             "out_b_per_s"][which]  # fmt: skip
    more = dataclasses.replace(CHIP, **{field: getattr(CHIP, field) * factor})
    network = NETWORK
    if field in ("up_b_per_s", "out_b_per_s"):
        network = dataclasses.replace(NETWORK, **{field: getattr(NETWORK, field) * factor})
    before = best_plan(model, CHIP, NETWORK, SOFTWARE, chips=chips, global_batch=256)
    after = best_plan(model, more, network, SOFTWARE, chips=chips, global_batch=256)
    assert after.total_s <= before.total_s * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 96), st.sampled_from([1024, 2880, 12288]), st.integers(1, 5000),
    st.integers(1, 5000), st.sampled_from([0, 8, 128]),
)  # fmt: skip
def test_any_gang_and_batch_has_a_time_or_a_reason(layers, hidden, chips, batch, experts):
    model = gpt(layers=layers, hidden=hidden, heads=16, experts=experts)
    best = best_plan(model, CHIP, NETWORK, SOFTWARE, chips=chips, global_batch=batch)
    assert not np.isnan(best.total_s)
    assert np.isinf(best.total_s) == bool(best.reason)
    assert float(best.plan.chips) == chips
    if best.reason == "":
        assert float(best.memory_b) <= 80e9
        assert float(best.time.flops / best.total_s / chips / 989e12) <= 1.0


def test_recomputation_is_only_left_out_where_it_is_not_needed():
    # Every plan timed one by one, those with needless recomputation too.
    model = gpt(layers=24, hidden=4096, heads=32, experts=8)
    every = candidate_plans(model, 128, 128, 8)
    totals = step_time(model, CHIP, NETWORK, every, SOFTWARE).total_s
    slow = float(totals[fits(model, every, 80e9)].min())
    best = best_plan(model, CHIP, NETWORK, SOFTWARE, chips=128, global_batch=128)
    assert best.total_s == pytest.approx(slow, rel=1e-12)
