"""The engine's heart: job events in order of time, up to the next world event."""

from __future__ import annotations

from math import inf, isnan
from typing import Any

from numba import njit

from simulator.world.jobs_faults import end_repair, fault
from simulator.world.jobs_queue import join, leave
from simulator.world.jobs_run import finish
from simulator.world.jobs_state import (
    DIRTY,
    FRESH,
    GAVE_UP,
    LACK,
    MODE,
    N_PATIENCE,
    N_REPAIRS,
    N_ROWS,
    N_RUNS,
    N_WAITING,
    NEXT_FAULT,
    NEXT_JOB,
    NOW,
    SKIPPING,
    WAITING,
)
from simulator.world.scheduler_passes import blocking_pass, skipping_pass, unblock

#: Why the compiled part came back.
REACHED, NEEDS_ROWS, NEEDS_RUNS, NEEDS_DRAWS, NEEDS_REPAIRS = range(5)


@njit
def run_until(st: Any, t_end: float) -> int:
    """Process job events before *t_end*; return the reason to come back.

    At equal times: completions, then capacity changes, then arrivals, then
    scheduling, then those whose patience ends. Every step leaves the state
    whole, so after a need is met the call is made again.
    """
    while True:
        now = _next_time(st)
        if now >= t_end:
            return REACHED
        st.real[NOW] = now
        reason = complete(st, now)
        if reason == REACHED:
            reason = _change_capacity(st, now)
        if reason != REACHED:
            return reason
        _arrive(st, now)
        if _lacks_runs(st):
            return NEEDS_RUNS
        _schedule(st, now)
        if _give_up(st, now):
            _schedule(st, now)


@njit
def _next_time(st: Any) -> float:
    """Return when something happens next: now, if the last change awaits a pass."""
    if st.count[DIRTY] != 0 or st.count[FRESH] != 0:
        return st.real[NOW]
    t = st.real[NEXT_FAULT]
    if st.count[N_RUNS] > 0:
        t = min(t, st.run[st.finishing[0]].finish)
    if st.count[NEXT_JOB] < len(st.submit):
        t = min(t, st.submit[st.count[NEXT_JOB]])
    if st.count[N_REPAIRS] > 0:
        t = min(t, st.repairs[0].at)
    if st.count[N_PATIENCE] > 0:
        t = min(t, deadline(st, st.deadlines[0]))
    # An infinite completion is a stalled run's, not an event.
    return t


@njit
def complete(st: Any, now: float) -> int:
    """Complete what completes by *now*; return the reason to come back."""
    while st.count[N_RUNS] > 0 and st.run[st.finishing[0]].finish <= now:
        if lacks_rows(st):
            return NEEDS_ROWS
        finish(st, st.finishing[0], now)
    return REACHED


@njit
def _change_capacity(st: Any, now: float) -> int:
    while st.count[N_REPAIRS] > 0 and st.repairs[0].at <= now:
        end_repair(st, now)
    while st.real[NEXT_FAULT] <= now:
        for p in range(len(st.pool)):
            if st.pool[p].next_fault <= now:
                if st.pool[p].fault_draw >= st.pool[p].drawn:
                    st.count[LACK] = p
                    return NEEDS_DRAWS
                if st.count[N_REPAIRS] + 2 > len(st.repairs):
                    return NEEDS_REPAIRS
                if lacks_rows(st):
                    return NEEDS_ROWS
                fault(st, p, now)
    return REACHED


@njit
def _arrive(st: Any, now: float) -> None:
    j = st.count[NEXT_JOB]
    while j < len(st.submit) and st.submit[j] <= now:
        join(st, j)
        if st.patience[j] < inf:
            _push_deadline(st, j)
        j += 1
    st.count[NEXT_JOB] = j


@njit
def _schedule(st: Any, now: float) -> None:
    if st.count[MODE] == SKIPPING:
        skipping_pass(st, now)
    else:
        blocking_pass(st, now)


@njit
def _give_up(st: Any, now: float) -> bool:
    """Let those go whose patience has ended; return whether somebody moves up."""
    moved = False
    while st.count[N_PATIENCE] > 0 and deadline(st, st.deadlines[0]) <= now:
        j = st.deadlines[0]
        _pop_deadline(st)
        job = st.job[j]
        if job.state == WAITING and isnan(job.start):
            job.state = GAVE_UP
            leave(st, j)
            st.count[DIRTY] |= unblock(st, job.type, j)
            moved = True
    return moved


@njit
def lacks_rows(st: Any) -> bool:
    """Whether one more fault might write more segments than there is room for."""
    return st.count[N_ROWS] + st.level.shape[1] + 1 > len(st.rows)


@njit
def _lacks_runs(st: Any) -> bool:
    """Whether more jobs might start than there is room for."""
    if st.count[N_WAITING] <= len(st.run) - st.count[N_RUNS]:
        return False
    chips = 0
    for p in range(len(st.pool)):
        chips += st.pool[p].up * st.pool[p].chips_per_host
    return len(st.run) < chips


@njit
def deadline(st: Any, j: int) -> float:
    """Return when a job that has not started gives up."""
    return st.submit[j] + st.patience[j]


@njit
def _push_deadline(st: Any, j: int) -> None:
    i = st.count[N_PATIENCE]
    st.count[N_PATIENCE] = i + 1
    while i > 0 and deadline(st, j) < deadline(st, st.deadlines[(i - 1) >> 1]):
        st.deadlines[i] = st.deadlines[(i - 1) >> 1]
        i = (i - 1) >> 1
    st.deadlines[i] = j


@njit
def _pop_deadline(st: Any) -> None:
    n = st.count[N_PATIENCE] - 1
    st.count[N_PATIENCE] = n
    j = st.deadlines[n]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and deadline(st, st.deadlines[child + 1]) < deadline(
            st, st.deadlines[child]
        ):
            child += 1
        if deadline(st, st.deadlines[child]) >= deadline(st, j):
            break
        st.deadlines[i] = st.deadlines[child]
        i = child
    st.deadlines[i] = j
