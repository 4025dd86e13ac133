"""Production clocks: how long a stage of an order takes when its line was stopped."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from simulator.laws.arrays import Array

#: Less than this is the rounding of a time of years. [s]
_MOMENT_S = 1e-3


def production_clock(
    t_s: Sequence[float], health: Sequence[float], catch_up: float
) -> tuple[list[float], list[float]]:
    """Planned production done by each time, by a line that lost some and makes it up.

    A sold-out line runs at its plan (rate 1). While its health is below one it
    falls behind; whole again, it runs at ``1 + catch_up`` until it has
    caught up with the calendar, and never ahead of it.

    Parameters
    ----------
    t_s : sequence of float
        Times at which health changes, the first 0. [s]
    health : sequence of float
        Health from each of them on. [1]
    catch_up : float
        Spare rate above plan. [1]

    Returns
    -------
    at_s : list of float
        Times of the clock's corners. [s]
    done_s : list of float
        Seconds of planned production done by then; beyond the last corner the
        clock runs at `final_rate`.

    Examples
    --------
    A stop of 10 s with 25 % spare rate is made up 40 s after it ends:

    >>> production_clock([0.0, 10.0, 20.0], [1.0, 0.0, 1.0], 0.25)
    ([0.0, 10.0, 20.0, 60.0], [0.0, 10.0, 10.0, 60.0])
    """
    at, done = [t_s[0]], [t_s[0]]
    for h, until in zip(health, [*t_s[1:], np.inf], strict=True):
        lag = at[-1] - done[-1]
        rate = _fastest(h, catch_up)
        if lag > 0 and rate > 1:
            caught = at[-1] + lag / (rate - 1)
            if caught < until:
                at.append(caught)
                done.append(caught)
                lag = 0.0
        if until == np.inf:
            break
        # On time a line keeps to its plan; behind it, it runs as fast as it can.
        speed = rate if lag > 0 or rate < 1 else 1.0
        done.append(done[-1] + speed * (until - at[-1]))
        at.append(until)
    return at, done


def stage_end_s(
    enter_s: float,
    duration_s: float,
    at_s: Sequence[float],
    done_s: Sequence[float],
    final_rate: float = 1.0,
    slot_s: float | None = None,
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
    at_s, done_s : sequence of float
        Corners of the line's `production_clock`. [s]
    final_rate : float
        Rate of the clock beyond its last corner; 0 if the line never comes
        back. [1]
    slot_s : float, optional
        When the work was to come to the line by plan, at most ``enter_s``; without it, it
        comes by plan. [s]

    Examples
    --------
    >>> stage_end_s(5.0, 10.0, [0.0, 10.0, 20.0, 60.0], [0.0, 10.0, 10.0, 60.0])
    25.0
    >>> stage_end_s(15.0, 10.0, [0.0, 10.0, 20.0, 60.0], [0.0, 10.0, 10.0, 60.0])
    32.0
    >>> stage_end_s(70.0, 10.0, [0.0, 10.0, 20.0, 60.0], [0.0, 10.0, 10.0, 60.0])
    80.0

    Ten late, it waits for no more than its planned place, or for its own work:

    >>> stage_end_s(15.0, 10.0, [0.0, 10.0, 20.0], [0.0, 10.0, 10.0], slot_s=5.0)
    30.0
    >>> stage_end_s(25.0, 10.0, [0.0, 10.0, 20.0], [0.0, 10.0, 10.0], slot_s=5.0)
    35.0
    """
    k = bisect_right(at_s, enter_s)
    if k and at_s[k - 1] == done_s[k - 1]:
        # On time as it comes and until it leaves: nothing is in front of it.
        end_s = enter_s + duration_s
        if k == len(at_s):
            if final_rate == 1:
                return end_s
        elif at_s[k] == done_s[k] and end_s <= at_s[k]:
            return end_s
    slot = enter_s if slot_s is None else slot_s
    backlog_s = _reached_s(slot + duration_s, at_s, done_s, final_rate)
    worked_s = _worked_s(enter_s, duration_s, at_s, done_s, final_rate, k)
    return backlog_s if backlog_s > worked_s else worked_s


def _worked_s(
    enter_s: float,
    duration_s: float,
    at: Sequence[float],
    done: Sequence[float],
    final_rate: float,
    following: int,
) -> float:
    """Return when work is done that the line's hurt alone delays, not its backlog. [s].

    *following* is the first corner after the work comes.
    """
    t, left, stalled = enter_s, duration_s, 0.0
    for k in range(following, len(at)):
        rate = 1.0
        if k > 0 and (at[k - 1] != done[k - 1] or at[k] != done[k]):
            rate = (done[k] - done[k - 1]) / (at[k] - at[k - 1])
            rate = rate if rate < 1.0 else 1.0
        span = at[k] - t
        if rate * span >= left:
            return enter_s + duration_s + stalled + (left / rate - left if rate < 1 else 0.0)
        left, stalled, t = left - rate * span, stalled + (1 - rate) * span, at[k]
    rate = min(1.0, final_rate)
    if rate == 0:
        return np.inf if left > 0 else t
    return enter_s + duration_s + stalled + (left / rate - left if rate < 1 else 0.0)


def _reached_s(
    target: float, at: Sequence[float], done: Sequence[float], final_rate: float
) -> float:
    """Return when a clock has done so much of its plan. [s]."""
    if target <= done[0]:
        return target  # through before the clock began, when the line kept to its plan
    if target >= done[-1]:
        if final_rate <= 0:
            return np.inf if target > done[-1] else at[-1]
        if final_rate == 1 and at[-1] == done[-1]:
            return target  # to the last bit what it is where nothing ever fails
        return at[-1] + (target - done[-1]) / final_rate
    # The first corner at which that much is done: a flat stretch is a stop.
    k = bisect_left(done, target)
    if done[k] == target:
        return at[k]
    if at[k - 1] == done[k - 1] and at[k] == done[k]:
        return target  # on time throughout: so again
    share = (target - done[k - 1]) / (done[k] - done[k - 1])
    return at[k - 1] + share * (at[k] - at[k - 1])


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
    for k, (h, begin, end) in enumerate(zip(states, times, [*times[1:], np.inf], strict=True)):
        if h >= 1 - 1e-6:
            lag = max(0.0, lag - catch_up * (end - begin))
            continue
        if lag >= stock_s - _MOMENT_S:
            seen[k] = h
        elif lag + (1 - h) * (end - begin) > stock_s + _MOMENT_S:
            runs_out.append(begin + (stock_s - lag) / (1 - h))
        lag += (1 - h) * (end - begin)
    return seen, runs_out


def final_rate(health: float, on_time: bool, catch_up: float) -> float:
    """Rate of a clock beyond its last corner. [1].

    Examples
    --------
    >>> final_rate(1.0, True, 0.25), final_rate(0.0, False, 0.25), final_rate(0.5, False, 0.25)
    (1.0, 0.0, 0.5)
    """
    rate = _fastest(health, catch_up)
    return 1.0 if on_time and rate >= 1 else rate


def _fastest(health: float, catch_up: float) -> float:
    """Rate a line can go at: a hurt line has no spare rate; shares sum to 1 within 1e-6."""
    return 1.0 + catch_up if health >= 1 - 1e-6 else health
