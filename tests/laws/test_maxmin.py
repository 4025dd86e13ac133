from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from simulator.laws.maxmin import max_min_rates
from simulator.laws.paths import Routes, capacity_of
from simulator.laws.topologies import clos
from simulator.laws.traffic import all_to_all, gather_columns, ring


def progressive_filling(matrix, capacity, weight, limit):
    """Slow, obvious twin: raise all that are free together until a link or a limit binds."""
    links, columns = matrix.shape
    rate = np.zeros(columns)
    free = np.ones(columns, bool)
    free[(matrix[capacity == 0] > 0).any(axis=0)] = False
    while free.any():
        left = np.maximum(capacity - matrix @ rate, 0)
        pull = matrix[:, free] @ weight[free]
        steps = [left[k] / pull[k] for k in range(links) if pull[k] > 0]
        steps += list(((limit - rate) / weight)[free])
        step = max(0.0, min(steps))
        if np.isinf(step):
            rate[free] = np.inf
            return rate
        rate[free] += step * weight[free]
        full = np.isclose(matrix @ rate, capacity, rtol=1e-13, atol=0)
        stop = (matrix[full] > 0).any(axis=0) | (rate >= limit * (1 - 1e-14))
        assert (free & stop).any(), "the twin itself is stuck"
        free &= ~stop
    return rate


@st.composite
def shared_links(draw, limited=True):
    links = draw(st.integers(1, 8))
    columns = draw(st.integers(1, 10))
    amount = st.sampled_from([0.0, 0.0, 1.0, 1.0, 0.5, 0.25, 3.0, 1 / 3])
    matrix = np.array(draw(st.lists(amount, min_size=links * columns, max_size=links * columns)))
    capacities = st.one_of(st.just(0.0), st.integers(1, 20).map(float), st.floats(0.1, 1e3))
    capacity = np.array(draw(st.lists(capacities, min_size=links, max_size=links)))
    weights = st.sampled_from([1.0, 1.0, 2.0, 0.3])
    weight = np.array(draw(st.lists(weights, min_size=columns, max_size=columns)))
    limits = (
        st.one_of(st.just(np.inf), st.just(0.0), st.floats(0.01, 50.0))
        if limited
        else st.just(np.inf)
    )
    limit = np.array(draw(st.lists(limits, min_size=columns, max_size=columns)))
    return matrix.reshape(links, columns), capacity, weight, limit


@settings(max_examples=300, deadline=None)
@given(shared_links())
def test_equals_progressive_filling(case):
    matrix, capacity, weight, limit = case
    rate = max_min_rates(sp.csc_array(matrix), capacity, weight, limit)
    np.testing.assert_allclose(rate, progressive_filling(*case), rtol=1e-9, atol=1e-12)


@settings(max_examples=300, deadline=None)
@given(shared_links())
def test_is_feasible_and_max_min_by_its_definition(case):
    matrix, capacity, weight, limit = case
    rate = max_min_rates(sp.csc_array(matrix), capacity, weight, limit)
    crossing = (matrix > 0).any(axis=0)
    np.testing.assert_array_equal(rate[~crossing], limit[~crossing])
    rate = np.where(crossing, rate, 0.0)
    load = matrix @ rate
    assert (rate >= 0).all()
    assert (load <= capacity * (1 + 1e-9)).all()
    # Each column is at its limit, or has a bottleneck: a full link where none is better off.
    full = load >= capacity * (1 - 1e-9)
    share = rate / weight
    for column in np.flatnonzero(crossing & (rate < limit * (1 - 1e-9))):
        bottlenecks = np.flatnonzero(full & (matrix[:, column] > 0))
        assert any(
            share[column] >= share[matrix[link] > 0].max() * (1 - 1e-9) for link in bottlenecks
        )


@settings(max_examples=60, deadline=None)
@given(shared_links(limited=False))
def test_the_worst_off_is_as_well_off_as_a_linear_program_can_make_it(case):
    matrix, capacity, weight, _ = case
    matrix = matrix[:, (matrix > 0).any(axis=0)]
    if not matrix.size:
        return
    weight = weight[: matrix.shape[1]]
    rate = max_min_rates(sp.csc_array(matrix), capacity, weight)
    columns = matrix.shape[1]
    above = np.hstack([-np.eye(columns), weight[:, None]])
    best = linprog(
        np.r_[np.zeros(columns), -1.0],
        A_ub=np.vstack([np.hstack([matrix, np.zeros((matrix.shape[0], 1))]), above]),
        b_ub=np.r_[capacity, np.zeros(columns)],
    )
    assert (rate / weight).min() == pytest.approx(-best.fun, rel=1e-6, abs=1e-9)


def test_hand_computed_three_links():
    # Columns: a on link 0; b on 0 and 1; c on 1; d on 1 and 2; e on 2. Capacities 10, 9, 2.
    # Link 2 fills at 1 (d, e); link 1 then has 8 for b and c, 4 each; link 0 leaves a 6.
    matrix = [[1, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 1, 1]]
    rate = max_min_rates(sp.csc_array(np.array(matrix, float)), [10.0, 9.0, 2.0])
    assert rate.tolist() == [6.0, 4.0, 4.0, 1.0, 1.0]


def test_a_limit_leaves_its_share_to_others():
    rate = max_min_rates(sp.csc_array(np.ones((1, 3))), [9.0], limit_b_per_s=[1.0, np.inf, 5.0])
    assert rate.tolist() == [1.0, 4.0, 4.0]


def test_many_columns_with_a_wide_range_of_weights():
    stream = np.random.default_rng(5)
    matrix = sp.random_array((200, 400), density=0.05, rng=stream, format="csc")
    capacity = 10 ** stream.uniform(-3, 3, 200)
    weight = 10 ** stream.uniform(-6, 6, 400)
    rate = max_min_rates(matrix, capacity, weight)
    dense = matrix.toarray()
    crossing = dense.any(axis=0)
    load = dense[:, crossing] @ rate[crossing]
    assert (load <= capacity * (1 + 1e-9)).all()
    full = load >= capacity * (1 - 1e-9)
    assert (dense[full] > 0).any(axis=0)[crossing].all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capacity_b_per_s": [-1.0]}, "capacity_b_per_s must be finite and >= 0, got -1"),
        ({"capacity_b_per_s": [1.0, 1.0]}, "needs 1 figures"),
        ({"weight": 0.0}, "weight must be finite and > 0, got 0"),
        ({"limit_b_per_s": -2.0}, "limit_b_per_s must be >= 0, got -2"),
        ({"incidence": sp.csc_array([[-1.0]])}, "incidence must be >= 0, got -1"),
    ],
)
def test_refuses_what_has_no_meaning(change, message):
    with pytest.raises(ValueError, match=message):
        max_min_rates(**{"incidence": sp.csc_array([[1.0]]), "capacity_b_per_s": [1.0], **change})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("uneven", [False, True])
def test_parallel_trunks_of_a_fabric_that_speak_for_each_other_change_no_rate(seed, uneven):
    stream = np.random.default_rng(seed)
    fabric = clos(
        3, 4, 2, 8, 50e9, planes=4, spines=2, rack_oversubscription=1.5, pod_oversubscription=3
    )
    hosts = stream.permutation(fabric.endpoints)
    edges = np.cumsum([0, 5, 5, 4, 3, 3, 2, 2])
    parts = [np.sort(hosts[a:b]) for a, b in pairwise(edges)]
    jobs = [all_to_all(p, 8) if k % 2 else ring(p, 8) for k, p in enumerate(parts)]
    matrix, _ = Routes(fabric).incidence(gather_columns(jobs))
    capacity = capacity_of(fabric)
    if uneven:
        capacity = capacity * stream.choice([1.0, 0.5, 0.25], capacity.size)
    weight, limit = stream.choice([1.0, 2.0], 7), stream.choice([20e9, np.inf], 7)
    rate = max_min_rates(matrix, capacity, weight, limit)
    expected = progressive_filling(matrix.toarray(), capacity, weight, limit)
    np.testing.assert_allclose(rate, expected, rtol=1e-9)
