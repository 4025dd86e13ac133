import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.concentration import (
    concentration_ratio,
    diamond_ratio,
    effective_number,
    entropy_number,
    hhi,
    hhi_after_merger,
    hidden_concentration,
    look_through,
    normalised_hhi,
    shares,
    sourcing_similarity,
)

FLEET = [60.0, 15.0, 25.0]
#: Rows: merchant, second merchant, in-house; columns: three memory makers.
HBM = [[0.7, 0.1, 0.2], [0.0, 0.6, 0.4], [0.5, 0.5, 0.0]]

amounts = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("amounts", "points"),
    [
        # Worked examples of the US merger guidelines and of the antitrust literature.
        ([30, 30, 20, 20], 2600),
        ([40, 30, 20, 10], 3000),
        ([25, 20, 15, 10, 8, 7, 6, 5, 4], 1540),
        ([60, 15, 25], 4450),
        ([90, 10], 8200),
        ([70, 20, 10], 5400),
        ([69, 31], 5722),
    ],
)
def test_hhi_of_worked_examples(amounts, points):
    assert hhi(amounts) == pytest.approx(points, abs=1e-9)


def test_the_unnamed_rest_of_a_market_counts_for_nothing():
    packaging = [63, 13, 8, 8, 3, 2, 1]
    assert hhi(packaging, total=100) == pytest.approx(4280, abs=1e-9)
    with pytest.raises(ValueError, match="total must be >="):
        hhi(packaging, total=97)


def test_mergers_raise_the_index_by_twice_the_product():
    nine = [25, 20, 15, 10, 8, 7, 6, 5, 4]
    assert hhi_after_merger(nine, 7, 8) == pytest.approx(1580, abs=1e-9)
    assert hhi_after_merger(nine, 0, 1) == pytest.approx(2540, abs=1e-9)
    with pytest.raises(ValueError, match="two suppliers"):
        hhi_after_merger(nine, 3, 3)


def test_effective_number():
    assert effective_number(FLEET) == pytest.approx(10000 / 4450, abs=1e-9)
    assert effective_number(FLEET) == pytest.approx(2.24719, abs=5e-6)


def test_look_through_memory():
    through = look_through(FLEET, HBM)
    assert through == pytest.approx([0.545, 0.275, 0.18], abs=1e-12)
    assert hhi(through) == pytest.approx(4050.5, abs=1e-9)


def test_one_foundry_hides_concentration_and_a_second_reveals_less():
    assert hidden_concentration(FLEET, [[1.0]] * 3) == pytest.approx(10000 / 4450, abs=1e-9)
    moved = look_through(FLEET, [[1, 0], [1, 0], [0, 1]])
    assert hhi(moved) == pytest.approx(6250, abs=1e-9)


def test_diamond_ratio_is_paths_observed_over_possible():
    sourcing = [[1, 0.3, 0], [1, 0, 0.2]]
    assert diamond_ratio(sourcing).tolist() == [1.0, 0.5, 0.5]
    assert diamond_ratio(sourcing).mean() == pytest.approx(4 / 6)


def test_similarity_by_hand():
    # (.7, .1, .2).(.5, .5, 0) = .40; norms sqrt(.54) and sqrt(.5).
    assert sourcing_similarity(HBM[0], HBM[2]) == pytest.approx(0.40 / np.sqrt(0.27), abs=1e-12)
    with pytest.raises(ValueError, match="without any source"):
        sourcing_similarity([0, 0], [1, 0])


def test_an_empty_fleet_has_no_shares():
    assert np.isnan(shares([0.0, 0.0])).all()
    assert np.isnan(hhi([0.0, 0.0]))


def test_shares_by_quarter():
    table = shares([[1, 3], [0, 0], [2, 2]])
    assert table[[0, 2]].tolist() == [[0.25, 0.75], [0.5, 0.5]]
    assert np.isnan(table[1]).all()


@pytest.mark.parametrize("bad", [[-1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_bad_amounts_are_named(bad):
    with pytest.raises(ValueError, match="finite and >= 0"):
        shares(bad)


def test_bad_sourcing_is_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        look_through([1, 1], [[0.5, 0.4], [1, 0]])
    with pytest.raises(ValueError, match="rows"):
        look_through([1, 1], [[1.0, 0.0]])
    with pytest.raises(ValueError, match="table"):
        diamond_ratio([1.0, 2.0])
    with pytest.raises(ValueError, match="k must be"):
        concentration_ratio(FLEET, 0)


@given(amounts, st.floats(0.001, 1000))
def test_scale_and_order_change_nothing(x, k):
    assert hhi(np.multiply(x, k)) == pytest.approx(hhi(x))
    assert hhi(x[::-1]) == pytest.approx(hhi(x))


@given(amounts)
def test_bounds(x):
    n = len(x)
    assert 1e4 / n * (1 - 1e-9) <= hhi(x) <= 1e4 * (1 + 1e-9)
    assert effective_number(x) <= entropy_number(x) * (1 + 1e-9) <= n * (1 + 2e-9)
    assert -1e-9 <= normalised_hhi(x) <= 1 + 1e-9
    assert concentration_ratio(x, n) == pytest.approx(1)


@given(st.integers(2, 8))
def test_equal_suppliers(n):
    assert effective_number([3.0] * n) == pytest.approx(n)
    assert entropy_number([3.0] * n) == pytest.approx(n)
    assert normalised_hhi([3.0] * n) == pytest.approx(0, abs=1e-12)
    assert concentration_ratio([3.0] * n, 1) == pytest.approx(1 / n)
