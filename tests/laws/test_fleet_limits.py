import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.fleet_limits import (
    binding_limit,
    break_even_rce_per_chip,
    budget_limited_rce,
    power_limited_rce,
)
from simulator.laws.power import it_power_w


def test_one_gigawatt_favours_work_per_watt():
    it_w = float(it_power_w(1e9, 1.25))
    merchant = power_limited_rce(it_w, 1.4e3, 1.0)
    custom = power_limited_rce(it_w, 1.0e3, 0.9)
    assert merchant == pytest.approx(571_429, abs=0.5)
    assert power_limited_rce(it_w, 1.0e3, 1.0) == pytest.approx(800_000, abs=1e-6)
    assert custom == pytest.approx(720_000, abs=1e-6)
    assert custom / merchant == pytest.approx(1.26, abs=1e-9)


def test_thirty_nine_billion_favour_work_per_dollar():
    merchant = budget_limited_rce(39e9, 35e3, 1.0)
    custom = budget_limited_rce(39e9, 15e3, 0.5, fixed_usd=1e9)
    assert merchant == pytest.approx(1_114_286, abs=0.5)
    assert custom == pytest.approx(1_266_667, abs=0.5)
    assert break_even_rce_per_chip(39e9, 15e3, 1e9, merchant) == pytest.approx(0.43985, abs=5e-6)


@given(st.floats(1e6, 1e11), st.floats(1e3, 1e5), st.floats(0, 1e12), st.floats(1, 1e7))
def test_at_break_even_the_two_fleets_are_equal(budget, chip, fixed, rival):
    even = break_even_rce_per_chip(budget, chip, fixed, rival)
    if fixed >= budget:
        assert even == float("inf")
    else:
        assert budget_limited_rce(budget, chip, even, fixed) == pytest.approx(rival)


def test_the_binding_limit_is_named():
    # Worked supply chain: packaging binds at 192 000 chips.
    tiers = {
        "logic": 30_000 * 60 * 0.6 / 2,
        "packaging": 12_000 * 16.0,
        "hbm": 2_000_000 / 8,
        "substrate": 300_000.0,
    }
    assert binding_limit(tiers) == ("packaging", 192_000.0)
    with pytest.raises(ValueError, match="at least one"):
        binding_limit({})
