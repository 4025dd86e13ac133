"""Demand against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.demand import arrival_times, demand_rce, residual_run_s
from simulator.units import DAY_S, HOUR_S, WEEK_S, YEAR_S


def test_the_rhythm_has_mean_one_over_whole_weeks():
    t = np.arange(0.0, WEEK_S, HOUR_S / 4)
    assert demand_rce(t, 10.0, 1.0, 0.3, 0.2).mean() == pytest.approx(10.0, rel=1e-12)


def test_the_day_peaks_at_two_in_the_afternoon():
    t = np.arange(0.0, DAY_S, HOUR_S)
    assert np.argmax(demand_rce(t, 10.0, 1.0, 0.3, 0.0)) == 14


def test_growth_compounds():
    two_years = demand_rce(2 * YEAR_S, 10.0, 1.7, 0.0, 0.0)
    assert float(two_years) == pytest.approx(28.9)


def test_counts_are_poisson_with_the_integrated_rate():
    rng = np.random.default_rng(0)
    edges, rate = np.array([0.0, 50.0, 100.0]), np.array([0.2, 0.6])
    counts = np.array(
        [
            np.histogram(arrival_times(np.cumsum(rng.exponential(size=200)), edges, rate), edges)[0]
            for _ in range(400)
        ]
    )
    for k, mean in enumerate([10.0, 30.0]):
        z = (counts[:, k].mean() - mean) / np.sqrt(mean / 400)
        assert abs(z) < 4
        # A Poisson's variance equals its mean; the sample variance has relative sd sqrt(2/n).
        assert abs(counts[:, k].var(ddof=1) / mean - 1) < 4 * np.sqrt(2 / 399) * 1.1


@given(st.floats(0.5, 1.0), st.integers(0, 2**32 - 1))
def test_less_demand_never_adds_an_arrival(scale, seed):
    unit = np.cumsum(np.random.default_rng(seed).exponential(size=80))
    edges, rate = np.array([0.0, 30.0, 60.0]), np.array([0.5, 0.4])
    more, less = arrival_times(unit, edges, rate), arrival_times(unit, edges, scale * rate)
    assert len(less) <= len(more)
    assert np.all(less >= more[: len(less)] - 1e-9)


def test_the_residual_run_time_has_the_renewal_mean():
    # E[residual] = E[S^2] / (2 E[S]); lognormal: m exp(1.5 s^2) / 2.
    rng = np.random.default_rng(1)
    sigma, n = 0.6, 200_000
    draws = residual_run_s(rng.standard_normal(n), rng.random(n), 10.0, sigma)
    z = (draws.mean() - 5 * np.exp(1.5 * sigma**2)) / (draws.std() / np.sqrt(n))
    assert abs(z) < 4
