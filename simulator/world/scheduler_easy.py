"""EASY backfill: small jobs may go ahead of a blocked one that they do not delay.

In the order of the queue, a job that fits nowhere takes a reservation: on the
pool it likes best among those that have none yet, at the time known runs will
have left it room. Jobs behind may start there if they end by then, or if they
leave it room all the same. Only what is unforeseen (faults, a changed fleet,
changed rates) can delay a reservation. A reservation stays good until then, so
it is worked out once and not at every pass.
"""

from __future__ import annotations

from math import inf, isinf, isnan
from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits, host_for, slow_here
from simulator.world.jobs_queue import before, key_of, leave
from simulator.world.jobs_run import run_before, start
from simulator.world.jobs_state import (
    DEPTH,
    DIRTY,
    EPOCH,
    FRESH,
    FRESH_JOB,
    N_RUNS,
    N_TYPES_WAITING,
)
from simulator.world.scheduler_passes import any_fit


@kernel
def easy_pass(st: Any, now: float) -> None:
    """Start what may start and renew the reservations."""
    if st.counts[FRESH] == 1 and st.counts[DIRTY] == 0:
        st.counts[FRESH] = 0
        if _try_fresh(st, st.counts[FRESH_JOB], now):
            return
    for p in range(len(st.pool)):
        st.pool[p].hold_kept = 0
    _start_heads(st, now)
    if st.counts[N_TYPES_WAITING] > 0:
        _backfill(st, now)
    for p in range(len(st.pool)):
        if st.pool[p].hold_kept == 0:
            st.pool[p].hold_job = -1
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0


@kernel
def release_hold(st: Any, k: int, j: int) -> int:
    """Lift the reservation of job *j*; return the mask of its pool."""
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if st.pool[p].hold_job == j:
            st.pool[p].hold_job = -1
            return 1 << p
    return 0


@kernel
def _start_heads(st: Any, now: float) -> None:
    """Start jobs in order until one does not fit."""
    while st.counts[N_TYPES_WAITING] > 0:
        k = st.kind[0].waiting
        p = any_fit(st, k)
        if p < 0:
            return
        j = st.kind[k].head
        leave(st, j)
        start(st, j, p, now)
        st.pool[p].hold_job = -1


@kernel
def _backfill(st: Any, now: float) -> None:
    """Walk the queue in order, from the first job that does not fit."""
    k = st.kind[0].waiting
    open_pools = _pools_up(st)
    open_pools &= ~_reserve(st, k, st.kind[k].head)
    n = 0
    for i in range(st.counts[N_TYPES_WAITING]):
        k = st.kind[i].waiting
        if st.kind[k].mask & open_pools != 0 or any_fit(st, k) >= 0:
            st.kind[k].cursor = st.kind[k].head if i > 0 else st.job[st.kind[k].head].next
            if st.kind[k].cursor >= 0:
                n = _push(st, n, k)
    looked = 0
    while n > 0 and looked < st.counts[DEPTH]:
        k = st.kind[0].merge
        j = st.kind[k].cursor
        following = st.job[j].next
        fit = any_fit(st, k) >= 0
        p = _allowed_fit(st, k, j, now) if fit else -1
        if p >= 0:
            _start_within(st, k, j, p, now)
        else:
            taken = _reserve(st, k, j) if st.kind[k].mask & open_pools != 0 else 0
            open_pools &= ~taken
            if fit:
                looked += 1
            elif taken == 0:
                following = -1
        st.kind[k].cursor = following
        if following < 0:
            n -= 1
            st.kind[0].merge = st.kind[n].merge
        _sink(st, n)


@kernel
def _pools_up(st: Any) -> int:
    mask = 0
    for p in range(len(st.pool)):
        if st.pool[p].up > 0:
            mask |= 1 << p
    return mask


@kernel
def _try_fresh(st: Any, j: int, now: float) -> bool:
    """Try the only new job; return False if it upsets the reservations of others."""
    k = st.job[j].type
    key = key_of(st, j)
    for i in range(st.kind[k].pools):
        holder = st.pool[st.fit[k, i].pool].hold_job
        if holder >= 0 and before(key, j, key_of(st, holder), holder):
            return False
    p = _allowed_fit(st, k, j, now)
    if p >= 0:
        _start_within(st, k, j, p, now)
    else:
        _reserve(st, k, j)
    return True


@kernel
def _allowed_fit(st: Any, k: int, j: int, now: float) -> int:
    """Return the pool liked best where a job fits and delays no reservation; -1: none."""
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if fits(st, k, p) and (st.pool[p].hold_kept == 0 or _spared(st, k, j, p, now) >= 0):
            return p
    return -1


@kernel
def _start_within(st: Any, k: int, j: int, p: int, now: float) -> None:
    """Start a job, charged to what the pool's reservation can spare."""
    pool = st.pool[p]
    if pool.hold_kept == 0:
        pool.hold_job = -1
    else:
        pool.hold_spare -= _spared(st, k, j, p, now)
    leave(st, j)
    start(st, j, p, now)


@kernel
def _spared(st: Any, k: int, j: int, p: int, now: float) -> int:
    """Hosts a job would take from what a reservation can spare; -1: it would delay it."""
    pool = st.pool[p]
    pay = 0.0 if isnan(st.job[j].start) else st.job[j].restart
    # The same sum as of a run's finish, so that they compare to the last bit.
    if (now + pay) + st.job[j].left * slow_here(st, k, p) <= pool.hold_at:
        return 0
    hosts = st.fit[k, p].hosts
    if hosts == 0:
        u = host_for(st, p, st.fit[k, p].need, j)
        if st.fit[st.job[pool.hold_job].type, p].hosts == 0:
            return -1 if u >= 0 and u == pool.hold_unit else 0
        if u >= 0 and _last_finish(st, u) > pool.hold_at:
            return 0
        hosts = 1
    return hosts if hosts <= pool.hold_spare else -1


@kernel
def _last_finish(st: Any, u: int) -> float:
    latest = -inf
    r = st.unit[u].first
    while r >= 0:
        latest = max(latest, st.run[r].finish)
        r = st.run[r].next
    return latest


@kernel
def _reserve(st: Any, k: int, j: int) -> int:
    """Give a blocked job a reservation; return the mask of the pool, 0: none is to be had."""
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        pool = st.pool[p]
        if pool.hold_kept == 1:
            continue
        if pool.hold_job == j and pool.hold_good == 1:
            pool.hold_kept = 1
            return 1 << p
        if _foresee(st, k, p):
            pool.hold_job = j
            pool.hold_good = 1
            pool.hold_kept = 1
            return 1 << p
    return 0


@kernel
def _foresee(st: Any, k: int, p: int) -> bool:
    """Work out when known runs leave room for a type; False: never."""
    pool = st.pool[p]
    hosts = st.fit[k, p].hosts
    if max(hosts, 1) > pool.up:
        return False
    st.counts[EPOCH] += 1
    room = pool.free
    pool.hold_at = inf
    pool.hold_unit = -1
    pool.hold_spare = 0
    n = 0
    if st.counts[N_RUNS] > 0:
        n = _push_place(st, n, 0)
    while n > 0:
        place = st.slot[0].frontier
        n = _pop_place(st, n)
        for child in (2 * place + 1, 2 * place + 2):
            if child < st.counts[N_RUNS]:
                n = _push_place(st, n, child)
        run = st.run[st.slot[place].finishing]
        if run.finish > pool.hold_at or isinf(run.finish):
            break
        if run.pool != p:
            continue
        if hosts > 0:
            room += _hosts_freed(st, run)
            if room >= hosts:
                pool.hold_at = run.finish
        elif _chips_freed(st, run) >= st.fit[k, p].need:
            pool.hold_at = run.finish
            pool.hold_unit = run.unit if st.unit[run.unit].free >= 0 else -1
            break
    pool.hold_spare = room - hosts
    return not isinf(pool.hold_at)


@kernel
def _hosts_freed(st: Any, run: Any) -> int:
    """Whole hosts that are idle once this run ends too."""
    unit = st.unit[run.unit]
    if unit.free < 0:
        return unit.hosts
    if unit.epoch != st.counts[EPOCH]:
        unit.epoch = st.counts[EPOCH]
        unit.seen = 0
    unit.seen += 1
    return 1 if unit.seen == unit.runs else 0


@kernel
def _chips_freed(st: Any, run: Any) -> int:
    """Free chips of a host once this run ends too; a gang leaves whole ones."""
    unit = st.unit[run.unit]
    if unit.free < 0:
        return st.pool[run.pool].chips_per_host
    if unit.epoch != st.counts[EPOCH]:
        unit.epoch = st.counts[EPOCH]
        unit.seen = 0
    unit.seen += run.chips
    return unit.free + unit.seen


@kernel
def _push_place(st: Any, n: int, place: int) -> int:
    """Add a place of the heap of completions to the frontier of the search."""
    r = st.slot[place].finishing
    i = n
    while i > 0:
        other = st.slot[(i - 1) >> 1].frontier
        if not run_before(st, r, st.slot[other].finishing):
            break
        st.slot[i].frontier = other
        i = (i - 1) >> 1
    st.slot[i].frontier = place
    return n + 1


@kernel
def _pop_place(st: Any, n: int) -> int:
    """Drop the first of the frontier; return its new size."""
    n -= 1
    place = st.slot[n].frontier
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and run_before(
            st,
            st.slot[st.slot[child + 1].frontier].finishing,
            st.slot[st.slot[child].frontier].finishing,
        ):
            child += 1
        if not run_before(st, st.slot[st.slot[child].frontier].finishing, st.slot[place].finishing):
            break
        st.slot[i].frontier = st.slot[child].frontier
        i = child
    st.slot[i].frontier = place
    return n


@kernel
def _cursor_before(st: Any, a: int, b: int) -> bool:
    i, j = st.kind[a].cursor, st.kind[b].cursor
    return before(key_of(st, i), i, key_of(st, j), j)


@kernel
def _push(st: Any, n: int, k: int) -> int:
    """Add a type to the scratch heap by its cursor; return the new size."""
    i = n
    while i > 0 and _cursor_before(st, k, st.kind[(i - 1) >> 1].merge):
        st.kind[i].merge = st.kind[(i - 1) >> 1].merge
        i = (i - 1) >> 1
    st.kind[i].merge = k
    return n + 1


@kernel
def _sink(st: Any, n: int) -> None:
    """Let the top of the scratch heap sink to where its cursor belongs."""
    if n < 2:
        return
    k = st.kind[0].merge
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and _cursor_before(st, st.kind[child + 1].merge, st.kind[child].merge):
            child += 1
        if not _cursor_before(st, st.kind[child].merge, k):
            break
        st.kind[i].merge = st.kind[child].merge
        i = child
    st.kind[i].merge = k
