import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.uncertainty import (
    Estimate,
    mean_interval,
    never_seen_bound,
    paired_difference,
    proportion_interval,
    quantile_bands,
    quantile_interval,
    quantile_ranks,
    unpaired_difference,
    verdict,
)

X = (12, 15, 11, 14, 13, 16, 12, 15, 14, 13)
Y = (11, 13.5, 10.5, 12, 12.5, 14, 11.5, 13, 13, 12)

samples = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


def coverage_z(hits, n, level):
    return (hits / n - level) / math.sqrt(level * (1 - level) / n)


def test_the_worked_pair():
    d = paired_difference(X, Y)
    assert d.mean == pytest.approx(1.2, abs=1e-12)
    assert d.half_width == pytest.approx(0.45243, abs=5e-6)
    assert d.correlation == pytest.approx(0.9492, abs=5e-5)
    assert (d.share_positive, d.share_negative, d.n) == (1.0, 0.0, 10)
    assert d.distinguishable()
    # S_d = .63246 by the same source, and the sample variances by hand.
    assert d.variance_reduction == pytest.approx((np.var(X, ddof=1) + np.var(Y, ddof=1)) / 0.4)


def test_the_worked_pair_taken_as_unpaired():
    apart = unpaired_difference(X, Y)
    assert apart.half_width == pytest.approx(1.29436, abs=5e-6)
    ratio = (apart.half_width / paired_difference(X, Y).half_width) ** 2
    assert ratio == pytest.approx(8.2, abs=0.05)
    ours = stats.ttest_ind(X, Y, equal_var=False).confidence_interval(0.9)
    assert unpaired_difference(X, Y, 0.9).low == pytest.approx(ours.low)


def test_mean_interval_against_scipy():
    ours = mean_interval(X, 0.9)
    theirs = stats.ttest_1samp(X, 0).confidence_interval(0.9)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(11)
    hits = sum(not mean_interval(rng.normal(3, 2, 6), 0.9).distinguishable(3) for _ in range(2000))
    assert abs(coverage_z(hits, 2000, 0.9)) < 4


@given(st.floats(-1e9, 1e9), st.integers(2, 30))
def test_no_variation_is_an_exact_interval_of_zero_width(value, n):
    e = mean_interval([value] * n)
    assert e.mean == e.low == e.high == value
    assert e.note == "no variation"


def test_one_replication_bounds_nothing_and_says_so():
    e = mean_interval([3.0])
    assert (e.mean, e.low, e.high, e.half_width) == (3.0, -math.inf, math.inf, math.inf)
    assert e.note == "one replication: no interval"
    assert not e.distinguishable()
    d = paired_difference([3.0], [1.0])
    assert d.mean == 2.0
    assert math.isnan(d.correlation)
    assert unpaired_difference([3.0], [1.0, 2.0]).half_width == math.inf


@given(samples)
def test_identical_scenarios_differ_by_exactly_nothing(x):
    d = paired_difference(x, x)
    assert d.mean == d.low == d.high == 0.0
    assert not d.distinguishable()
    assert verdict(d, lower_is_better=True) == "identical"


@given(samples, st.floats(-100, 100))
def test_swapping_the_pair_mirrors_the_interval(x, shift):
    y = [shift + 0.5 * v for v in x]
    a, b = paired_difference(x, y), paired_difference(y, x)
    assert (a.low, a.high) == pytest.approx((-b.high, -b.low))


def test_differences_without_variation():
    d = paired_difference([1.0, 2.0, 4.0], [0.0, 1.0, 3.0])
    assert d.variance_reduction == math.inf
    flat = unpaired_difference([2.0, 2.0], [1.0, 1.0])
    assert (flat.low, flat.high) == (1.0, 1.0)
    constant = paired_difference([1.0, 1.0], [0.0, 0.0])
    assert math.isnan(constant.variance_reduction)
    assert math.isnan(constant.correlation)


@pytest.mark.parametrize(
    ("n", "p", "ranks", "coverage"),
    [
        (100, 0.9, (84, 96), 0.9557),
        (200, 0.95, (184, 197), 0.9672),
        (1000, 0.99, (983, 997), 0.9761),
    ],
)
def test_ranks_of_order_statistics(n, p, ranks, coverage):
    low, high = quantile_ranks(n, p)
    assert (low, high) == ranks
    exact = stats.binom.cdf(high - 1, n, p) - stats.binom.cdf(low - 1, n, p)
    assert exact == pytest.approx(coverage, abs=5e-5)


@given(st.integers(1, 400), st.floats(0.01, 0.99), st.floats(0.5, 0.999))
def test_ranks_cover_at_least_the_level(n, p, level):
    low, high = quantile_ranks(n, p, level)
    assert stats.binom.cdf(high - 1, n, p) - stats.binom.cdf(low - 1, n, p) >= level - 1e-9


def test_a_quantile_beyond_the_sample_is_unbounded():
    e = quantile_interval([1.0, 2.0, 3.0], 0.95)
    assert e.high == math.inf
    assert e.note == "3 replications cannot bound it"


def test_wilson_and_what_was_never_seen():
    e = proportion_interval(5, 100)
    assert (e.low, e.high) == pytest.approx((0.02154, 0.11175), abs=5e-6)
    assert never_seen_bound(300) == pytest.approx(0.00994, abs=5e-6)
    assert never_seen_bound(300) == pytest.approx(1 - 0.05 ** (1 / 300), abs=1e-12)
    assert proportion_interval(0, 10).low == pytest.approx(0.0, abs=1e-15)


def test_bands_are_ordered_quantiles():
    paths = np.random.default_rng(0).normal(size=(101, 7))
    bands = quantile_bands(paths)
    assert bands.shape == (5, 7)
    assert np.all(np.diff(bands, axis=0) >= 0)
    assert bands[2] == pytest.approx(np.median(paths, axis=0))


def test_verdicts():
    gain = Estimate(2.0, 1.0, 3.0, 10, 0.95)
    assert verdict(gain, lower_is_better=False) == "better"
    assert verdict(gain, lower_is_better=True) == "worse"
    unsure = Estimate(2.0, -1.0, 5.0, 10, 0.95)
    assert verdict(unsure, lower_is_better=True) == "no difference shown"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval([]), "row of >= 1"),
        (lambda: mean_interval([1.0, math.nan]), "finite"),
        (lambda: mean_interval([1.0, 2.0], 1.0), "level must be"),
        (lambda: paired_difference([1.0], [1.0, 2.0]), "must pair"),
        (lambda: quantile_ranks(10, 1.0), "p must be"),
        (lambda: proportion_interval(3, 2), "hits must be"),
        (lambda: never_seen_bound(0), "n must be"),
        (lambda: quantile_bands([1.0, 2.0]), "replications by times"),
    ],
)
def test_faults_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
