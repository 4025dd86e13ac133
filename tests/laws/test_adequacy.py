import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.adequacy import (
    CapacityCredit,
    capacity_table,
    equivalent_firm_capacity,
    expected_unserved,
    garver_capability,
    load_carrying_capability,
    loss_of_load_expectation,
    mixture,
)

MERCHANTS = [(100.0, 0.1)] * 2
CUSTOM = (50.0, 0.2)

unit = st.tuples(st.integers(1, 50).map(float), st.floats(0.01, 0.5))
units = st.lists(unit, max_size=5)
some_units = st.lists(unit, min_size=1, max_size=5)


def unserved_credit(base, added, demand, nameplate):
    """Return the ELCC on unserved demand between two tables."""
    return load_carrying_capability(
        lambda d: added.expected_unserved(demand + d), base.expected_unserved(demand), nameplate
    ).value


def test_the_textbook_table():
    table = capacity_table([(3, 0.02), (3, 0.02), (5, 0.02)])
    assert table.levels[::-1].tolist() == [11, 8, 6, 5, 3, 0]
    expected = [0.941192, 0.038416, 0.019208, 0.000392, 0.000784, 0.000008]
    assert table.chances[::-1] == pytest.approx(expected, abs=1e-12)


@given(units, st.floats(0, 200))
def test_the_table_against_all_states(parts, demand):
    lolp = eue = 0.0
    for ups in product((0, 1), repeat=len(parts)):
        chance = math.prod(1 - q if up else q for up, (_, q) in zip(ups, parts, strict=True))
        available = sum(up * c for up, (c, _) in zip(ups, parts, strict=True))
        lolp += chance * (available < demand * (1 - 1e-12))
        eue += chance * max(demand - available, 0.0)
    table = capacity_table(parts)
    assert table.shortfall_chance(demand) == pytest.approx(lolp, abs=1e-12)
    assert table.expected_unserved(demand) == pytest.approx(eue, abs=1e-9)
    assert table.chances.sum() == pytest.approx(1)


def test_the_worked_merchants():
    table = capacity_table(MERCHANTS)
    assert table.shortfall_chance(100) == pytest.approx(0.01, abs=1e-12)
    assert table.expected_unserved(100) == pytest.approx(1.0, abs=1e-12)
    assert loss_of_load_expectation(table, [100] * 365) == pytest.approx(3.65)
    assert expected_unserved(table, [100, 100, 0]) == pytest.approx(2.0)


def test_the_worked_capacity_credits():
    base = capacity_table(MERCHANTS)

    def credit(*extra):
        return unserved_credit(base, capacity_table(MERCHANTS + list(extra)), 100, 50.0)

    assert credit(CUSTOM) == pytest.approx(0.4 / 0.046, abs=1e-9)
    assert credit((50, 0.0)) == pytest.approx(50, abs=1e-9)
    assert credit((50, 1.0)) == pytest.approx(0, abs=1e-9)
    assert credit(*[(10, 0.2)] * 5) == pytest.approx(29.17124, abs=5e-6)
    both = capacity_table([*MERCHANTS, CUSTOM])
    lumpy = load_carrying_capability(
        lambda d: both.shortfall_chance(100 + d), base.shortfall_chance(100), 50.0
    )
    assert lumpy.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("shared_q", "credit"), [(0.0, 8.0), (0.01, 3.9799), (0.05, 10 * 0.0076 / 0.0595)]
)
def test_a_shared_upstream_eats_the_credit(shared_q, credit):
    nothing = capacity_table([])

    def standing_on_one(parts):
        return mixture([(1 - shared_q, capacity_table(parts)), (shared_q, nothing)])

    base = standing_on_one(MERCHANTS)
    together = standing_on_one([*MERCHANTS, (10, 0.2)])
    assert unserved_credit(base, together, 90, 10.0) == pytest.approx(credit, abs=5e-5)
    apart = mixture(
        [
            (1 - shared_q, capacity_table([*MERCHANTS, (10, 0.2)])),
            (shared_q, capacity_table([(10, 0.2)])),
        ]
    )
    assert unserved_credit(base, apart, 90, 10.0) == pytest.approx(8.0, abs=1e-6)


@given(some_units, st.floats(0.01, 0.9), st.floats(0.05, 0.95))
def test_a_small_unit_carries_its_chance_to_be_up_in_a_shortage(parts, q, place):
    base = capacity_table(parts)
    # Strictly between two levels there is no atom at the demand.
    demand = float(base.levels[0] + place * (base.levels[1] - base.levels[0]))
    tiny = 1e-4
    credit = unserved_credit(base, capacity_table([*parts, (tiny, q)]), demand, tiny)
    assert credit / tiny == pytest.approx(1 - q, abs=1e-4)


@given(units, st.floats(1, 100), st.floats(0, 1), st.floats(1, 150))
def test_credit_lies_between_nothing_and_nameplate(parts, capacity, q, demand):
    base = capacity_table(parts)
    credit = unserved_credit(base, capacity_table([*parts, (capacity, q)]), demand, capacity)
    assert math.isnan(credit) or -1e-9 <= credit <= capacity * (1 + 1e-9)


@given(some_units, st.integers(2, 5), st.floats(0.05, 0.9))
def test_splitting_a_unit_never_lowers_its_credit(parts, m, q):
    base = capacity_table(parts)
    demand = 0.9 * float(base.levels[-1])
    whole = unserved_credit(base, capacity_table([*parts, (20, q)]), demand, 20.0)
    split = unserved_credit(base, capacity_table([*parts, *[(20 / m, q)] * m]), demand, 20.0)
    assert split >= whole - 1e-7


@given(st.floats(0.01, 100), st.sampled_from([0.3, 7.0]))
def test_scaling_all_scales_the_credit(k, demand_share):
    demand = 100 * demand_share
    base, both = capacity_table(MERCHANTS), capacity_table([*MERCHANTS, CUSTOM])
    grown = [(c * k, q) for c, q in MERCHANTS]
    small = unserved_credit(base, both, demand, 50.0)
    large = unserved_credit(
        capacity_table(grown), capacity_table([*grown, (50 * k, 0.2)]), demand * k, 50.0 * k
    )
    assert large == pytest.approx(k * small, rel=1e-6)


def test_no_base_risk_is_not_a_number_and_says_why():
    credit = load_carrying_capability(lambda d: d, 0.0, 10.0)
    assert math.isnan(credit.value)
    assert credit.reason == "no risk without the addition"
    assert equivalent_firm_capacity(lambda f: 0.0, 0.0, 10.0).reason == credit.reason


def test_equivalent_firm_capacity_of_the_worked_unit():
    # Firm f leaves .01 (100 - f) unserved; the custom unit leaves .01 x 60 = .6: f = 40.
    base, both = capacity_table(MERCHANTS), capacity_table([*MERCHANTS, CUSTOM])
    firm = equivalent_firm_capacity(
        lambda f: base.expected_unserved(100 - f), both.expected_unserved(100), 50.0
    )
    assert firm.value == pytest.approx(40, abs=1e-9)
    assert firm.share == pytest.approx(0.8, abs=1e-9)


@given(st.floats(1, 100), st.floats(0, 1), st.floats(1, 100))
def test_garver_is_exact_for_risk_that_grows_exponentially(capacity, q, slope):
    def risk(demand):
        return math.exp(demand / slope)

    exact = load_carrying_capability(
        lambda d: (1 - q) * risk(d - capacity) + q * risk(d), risk(0.0), capacity
    )
    assert garver_capability(capacity, q, slope) == pytest.approx(exact.value, abs=1e-6)


def test_bounds_are_named():
    assert CapacityCredit(5.0, 10.0).share == 0.5
    for call, message in (
        (lambda: capacity_table([(1, 1.2)]), "q must be in"),
        (lambda: capacity_table([(-1, 0.2)]), "capacity must be >= 0"),
        (lambda: mixture([(0.5, capacity_table([]))]), "sum to 1"),
        (lambda: load_carrying_capability(lambda d: d, 1.0, 0.0), "nameplate"),
        (lambda: garver_capability(1, 0.1, 0), "slope"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert np.isfinite(garver_capability(1e6, 0.1, 1.0))
