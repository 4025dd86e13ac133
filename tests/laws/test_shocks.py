import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.shocks import (
    at_least_one,
    both_down,
    both_hit,
    compound_loss,
    none_active,
    none_active_without_overlap,
)


def test_worked_activity():
    assert none_active(0.2, 0.5) == pytest.approx(math.exp(-0.1), abs=1e-12)
    assert none_active_without_overlap(0.2, 0.5) == pytest.approx(1 / 1.1, abs=1e-12)
    assert at_least_one(0.02, 5) == pytest.approx(0.0952, abs=5e-5)


def test_activity_does_not_depend_on_the_distribution_of_durations():
    rng = np.random.default_rng(6)
    horizon, rate = 50.0, 0.2
    clear = {"fixed": [], "heavy": []}
    for _ in range(3000):
        begins = rng.uniform(0, horizon, rng.poisson(rate * horizon))
        heavy = rng.lognormal(math.log(0.5) - 0.5, 1.0, begins.size)
        clear["fixed"].append(not np.any(begins + 0.5 > horizon))
        clear["heavy"].append(not np.any(begins + heavy > horizon))
    p = none_active(rate, 0.5)
    for seen in clear.values():
        assert abs(np.mean(seen) - p) / math.sqrt(p * (1 - p) / 3000) < 4


@pytest.mark.parametrize(
    ("beta", "both"), [(0, 0.0025), (0.05, 0.00475625), (0.1, 0.007025), (0.2, 0.0116), (1, 0.05)]
)
def test_worked_beta_factor(beta, both):
    assert both_down(0.05, beta) == pytest.approx(both, abs=1e-12)


def test_worked_common_source():
    assert both_hit(0.1, 0.1, 0.0, 1.0) == pytest.approx(0.00906, abs=5e-6)
    assert both_hit(0.1, 0.1, 0.02, 1.0) == pytest.approx(0.02868, abs=5e-6)


def test_worked_compound_loss():
    total = compound_loss(0.2, 5, 100 * 0.5 * 0.5)
    assert total.mean == pytest.approx(25, abs=1e-9)
    assert total.sd == pytest.approx(25, abs=1e-9)


def test_compound_loss_against_play():
    rng = np.random.default_rng(7)
    totals = [rng.exponential(3.0, n).sum() for n in rng.poisson(1.5, 20_000)]
    theory = compound_loss(0.5, 3.0, 3.0, 3.0)
    assert abs(np.mean(totals) - theory.mean) / (theory.sd / math.sqrt(20_000)) < 4
    assert np.std(totals) == pytest.approx(theory.sd, rel=0.05)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 5))
def test_sharing_never_makes_a_joint_hit_rarer(own, other, shared, span):
    together = both_hit(own, other, shared, span)
    assert together >= both_hit(own, other, 0.0, span) - 1e-15
    assert 0 <= together <= 1


def test_bounds_are_named():
    with pytest.raises(ValueError, match="beta must be in"):
        both_down(0.1, 1.1)
    with pytest.raises(ValueError, match="rate_per_s must be >= 0"):
        none_active(-1, 1)
