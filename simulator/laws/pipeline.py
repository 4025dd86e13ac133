"""Production clocks: how long a stage of an order takes when its line was stopped."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from simulator.laws.arrays import Array

#: Less than this is the rounding of a time of years. [s]
_MOMENT_S = 1e-3


@dataclass(slots=True)
class ProductionClock:
    """How far a line is with its plan, and with what it has in work, from each corner on.

    Attributes
    ----------
    at_s : list of float
        Times of the corners. [s]
    done_s, rates : list of float
        Seconds of plan done by each, which lag behind while a stop is made up [s]; rate of plan
        from there on, 0 in the end if the line never comes back [1].
    worked_s, paces : list of float
        Seconds by which the work that stands in the line has come on [s], and rate of that:
        no spare rate shortens it [1].
    kept_until_s, whole_until_s : list of float
        Until when at least the line keeps to its plan, before all time if it is behind it [s];
        until when no hurt slows it, whether it is behind or not [s].
    """

    at_s: list[float]
    done_s: list[float]
    rates: list[float]
    worked_s: list[float]
    paces: list[float]
    kept_until_s: list[float]
    whole_until_s: list[float]


def production_clock(
    t_s: Sequence[float], health: Sequence[float], catch_up: float
) -> ProductionClock:
    """Clock of a line that lost some of its planned production and makes it up.

    A sold-out line runs at its plan (rate 1). While its health is below one it
    falls behind; whole again, it runs at ``1 + catch_up`` until it has
    caught up with the calendar, and never ahead of it.

    Parameters
    ----------
    t_s : sequence of float
        Times at which health changes; before the first the line kept to its plan. [s]
    health : sequence of float
        Health from each of them on. [1]
    catch_up : float
        Spare rate above plan. [1]

    Examples
    --------
    A stop of 10 s with 25 % spare rate is made up 40 s after it ends:

    >>> clock = production_clock([0.0, 10.0, 20.0], [1.0, 0.0, 1.0], 0.25)
    >>> clock.at_s, clock.done_s, clock.worked_s
    ([0.0, 10.0, 20.0, 60.0], [0.0, 10.0, 10.0, 60.0], [0.0, 10.0, 10.0, 50.0])

    Half of a line that is lost for good:

    >>> production_clock([0.0, 10.0], [1.0, 0.5], 0.25).rates
    [1.0, 0.5]
    """
    corners = _corners(t_s, health, catch_up)
    at, done, rates = (list(each) for each in zip(*corners, strict=True))
    paces = [rate if rate < 1 else 1.0 for rate in rates]
    worked, kept, lost_s = [], [], 0.0
    for begin, end, plan, rate, pace in zip(at, [*at[1:], inf], done, rates, paces, strict=True):
        worked.append(begin - lost_s)
        if pace < 1.0:
            lost_s += (1.0 - pace) * (end - begin)
        kept.append(end if rate == 1.0 and begin == plan else -inf)
    whole, until = [], inf
    for begin, pace in zip(reversed(at), reversed(paces), strict=True):
        if pace < 1.0:
            until = begin
        whole.append(until)
    return ProductionClock(at, done, rates, worked, paces, kept, whole[::-1])


def _corners(
    t_s: Sequence[float], health: Sequence[float], catch_up: float
) -> list[tuple[float, float, float]]:
    """Return when a line's rate changes [s], its plan done by then [s], its rate from there."""
    corners = []
    done, fast = t_s[0], 1.0 + catch_up
    for h, at, until in zip(health, t_s, [*t_s[1:], inf], strict=True):
        if h < 1 - 1e-6:  # a hurt line has no spare rate; shares sum to 1 within 1e-6
            corners.append((at, done, h))
            done += h * (until - at)
            continue
        # Behind its plan a line runs as fast as it can; on time it keeps to it.
        if done < at:
            corners.append((at, done, fast))
            caught = at + (at - done) / (fast - 1.0) if fast > 1.0 else inf
            if caught >= until:
                done += fast * (until - at)
                continue
            at = caught
        corners.append((at, at, 1.0))
        done = until
    return corners


def stage_end_s(
    enter_s: float, duration_s: float, clock: ProductionClock, slot_s: float | None = None
) -> float:
    """When work that enters a stage leaves it. [s].

    The work has its place in the line's plan at ``slot_s`` and is through
    when the line has done ``slot_s + duration_s`` of its plan: what a stop
    cost, everything behind it waits for. Work that comes late, as an earlier
    stage was stopped, keeps its place: the line's backlog is in front of it
    once, however many lines the same stop reached. But no spare rate shortens
    the ``duration_s`` it takes itself, which only lengthens while the line is hurt.

    Parameters
    ----------
    enter_s : float
        When the work comes to the line. [s]
    duration_s : float
        Time the stage takes when nothing fails. [s]
    clock : ProductionClock
        The line's.
    slot_s : float, optional
        When the work was to come to the line by plan, at most ``enter_s``; without it, it
        comes by plan. [s]

    Examples
    --------
    >>> line = production_clock([0.0, 10.0, 20.0], [1.0, 0.0, 1.0], 0.25)
    >>> stage_end_s(5.0, 10.0, line), stage_end_s(15.0, 10.0, line), stage_end_s(70.0, 10.0, line)
    (25.0, 32.0, 80.0)

    Ten late, without spare rate, it waits for no more than its planned place, or for its own
    work:

    >>> line = production_clock([0.0, 10.0, 20.0], [1.0, 0.0, 1.0], 0.0)
    >>> stage_end_s(15.0, 10.0, line, slot_s=5.0), stage_end_s(25.0, 10.0, line, slot_s=5.0)
    (30.0, 35.0)
    """
    at_s = clock.at_s
    end_s, k = enter_s + duration_s, bisect_right(at_s, enter_s) - 1
    if k >= 0 and end_s <= clock.kept_until_s[k]:
        return end_s  # on time as it comes and until it leaves: nothing is in front of it
    due = end_s if slot_s is None else slot_s + duration_s
    backlog_s = _reached_s(due, at_s, clock.done_s, clock.rates)
    if duration_s == 0:
        return backlog_s if backlog_s > enter_s else enter_s
    # What the work takes itself, which the line's hurt alone delays.
    if k < 0 or end_s > clock.whole_until_s[k]:
        if k >= 0:
            end_s = clock.worked_s[k] + clock.paces[k] * (enter_s - at_s[k]) + duration_s
        end_s = _reached_s(end_s, at_s, clock.worked_s, clock.paces)
    return backlog_s if backlog_s > end_s else end_s


def _reached_s(target: float, at: list[float], done: list[float], rates: list[float]) -> float:
    """Return when a clock has done so much. [s]."""
    # Behind the last corner at which less is done: a flat stretch is a stop.
    k = bisect_left(done, target) - 1
    if k < 0:
        return target  # through before the clock began, when the line kept to its plan
    rate = rates[k]
    if rate == 1.0:
        return target + (at[k] - done[k])  # on time: to the last bit what it is without stops
    return at[k] + (target - done[k]) / rate if rate > 0 else inf


def behind_stock(
    t_s: ArrayLike, health: ArrayLike, stock_s: float, catch_up: float
) -> tuple[Array, list[float]]:
    """Health of a supply as seen from behind a stock of it, and when the stock runs out.

    The stock, full at first, gives what the supply lacks, and is filled again from
    the supply's spare rate alone. So it is empty while the supply is behind its
    plan by all the stock holds.

    Parameters
    ----------
    t_s, health : array_like, shape (times,)
        Times, with every change and every time at which the stock runs out among them [s];
        health of the supply from each on [1].
    stock_s : float
        What the stock holds, in time it lasts at plan. [s]
    catch_up : float
        Spare rate of the supply above plan. [1]

    Returns
    -------
    seen : ndarray, shape (times,)
        Health of what comes out of the stock, from each time on. [1]
    runs_out : list of float
        When it runs out between two of the times: put these among them. [s]

    Examples
    --------
    A stop of 10 s behind 4 s of stock is felt after 4 s:

    >>> behind_stock([0.0, 10.0, 20.0], [1.0, 0.0, 1.0], 4.0, 0.25)[1]
    [14.0]
    >>> behind_stock([0.0, 10.0, 14.0, 20.0], [1.0, 0.0, 0.0, 1.0], 4.0, 0.25)[0].tolist()
    [1.0, 1.0, 0.0, 1.0]
    """
    times, states = np.asarray(t_s, float).tolist(), np.asarray(health, float).tolist()
    seen, runs_out, lag = np.ones(len(times)), [], 0.0
    for k, (h, begin, end) in enumerate(zip(states, times, [*times[1:], inf], strict=True)):
        if h >= 1 - 1e-6:
            lag = max(0.0, lag - catch_up * (end - begin))
            continue
        if lag >= stock_s - _MOMENT_S:
            seen[k] = h
        elif lag + (1 - h) * (end - begin) > stock_s + _MOMENT_S:
            runs_out.append(begin + (stock_s - lag) / (1 - h))
        lag += (1 - h) * (end - begin)
    return seen, runs_out
