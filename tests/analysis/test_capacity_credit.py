import math

import numpy as np
import pytest

from analysis.risk.capacity_credit import credit_from_runs

STEPS = np.linspace(0, 50, 11)


def merchants_and_custom(replications, seed):
    """Two merchants of 100 at .9, a custom chip of 50 at .8, demand 100."""
    rng = np.random.default_rng(seed)
    base = 100.0 * (rng.random((replications, 2)) < 0.9).sum(axis=1)
    both = base + 50.0 * (rng.random(replications) < 0.8)
    short = np.maximum(100 - base, 0)
    short_with = np.maximum(100 + STEPS - both[:, None], 0)
    return short_with, short


def test_the_worked_credit_lies_in_its_interval():
    found = credit_from_runs(STEPS, *merchants_and_custom(4000, 1), 50.0, resamples=300)
    exact = 0.4 / 0.046
    spread = (found.estimate.high - found.estimate.low) / (2 * 1.96)
    assert abs(found.estimate.mean - exact) < 2.576 * spread
    assert found.estimate.low < found.estimate.mean < found.estimate.high
    assert found.share == found.estimate.mean / 50


def test_firm_and_never_available_additions():
    base = np.array([0.0, 30.0, 0.0, 12.0])
    carried = credit_from_runs([0, 50], np.column_stack([0 * base, base]), base, 50.0)
    assert carried.share == 1.0
    nothing = credit_from_runs(STEPS, base[:, None] + STEPS, base, 50.0)
    assert nothing.estimate.mean == pytest.approx(0, abs=1e-9)


def test_no_shortage_has_no_credit_and_says_why():
    found = credit_from_runs([0, 50], np.zeros((3, 2)), np.zeros(3), 50.0)
    assert math.isnan(found.estimate.mean)
    assert found.reason == "no risk without the addition"


def test_one_replication_has_no_interval():
    found = credit_from_runs([0, 50], [[0.0, 9.0]], [3.0], 50.0)
    assert found.estimate.mean == pytest.approx(50 / 3, abs=1e-6)
    assert found.estimate.half_width == math.inf


def test_faults_are_named():
    with pytest.raises(ValueError, match="replications by"):
        credit_from_runs([0, 50], [[0.0]], [3.0], 50.0)
    with pytest.raises(ValueError, match="added must ascend"):
        credit_from_runs([0, 40], [[0.0, 1.0]], [3.0], 50.0)
