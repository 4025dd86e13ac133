"""Jobs inferred from counts: they explain every count, and are about as many as there were."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.occupancy import asked_at, jobs_seen
from simulator.laws.survival import lasts, survival

stays = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8), st.integers(1, 9)), min_size=1, max_size=25
)


def counted(start, end, chips, beats):
    at = np.arange(beats)[:, None]
    here = (start <= at) & ((end < 0) | (end > at))
    return here.sum(axis=1), here @ chips


@settings(max_examples=100, deadline=None)
@given(stays)
def test_jobs_seen_explain_every_count(rows):
    start, lasted, chips = np.array(rows).T
    jobs, held = counted(start, start + lasted, chips, 30)
    seen = jobs_seen(jobs, held)
    again = counted(seen.start, seen.end, seen.chips, 30)
    np.testing.assert_array_equal(again[0], jobs)
    np.testing.assert_array_equal(again[1], held)


def test_of_two_alike_the_younger_is_taken_to_end():
    seen = jobs_seen([1, 2, 1], [4, 8, 4])
    assert seen.end.tolist() == [-1, 2]


def test_a_job_that_gave_up_is_not_taken_for_one_that_starts_later():
    # One waits at counts 1 and 2 and gives up; another comes and starts at 5.
    assert asked_at([5], [0, 1, 1, 0, 0, 0]).tolist() == [5]


def test_jobs_that_hold_nothing_explain_more_jobs_than_chips():
    seen = jobs_seen([1, 3], [1, 2])
    assert seen.chips.sum() == 2
    assert len(seen.chips) - np.sum(seen.end >= 0) == 3


def test_what_outlived_all_that_were_seen_lasts_longer_than_can_be_told():
    assert lasts(survival([1, 2], [True, True]), 5.0, 0.5) == np.inf


def test_counts_of_no_jobs_hold_no_chips():
    with pytest.raises(ValueError, match="0 jobs cannot hold 3 chips"):
        jobs_seen([0], [3])


def test_arrivals_of_a_known_stream_are_found():
    # Poisson arrivals, one in ten beats, that stay twenty beats in the mean: two running.
    rng = np.random.default_rng(0)
    start = np.cumsum(rng.exponential(10.0, 1000)).astype(int)
    lasted = 1 + rng.geometric(1 / 20, 1000)
    jobs, held = counted(start, start + lasted, rng.choice([1, 2, 8], 1000), start[-1])
    seen = jobs_seen(jobs, held)
    assert len(seen.start) == pytest.approx(1000, rel=0.05)
    ran = np.where(seen.end < 0, len(jobs), seen.end) - seen.start
    assert ran.mean() == pytest.approx(lasted.mean(), rel=0.05)


def test_product_limit_of_kaplan_and_meiers_own_example():
    # Ends at 0.8, 3.1, 5.4, 9.2; lost from sight at 1.0, 2.7, 7.0, 12.1 (their section 2):
    # 7/8, then of five left 4/5, of four 3/4, of two 1/2.
    times = [0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1]
    curve = survival(times, [True, False, False, True, True, False, True, False])
    np.testing.assert_allclose(curve.time, [0.8, 3.1, 5.4, 9.2])
    np.testing.assert_allclose(curve.share, [7 / 8, 7 / 10, 21 / 40, 21 / 80])


def test_what_lasted_lasts_on_as_the_curve_says():
    # Of four, one ends at each of 1, 2, 3, and the last outlives the watch; of the two
    # that last beyond 2, one ends at 3.
    curve = survival([1, 2, 3, 4], [True, True, True, False])
    chance = (np.arange(400) + 0.5) / 400
    times, counts = np.unique(lasts(curve, np.zeros(400), chance), return_counts=True)
    assert times.tolist() == [1, 2, 3, np.inf]
    assert counts.tolist() == [100, 100, 100, 100]
    times, counts = np.unique(lasts(curve, np.full(400, 2.0), chance), return_counts=True)
    assert times.tolist() == [3, np.inf]
    assert counts.tolist() == [200, 200]
