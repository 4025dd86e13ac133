"""The engine's heart: job events in order of time, up to the next world event."""

from __future__ import annotations

from math import ceil, floor, inf, isnan
from typing import Any

from simulator.world.jobs_faults import end_repair, fault
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_mix import count_in_mix
from simulator.world.jobs_queue import join, leave, unplan
from simulator.world.jobs_run import finish, remind
from simulator.world.jobs_state import (
    AIMED,
    ANSWERED,
    ASKED,
    CONSERVATIVE,
    DIRTY,
    EASY,
    FRESH,
    GAVE_UP,
    LACK,
    MIX_CHANGED,
    MIXED,
    MODE,
    N_PATIENCE,
    N_REPAIRS,
    N_ROWS,
    N_RUNS,
    N_WAITING,
    NEXT_FAULT,
    NEXT_JOB,
    NEXT_ROUND,
    NOW,
    PREEMPTS,
    ROUND,
    SHARING,
    SKIPPING,
    WAITING,
)
from simulator.world.scheduler_answer import (
    lacks_sight,
    some_fit,
    start_as_answered,
    write_queue,
)
from simulator.world.scheduler_conservative import conservative_pass
from simulator.world.scheduler_easy import easy_pass, release_hold
from simulator.world.scheduler_passes import blocking_pass, skipping_pass, unblock
from simulator.world.scheduler_shares import sharing_pass

#: Why the compiled part came back.
(
    REACHED,
    NEEDS_ROWS,
    NEEDS_RUNS,
    NEEDS_DRAWS,
    NEEDS_REPAIRS,
    NEEDS_POLICY,
    NEEDS_NETWORK,
    NEEDS_AIMS,
    NEEDS_SIGHT,
    NEEDS_NUMBERS,
) = range(10)


@kernel
def run_until(st: Any, t_end: float) -> int:
    """Process job events before *t_end*; return the reason to come back.

    At equal times: completions, then capacity changes, then arrivals, then
    scheduling, then those whose patience ends, then the network. Every step
    leaves the state whole, so after a need is met the call is made again.
    """
    if st.counts[ANSWERED] == 1 and not start_as_answered(st, st.real[NOW]):
        return NEEDS_NUMBERS
    while True:
        _await_round(st)
        now = _next_time(st)
        # Nothing more happens at the moment reached, so its runs may be rated.
        if st.counts[MIXED] != 0 and min(now, t_end) > st.real[NOW]:
            return NEEDS_NETWORK
        if now >= t_end:
            return REACHED
        st.real[NOW] = now
        _await_round(st)
        reason = complete(st, now)
        if reason == REACHED:
            reason = _change_capacity(st, now)
        if reason != REACHED:
            return reason
        _arrive(st, now)
        if _lacks_runs(st):
            return NEEDS_RUNS
        # A pass that preempts may end every run.
        if st.counts[PREEMPTS] == 1 and _lacks(st, st.counts[N_RUNS]):
            return NEEDS_ROWS
        if _lacks_aims(st):
            return NEEDS_AIMS
        if lacks_sight(st):
            return NEEDS_SIGHT
        due = _pass_is_due(st)
        end_round(st)
        if due:
            if st.counts[MODE] == ASKED and some_fit(st):
                write_queue(st)
                return NEEDS_POLICY
            _schedule(st, now)
        # A job of no length, or a repair, may make room at this very moment.
        if st.counts[N_PATIENCE] > 0 and _next_but_patience(st) > now:
            _give_up(st, now)


@kernel
def _next_time(st: Any) -> float:
    """Return when something happens next: now, if the last change awaits a pass that may be."""
    if _pass_is_due(st):
        return st.real[NOW]
    t = _next_but_patience(st)
    if _changed(st):
        t = min(t, st.real[NEXT_ROUND])
    if st.counts[N_PATIENCE] > 0:
        t = min(t, deadline(st, st.deadlines[0]))
    return t


@kernel
def _changed(st: Any) -> bool:
    return st.counts[DIRTY] != 0 or st.counts[FRESH] != 0


@kernel
def _pass_is_due(st: Any) -> bool:
    return _changed(st) and st.real[NOW] >= st.real[NEXT_ROUND]


@kernel
def _await_round(st: Any) -> None:
    """Find the next time for a pass, if the last has gone by: a multiple of the round."""
    now, span = st.real[NOW], st.real[ROUND]
    if span > 0.0 and st.real[NEXT_ROUND] < now:
        at = ceil(now / span) * span
        st.real[NEXT_ROUND] = at if at >= now else at + span


@kernel
def end_round(st: Any) -> None:
    """Let the time for a pass be over, if it is now: what changes later waits for the next."""
    now, span = st.real[NOW], st.real[ROUND]
    if span > 0.0 and st.real[NEXT_ROUND] <= now:
        at = (floor(now / span) + 1.0) * span
        st.real[NEXT_ROUND] = at if at > now else at + span


@kernel
def _next_but_patience(st: Any) -> float:
    # An infinite completion is a stalled run's, not an event.
    t = st.real[NEXT_FAULT]
    if st.counts[N_RUNS] > 0:
        t = min(t, st.due[0].key)
    if st.counts[NEXT_JOB] < len(st.job):
        t = min(t, st.submit[st.counts[NEXT_JOB]])
    if st.counts[N_REPAIRS] > 0:
        t = min(t, st.repairs[0].at)
    return t


@kernel
def complete(st: Any, now: float) -> int:
    """Complete what completes by *now*; return the reason to come back."""
    while st.counts[N_RUNS] > 0 and st.due[0].key <= now:
        r = st.due[0].item
        if st.run[r].finish > now:
            remind(st, r, now)
            continue
        if lacks_rows(st):
            return NEEDS_ROWS
        finish(st, r, now)
    return REACHED


@kernel
def _change_capacity(st: Any, now: float) -> int:
    while True:
        # A repair of no length ends before anything else happens.
        while st.counts[N_REPAIRS] > 0 and st.repairs[0].at <= now:
            end_repair(st, now)
        if st.real[NEXT_FAULT] > now:
            return REACHED
        p = _next_to_fail(st)
        if st.pool[p].fault_draw >= st.pool[p].drawn:
            st.counts[LACK] = p
            return NEEDS_DRAWS
        if st.counts[N_REPAIRS] + 2 > len(st.repairs):
            return NEEDS_REPAIRS
        if lacks_rows(st):
            return NEEDS_ROWS
        fault(st, p, now)


@kernel
def _next_to_fail(st: Any) -> int:
    best = 0
    for p in range(1, len(st.pool)):
        if st.pool[p].next_fault < st.pool[best].next_fault:
            best = p
    return best


@kernel
def _arrive(st: Any, now: float) -> None:
    j = st.counts[NEXT_JOB]
    while j < len(st.job) and st.submit[j] <= now:
        join(st, j)
        count_in_mix(st, st.job[j].type, 1)
        if st.patience[j] < inf:
            _push_deadline(st, j)
        j += 1
    st.counts[NEXT_JOB] = j


@kernel
def _schedule(st: Any, now: float) -> None:
    if st.counts[MODE] == EASY:
        easy_pass(st, now)
    elif st.counts[MODE] == CONSERVATIVE:
        conservative_pass(st, now)
    elif st.counts[MODE] == SHARING:
        sharing_pass(st, now)
    elif st.counts[MODE] == SKIPPING:
        skipping_pass(st, now)
    elif st.counts[MODE] == ASKED:
        # Whatever the policy said, nothing could start.
        st.counts[DIRTY] = 0
        st.counts[FRESH] = 0
    else:
        blocking_pass(st, now)


@kernel
def _give_up(st: Any, now: float) -> None:
    """Let those go whose patience has ended; if they held others up, there is a pass again."""
    while st.counts[N_PATIENCE] > 0 and deadline(st, st.deadlines[0]) <= now:
        j = st.deadlines[0]
        _pop_deadline(st)
        job = st.job[j]
        if job.state == WAITING and isnan(job.start):
            job.state = GAVE_UP
            leave(st, j)
            unplan(st)
            st.counts[DIRTY] |= unblock(st, job.type, j) | release_hold(st, job.type, j)
            count_in_mix(st, job.type, -1)
            # The only new job may be the one that left before the next round.
            if st.counts[FRESH] == 1:
                st.counts[FRESH] = 2
            if st.counts[MODE] in (ASKED, CONSERVATIVE) or st.counts[AIMED] == 1:
                st.counts[DIRTY] |= (1 << len(st.pool)) - 1


@kernel
def lacks_rows(st: Any) -> bool:
    """Whether one more fault might write more segments than there is room for."""
    return _lacks(st, st.level.shape[1])


@kernel
def _lacks(st: Any, runs: int) -> bool:
    return st.counts[N_ROWS] + runs + 1 > len(st.rows)


@kernel
def _lacks_aims(st: Any) -> bool:
    """Whether a pass is due that must know aims which the mix has outgrown."""
    outgrown = st.counts[AIMED] * st.counts[MIX_CHANGED] == 1
    return outgrown and st.counts[N_WAITING] > 0 and _pass_is_due(st)


@kernel
def _lacks_runs(st: Any) -> bool:
    """Whether more jobs might start than there is room for."""
    if st.counts[N_WAITING] <= len(st.run) - st.counts[N_RUNS]:
        return False
    chips = 0
    for p in range(len(st.pool)):
        chips += st.pool[p].up * st.pool[p].chips_per_host
    return len(st.run) < chips


@kernel
def deadline(st: Any, j: int) -> float:
    """Return when a job that has not started gives up."""
    return st.submit[j] + st.patience[j]


@kernel
def _push_deadline(st: Any, j: int) -> None:
    i = st.counts[N_PATIENCE]
    st.counts[N_PATIENCE] = i + 1
    while i > 0 and deadline(st, j) < deadline(st, st.deadlines[(i - 1) >> 1]):
        st.deadlines[i] = st.deadlines[(i - 1) >> 1]
        i = (i - 1) >> 1
    st.deadlines[i] = j


@kernel
def _pop_deadline(st: Any) -> None:
    n = st.counts[N_PATIENCE] - 1
    st.counts[N_PATIENCE] = n
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
