"""EASY backfill: small jobs may go ahead of a blocked one that they do not delay.

In the order of the queue, a job that fits nowhere takes a reservation: on the
pool it likes best among those that have none yet, at the time runs are thought
to have left it room (a small job reserves a whole host). Jobs behind may start
there if they are thought to end by then, or if they leave it room all the same.
A reservation stays good until something unforeseen happens, so it is worked out
once and not at every pass: faults, a changed fleet, changed rates, a run that
ends early, or one that outlives its estimate, which is then thought to take as
long again as it has run, so that the reservation moves.

Lifka, D. (1995), doi:10.1007/3-540-60153-8_35; Tsafrir, D., Etsion, Y. &
Feitelson, D. (2007), doi:10.1109/TPDS.2007.70606, on estimates outlived.
"""

from __future__ import annotations

from math import inf, isinf
from typing import Any

from simulator.world.jobs_heap import before, drop, rise, sink
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits, host_for, slow_here
from simulator.world.jobs_queue import end_of_job, key_of, leave
from simulator.world.jobs_ranking import hosts_to, unit_at
from simulator.world.jobs_run import start
from simulator.world.jobs_state import (
    DEPTH,
    DIRTY,
    FRESH,
    FRESH_JOB,
    N_TYPES_WAITING,
    PLACEMENT,
    RANDOM,
    SIGHT,
)
from simulator.world.scheduler_passes import any_fit

#: Who of a type may start in a pool: none, those thought to end before its reservation,
#: those of which that or their place says so, all.
NONE, SHORT, SOME, ALL = range(4)


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
            j = st.kind[k].head if i > 0 else st.job[st.kind[k].head].next
            if j >= 0:
                rise(st, st.merge, 0, n, key_of(st, j), j, ~k)
                n += 1
    st.counts[SIGHT] += 1
    looked = 0
    while n > 0 and looked < st.counts[DEPTH]:
        j = st.merge[0].job
        k = ~st.merge[0].item
        following = st.job[j].next
        p = _allowed_fit(st, k, j, now)
        if p >= 0:
            _start_within(st, k, j, p, now)
            st.counts[SIGHT] += 1
        else:
            taken = _reserve(st, k, j) if st.kind[k].mask & open_pools != 0 else 0
            if taken != 0:
                open_pools &= ~taken
                st.counts[SIGHT] += 1
            if st.kind[k].able == 1:
                looked += 1
            elif taken == 0:
                following = -1
        if following < 0:
            drop(st, st.merge, 0, n, 0)
            n -= 1
        else:
            sink(st, st.merge, 0, n, 0, key_of(st, following), following, ~k)


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
    st.counts[SIGHT] += 1
    p = _allowed_fit(st, k, j, now)
    if p >= 0:
        _start_within(st, k, j, p, now)
    else:
        _reserve(st, k, j)
    return True


@kernel
def _allowed_fit(st: Any, k: int, j: int, now: float) -> int:
    """Return the pool liked best where a job fits and delays no reservation; -1: none."""
    if st.kind[k].seen != st.counts[SIGHT]:
        _look_at(st, k)
    if st.kind[k].able == 0:
        return -1
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        who = st.fit[k, p].open
        if who == ALL:
            return p
        if who == SHORT and end_of_job(st, j, now, st.fit[k, p].pace) <= st.pool[p].hold_at:
            return p
        if who == SOME and _spared(st, k, j, p, now) >= 0:
            return p
    return -1


@kernel
def _look_at(st: Any, k: int) -> None:
    """Say who of a type may start where, as long as nothing starts and nothing is reserved."""
    st.kind[k].seen = st.counts[SIGHT]
    st.kind[k].able = 0
    for p in range(len(st.pool)):
        fit = st.fit[k, p]
        fit.open = NONE
        if st.kind[k].mask >> p & 1 == 0 or not fits(st, k, p):
            continue
        st.kind[k].able = 1
        fit.open = ALL
        if st.pool[p].hold_kept == 1:
            fit.pace = slow_here(st, k, p)
            fit.open = _who_is_spared(st, k, p)


@kernel
def _who_is_spared(st: Any, k: int, p: int) -> int:
    """Return which jobs of a type delay no reservation of a pool where they fit."""
    pool = st.pool[p]
    if max(st.fit[k, p].hosts, 1) <= pool.hold_spare:
        return ALL
    if st.fit[k, p].hosts > 0:
        return SHORT
    # Where a small job goes, and so whom it delays, may be its own luck.
    if st.counts[PLACEMENT] == RANDOM:
        return SOME
    u = host_for(st, p, st.fit[k, p].need, 0)
    return ALL if u >= 0 and st.unit[u].key > pool.hold_at else SHORT


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
    if end_of_job(st, j, now, slow_here(st, k, p)) <= pool.hold_at:
        return 0
    hosts = st.fit[k, p].hosts
    if hosts == 0:
        u = host_for(st, p, st.fit[k, p].need, j)
        if u >= 0 and st.unit[u].key > pool.hold_at:
            return 0
        hosts = 1
    return hosts if hosts <= pool.hold_spare else -1


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
    """Work out when hosts in use are due to leave room for a type; False: never."""
    pool = st.pool[p]
    hosts = max(st.fit[k, p].hosts, 1)
    if hosts > pool.up:
        return False
    pool.hold_at = inf
    u = unit_at(st, p, hosts - pool.free)
    if u < 0 or isinf(st.unit[u].key):
        return False
    pool.hold_at = st.unit[u].key
    pool.hold_spare = pool.free + hosts_to(st, p, pool.hold_at) - hosts
    return True
