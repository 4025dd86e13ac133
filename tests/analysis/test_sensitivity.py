import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sensitivity import Bar, morris_screening, sobol_from_runs, tornado
from simulator.laws.design import morris_design, one_at_a_time, sobol_design


def ishigami(x, a=7.0, b=0.1):
    return np.sin(x[..., 0]) + a * np.sin(x[..., 1]) ** 2 + b * x[..., 2] ** 4 * np.sin(x[..., 0])


def g_function(x, a):
    return np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=-1)


def test_ishigami():
    points = sobol_design([-np.pi] * 3, [np.pi] * 3, 4096, 7)
    found = sobol_from_runs(ishigami(points), resamples=200)
    first, total = [0.313905, 0.442411, 0], [0.557589, 0.442411, 0.243684]
    # Other implementations miss these by up to .004 at this sample size.
    assert found.first == pytest.approx(first, abs=0.01)
    assert found.total == pytest.approx(total, abs=0.01)
    assert np.all((found.first_low < found.first) & (found.first < found.first_high))
    assert np.all(found.total_low <= np.array(total) + 1e-3)
    assert np.all(found.total_high >= np.array(total) - 1e-3)


def test_g_function():
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
    points = sobol_design([0.0] * 8, [1.0] * 8, 4096, 7)
    found = sobol_from_runs(g_function(points, a), resamples=50)
    assert found.first[:5] == pytest.approx([0.7162, 0.1790, 0.0237, 0.0072, 0.0001], abs=0.02)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=5))
def test_morris_of_a_plane_is_its_slope(slopes):
    k = len(slopes)
    low, high = np.zeros(k), np.arange(1, k + 1.0)
    walks = morris_design(low, high, 6, 2)
    found = morris_screening(walks, walks @ slopes)
    effects = np.multiply(slopes, high)
    assert found.mean == pytest.approx(effects, abs=1e-9)
    assert found.mean_absolute == pytest.approx(np.abs(effects), abs=1e-9)
    assert found.spread == pytest.approx(np.zeros(k), abs=1e-9)


def test_morris_sees_interaction_and_idleness():
    walks = morris_design([-1, -1, -1], [1, 1, 1], 200, 5)
    found = morris_screening(walks, walks[..., 0] * walks[..., 1])
    # The effect of x over a range of 2 is 2y: on average nothing, in size 2 E|y| = 4/3.
    sides = np.array([-1, -1 / 3, 1 / 3, 1])
    error = 2 * np.std(sides) / np.sqrt(200)
    assert np.all(np.abs(found.mean[:2]) < 4 * error)
    assert found.mean_absolute[:2] == pytest.approx(2 * np.abs(sides).mean(), abs=4 * error)
    assert found.spread[:2] == pytest.approx(2 * np.std(sides), rel=0.1)
    assert found.mean_absolute[2] == found.spread[2] == 0


def test_tornado_by_hand():
    runs = one_at_a_time([2, 3, 5], [1, 1, 5], [4, 6, 5])
    bars = tornado(["a", "b", "idle"], runs[:, 0] * runs[:, 1] + runs[:, 2])
    assert bars == [Bar("b", 7.0, 17.0), Bar("a", 8.0, 17.0), Bar("idle", 11.0, 11.0)]
    assert [bar.swing for bar in bars] == [10, 9, 0]


def test_faults_are_named():
    with pytest.raises(ValueError, match="need 3 outcomes for 1 inputs"):
        tornado(["a"], [1, 2])
    with pytest.raises(ValueError, match="nothing drives it"):
        sobol_from_runs(np.ones((3, 8)))
    with pytest.raises(ValueError, match="inputs \\+ 2 by n"):
        sobol_from_runs(np.ones(3))
    with pytest.raises(ValueError, match="do not match"):
        morris_screening(np.ones((2, 3, 2)), np.ones((2, 2)))
