import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.exposure import (
    Network,
    exposed,
    performance_impact,
    risk_exposure_index,
    time_to_survive,
)

#: The published example: three suppliers, two products, all links live.
PUBLISHED = Network([30, 45, 60], np.ones((3, 2), bool), [75, 50], [20, 25], [5000, 6500])


def test_the_published_example():
    cases = [(), (0,), (1,), (2,)]
    survives = [time_to_survive(PUBLISHED, case) for case in cases]
    assert survives == pytest.approx([math.inf, 2.25, 9 / 7, 0.9], abs=1e-9)
    impacts = [performance_impact(PUBLISHED, case, 2.0) for case in cases]
    assert [loss for loss, _ in impacts] == pytest.approx([0, 0, 125_000, 275_000], abs=1e-6)
    assert impacts[2][1] == pytest.approx([25, 0], abs=1e-9)
    assert impacts[3][1] == pytest.approx([55, 0], abs=1e-9)
    index = risk_exposure_index([loss for loss, _ in impacts])
    assert index == pytest.approx([0, 0, 5 / 11, 1], abs=1e-9)
    assert exposed(survives, 2.0).tolist() == [False, False, True, True]


@st.composite
def networks(draw):
    suppliers, products = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    amount = st.floats(1, 100)

    def row(n):
        return draw(st.lists(amount, min_size=n, max_size=n))

    bits = st.lists(st.booleans(), min_size=suppliers * products, max_size=suppliers * products)
    links = np.array(draw(bits)).reshape(suppliers, products)
    return Network(row(suppliers), links, row(products), row(products), row(products))


@settings(max_examples=40, deadline=None)
@given(networks(), st.data())
def test_nothing_is_lost_before_the_time_to_survive(network, data):
    removed = [data.draw(st.integers(0, np.size(network.capacity) - 1))]
    t = time_to_survive(network, removed)
    worst = 100.0 * np.size(network.demand)
    if math.isinf(t):
        assert performance_impact(network, removed, 50.0)[0] == pytest.approx(0, abs=1e-4)
    else:
        assert performance_impact(network, removed, 0.999 * t)[0] == pytest.approx(0, abs=1e-6)
        assert performance_impact(network, removed, 2 * t + 1)[0] > 0
        assert performance_impact(network, removed, t)[0] <= 1e-6 * worst
    assert t <= time_to_survive(network) * (1 + 1e-9)


@settings(max_examples=20, deadline=None)
@given(networks(), st.floats(0.01, 100))
def test_scaling_all_flows_changes_no_time(network, k):
    grown = Network(
        np.multiply(network.capacity, k), network.can_make, np.multiply(network.demand, k),
        np.multiply(network.stock, k), network.worth,
    )  # fmt: skip
    assert time_to_survive(grown, [0]) == pytest.approx(time_to_survive(network, [0]), rel=1e-5)


def test_no_impact_no_index():
    assert risk_exposure_index([0.0, 0.0]).tolist() == [0.0, 0.0]


def test_faults_are_named():
    with pytest.raises(ValueError, match="can_make must be"):
        Network([1, 2], [[True]], [1], [1], [1])
    with pytest.raises(ValueError, match="stock must be >= 0"):
        Network([1], [[True]], [1], [-1], [1])
    with pytest.raises(ValueError, match="time_to_recover must be >= 0"):
        performance_impact(PUBLISHED, [], -1.0)
