import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.allocation import Tier, contract, joint, priority, pro_rata

amounts = st.floats(0, 1e6)


@st.composite
def shortages(draw):
    n = draw(st.integers(1, 6))
    row = st.lists(amounts, min_size=n, max_size=n)
    ranks = st.lists(st.integers(0, 3), min_size=n, max_size=n)
    return draw(amounts), draw(row), draw(row), draw(ranks)


def test_the_worked_shortage():
    assert pro_rata(60, [80, 40]).tolist() == [40.0, 20.0]
    assert priority(60, [80, 40], [1, 2]).tolist() == [60.0, 0.0]
    assert priority(60, [80, 40], [2, 1]).tolist() == [20.0, 40.0]


def test_contracts_by_hand():
    # Guarantees 20 and 30 leave 10 for 60 and 10 still asked: 60/7 and 10/7.
    assert contract(60, [80, 40], [20, 30]) == pytest.approx([20 + 60 / 7, 30 + 10 / 7])
    # Guarantees beyond the supply are cut in proportion.
    assert contract(30, [80, 40], [40, 20]) == pytest.approx([20, 10])
    # A guarantee beyond the request counts as the request.
    assert contract(50, [80, 10], [0, 30]) == pytest.approx([40, 10])


@given(shortages())
def test_every_rule_keeps_its_promises(case):
    supply, requests, floors, ranks = case
    asked = np.array(requests)
    for granted in (
        pro_rata(supply, requests),
        priority(supply, requests, ranks),
        contract(supply, requests, floors),
    ):
        assert np.all(granted >= 0)
        assert np.all(granted <= asked * (1 + 1e-12))
        assert granted.sum() == pytest.approx(min(supply, asked.sum()), rel=1e-9, abs=1e-9)


@given(shortages())
def test_a_floor_is_kept_while_the_supply_covers_all_floors(case):
    supply, requests, floors, _ = case
    floor = np.minimum(requests, floors)
    granted = contract(supply, requests, floors)
    if floor.sum() <= supply:
        assert np.all(granted >= floor * (1 - 1e-12))


@given(shortages())
def test_order_of_customers_changes_nothing(case):
    supply, requests, floors, ranks = case
    back = slice(None, None, -1)
    rules = {
        pro_rata: (),
        priority: (ranks,),
        contract: (floors,),
    }
    # Sums in another order differ by some last bits of the largest amount, 1e6.
    for rule, terms in rules.items():
        mirrored = rule(supply, requests[back], *(t[back] for t in terms))[back]
        assert mirrored == pytest.approx(rule(supply, requests, *terms), abs=1e-8)


def test_bounds_are_named():
    with pytest.raises(ValueError, match="supply must be >= 0"):
        pro_rata(-1, [1])
    with pytest.raises(ValueError, match="requests must be >= 0"):
        pro_rata(1, [-1])
    with pytest.raises(ValueError, match="floors must be >= 0"):
        contract(1, [1], [-1])
    with pytest.raises(ValueError, match="ranks must match"):
        priority(1, [1, 2], [1])


def test_the_floor_of_others_is_served_once():
    """60 for 80 and 40 lots and 40 of others, who have 20 for sure; of the first 5 pass a line.

    At first 20 and 40 x 20/140 = 5.71 to the others, 11.43 to the second. The 17.86 that the
    first leaves are shared by what is still asked, 28.57 to 14.29: 11.9 and 5.95.
    """
    fab = Tier(60, np.ones(2), 40.0, floors=np.array([0.0, 0.0, 20.0]))
    line = Tier(5, np.array([1.0, 0.0]), 0.0)
    assert joint([fab, line], [80, 40]).tolist() == pytest.approx([5.0, 11.428571 + 11.904762])
