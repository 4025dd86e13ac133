import math

import numpy as np
import pytest

from analysis.selection import (
    kim_nelson_constants,
    ocba_shares,
    precise_enough,
    replications_for_quantile,
    replications_for_rare,
    replications_used,
    select_best,
    win_shares,
)


def test_published_constants():
    eta, h2 = kim_nelson_constants(5, 10)
    assert eta == pytest.approx(0.634967, abs=5e-7)
    assert h2 == pytest.approx(11.42941, abs=5e-6)


def test_published_split():
    split = ocba_shares([1, 2, 3, 4, 5], [1] * 5, lower_is_better=True)
    assert split == pytest.approx([0.4218, 0.4061, 0.1015, 0.0451, 0.0254], abs=5e-5)
    mirrored = ocba_shares([-1, -2, -3, -4, -5], [1] * 5, lower_is_better=False)
    assert mirrored == pytest.approx(split)


def test_replications_for_tails_and_rare_events():
    assert replications_for_quantile(0.95) == 59
    assert replications_for_quantile(0.99) == 299
    chance = 1 - math.exp(-0.02 * 5)
    assert replications_for_rare(chance, 0.20) == 914
    assert replications_for_rare(chance, 0.10) == 3653


def test_the_sequential_rule_stops_at_the_first_time_it_holds():
    x = np.random.default_rng(4).normal(10, 3, 500)
    n = replications_used(x, 0.05)
    assert n is not None
    assert precise_enough(x[:n], 0.05)
    assert not any(precise_enough(x[:k], 0.05) for k in range(10, n))
    assert replications_used(x[: n - 1], 0.05) is None


def test_one_replication_is_never_enough():
    assert not precise_enough([1.0], 0.1)


def race(rng, luck):
    """Five scenarios, the first better by exactly the indifference."""
    means = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    own = rng.normal(0, 2 * math.sqrt(1 - luck), (5, 400))
    shared = rng.normal(0, 2 * math.sqrt(luck), 400)
    return means[:, None] + own + shared


@pytest.mark.parametrize("luck", [0.0, 0.8])
def test_the_best_is_kept_as_often_as_promised(luck):
    rng = np.random.default_rng(9)
    runs = [select_best(race(rng, luck), 1.0, lower_is_better=False) for _ in range(300)]
    decided = [r for r in runs if r.decided]
    kept = sum(0 in r.survivors for r in runs)
    assert len(decided) > 290
    # At least 95 % promised: one-sided, four standard errors below.
    assert kept / 300 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 300)


def test_shared_luck_shortens_the_race():
    alone, shared = (
        np.mean(
            [
                select_best(
                    race(np.random.default_rng(k), luck), 1.0, lower_is_better=False
                ).replications
                for k in range(40)
            ]
        )
        for luck in (0.0, 0.8)
    )
    assert shared < alone / 2


def test_a_race_may_stay_open():
    even = np.random.default_rng(1).normal(size=(3, 12))
    assert not select_best(even, 0.01, lower_is_better=True).decided


def test_win_shares():
    x = np.random.default_rng(2).integers(0, 4, (3, 50))
    shares = win_shares(x, lower_is_better=False)
    assert shares.sum() == pytest.approx(1)
    assert shares == pytest.approx(win_shares(-x, lower_is_better=True))
    with pytest.raises(ValueError, match="scenarios by replications"):
        win_shares([1.0], lower_is_better=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kim_nelson_constants(1, 10), "systems and first"),
        (lambda: kim_nelson_constants(2, 10, 0.5), "alpha must be"),
        (lambda: select_best(np.ones((2, 5)), 1.0, lower_is_better=True), "by >= 10"),
        (lambda: select_best(np.ones((2, 10)), 0.0, lower_is_better=True), "indifference"),
        (lambda: ocba_shares([1, 1], [1, 1], lower_is_better=True), "tied"),
        (lambda: ocba_shares([1, 2], [1, 0], lower_is_better=True), "deviations"),
        (lambda: replications_used([1.0], 0.1, first=1), "first must be"),
        (lambda: replications_for_quantile(1.0), "p must be"),
        (lambda: replications_for_rare(0.0, 0.1), "chance must be"),
    ],
)
def test_faults_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
