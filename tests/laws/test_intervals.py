"""Bins against a slow twin."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.intervals import parts_in_bins, step_integral, time_in_bins

EDGES = [0.0, 2.0, 5.0, 9.0]
spans = st.tuples(st.floats(-3, 12), st.floats(0, 10))


@given(spans)
def test_the_bins_of_a_span_sum_to_its_part_inside(span):
    start, length = span
    inside = max(min(start + length, 9.0) - max(start, 0.0), 0.0)
    assert time_in_bins([start], [start + length], EDGES).sum() == pytest.approx(inside)


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(0, 9)), max_size=6))
def test_the_integral_equals_a_sum_over_fine_steps(steps):
    steps = sorted(steps)
    # Move changes to a grid, on which a midpoint sum is exact.
    t = [round(a * 8) / 8 for a, _ in steps]
    value = [float(v) for _, v in steps]
    grid = np.arange(0.0, 9.0, 1 / 8) + 1 / 16
    at = np.searchsorted(t, grid, side="right") - 1
    height = np.where(at >= 0, np.asarray([*value, 0.0])[at], 0.0)
    slow = [height[(grid > a) & (grid < b)].sum() / 8 for a, b in itertools.pairwise(EDGES)]
    assert step_integral(t, value, EDGES) == pytest.approx(slow)


def test_a_span_that_never_ends_fills_the_last_bin():
    assert time_in_bins([4.0], [np.inf], EDGES).tolist() == [[0.0, 1.0, 4.0]]


@given(st.lists(spans, max_size=6))
def test_parts_are_the_bins_without_their_zeros(spans_):
    start = [a for a, _ in spans_]
    end = [a + length for a, length in spans_]
    row, column, length = parts_in_bins(start, end, EDGES)
    dense = np.zeros((len(spans_), 3))
    dense[row, column] = length
    assert dense == pytest.approx(time_in_bins(start, end, EDGES).reshape(-1, 3))
    assert np.all(length > 0)
