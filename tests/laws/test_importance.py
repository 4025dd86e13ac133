import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.importance import importance, importance_of_structure


def series(q):
    return float(1 - np.prod(1 - q))


def two_of_three(q):
    a = 1 - q
    return float(1 - (a[0] * a[1] + a[0] * a[2] + a[1] * a[2] - 2 * np.prod(a)))


def foundry_then_either(q):
    """T in series with N and C in parallel."""
    return float(1 - (1 - q[0]) * (1 - q[1] * q[2]))


def test_published_series():
    assert importance_of_structure(series, [0.02, 0.04]).birnbaum == pytest.approx([0.96, 0.98])


def test_published_two_of_three():
    q = [0.02, 0.04, 0.06]
    found = importance_of_structure(two_of_three, q)
    assert two_of_three(np.array(q)) == pytest.approx(0.004304, abs=1e-12)
    assert found.birnbaum == pytest.approx([0.0952, 0.0776, 0.0584], abs=1e-12)
    assert found.achievement_worth == pytest.approx([22.677, 18.309, 13.755], abs=5e-4)
    assert found.fussell_vesely == pytest.approx([0.4424, 0.7212, 0.8141], abs=5e-5)


def test_the_worked_foundry_ranks_first_and_last():
    found = importance_of_structure(foundry_then_either, [0.01, 0.1, 0.2])
    assert found.birnbaum == pytest.approx([0.98, 0.198, 0.099], abs=1e-12)
    assert found.achievement_worth == pytest.approx([33.56, 6.98, 3.66], abs=5e-3)
    assert found.fussell_vesely == pytest.approx([0.329, 0.664, 0.664], abs=5e-4)
    assert found.birnbaum.argmax() == 0
    assert found.fussell_vesely.argmin() == 0
    assert found.reduction_worth == pytest.approx([0.0298 / 0.02, 0.0298 / 0.01, 0.0298 / 0.01])


def test_published_two_trains():
    # Fault tree "two-train" of the SCRAM manual: .76 x .85.
    def two_trains(q):
        valve_1, valve_2, pump_1, pump_2 = 1 - q
        return float((1 - valve_1 * pump_1) * (1 - valve_2 * pump_2))

    assert two_trains(np.array([0.4, 0.5, 0.6, 0.7])) == pytest.approx(0.646, abs=1e-12)
    found = importance_of_structure(two_trains, [0.4, 0.5, 0.6, 0.7])
    assert found.birnbaum[0] == pytest.approx(0.85 * (1 - 0.6), abs=1e-12)


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3))
def test_of_a_formula_linear_in_each_node(q):
    found = importance_of_structure(foundry_then_either, q)
    # Linear in each: what goes when it is perfect is what it contributes.
    assert found.criticality == pytest.approx(found.fussell_vesely, abs=1e-9)
    # Birnbaum is the slope.
    step = 1e-6
    for k in range(3):
        moved = np.array(q)
        moved[k] += step
        slope = (foundry_then_either(moved) - foundry_then_either(np.array(q))) / step
        assert found.birnbaum[k] == pytest.approx(slope, abs=1e-5)


def test_without_risk_the_ratios_are_not_numbers():
    found = importance(0.0, [1.0], [0.0], [0.0])
    assert np.isnan(found.criticality).all()
    assert np.isnan(found.reduction_worth).all()
    assert importance(0.1, [1.0], [0.0], [0.1]).reduction_worth[0] == np.inf


def test_bounds_are_named():
    with pytest.raises(ValueError, match="unavailability must be in"):
        importance(0.1, [1.0], [0.0], [1.1])
    with pytest.raises(ValueError, match="risk must be >= 0"):
        importance(-0.1, [1.0], [0.0], [0.1])
