"""Production clocks against hand cases and their defining properties."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from simulator.laws.pipeline import behind_stock, production_clock, stage_end_s
from simulator.laws.recovery import health_on


def health_steps(start, end, severity):
    t = np.unique(np.array([0.0, *start, *end]).clip(0.0))
    return t, health_on(t, start, end, severity)


stops = st.lists(
    st.tuples(st.floats(0, 100), st.floats(1, 50), st.floats(0.1, 1.0)), min_size=0, max_size=4
)


def clock(shocks, catch_up):
    start = [s for s, _, _ in shocks]
    end = [s + d for s, d, _ in shocks]
    t, h = health_steps(start, end, [x for _, _, x in shocks])
    return production_clock(t.tolist(), h.tolist(), catch_up)


def lag_s(t, health, catch_up):
    """How far a clock is behind the calendar at some times."""
    line = production_clock(t, health, catch_up)
    return t - np.interp(t, line.at_s, line.done_s)


def test_without_shocks_a_stage_takes_its_time():
    assert stage_end_s(3.0, 7.0, clock([], 0.2)) == 10.0


def test_what_is_through_before_the_clock_begins_is_not_touched():
    assert stage_end_s(-30.0, 20.0, clock([(0.0, 50.0, 1.0)], 0.2)) == -10.0


def test_a_stop_without_spare_rate_delays_everything_behind_it_for_ever():
    line = clock([(10.0, 5.0, 1.0)], 0.0)
    assert stage_end_s(0.0, 8.0, line) == 8.0  # had passed its stage
    assert stage_end_s(4.0, 8.0, line) == 17.0
    assert stage_end_s(1000.0, 8.0, line) == 1013.0


def test_half_an_output_makes_the_stage_take_twice_as_long():
    line = clock([(0.0, 100.0, 0.5)], 0.0)
    assert stage_end_s(0.0, 20.0, line) == 40.0


def test_the_area_of_a_stop_is_made_up_at_the_spare_rate():
    # 13 weeks lost at 20 % spare rate: on time again after 65 weeks.
    line = clock([(0.0, 13.0, 1.0)], 0.2)
    assert stage_end_s(13.0 + 64.0, 0.0, line) > 13.0 + 64.0
    assert stage_end_s(13.0 + 65.0, 0.0, line) == pytest.approx(78.0)


@given(stops, st.floats(0, 1), st.floats(0, 200), st.floats(0.1, 50))
def test_no_shock_makes_work_early_and_order_is_kept(shocks, catch_up, enter, duration):
    line = clock(shocks, catch_up)
    end = stage_end_s(enter, duration, line)
    assert end >= enter + duration - 1e-6
    assert stage_end_s(enter + 1.0, duration, line) >= end - 1e-6


@given(stops, st.floats(0, 1), st.floats(0, 200), st.floats(0.1, 50), st.floats(0, 100))
def test_one_more_shock_never_speeds_a_stage(shocks, catch_up, enter, duration, at):
    more = [*shocks, (at, 10.0, 1.0)]
    assert stage_end_s(enter, duration, clock(more, catch_up)) >= (
        stage_end_s(enter, duration, clock(shocks, catch_up)) - 1e-6
    )


@given(stops, st.floats(0, 200))
def test_health_is_the_product_of_what_each_shock_leaves(shocks, when):
    t, h = health_steps(
        [s for s, _, _ in shocks], [s + d for s, d, _ in shocks], [x for _, _, x in shocks]
    )
    slow = np.prod([1 - x for s, d, x in shocks if s <= when < s + d])
    assert h[np.searchsorted(t, when, side="right") - 1] == pytest.approx(slow)


@given(stops, st.floats(0, 200), st.floats(0.1, 50), st.floats(0.1, 50))
def test_a_stop_that_reaches_two_lines_holds_work_up_once(shocks, enter, first, then):
    # Two stages in a row on lines with one fate are one longer stage on such a line.
    line = clock(shocks, 0.0)
    half = stage_end_s(enter, first, line)
    end = stage_end_s(half, then, line, slot_s=enter + first)
    assert end == pytest.approx(stage_end_s(enter, first + then, line), rel=1e-9)


@given(stops, st.floats(0, 1), st.floats(0, 100), st.floats(0, 100), st.floats(0.1, 50))
def test_a_stop_never_hastens_late_work(shocks, catch_up, slot, late, duration):
    line = clock(shocks, catch_up)
    end = stage_end_s(slot + late, duration, line, slot_s=slot)
    assert end >= slot + late + duration - 1e-9
    line = clock([*shocks, (50.0, 10.0, 1.0)], catch_up)
    assert stage_end_s(slot + late, duration, line, slot_s=slot) >= end - 1e-6


@given(stops, stops, st.floats(0, 200), st.floats(0.1, 50), st.floats(0.1, 50))
def test_two_lines_hold_work_up_no_more_than_one_with_the_stops_of_both(
    ones, others, enter, first, then
):
    a, b, both = clock(ones, 0.0), clock(others, 0.0), clock([*ones, *others], 0.0)
    half = stage_end_s(enter, first, a)
    end = stage_end_s(half, then, b, slot_s=enter + first)
    assert end <= stage_end_s(enter, first + then, both) + 1e-6


def test_work_held_up_before_a_stopped_line_waits_for_its_own_stop_too():
    # Held from 5 to 30 by the line before; 4 of its own 10 are done when this one stops.
    line = clock([(34.0, 6.0, 1.0)], 0.0)
    assert stage_end_s(30.0, 10.0, line, slot_s=5.0) == 46.0


def test_work_of_no_length_waits_for_its_place_in_a_stopped_line():
    # By plan through at 20, the line stands until 50, and has 20 of its plan before it then.
    assert stage_end_s(20.0, 0.0, clock([(0.0, 50.0, 1.0)], 0.0)) == 70.0
    assert stage_end_s(20.0, 0.0, clock([(0.0, 50.0, 1.0)], 0.25)) == 66.0


@example(shocks=[(0.0, 2.0, 1.0)], catch_up=1.2e-308, stock=1.0)  # a rate that is none
@given(shocks=stops, catch_up=st.floats(0.0, 0.5), stock=st.floats(0.5, 40.0))
def test_behind_a_stock_lacks_what_the_supply_lacks_less_the_stock(shocks, catch_up, stock):
    """Both production clocks, told apart: their lags differ by the stock, and never below zero."""
    start = [s for s, _, _ in shocks]
    end = [s + d for s, d, _ in shocks]
    severity = [x for _, _, x in shocks]
    t, h = health_steps(start, end, severity)
    seen, empty = behind_stock(t, h, stock, catch_up)
    t = np.union1d(t, empty)
    h = health_on(t, start, end, severity)
    seen, left = behind_stock(t, h, stock, catch_up)
    assert left == []
    lag, lag_behind = lag_s(t, h, catch_up), lag_s(t, seen, catch_up)
    assert lag_behind == pytest.approx(np.maximum(0.0, lag - stock), abs=2e-3)


def test_an_empty_stock_hides_nothing():
    t, h = health_steps([10.0], [30.0], [0.4])
    seen, empty = behind_stock(t, h, 0.0, 0.1)
    assert seen.tolist() == h.tolist()
    assert empty == []


def by_definition(enter, duration, slot, t, h, catch_up):
    """The end of a stage by what the words say, stretch by stretch in exact fractions."""
    t = [Fraction(x) for x in t]
    plan, planned, end_plan = Fraction(t[0]), slot + duration, None
    left, end_own = Fraction(duration), None
    now, k, never = Fraction(t[0]), 0, Fraction(10**9)
    if enter < now:
        left -= min(left, now - enter)
        if left == 0:
            return enter + duration
    while now < never and (end_plan is None or end_own is None):
        health = Fraction(h[k])
        behind = now - plan
        speed = health if health < 1 else 1 + catch_up if behind > 0 else Fraction(1)
        until = t[k + 1] if k + 1 < len(t) else never
        if behind > 0 and speed > 1:
            until = min(until, now + behind / (speed - 1))
        if now < enter < until:
            until = Fraction(enter)
        if end_plan is None and speed > 0 and plan + speed * (until - now) >= planned:
            end_plan = now if plan >= planned else now + (planned - plan) / speed
        if now >= enter and end_own is None:
            pace = min(speed, Fraction(1))
            if left == 0 or (pace > 0 and pace * (until - now) >= left):
                end_own = now + (left / pace if left else 0)
            else:
                left -= pace * (until - now)
        plan, now = plan + speed * (until - now), until
        if k + 1 < len(t) and now == t[k + 1]:
            k += 1
    if end_plan is None or end_own is None:
        return math.inf
    return max(end_plan, end_own)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.sampled_from([0, 0.25, 0.5, 0.75, 1])), max_size=6),
    st.sampled_from([0, 0.125, 0.25, 1]),
    st.integers(-10, 150),
    st.integers(1, 40),
    st.integers(0, 30),
)
def test_a_stage_ends_when_its_definition_says(changes, catch_up, enter, duration, late):
    t, h = [0.0], [1.0]
    for after, health in changes:
        t.append(t[-1] + after)
        h.append(health)
    line = production_clock(t, h, catch_up)
    slot = enter - late
    assume(slot + duration > 0)  # what is through before the clock begins is not touched
    expected = by_definition(enter, duration, slot, t, h, Fraction(catch_up))
    assert stage_end_s(enter, duration, line, slot) == pytest.approx(float(expected), abs=1e-6)
