import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.option import pilot_value, wait_one_year

WORKED = {"prior": 0.4, "worth_good": 8.0, "worth_bad": 1.0, "invest": 3.0}
DELAYED = {"pilot_cost": 0.5, "delay_years": 1.0, "rate": 0.10}
chances = st.floats(0, 1)
money = st.floats(-10, 10)


def test_dixit_and_pindyck():
    v = wait_one_year(1600, 200, [(0.5, 300), (0.5, 100)], 0.10)
    assert v.now == pytest.approx(600, abs=1e-9)
    assert v.wait == pytest.approx(1700 / 2.2, abs=1e-9)
    assert v.wait == pytest.approx(772.727, abs=5e-4)
    assert v.option == pytest.approx(172.727, abs=5e-4)


@pytest.mark.parametrize(
    ("first_payment", "wait"), [("in the year of investing", 386.36), ("a year later", 318.18)]
)
def test_the_variant_under_both_timings(first_payment, wait):
    # I = 800; 150 or 50 a year. A payment a year later is worth 1/1.1 of one at once.
    shift = 1.0 if first_payment == "in the year of investing" else 1 / 1.1
    v = wait_one_year(800, 100 * shift, [(0.5, 150 * shift), (0.5, 50 * shift)], 0.10)
    assert v.wait == pytest.approx(wait, abs=5e-3)
    if shift < 1:
        assert v.now == pytest.approx(200, abs=1e-9)


def test_the_worked_pilot():
    perfect = pilot_value(**WORKED, **DELAYED)
    assert perfect.commit == pytest.approx(0.8, abs=1e-9)
    assert perfect.piloting == pytest.approx(1.318182, abs=5e-7)
    assert perfect.information == pytest.approx(1.2, abs=1e-9)
    assert perfect.most_to_pay == pytest.approx(1.018, abs=5e-4)


def test_the_worked_imperfect_pilot():
    p = pilot_value(**WORKED, **DELAYED, sensitivity=0.9, specificity=0.8)
    assert p.pass_chance == pytest.approx(0.48, abs=1e-12)
    assert p.good_if_pass == pytest.approx(0.75, abs=1e-12)
    assert p.worth_if_pass == pytest.approx(3.25, abs=1e-9)
    assert p.worth_if_fail == pytest.approx(-1.46, abs=5e-3)
    assert p.piloting == pytest.approx(0.918182, abs=5e-7)
    assert p.information == pytest.approx(0.76, abs=1e-9)
    assert p.most_to_pay == pytest.approx(0.618, abs=5e-4)


@given(chances, money, money, money, chances, chances)
def test_information_is_never_worth_less_than_nothing_nor_more_than_knowing(
    prior, good, bad, invest, sensitivity, specificity
):
    some = pilot_value(prior, good, bad, invest, sensitivity=sensitivity, specificity=specificity)
    all_of_it = pilot_value(prior, good, bad, invest)
    assert -1e-9 <= some.information <= all_of_it.information + 1e-9


@given(st.floats(0, 1000), money, st.floats(0, 100), st.floats(0, 100), st.floats(0.01, 0.3))
def test_freedom_is_never_worth_less_than_nothing(cost, now, high, low, rate):
    assert wait_one_year(cost, now, [(0.5, high), (0.5, low)], rate).option >= 0


def test_a_useless_test_is_worth_nothing():
    coin = pilot_value(**WORKED, sensitivity=0.5, specificity=0.5)
    assert coin.information == pytest.approx(0, abs=1e-12)
    always = pilot_value(**WORKED, sensitivity=1.0, specificity=0.0)
    assert (always.pass_chance, always.good_if_fail) == (1.0, 0.4)
    assert pilot_value(**WORKED, sensitivity=0.0).good_if_pass == 0.4


def test_bounds_are_named():
    with pytest.raises(ValueError, match="prior must be in"):
        pilot_value(1.2, 1, 1, 1)
    with pytest.raises(ValueError, match="chances must sum to 1"):
        wait_one_year(1, 1, [(0.5, 1)], 0.1)
