import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.dispatch import dispatch

PORTED, NOT_PORTED = [[1, 1], [1, 0]], [[1, 0], [1, 0]]


def test_the_worked_stop_of_the_merchant():
    # 60 merchant and 40 own chips; family A is portable, B is not; the merchant
    # is out for four quarters.
    per_quarter = dispatch([50, 50], [0, 40], PORTED).unserved
    assert 4 * per_quarter == pytest.approx(240, abs=1e-9)
    waiting = dispatch([50, 50], [0, 40], NOT_PORTED)
    late_port = 2 * waiting.unserved + 2 * per_quarter
    assert late_port == pytest.approx(320, abs=1e-9)
    assert late_port - 4 * per_quarter == pytest.approx(80, abs=1e-9)
    assert waiting.stranded.tolist() == [0.0, 40.0]


def test_scarce_capacity_goes_where_it_is_worth_most():
    found = dispatch([10, 10], [12], [[1.0], [1.0]], worth=[1.0, 3.0])
    assert found.served == pytest.approx([2, 10])


@st.composite
def fleets(draw):
    families, chips = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    amounts = st.floats(0.1, 100)
    demand = draw(st.lists(amounts, min_size=families, max_size=families))
    capacity = draw(st.lists(amounts, min_size=chips, max_size=chips))
    speeds = st.sampled_from([0.0, 0.4, 0.9, 1.0])
    cells = draw(st.lists(speeds, min_size=families * chips, max_size=families * chips))
    return demand, capacity, np.reshape(cells, (families, chips))


@settings(deadline=None)
@given(fleets())
def test_bounds_hold_and_a_port_never_hurts(fleet):
    demand, capacity, efficiency = fleet
    found = dispatch(demand, capacity, efficiency)
    assert np.all(found.served <= np.array(demand) * (1 + 1e-7) + 1e-7)
    assert found.used.sum(axis=0) + found.stranded == pytest.approx(capacity, abs=1e-6)
    assert found.served.sum() + found.unserved == pytest.approx(sum(demand))
    better = np.where(efficiency == 0, 0.4, efficiency)
    assert dispatch(demand, capacity, better).unserved <= found.unserved + 1e-6


def test_faults_are_named():
    with pytest.raises(ValueError, match="families by chips"):
        dispatch([1, 2], [1], [[1.0]])
    with pytest.raises(ValueError, match="capacity must be >= 0"):
        dispatch([1], [-1], [[1.0]])
