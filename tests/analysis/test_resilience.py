import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.risk.resilience import (
    disruption,
    linear_recovery_loss,
    supplier_dependence_ratio,
    values_at,
)

paths = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=10)


def test_the_worked_triangle():
    # A drop of 40 % with recovery in six months: in a line 120, at once 240 %-months.
    assert linear_recovery_loss(40, 6) == 120
    assert disruption([0, 6], [100, 100], [60, 100], 6).loss == 240


def test_a_line_is_the_limit_of_its_steps():
    n = 10_000
    t = np.arange(n) * 6 / n
    found = disruption(t, np.full(n, 100.0), 60 + 40 * t / 6, 6)
    assert found.loss == pytest.approx(linear_recovery_loss(40, 6), rel=2 / n)
    assert (found.depth, found.duration_s) == (40, pytest.approx(6))


def test_the_worked_supplier():
    # 100 a quarter, 60 % of it from a supplier that stops for the first two of eight.
    quarters = np.arange(8.0)
    planned = 100 * (quarters + 1)
    without = planned - np.where(quarters == 0, 60, 120)
    assert disruption(quarters, planned, without, 8).loss == 900
    assert planned.sum() == 3600
    assert supplier_dependence_ratio(quarters, planned, without, 8) == 0.25


@given(paths, st.floats(0.1, 10))
def test_dependence_lies_between_none_and_all_and_has_no_unit(path, k):
    capacity = np.array([a for a, _ in path]) + 1.0
    without = np.minimum(capacity, [b for _, b in path])
    t = np.arange(len(path), dtype=float)
    ratio = supplier_dependence_ratio(t, capacity, without, t[-1] + 1)
    assert 0 <= ratio <= 1 + 1e-12
    scaled = supplier_dependence_ratio(k * t, k * capacity, k * without, k * (t[-1] + 1))
    assert scaled == pytest.approx(ratio)
    assert supplier_dependence_ratio(t, capacity, capacity, t[-1] + 1) == 0


@given(paths)
def test_splitting_a_step_changes_nothing(path):
    t = np.arange(len(path), dtype=float)
    above, below = np.array(path).T
    fine = np.arange(0, len(path), 0.25)
    coarse = disruption(t, above, below, len(path))
    split = disruption(fine, values_at(t, above, fine), values_at(t, below, fine), len(path))
    assert split.loss == pytest.approx(coarse.loss)
    assert split.duration_s == pytest.approx(coarse.duration_s)


def test_a_surplus_is_no_gap():
    assert disruption([0], [1.0], [2.0], 5.0).loss == 0


def test_faults_are_named():
    with pytest.raises(ValueError, match="must ascend"):
        disruption([0, 2], [1, 1], [1, 1], 1)
    with pytest.raises(ValueError, match="a value a time"):
        disruption([0, 1], [1], [1, 1], 2)
    with pytest.raises(ValueError, match="capacity must be > 0"):
        supplier_dependence_ratio([0], [0], [0], 1)
    with pytest.raises(ValueError, match="no value before"):
        values_at([1], [1], [0])
