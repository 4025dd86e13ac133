import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm

from simulator.distributions import Constant, Lognormal
from simulator.laws.lead_time import chance_on_time, last_order_s


def test_worked_lead_time():
    lead = Lognormal.from_quantiles(30, 52)
    assert lead.mean() == pytest.approx(32.89, abs=5e-3)
    assert chance_on_time(40, lead) == pytest.approx(0.7487, abs=5e-5)
    assert last_order_s(52, lead, 0.9) == pytest.approx(0, abs=1e-6)


@given(st.floats(0.1, 1e8), st.floats(1.05, 5), st.floats(0.3, 3))
def test_against_scipy(median, ratio, part):
    lead = Lognormal.from_quantiles(median, median * ratio)
    twin = lognorm(lead.sigma, scale=median)
    assert chance_on_time(part * median, lead) == pytest.approx(twin.cdf(part * median), abs=1e-8)


@given(st.floats(0.02, 0.98))
def test_the_last_moment_is_on_time_as_often_as_asked(service):
    lead = Lognormal.from_quantiles(30, 52)
    assert chance_on_time(100 - last_order_s(100, lead, service), lead) == pytest.approx(service)


def test_a_certain_lead_time():
    assert chance_on_time(29.9, Constant(30.0)) == 0.0
    assert chance_on_time(30.0, Constant(30.0)) == 1.0


class Steps:
    """Takes 10 three times in ten, else 20."""

    def quantile(self, u):
        return 10.0 if u < 0.3 else 20.0

    def mean(self):
        return 17.0


def test_lead_times_that_jump():
    assert chance_on_time(9.9, Steps()) == 0.0
    assert chance_on_time(10.0, Steps()) == pytest.approx(0.3, abs=1e-9)
    assert chance_on_time(15.0, Steps()) == pytest.approx(0.3, abs=1e-9)
    assert chance_on_time(20.0, Steps()) == 1.0


def test_bounds_are_named():
    with pytest.raises(ValueError, match="service must be"):
        last_order_s(1, Constant(1.0), 1.0)
