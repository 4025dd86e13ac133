"""Relative rates: hand-computed cases, bounds and monotonicity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.rates import relative_rate

ratios = st.floats(0.01, 100.0)
weights = st.tuples(*[st.floats(0.01, 1.0)] * 3)


def _shares(w):
    c, m, _ = np.array(w) / sum(w)
    return c, m, 1.0 - c - m


def test_the_reference_chip_is_one():
    assert relative_rate(0.6, 0.3, 0.1, 1.0, 1.0, 1.0, 1.0) == pytest.approx(1.0, rel=1e-12)


def test_by_hand():
    # 0.6/2 + 0.3/0.5 + 0.1/1 = 1.0; at 80 % maturity 0.8
    assert relative_rate(0.6, 0.3, 0.1, 2.0, 0.5, 1.0, 0.8) == pytest.approx(0.8)


def test_broadcasts():
    out = relative_rate(np.ones((3, 1)), 0.0, 0.0, np.array([1.0, 2.0]), 1.0, 1.0, 1.0)
    assert out.shape == (3, 2)
    np.testing.assert_allclose(out[0], [1.0, 2.0])


@given(weights, ratios, ratios, ratios, ratios)
def test_between_the_extreme_ratios(w, p, m, n, maturity):
    rate = float(relative_rate(*_shares(w), p, m, n, maturity))
    assert min(p, m, n) * maturity * (1 - 1e-9) <= rate <= max(p, m, n) * maturity * (1 + 1e-9)


@given(weights, ratios, ratios, ratios, st.floats(1.0, 10.0), st.integers(0, 2))
def test_more_of_a_resource_never_slows(w, p, m, n, factor, which):
    resources = [p, m, n]
    before = relative_rate(*_shares(w), *resources, 1.0)
    resources[which] *= factor
    assert relative_rate(*_shares(w), *resources, 1.0) >= before * (1 - 1e-12)


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, -0.1, r"compute_share is -0.1, must be in \[0, 1\]"),
        (0, 0.7, "must sum to 1"),
        (3, 0.0, "peak_ratio is 0.0, must be finite and > 0"),
        (4, float("nan"), "memory_ratio is nan"),
        (6, float("inf"), "maturity is inf"),
    ],
)
def test_bad_values_are_named_with_their_bound(position, value, message):
    arguments = [0.6, 0.3, 0.1, 1.0, 1.0, 1.0, 1.0]
    arguments[position] = value
    with pytest.raises(ValueError, match=message):
        relative_rate(*arguments)
