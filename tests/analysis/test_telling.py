"""How many replications may be needed: by the definition, one by one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.telling import replications_to_tell, too_few
from analysis.uncertainty import mean_interval


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=4), st.floats(1.0, 50.0))
def test_it_is_the_first_number_whose_interval_leaves_zero_out(noise, mean):
    e = mean_interval([x - sum(noise) / len(noise) + mean for x in noise])
    found = replications_to_tell(e)
    deviation = e.half_width * math.sqrt(e.n) / stats.t.ppf(0.975, e.n - 1)

    def told(n):
        return stats.t.ppf(0.975, n - 1) * deviation / math.sqrt(n) < abs(e.mean)

    assert found is not None
    assert found == 10_000 or told(found)
    assert found == 2 or not told(found - 1)


def test_what_gives_no_number_gives_none():
    assert replications_to_tell(mean_interval([3.0])) is None
    assert replications_to_tell(mean_interval([1.0, -1.0])) is None


@pytest.mark.parametrize(("n", "few"), [(2, True), (4, True), (5, False), (30, False)])
def test_from_five_replications_on_they_are_not_called_few(n, few):
    sample = [1.0, -1.0] * n
    assert bool(too_few([mean_interval(sample[:n])])) == few


def test_the_nearest_to_being_told_counts():
    far, near = mean_interval([9.0, -8.0, 1.0]), mean_interval([1.0, -1.0, 3.0])
    assert "about 18 may do" in too_few([far, near])
    assert too_few([]) == ""


def test_no_number_that_is_still_few_is_said_to_do():
    # A mean of 10 and a deviation of 1.41: told from 3 on, if two can tell a deviation.
    wide = mean_interval([9.0, 11.0])
    assert replications_to_tell(wide) == 3
    assert "about 5 may do" in too_few([wide])
