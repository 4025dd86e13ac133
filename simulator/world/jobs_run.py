"""A job on chips: start, run at a rate, finish, or lose what it did since its checkpoint."""

from __future__ import annotations

from math import floor, inf, isinf, isnan
from typing import Any

from simulator.world.jobs_heap import drop, move, rise
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_mix import count_chips, learn
from simulator.world.jobs_place import give, slow_at, take
from simulator.world.jobs_queue import error_of, join
from simulator.world.jobs_ranking import enter, withdraw
from simulator.world.jobs_state import (
    BY_ATTAINED,
    BY_END,
    DIRTY,
    DONE,
    LINKED,
    MIXED,
    N_FREE_RUNS,
    N_ROWS,
    N_RUNS,
    ORDER,
    RANKED,
    RUNNING,
    STIRRED,
    TOP_RUN,
)


@kernel
def start(st: Any, j: int, p: int, now: float) -> int:
    """Start a job that fits in a pool, one that ran before with a restart; return the run."""
    job = st.job[j]
    k = job.type
    u = take(st, k, p, j)
    r = _new_run(st)
    run = st.run[r]
    run.pay = 0.0
    if isnan(job.start):
        job.start = now
    else:
        run.pay = st.restart[j]
        job.restarts += 1
    job.state = RUNNING
    job.pool = p
    job.level = st.unit[u].level
    job.racks = st.unit[u].racks
    run.job = j
    run.unit = u
    run.pool = p
    hosts = st.fit[k, p].hosts
    run.chips = hosts * st.pool[p].chips_per_host if hosts > 0 else st.fit[k, p].need
    count_chips(st, run, run.chips)
    run.begin = now
    run.started = now
    run.slow = slow_at(st, k, p, st.unit[u].level)
    run.fraction = 1.0
    if 0 < st.counts[LINKED] <= st.unit[u].level:
        st.counts[MIXED] = 1
    run.useful = 0.0
    run.left = job.left
    run.saved = job.left
    run.row = -1
    unit = st.unit[u]
    if st.counts[RANKED] != 0 and unit.runs > 0:
        withdraw(st, u)
    run.prev = -1
    run.next = unit.first
    if unit.first >= 0:
        st.run[unit.first].prev = r
    unit.first = r
    unit.runs += 1
    _set_times(st, run)
    if st.counts[RANKED] != 0:
        enter(st, u)
        _stir(st, run)
    n = st.counts[N_RUNS]
    st.counts[N_RUNS] = n + 1
    rise(st, st.due, 0, n, _due(st, run, now), j, r)
    return r


@kernel
def finish(st: Any, r: int, now: float) -> None:
    """Complete the job of a run and free its chips."""
    run = st.run[r]
    job = st.job[run.job]
    _write_row(st, run, now, run.left)
    if run.expect > now:
        st.pool[run.pool].hold_good = 0
    learn(st, run.job)
    job.left = 0.0
    job.finish = now
    job.state = DONE
    _free(st, r)


@kernel
def kill(st: Any, r: int, now: float) -> None:
    """Take a run's chips away: its job keeps its last checkpoint and waits again."""
    _take_away(st, r, now, False)


@kernel
def preempt(st: Any, r: int, now: float) -> None:
    """Take a run's chips away after it has written a checkpoint; its job waits again."""
    _take_away(st, r, now, True)


@kernel
def _take_away(st: Any, r: int, now: float, warned: bool) -> None:
    run = st.run[r]
    j = run.job
    job = st.job[j]
    useful = _useful(run, now)
    left = _left(run, useful)
    saved = left if warned else _saved(st, run, useful)
    _write_row(st, run, now, run.left - left)
    _move_to_lost(st, run, saved - left)
    job.left = saved
    # Elsewhere nobody asks, and memory that is not written to costs nothing.
    if st.counts[ORDER] == BY_ATTAINED:
        st.attained[j] += now - run.started
    st.lost[j] += saved - left
    st.pool[run.pool].hold_good = 0
    _free(st, r)
    join(st, j)


@kernel
def change_rate(st: Any, r: int, fraction: float, now: float) -> bool:
    """Let a run go on at the rate of the matrix, or a fraction of it; return whether it is new.

    Its progress and its checkpoints are kept.
    """
    run = st.run[r]
    unit = st.unit[run.unit]
    slow = slow_at(st, st.job[run.job].type, run.pool, unit.level) / fraction
    if run.slow == slow and run.fraction == fraction:
        return False
    bring_up_to_date(st, r, now)
    run.slow = slow
    run.fraction = fraction
    _set_times(st, run)
    _reorder(st, r, now)
    return True


@kernel
def bring_up_to_date(st: Any, r: int, now: float) -> None:
    """Write down a run's progress so far and let a new stretch begin."""
    run = st.run[r]
    if now <= run.begin:
        return
    useful = _useful(run, now)
    left = _left(run, useful)
    saved = _saved(st, run, useful)
    paid = min(now - run.begin, run.pay)
    run.row = _write_row(st, run, now, run.left - left)
    run.useful += useful
    run.left = left
    run.saved = saved
    run.pay -= paid
    run.begin = now


@kernel
def remind(st: Any, r: int, now: float) -> None:
    """Let a run that is due go on: it has attained a level, or outlived its estimate."""
    run = st.run[r]
    st.counts[DIRTY] |= 1 << run.pool
    if st.counts[ORDER] == BY_ATTAINED:
        st.job[run.job].type += 1
        st.counts[DIRTY] |= st.kind[st.job[run.job].type].mask
    else:
        # As long again as it has run; a second at least, or it would never get ahead.
        run.expect = now + max(now - run.started, 1.0)
    _reorder(st, r, now)


@kernel
def _reorder(st: Any, r: int, now: float) -> None:
    """Give a run whose times have changed its places in the heap and the ranking."""
    run = st.run[r]
    move(st, st.due, 0, st.counts[N_RUNS], st.place[r], _due(st, run, now), run.job, r)
    st.pool[run.pool].hold_good = 0
    if st.counts[RANKED] != 0:
        withdraw(st, run.unit)
        enter(st, run.unit)


@kernel
def _set_times(st: Any, run: Any) -> None:
    """Work out when a stretch that begins ends, and when it is thought to."""
    guess = max(run.left + error_of(st, run.job), 0.0)
    run.finish = _end_of(run, run.left, run.slow)
    run.expect = _end_of(run, guess, run.slow)
    alone = slow_at(st, st.job[run.job].type, run.pool, st.unit[run.unit].level)
    run.alone = _end_of(run, guess, alone)


@kernel
def _end_of(run: Any, left: float, slow: float) -> float:
    if left <= 0.0:
        return run.begin + run.pay
    return (run.begin + run.pay) + left * slow


@kernel
def _due(st: Any, run: Any, now: float) -> float:
    """Return when a run's next event is: its finish, or what comes before."""
    due = run.finish
    if st.counts[ORDER] == BY_ATTAINED:
        demotion = st.kind[st.job[run.job].type].demotion
        due = min(due, max(run.started + (demotion - st.attained[run.job]), now))
    elif st.counts[RANKED] == BY_END:
        due = min(due, max(run.expect, now))
    return due


@kernel
def _stir(st: Any, run: Any) -> None:
    """Where a shared host gets other company, small jobs may start before their time."""
    if st.unit[run.unit].free >= 0:
        st.counts[STIRRED] = 1


@kernel
def _useful(run: Any, now: float) -> float:
    """Useful wall time since the stretch began; a stalled run has none."""
    if isinf(run.slow):
        return 0.0
    return max(now - run.begin - run.pay, 0.0)


@kernel
def _left(run: Any, useful: float) -> float:
    return max(run.left - useful / run.slow, 0.0)


@kernel
def _saved(st: Any, run: Any, useful: float) -> float:
    """Work left at the last checkpoint, checkpoints being every so much useful time."""
    interval = st.checkpoint[run.job]
    if isinf(interval):
        return run.saved
    total = run.useful + useful
    kept = total
    if interval > 0.0:
        # A checkpoint due at this moment, but for rounding, has been written.
        kept = min(floor(total / interval + 1e-9) * interval, total)
    if kept <= run.useful:
        return run.saved
    return _left(run, kept - run.useful)


@kernel
def _write_row(st: Any, run: Any, now: float, done: float) -> int:
    n = st.counts[N_ROWS]
    st.counts[N_ROWS] = n + 1
    row = st.rows[n]
    row.start_s = run.begin
    row.end_s = now
    row.productive_rce_s = done * st.kind[st.job[run.job].type].chips
    row.lost_rce_s = 0.0
    row.restart_s = min(now - run.begin, run.pay)
    row.job = run.job
    row.pool = run.pool
    row.unit = run.unit
    row.chips = run.chips
    row.fraction = run.fraction
    row.level = st.unit[run.unit].level
    row.racks = st.unit[run.unit].racks
    row.prev = run.row
    run.row = n
    return n


@kernel
def _move_to_lost(st: Any, run: Any, lost: float) -> None:
    """Call the last done work of a run lost, over the rows it was done in."""
    work = lost * st.kind[st.job[run.job].type].chips
    n = run.row
    while work > 0.0 and n >= 0:
        row = st.rows[n]
        part = min(work, row.productive_rce_s)
        row.productive_rce_s -= part
        row.lost_rce_s += part
        work -= part
        n = row.prev


@kernel
def _new_run(st: Any) -> int:
    if st.counts[N_FREE_RUNS] > 0:
        st.counts[N_FREE_RUNS] -= 1
        return st.slot[st.counts[N_FREE_RUNS]].free_run
    st.counts[TOP_RUN] += 1
    return st.counts[TOP_RUN] - 1


@kernel
def _free(st: Any, r: int) -> None:
    """Take a run out of the heap and its unit, and its chips back to the pool."""
    run = st.run[r]
    drop(st, st.due, 0, st.counts[N_RUNS], st.place[r])
    st.counts[N_RUNS] -= 1
    unit = st.unit[run.unit]
    if st.counts[RANKED] != 0:
        withdraw(st, run.unit)
    if run.prev >= 0:
        st.run[run.prev].next = run.next
    else:
        unit.first = run.next
    if run.next >= 0:
        st.run[run.next].prev = run.prev
    unit.runs -= 1
    if 0 < st.counts[LINKED] <= unit.level:
        st.counts[MIXED] = 1
    _stir(st, run)
    give(st, run.unit, run.chips)
    if st.counts[RANKED] != 0 and unit.runs > 0:
        enter(st, run.unit)
    count_chips(st, run, -run.chips)
    st.counts[DIRTY] |= 1 << run.pool
    run.job = -1
    run.finish = inf
    st.slot[st.counts[N_FREE_RUNS]].free_run = r
    st.counts[N_FREE_RUNS] += 1
