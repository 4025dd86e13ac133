import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.cost import (
    annuity_factor,
    annuity_usd,
    book_value_usd,
    cost_per_work_usd,
    depreciation_usd,
    discount_factor,
    energy_cost_usd,
    npv_usd,
    perpetuity_usd,
    wright_exponent,
    wright_unit_cost,
)

rates = st.floats(-0.2, 0.5)
lives = st.integers(1, 30)


@given(rates, lives)
def test_an_annuity_repays_its_price(rate, life):
    payments = [annuity_factor(rate, life)] * life
    assert npv_usd(payments, np.arange(1, life + 1), rate) == pytest.approx(1)


def test_textbook_annuity():
    # Capital recovery of 10 % over 5 years, .26380 in any table of engineering economy.
    assert annuity_factor(0.10, 5) == pytest.approx(0.26380, abs=5e-6)
    assert annuity_factor(0.0, 4) == 0.25
    assert annuity_factor(1e-12, 4) == pytest.approx(0.25, abs=1e-9)
    assert annuity_usd([100.0, 200.0], 0.0, 4).tolist() == [25.0, 50.0]


@given(st.floats(1, 1e9), st.floats(0, 1), st.lists(st.floats(0, 20), min_size=1, max_size=6))
def test_what_is_depreciated_and_what_is_left_are_the_price(price, salvage, ages):
    ages = sorted(ages)
    booked = depreciation_usd(price, [0.0, *ages[:-1]], ages, 8.0, salvage).sum()
    assert booked + book_value_usd(price, ages[-1], 8.0, salvage) == pytest.approx(price)


def test_book_value_before_and_after_life():
    assert book_value_usd(10.0, [-1.0, 0.0, 8.0, 80.0], 8.0).tolist() == [10, 10, 0, 0]


def test_npv_by_hand():
    # -100 + 60/1.1 + 60/1.21
    assert npv_usd([-100, 60, 60], [0, 1, 2], 0.1) == pytest.approx(4.132231404958678)
    assert discount_factor(0.1, 1) == pytest.approx(1 / 1.1)


def test_a_perpetuity_is_the_limit_of_its_payments():
    years = np.arange(2000)
    assert perpetuity_usd(3.0, 0.05) == pytest.approx(npv_usd(3.0 + 0 * years, years, 0.05))


def test_energy_is_priced_by_the_megawatt_hour():
    assert energy_cost_usd(3.6e9, 80.0) == 80.0


def test_cost_per_work():
    assert cost_per_work_usd(6.0, [3.0, 0.0]).tolist() == [2.0, np.inf]


def test_wright_eighty_per_cent():
    assert wright_exponent(0.8) == pytest.approx(-0.3219, abs=5e-5)
    assert wright_unit_cost(1.0, 100, 0.8) == pytest.approx(0.2271, abs=5e-5)


@given(st.floats(0.5, 1.0), st.floats(1, 1e6))
def test_each_doubling_costs_the_progress_ratio(ratio, made):
    doubled = wright_unit_cost(7.0, 2 * made, ratio) / wright_unit_cost(7.0, made, ratio)
    assert doubled == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: annuity_factor(0.1, 0), "periods must be > 0"),
        (lambda: annuity_factor(-1.0, 3), "rate must be > -1"),
        (lambda: book_value_usd(1, 1, 0), "life_s must be > 0"),
        (lambda: perpetuity_usd(1, 0), "rate must be > 0"),
        (lambda: wright_exponent(1.2), "progress_ratio must be in"),
        (lambda: wright_unit_cost(1, 0, 0.8), "made must be > 0"),
    ],
)
def test_bounds_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
