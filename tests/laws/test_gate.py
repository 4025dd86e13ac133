import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.gate import all_on_time, gate_pass_chance, sequential_bounds, spin_chances


def test_worked_operating_characteristic():
    assert gate_pass_chance(1.0, 1.05, 0.15, 9) == pytest.approx(0.158655, abs=5e-7)
    assert gate_pass_chance(1.1, 1.05, 0.15, 9) == pytest.approx(0.841345, abs=5e-7)


@given(st.floats(-5, 5), st.floats(0.01, 5), st.integers(1, 100))
def test_thresholds_at_the_ends_pass_always_and_never(value, sd, n):
    assert gate_pass_chance(value, -math.inf, sd, n) == 1.0
    assert gate_pass_chance(value, math.inf, sd, n) == 0.0
    assert gate_pass_chance(value, value, sd, n) == pytest.approx(0.5)


def test_worked_sequential_bounds():
    assert sequential_bounds(0.05, 0.10) == pytest.approx((18, 0.1052632), abs=5e-8)


def test_sequential_bounds_keep_their_promise():
    rng = np.random.default_rng(12)
    pass_at, fail_at = sequential_bounds(0.05, 0.10)

    def passes(true_mean):
        ratio = 1.0
        while fail_at < ratio < pass_at:
            x = rng.normal(true_mean, 0.15)
            ratio *= math.exp(((x - 1.0) ** 2 - (x - 1.1) ** 2) / (2 * 0.15**2))
        return ratio >= pass_at

    trials = 400
    assert sum(passes(1.0) for _ in range(trials)) / trials <= 0.05 / 0.90 + 4 * 0.0115
    assert sum(not passes(1.1) for _ in range(trials)) / trials <= 0.10 / 0.95 + 4 * 0.0155


def test_worked_spins():
    chances = spin_chances([0.14, 0.6, 0.8, 0.9])
    assert chances[:4] == pytest.approx([0.14, 0.516, 0.2752, 0.0619], abs=5e-5)
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    spins = float(chances @ np.arange(1, 6))
    assert spins == pytest.approx(2.2797, abs=5e-5)
    assert 4.5 * spins == pytest.approx(10.26, abs=5e-3)


def test_worked_merge_bias():
    assert all_on_time([0.8] * 3) == pytest.approx(0.512, abs=1e-12)
    assert all_on_time([]) == 1.0


def test_bounds_are_named():
    with pytest.raises(ValueError, match="sd must be > 0"):
        gate_pass_chance(1, 1, 0, 1)
    with pytest.raises(ValueError, match="false_pass must be"):
        sequential_bounds(0, 0.1)
    with pytest.raises(ValueError, match="success must be in"):
        spin_chances([1.1])
