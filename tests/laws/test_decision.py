import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.decision import (
    critical_ratio,
    dominates,
    lead_time_demand,
    normal_order,
    regret,
)

losses = st.lists(st.integers(0, 50), min_size=6, max_size=6)


def test_worked_regret():
    r = regret([[10, 6, 2], [8, 8, 3], [7, 7, 6]], [0.5, 0.3, 0.2])
    assert r.expected == pytest.approx([7.2, 7.0, 6.8], abs=1e-12)
    assert r.expected_regret == pytest.approx([1.4, 1.6, 1.8], abs=1e-12)
    assert r.max_regret.tolist() == [4, 3, 3]
    assert r.perfect_information == pytest.approx(1.4, abs=1e-12)


@given(st.lists(st.lists(st.floats(-100, 100), min_size=3, max_size=3), min_size=1, max_size=4))
def test_knowing_is_worth_the_least_expected_regret(payoffs):
    r = regret(payoffs, [0.2, 0.3, 0.5])
    assert r.perfect_information == pytest.approx(r.expected_regret.min(), abs=1e-9)
    assert r.perfect_information >= -1e-9


def test_worked_newsvendor():
    assert critical_ratio(9, 1) == 0.9
    assert critical_ratio(1, 1) == 0.5
    assert normal_order(100, 20, 0.9) == pytest.approx(125.63, abs=5e-3)
    assert normal_order(100, 20, 0.5) == pytest.approx(100, abs=1e-9)
    assert normal_order(100, 0, 0.9) == 100


def test_the_newsvendors_order_costs_least():
    rng = np.random.default_rng(3)
    demand = rng.normal(100, 20, 50_000)

    def cost(order):
        return float(np.mean(9 * np.maximum(demand - order, 0) + np.maximum(order - demand, 0)))

    best = normal_order(100, 20, critical_ratio(9, 1))
    assert cost(best) < min(cost(best - 4), cost(best + 4))


def test_worked_lead_time_demand():
    mean, sd = lead_time_demand(10, 3, 6, 2)
    assert mean == 60
    assert sd == pytest.approx(21.31, abs=5e-3)
    assert normal_order(mean, sd, 0.9) == pytest.approx(87.31, abs=5e-3)


def test_dominance_by_hand():
    assert dominates([1, 2, 3], [2, 2, 3], 1)
    assert not dominates([1, 2, 3], [1, 2, 3], 1)
    # The same mean with less spread: only the second order.
    assert not dominates([2, 2], [1, 3], 1)
    assert dominates([2, 2], [1, 3], 2)
    assert not dominates([1, 3], [2, 2], 2)


@given(losses, losses)
def test_first_order_dominance_implies_second(x, y):
    if dominates(x, y, 1):
        assert dominates(x, y, 2)
        assert not dominates(y, x, 2)


@given(losses, losses)
def test_second_order_dominance_against_expected_excess(x, y):
    # The definition for losses: expected excess over any level is no larger.
    def excess(sample, level):
        return sum(max(v - level, 0) for v in sample)

    levels = range(-1, 52)
    no_larger = all(excess(x, k) <= excess(y, k) for k in levels)
    smaller = any(excess(x, k) < excess(y, k) for k in levels)
    assert dominates(x, y, 2) == (no_larger and smaller)


def test_bounds_are_named():
    with pytest.raises(ValueError, match="order must be"):
        dominates([1], [1], 3)
    with pytest.raises(ValueError, match="one size"):
        dominates([1], [1, 2], 1)
    with pytest.raises(ValueError, match="chances must sum"):
        regret([[1.0]], [0.5])
    with pytest.raises(ValueError, match="cost_short must be"):
        critical_ratio(0, 1)
