from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.attribution import shapley, shapley_sampled


def stress(weights, shared):
    """Loss when a set is down: every vendor that is down or stands on a node that is."""

    def value(down):
        return float(sum(w for v, w in weights.items() if v in down or shared[v] & down))

    return value


def by_orders(players, value):
    """Average over all orders of arrival: the definition, slowly."""
    orders = list(permutations(players))
    parts = dict.fromkeys(players, 0.0)
    for order in orders:
        for k, player in enumerate(order):
            gain = value(frozenset(order[: k + 1])) - value(frozenset(order[:k]))
            parts[player] += gain / len(orders)
    return parts


def test_airport():
    parts = shapley([8, 11, 13, 18], lambda s: float(max(s, default=0)))
    assert list(parts.values()) == pytest.approx([2, 3, 4, 9], abs=1e-9)


def test_gloves():
    parts = shapley("LRS", lambda s: float("L" in s and bool(s & {"R", "S"})))
    assert list(parts.values()) == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-9)


def test_weighted_voting():
    votes = {"a": 45, "b": 25, "c": 15, "d": 15}
    parts = shapley(list(votes), lambda s: float(sum(votes[p] for p in s) >= 51))
    assert list(parts.values()) == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6], abs=1e-9)


def test_worked_stress_with_one_foundry():
    value = stress({"n": 60, "a": 15, "c": 25}, {v: {"t"} for v in "nac"})
    parts = shapley("nact", value)
    assert list(parts.values()) == pytest.approx([30, 7.5, 12.5, 50], abs=1e-9)


def test_worked_stress_with_foundry_and_memory():
    value = stress({"n": 70, "c": 30}, {"n": {"t", "h"}, "c": {"t"}})
    parts = shapley("ncth", value)
    exact = [70 / 3, 15, 70 / 3 + 15, 70 / 3]
    assert list(parts.values()) == pytest.approx(exact, abs=1e-9)
    assert sum(parts.values()) == pytest.approx(100, abs=1e-9)


@st.composite
def games(draw):
    n = draw(st.integers(1, 5))
    table = draw(st.lists(st.floats(-100, 100), min_size=2**n, max_size=2**n))
    return list(range(n)), lambda s: table[sum(1 << p for p in s)]


@given(games())
def test_against_all_orders(game):
    players, value = game
    parts = shapley(players, value)
    assert parts == pytest.approx(by_orders(players, value), abs=1e-9)
    whole = value(frozenset(players)) - value(frozenset())
    assert sum(parts.values()) == pytest.approx(whole, abs=1e-9)


@given(games(), games())
def test_additivity_null_player_and_clones(first, second):
    players, value = first
    null, a, b = "null", "clone a", "clone b"
    everyone = [*players, null, a, b]

    def extended(s):
        return value(frozenset(p for p in s if isinstance(p, int))) + 5.0 * len(s & {a, b})

    parts = shapley(everyone, extended)
    assert parts[null] == pytest.approx(0, abs=1e-9)
    assert parts[a] == pytest.approx(parts[b], abs=1e-9)
    assert parts[a] == pytest.approx(5, abs=1e-9)
    if len(second[0]) == len(players):
        summed = shapley(players, lambda s: value(s) + second[1](s))
        apart = shapley(players, second[1])
        for p in players:
            assert summed[p] == pytest.approx(parts[p] + apart[p], abs=1e-9)


def test_sampled_orders_find_the_exact_parts():
    value = stress({"n": 70, "c": 30}, {"n": {"t", "h"}, "c": {"t"}})
    exact = shapley("ncth", value)
    sampled = shapley_sampled("ncth", value, 2000, np.random.default_rng(8))
    for player, part in sampled.items():
        assert abs(part.mean - exact[player]) < 4 * part.standard_error
    assert sum(p.mean for p in sampled.values()) == pytest.approx(100, abs=1e-9)


def test_sets_met_again_are_not_asked_again():
    asked = []

    def value(s):
        asked.append(s)
        return float(len(s))

    shapley_sampled("abc", value, 50, np.random.default_rng(0))
    assert len(asked) == len(set(asked)) <= 8


def test_faults_are_named():
    with pytest.raises(ValueError, match="players repeat"):
        shapley("aa", len)
    with pytest.raises(ValueError, match="at most 20"):
        shapley(range(21), len)
    with pytest.raises(ValueError, match="orders must be"):
        shapley_sampled("ab", len, 1, np.random.default_rng(0))
