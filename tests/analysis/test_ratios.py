"""Ratios of means: exact where the cost is certain, and of the coverage that is said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.ratios import ratio_apart, ratio_of_means
from analysis.uncertainty import mean_interval

SAMPLES = st.lists(st.integers(-1000, 1000).map(float), min_size=3, max_size=9)


@given(SAMPLES, st.floats(1e-3, 1e6))
def test_over_a_certain_cost_it_is_the_interval_of_the_work_divided(work, cost):
    e, level = ratio_of_means(work, [cost] * len(work)), mean_interval(work)
    for end in ("mean", "low", "high"):
        assert getattr(e, end) == pytest.approx(getattr(level, end) / cost, rel=1e-6, abs=1e-6)


@given(SAMPLES, st.integers(0, 2**32 - 1))
def test_its_ends_are_where_the_pairs_are_just_not_told_from_zero(work, seed):
    """By the definition: mean(work - r cost) is t standard errors from zero at both ends."""
    top = np.asarray(work)
    cost = np.random.default_rng(seed).uniform(9.0, 11.0, top.size)
    e = ratio_of_means(top, cost)
    assert e.low <= e.mean <= e.high
    for end in (e.low, e.high):
        rest = mean_interval(top - end * cost)
        near = rest.low if abs(rest.low) < abs(rest.high) else rest.high
        assert near == pytest.approx(0.0, abs=1e-4)


def test_a_worked_interval():
    """Work 10, 12, 14 over costs 4, 5, 6, which rise together: every pair has 2.3 to 2.5.

    k = 4.3027^2 / 3 = 6.1710; 25 - k = 18.829, 60 - 2 k = 47.658, 144 - 4 k = 119.316;
    the root of 47.658^2 - 18.829 x 119.316 is 4.9679.
    """
    e = ratio_of_means([10.0, 12.0, 14.0], [4.0, 5.0, 6.0])
    assert e.mean == pytest.approx(2.4)
    assert e.low == pytest.approx((47.658 - 4.968) / 18.829, abs=2e-3)
    assert e.high == pytest.approx((47.658 + 4.968) / 18.829, abs=2e-3)


def test_over_a_cost_that_may_be_nothing_it_is_not_bounded():
    e = ratio_of_means([1.0, 2.0, 3.0], [-5.0, 1.0, 7.0])
    assert (e.low, e.high) == (-math.inf, math.inf)
    with pytest.raises(ValueError, match="the mean below the line is zero"):
        ratio_of_means([1.0, 2.0], [-1.0, 1.0])
    with pytest.raises(ValueError, match="must pair"):
        ratio_of_means([1.0, 2.0], [1.0])


def test_it_holds_the_true_ratio_as_often_as_it_says():
    """Work and costs normal, correlated; 2.5 in truth; 3,000 samples of six."""
    rng = np.random.default_rng(5)
    shared = rng.normal(0, 1, (3000, 6))
    work = 25 + 5 * shared + rng.normal(0, 4, shared.shape)
    cost = 10 + shared
    held = np.mean(
        [(e := ratio_of_means(a, b)).low <= 2.5 <= e.high for a, b in zip(work, cost, strict=True)]
    )
    assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 3000)


def test_two_ratios_over_certain_costs_differ_as_their_pairs_do():
    one, other = np.array([3.0, 5.0, 9.0]), np.array([2.0, 2.0, 8.0])
    e = ratio_apart((one, np.full(3, 2.0)), (other, np.full(3, 4.0)))
    exact = mean_interval(one / 2 - other / 4)
    assert (e.mean, e.low, e.high) == pytest.approx((exact.mean, exact.low, exact.high))


def test_a_ratio_does_not_differ_from_itself():
    x, y = np.array([3.0, 5.0, 9.0]), np.array([2.0, 1.0, 4.0])
    e = ratio_apart((x, y), (x, y))
    assert (e.mean, e.low, e.high) == (0.0, 0.0, 0.0)
