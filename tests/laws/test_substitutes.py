"""Suppliers that stand in for one another: after a lag, within limits, as far as they are whole."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.recovery import group_health


def test_a_substitute_that_is_hurt_covers_less():
    """Half of it is left: half of its share of .5, and half of the .4 it may cover beyond."""
    covered = group_health([0.0], [[0.0], [0.5]], [0.5, 0.5], [0.5, 0.9])
    assert covered.tolist() == pytest.approx([0.45])


def test_each_failure_asks_for_the_lag_anew():
    """The first of two fails from 0 to 10 and from 20 on; the other takes over five later."""
    t_s = [0, 5, 10, 20, 25]
    first, second = [0, 0, 1, 0, 0], [1, 1, 1, 1, 1]
    covered = group_health(t_s, [first, second], [0.6, 0.4], [0.6, 0.9], 5.0)
    assert covered.tolist() == pytest.approx([0.4, 0.9, 1.0, 0.4, 0.9])


def test_only_who_is_qualified_covers_more():
    """The third, who may cover all, from 10 on; the second .2 beyond its share at once."""
    health = [[0, 0], [1, 1], [1, 1]]
    covered = group_health(
        [0, 10], health, [0.6, 0.4, 0.0], [0.6, 0.6, 1.0], 0.0, [-math.inf, -math.inf, 10.0]
    )
    assert covered.tolist() == pytest.approx([0.6, 1.0])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(0.05, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4
    )
)
def test_a_group_gives_at_least_its_shares_and_at_most_its_limits_and_the_need(suppliers):
    weights, limits, health = (np.array(each) for each in zip(*suppliers, strict=True))
    shares = weights / weights.sum()
    most = np.maximum(shares, limits)
    (covered,) = group_health([0.0], health[:, None], shares, limits)
    assert shares @ health - 1e-9 <= covered <= min(1.0, most @ health) + 1e-9
    # Nothing is held back: all are at their limits, as far as they stand, or the need is met.
    assert covered == pytest.approx(min(1.0, most @ health))
