import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.distributions import (
    Constant,
    Empirical,
    Exponential,
    Lognormal,
    quantile_of_sum,
)

#: A distribution, with the mean that its textbook formula gives.
SIBLINGS = [
    (Constant(3.5), 3.5),
    (Exponential(12.0), 12.0),
    (Lognormal(30.0, 0.5), 30.0 * math.exp(0.125)),
    (Empirical((1.0, 10.0, 100.0), (2.0, 1.0, 1.0)), 28.0),
]
IDS = [type(one).__name__ for one, _ in SIBLINGS]


@pytest.mark.parametrize(("one", "mean"), SIBLINGS, ids=IDS)
def test_the_mean_is_the_integral_of_the_quantile(one, mean):
    # E[X] is the integral of the quantile over (0, 1): midpoints, no luck.
    n = 200_000
    integral = math.fsum(one.quantile((k + 0.5) / n) for k in range(n)) / n
    assert one.mean() == pytest.approx(mean, rel=1e-12)
    assert integral == pytest.approx(mean, rel=2e-4)


@pytest.mark.parametrize(("one", "mean"), SIBLINGS, ids=IDS)
def test_draws_have_the_stated_mean(one, mean):
    u = np.random.default_rng(5).random(20_000)
    drawn = np.array([one.quantile(x) for x in u])
    spread = drawn.std(ddof=1) / math.sqrt(len(drawn))
    assert abs(drawn.mean() - mean) <= 4 * spread + 1e-12


@pytest.mark.parametrize("one", [one for one, _ in SIBLINGS], ids=IDS)
@settings(deadline=None)
@given(u=st.floats(1e-9, 1 - 1e-9), v=st.floats(1e-9, 1 - 1e-9))
def test_the_quantile_never_falls(one, u, v):
    assert one.quantile(min(u, v)) <= one.quantile(max(u, v))


@pytest.mark.parametrize("one", [one for one, _ in SIBLINGS], ids=IDS)
@pytest.mark.parametrize("u", [0.0, 1.0, -0.1, math.nan])
def test_a_share_outside_0_to_1_is_refused(one, u):
    with pytest.raises(ValueError, match="u must be"):
        one.quantile(u)


def test_lognormal_of_lead_time_by_hand():
    # ln(52/30) / 1.281552 = 0.550046 / 1.281552 = 0.42920; 30 exp(0.42920²/2) = 32.894
    lead = Lognormal.from_quantiles(30.0, 52.0)
    assert lead.sigma == pytest.approx(0.4292, abs=5e-5)
    assert lead.mean() == pytest.approx(32.89, abs=5e-3)
    assert lead.quantile(0.5) == pytest.approx(30.0, rel=1e-12)
    assert lead.quantile(0.9) == pytest.approx(52.0, rel=1e-12)


@settings(deadline=None)
@given(median=st.floats(1e-3, 1e9), stretch=st.floats(1, 100), u=st.floats(0.01, 0.99))
def test_the_logarithm_of_a_lognormal_is_normal(median, stretch, u):
    one = Lognormal.from_quantiles(median, median * stretch)
    z = NormalDist().inv_cdf(u)
    assert math.log(one.quantile(u)) == pytest.approx(math.log(median) + one.sigma * z, abs=1e-9)


def test_a_certain_number_has_no_spread():
    certain = Lognormal.from_quantiles(7.0, 7.0)
    assert {certain.quantile(u) for u in (0.01, 0.5, 0.99)} == {7.0}
    assert certain.mean() == 7.0


def test_exponential_median_is_ln_2_means():
    assert Exponential(10.0).quantile(0.5) == pytest.approx(10 * math.log(2), rel=1e-12)


def test_an_unweighted_last_value_never_comes():
    sizes = Empirical((1.0, 2.0, 3.0), (0.1, 0.2, 0.0))
    assert sizes.quantile(math.nextafter(1.0, 0.0)) == 2.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Exponential(0.0),
        lambda: Exponential(math.inf),
        lambda: Lognormal(0.0, 1.0),
        lambda: Lognormal(1.0, -0.1),
        lambda: Lognormal(math.nan, 1.0),
        lambda: Lognormal.from_quantiles(30.0, 29.0),
        lambda: Lognormal.from_quantiles(-1.0, 2.0),
        lambda: Empirical((), ()),
        lambda: Empirical((1.0,), (1.0, 2.0)),
        lambda: Empirical((2.0, 1.0), (1.0, 1.0)),
        lambda: Empirical((1.0, 2.0), (0.0, 0.0)),
        lambda: Empirical((1.0, 2.0), (-1.0, 2.0)),
    ],
)
def test_impossible_parameters_are_refused(make):
    with pytest.raises(ValueError, match=r"\d|weights"):
        make()


@settings(deadline=None, max_examples=20)
@given(
    stretches=st.tuples(st.floats(1.0, 3.0), st.floats(1.01, 3.0)),
    u=st.sampled_from([0.1, 0.5, 0.9]),
)
def test_the_quantile_of_a_sum_is_that_of_drawn_sums(stretches, u):
    one, other = (
        Lognormal.from_quantiles(m, m * s) for m, s in zip((30.0, 20.0), stretches, strict=True)
    )
    z = np.random.default_rng(7).standard_normal((2, 100_000))
    drawn = one.median * np.exp(one.sigma * z[0]) + other.median * np.exp(other.sigma * z[1])
    below = np.mean(drawn < quantile_of_sum(one, other, u))
    # Four standard errors, and the cells of one in 400.
    assert abs(below - u) < 4 * math.sqrt(u * (1 - u) / 100_000) + 1 / 400
