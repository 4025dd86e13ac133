"""Passes over the queue that need no look ahead: blocking and skipping.

*Blocking*: jobs go in order; one that does not fit holds every pool it could
run in for itself, so those behind it may only use pools it cannot. *Skipping*:
whoever fits goes, in order.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.world.jobs_heap import before
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits
from simulator.world.jobs_queue import key_of, leave, put_back, set_aside, type_before
from simulator.world.jobs_run import start
from simulator.world.jobs_state import (
    DIRTY,
    FRESH,
    FRESH_JOB,
    N_TYPES_WAITING,
    PREEMPTS,
)
from simulator.world.scheduler_aims import order_pools
from simulator.world.scheduler_preempt import make_room


@kernel
def blocking_pass(st: Any, now: float) -> None:
    """Start what may start, looking only at pools whose capacity may have grown."""
    preempting = st.counts[PREEMPTS] == 1
    if st.counts[FRESH] == 1 and st.counts[DIRTY] == 0 and not preempting:
        _try_fresh(st, st.counts[FRESH_JOB], now)
        return
    _note_fresh(st)
    dirty = st.counts[DIRTY]
    for p in range(len(st.pool)):
        if dirty >> p & 1:
            st.pool[p].block_key = inf
            st.pool[p].block_job = -1
    n_aside = 0
    while dirty != 0 and st.counts[N_TYPES_WAITING] > 0:
        k = st.kind[0].waiting
        kind = st.kind[k]
        j, key = kind.head, kind.key
        if kind.mask & dirty != 0:
            p = _unblocked_fit(st, k, key, j)
            if p < 0 and preempting:
                p = _unblocked_room(st, k, key, j, now)
                if p >= 0:
                    # Those that gave way wait again, so the queue is another.
                    n_aside = _begin_again(st, n_aside)
                    dirty = (1 << len(st.pool)) - 1
            elif p >= 0:
                leave(st, j)
            if p >= 0:
                start(st, j, p, now)
                dirty |= unblock(st, k, j)
                continue
            _block(st, k, key, j)
            dirty &= ~kind.mask
        set_aside(st, k)
        st.kind[n_aside].aside = k
        n_aside += 1
    _put_all_back(st, n_aside)
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0


@kernel
def _begin_again(st: Any, n_aside: int) -> int:
    """Put the types set aside back and let no pool be held; return how many are aside."""
    _put_all_back(st, n_aside)
    for p in range(len(st.pool)):
        st.pool[p].block_key = inf
        st.pool[p].block_job = -1
    return 0


@kernel
def _put_all_back(st: Any, n_aside: int) -> None:
    for i in range(n_aside):
        # Unless one that gave way has brought it back.
        if st.kind[st.kind[i].aside].place < 0:
            put_back(st, st.kind[i].aside)


@kernel
def skipping_pass(st: Any, now: float) -> None:
    """Start whoever fits, in order, among types that a grown pool may serve."""
    if st.counts[FRESH] == 1 and st.counts[DIRTY] == 0:
        j = st.counts[FRESH_JOB]
        st.counts[FRESH] = 0
        p = any_fit(st, st.job[j].type)
        if p >= 0:
            leave(st, j)
            start(st, j, p, now)
        return
    _note_fresh(st)
    dirty = st.counts[DIRTY]
    n = 0
    for i in range(st.counts[N_TYPES_WAITING]):
        k = st.kind[i].waiting
        if st.kind[k].mask & dirty != 0 and any_fit(st, k) >= 0:
            n = push_type(st, n, k)
    while n > 0:
        k = st.kind[0].merge
        p = any_fit(st, k)
        if p >= 0:
            j = st.kind[k].head
            leave(st, j)
            start(st, j, p, now)
        if p < 0 or st.kind[k].head < 0:
            n -= 1
            st.kind[0].merge = st.kind[n].merge
        _sink(st, n)
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0


@kernel
def any_fit(st: Any, k: int) -> int:
    """Return the most preferred pool where a job of type *k* fits; -1: none."""
    order_pools(st, k)
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if fits(st, k, p):
            return p
    return -1


@kernel
def unblock(st: Any, k: int, j: int) -> int:
    """Lift what job *j* held; return the mask of pools."""
    lifted = 0
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if st.pool[p].block_job == j:
            st.pool[p].block_key = inf
            st.pool[p].block_job = -1
            lifted |= 1 << p
    return lifted


@kernel
def _try_fresh(st: Any, j: int, now: float) -> None:
    """Try the only new job: nothing else can start, for nothing else has changed."""
    st.counts[FRESH] = 0
    k = st.job[j].type
    key = key_of(st, j)
    p = _unblocked_fit(st, k, key, j)
    if p >= 0:
        leave(st, j)
        start(st, j, p, now)
    else:
        _block(st, k, key, j)


@kernel
def _note_fresh(st: Any) -> None:
    """With several new jobs, look again at every pool one of them might use."""
    if st.counts[FRESH] == 0:
        return
    for i in range(st.counts[N_TYPES_WAITING]):
        st.counts[DIRTY] |= st.kind[st.kind[i].waiting].mask


@kernel
def _held(st: Any, p: int, key: float, j: int) -> bool:
    """Whether a job further ahead holds a pool for itself."""
    pool = st.pool[p]
    return pool.block_job >= 0 and before(pool.block_key, pool.block_job, key, j)


@kernel
def _unblocked_fit(st: Any, k: int, key: float, j: int) -> int:
    order_pools(st, k)
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if not _held(st, p, key, j) and fits(st, k, p):
            return p
    return -1


@kernel
def _unblocked_room(st: Any, k: int, key: float, j: int, now: float) -> int:
    """Preempt for a job that fits nowhere; return the pool where it now fits; -1: none."""
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if not _held(st, p, key, j) and make_room(st, k, j, p, now):
            return p
    return -1


@kernel
def _block(st: Any, k: int, key: float, j: int) -> None:
    for i in range(st.kind[k].pools):
        pool = st.pool[st.fit[k, i].pool]
        if pool.block_job < 0 or before(key, j, pool.block_key, pool.block_job):
            pool.block_key = key
            pool.block_job = j


@kernel
def push_type(st: Any, n: int, k: int) -> int:
    """Add a type to the scratch heap of *n* types by head; return the new size."""
    i = n
    while i > 0 and type_before(st, k, st.kind[(i - 1) >> 1].merge):
        st.kind[i].merge = st.kind[(i - 1) >> 1].merge
        i = (i - 1) >> 1
    st.kind[i].merge = k
    return n + 1


@kernel
def _sink(st: Any, n: int) -> None:
    """Let the top of the scratch heap sink to where its head belongs."""
    if n < 2:
        return
    k = st.kind[0].merge
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and type_before(st, st.kind[child + 1].merge, st.kind[child].merge):
            child += 1
        if not type_before(st, st.kind[child].merge, k):
            break
        st.kind[i].merge = st.kind[child].merge
        i = child
    st.kind[i].merge = k
