"""Rare shocks: strata, conditional numbers and tilted rates against the Poisson law itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.stratified import stratified_mean
from simulator.laws.rare import (
    neyman_shares,
    shocks_given_at_least,
    strata_weights,
    tilt_weights,
)


@given(st.floats(1e-4, 5.0), st.integers(1, 6))
def test_strata_are_all_there_is(mean, most):
    assert strata_weights(mean, most).sum() == pytest.approx(1.0, abs=1e-12)


def test_crude_waiting_for_a_rare_shock():
    # Two a century over five years: at least one with chance 1 - exp(-0.1) = .0952.
    assert 1 - strata_weights(0.02 * 5, 1)[0] == pytest.approx(0.0951626, abs=1e-7)


@pytest.mark.parametrize("least", [0, 1, 2, 4])
def test_the_conditional_number_has_the_conditional_chances(least):
    mean, n = 1.3, 4000
    drawn = np.array([shocks_given_at_least(mean, least, (k + 0.5) / n) for k in range(n)])
    for k in range(least, least + 4):
        exact = stats.poisson.pmf(k, mean) / stats.poisson.sf(least - 1, mean)
        assert np.mean(drawn == k) == pytest.approx(exact, abs=1.5 / n)


def test_far_in_the_tail_the_conditional_number_is_still_exact():
    drawn = [shocks_given_at_least(1e-6, 3, u) for u in (0.0, 0.5, 0.999)]
    assert drawn == [3, 3, 3]


def test_tilted_shocks_give_the_mean_of_the_true_ones():
    # E[max(K - 1, 0)] under .1, exactly: mean - 1 + exp(-mean).
    rng = np.random.default_rng(5)
    mean, tilted = 0.1, 1.5
    counts = rng.poisson(tilted, 20_000)
    loss = np.maximum(counts - 1, 0) * tilt_weights(counts, mean, tilted)
    exact = mean - 1 + np.exp(-mean)
    assert abs(loss.mean() - exact) < 4 * loss.std(ddof=1) / np.sqrt(loss.size)
    plain = exact * (1 - exact) + 1e-4  # variance of the untilted loss is near its mean
    assert loss.var() < plain


def test_strata_put_together_are_the_mean_and_are_worth_more_than_plain_draws():
    rng = np.random.default_rng(6)
    mean, most = 0.1, 2
    weights = strata_weights(mean, most)
    counts = [
        np.array([shocks_given_at_least(mean, most, u) for u in rng.random(200)])
        if k == most
        else np.full(200, k)
        for k in range(most + 1)
    ]
    # Loss of each shock: exponential, mean 50, so E[L] = 50 x mean = 5.
    losses = [np.array([rng.exponential(50, n).sum() for n in count]) for count in counts]
    found = stratified_mean(losses, weights)
    assert abs(found.estimate.mean - 5.0) < 4 * found.estimate.half_width / 1.96
    assert found.gain > 3


def test_shares_of_neyman_beat_equal_ones():
    weights, deviations = np.array([0.9, 0.09, 0.01]), np.array([1.0, 20.0, 90.0])
    best = neyman_shares(weights, deviations)

    def variance(shares):
        return (weights**2 * deviations**2 / shares).sum()

    rng = np.random.default_rng(7)
    others = rng.dirichlet(np.ones(3), 200)
    assert all(variance(best) <= variance(o) + 1e-12 for o in others)
    assert variance(best) == pytest.approx((weights * deviations).sum() ** 2)


def test_strata_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        stratified_mean([[1.0, 2.0], [1.0, 2.0]], [0.5, 0.4])
