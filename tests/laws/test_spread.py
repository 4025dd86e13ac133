import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.maxmin import max_min_rates
from simulator.laws.paths import Routes, capacity_of
from simulator.laws.spread import LEVELS, level_bandwidth_b_per_s, spread_factor
from simulator.laws.topologies import clos
from simulator.laws.traffic import all_to_all, gather_columns, slowdown

GB = 1e9
SHARE = st.floats(0, 1)


@given(st.lists(st.floats(1e8, 1e12), min_size=5, max_size=5), SHARE, SHARE)
def test_never_falls_from_a_level_to_the_next(bandwidth, communication, window):
    factor = spread_factor(bandwidth, np.ones(5), communication, window)
    assert (np.diff(factor) >= -1e-12).all()
    assert factor[LEVELS.index("rack")] == pytest.approx(1)


@pytest.mark.parametrize("ratio", [1.0, 3.5, 7.0])
def test_the_table_is_the_contended_answer_on_a_full_fabric(ratio):
    """Four jobs, each on a quarter of both pods, fill the fabric with all-to-all."""
    fabric = clos(2, 8, 2, 8, 50 * GB, planes=4, spines=2, pod_oversubscription=ratio)
    ends = fabric.endpoints
    parts = [ends[k::4] for k in range(4)]
    flows = gather_columns([all_to_all(p, 8) for p in parts])
    matrix, _ = Routes(fabric).incidence(flows)
    rate = max_min_rates(matrix, capacity_of(fabric))
    contended = slowdown(50 * GB, rate, 0.3)
    # Of the 7 other parts of a job 4 are in the other pod.
    bandwidth = level_bandwidth_b_per_s(450 * GB, 50 * GB, 1, ratio)
    tiered = spread_factor(bandwidth, [1, 1, 1, 1, 4 / 7], 0.3)[LEVELS.index("site")]
    np.testing.assert_allclose(contended, tiered, rtol=1e-12)


@given(st.floats(1, 1e12), st.floats(1e-3, 1), SHARE, SHARE)
def test_slowdown_is_at_least_one_and_at_most_the_stretch(alone, kept, communication, window):
    factor = slowdown(alone, alone * kept, communication, window)
    assert 1 - 1e-12 <= factor <= 1 / kept * (1 + 1e-12)


def test_slowdown_at_the_ends():
    assert slowdown(np.inf, np.inf, 0.3) == 1
    assert slowdown(50.0, 0.0, 0.3) == np.inf
    assert slowdown(50.0, 0.0, 0.0) == 1


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match="bandwidth_b_per_s must be > 0, got 0"):
        spread_factor([1, 1, 0, 1, 1], np.ones(5), 0.1)
    with pytest.raises(ValueError, match=r"reference must be one of host, .*, got 'row'"):
        spread_factor(np.ones(5), np.ones(5), 0.1, reference="row")
