"""Searches and stopping rules on outcomes known beforehand, without a run."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.studies.select import survivors
from analysis.uncertainty import mean_interval
from scenarios.studies import _enough, read_study
from simulator.spec.study_file import questions
from simulator.spec.study_inputs import Precision, Replications
from simulator.study.inputs import Arm
from simulator.study.kinds import break_even, select

DATA = Path(__file__).parent.parent / "data"
QUESTIONS = {q.kind: q for q in questions(read_study(DATA / "tiny_study.yaml"))}


def interval(sample):
    e = mean_interval(sample)
    return e.mean, e.low, e.high


@given(st.floats(0.001, 0.999), st.sampled_from([-1.0, 1.0]))
def test_bisection_encloses_a_zero_as_closely_as_asked(zero, sign):
    low, high = break_even.bisect(lambda x: sign * (x - zero), 0.01)
    assert low <= zero <= high
    assert high - low <= 0.01


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_no_sign_change_is_no_zero(sign):
    assert break_even.bisect(lambda x: sign * (1.0 + x), 0.01) is None


def test_the_search_tries_values_around_the_crossing_and_its_bounds():
    question = QUESTIONS["break_even"]
    ends = break_even.plan(question)
    noise = np.array([-0.05, 0.0, 0.05])

    def outcomes(arm: Arm):
        # Demand runs from 100 to 400; the difference is zero at 190, luck shifts it.
        x = arm.settings.get("racks")
        return np.zeros(3) if x is None else (x - 190) / 300 + noise

    arms = break_even.search(question, ends, outcomes, interval)
    tried = sorted(arm.settings["racks"] for arm in arms[1:])
    half = mean_interval(noise).half_width * 300
    for zero in (190, 190 - half, 190 + half):
        below = max(x for x in tried if x <= zero)
        above = min(x for x in tried if x >= zero)
        assert above - below <= 0.1 * 300 + 1e-9


def test_a_race_stops_making_runs_of_who_is_clearly_worse():
    question = QUESTIONS["select"]
    arms = select.plan(question)
    rng = np.random.default_rng(1)
    luck = rng.normal(size=question.part.most)
    asked = []

    def outcomes(some, n):
        asked.append((len(some), n))
        return [luck[:n] + (0.0 if arm.case == "baseline" else 50.0) for arm in some]

    def left(samples):
        return survivors(samples, question.part.model_dump(), lower_is_better=True)

    assert select.race(question, arms, outcomes, left) == [3, 3]
    assert asked == [(2, 3)]


def test_equal_cases_race_to_the_end_and_stay_undecided():
    question = QUESTIONS["select"]
    luck = np.random.default_rng(1).normal(size=question.part.most)

    def left(samples):
        return survivors(samples, question.part.model_dump(), lower_is_better=True)

    made = select.race(
        question, select.plan(question), lambda some, n: [luck[:n] for _ in some], left
    )
    assert made == [question.part.most] * 2


def test_replications_stop_when_all_samples_are_known_as_surely_as_asked():
    rule = Replications(
        first=3, most=50, precision=Precision(metric="work_done", relative=0.1, level=0.95)
    )
    rng = np.random.default_rng(2)
    easy, hard = 10 + 0.01 * rng.normal(size=50), 10 + 2.0 * rng.normal(size=50)
    assert _enough([easy], rule) == 3
    stop = _enough([easy, hard], rule)
    assert stop is not None
    # min{n >= n0: t S / sqrt(n) <= eps |mean|}, by hand.
    def good(n):
        e = mean_interval(hard[:n])
        return e.half_width <= 0.1 * abs(e.mean)

    assert good(stop)
    assert not any(good(n) for n in range(3, stop))
    assert _enough([hard[:4]], rule) is None


def test_failed_replications_neither_stop_a_race_nor_decide_it():
    samples = np.array([[1.0, 2.0, np.nan, 4.0, 5.0], [3.0, 4.0, 5.0, 6.0, 7.5]])
    says = {"indifference": 0.5, "alpha": 0.05, "first": 3}
    assert survivors(samples, says, lower_is_better=True) == (0,)
