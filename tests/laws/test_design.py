import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.design import morris_design, one_at_a_time, sobol_design


@given(st.integers(1, 6), st.integers(2, 10), st.integers(0, 99))
def test_a_walk_moves_each_input_once_within_its_range(inputs, paths, seed):
    low, high = np.arange(inputs) - 3.0, np.arange(inputs) * 2 + 1.0
    walks = morris_design(low, high, paths, seed)
    assert walks.shape == (paths, inputs + 1, inputs)
    assert np.all((walks >= low - 1e-12) & (walks <= high + 1e-12))
    moves = np.abs(np.diff(walks, axis=1)) / (high - low)
    assert np.all(np.sum(moves > 1e-9, axis=2) == 1)
    assert np.sum(moves, axis=1) == pytest.approx(np.full((paths, inputs), 2 / 3))


@given(st.integers(1, 5), st.sampled_from([2, 8, 32]))
def test_crossings_take_one_input_from_the_other_sample(inputs, n):
    points = sobol_design([0.0] * inputs, [2.0] * inputs, n, 1)
    a, b, crossed = points[0], points[1], points[2:]
    assert points.shape == (inputs + 2, n, inputs)
    for k in range(inputs):
        for j in range(inputs):
            assert np.array_equal(crossed[k][:, j], b[:, j] if j == k else a[:, j])
    assert points.min() >= 0
    assert points.max() <= 2


def test_designs_repeat_with_their_seed():
    assert np.array_equal(sobol_design([0], [1], 8, 3), sobol_design([0], [1], 8, 3))
    assert np.array_equal(morris_design([0], [1], 8, 0), morris_design([0], [1], 8, 0))
    assert not np.array_equal(sobol_design([0], [1], 8, 3), sobol_design([0], [1], 8, 0))


def test_faults_are_named():
    with pytest.raises(ValueError, match="power of 2"):
        sobol_design([0], [1], 100, 0)
    with pytest.raises(ValueError, match="low must be < high"):
        sobol_design([1], [1], 8, 0)
    with pytest.raises(ValueError, match="paths must be"):
        morris_design([0], [1], 1, 0)
    with pytest.raises(ValueError, match="must match"):
        one_at_a_time([1], [0, 0], [2])
