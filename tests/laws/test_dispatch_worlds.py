import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.dispatch import dispatch
from simulator.laws.dispatch_worlds import Dispatcher


@st.composite
def many_fleets(draw):
    families, chips, worlds = draw(st.integers(1, 4)), draw(st.integers(1, 4)), 6
    speeds = st.sampled_from([0.0, 0.0, 0.4, 0.9, 1.0, 1.7])
    cells = draw(st.lists(speeds, min_size=families * chips, max_size=families * chips))
    amounts = st.one_of(st.just(0.0), st.floats(1e-3, 1e6))
    n = worlds * (families + chips)
    right = np.reshape(draw(st.lists(amounts, min_size=n, max_size=n)), (worlds, -1))
    worth = draw(st.lists(st.sampled_from([1.0, 1.0, 3.0]), min_size=families, max_size=families))
    return np.reshape(cells, (families, chips)), right[:, :families], right[:, families:], worth


@settings(deadline=None, max_examples=80)
@given(many_fleets())
def test_as_good_as_a_program_a_world(fleets):
    efficiency, demand, capacity, worth = fleets
    found = Dispatcher(efficiency, worth)(demand, capacity)
    for world, (wanted, have) in enumerate(zip(demand, capacity, strict=True)):
        alone = dispatch(wanted, have, efficiency, worth)
        best = float(np.dot(worth, alone.served))
        scale = max(wanted.max(), have.max(), 1.0)
        assert np.dot(worth, found.served[world]) == pytest.approx(best, abs=2e-5 * scale)
        assert np.all(found.served[world] <= wanted * (1 + 1e-12))
        assert np.all(found.used[world].sum(axis=0) <= have * (1 + 1e-12))


def test_a_basis_is_solved_once_for_all_worlds_it_fits():
    rng = np.random.default_rng(0)
    efficiency = np.array([[1.0, 2.0, 0.7], [1.0, 1.5, 0.0]])
    serve = Dispatcher(efficiency, burden=[1.0, 2.0, 0.5])
    demand = np.array([50.0, 40.0]) * rng.uniform(0.95, 1.05, (5000, 2))
    capacity = np.array([30.0, 20.0, 25.0]) * rng.uniform(0.95, 1.05, (5000, 3))
    serve(demand, capacity)
    assert serve.solves < 50


def test_of_equally_good_chips_the_lighter_goes_first():
    found = Dispatcher([[1.0, 1.0]], burden=[2.0, 1.0])([[10.0]], [[10.0, 10.0]])
    assert found.used[0, 0] == pytest.approx([0.0, 10.0], abs=1e-4)


def test_what_runs_nowhere_is_not_served():
    found = Dispatcher([[0.0], [0.0]])([[1.0, 2.0]], [[5.0]])
    assert found.served.tolist() == [[0.0, 0.0]]


def test_faults_are_named():
    with pytest.raises(ValueError, match="families by chips"):
        Dispatcher([1.0])
    with pytest.raises(ValueError, match="capacity must be 1 by 1"):
        Dispatcher([[1.0]])([[1.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="demand must be >= 0"):
        Dispatcher([[1.0]])([[-1.0]], [[1.0]])
