"""Shares: whoever holds least for its weight goes first.

Of the jobs that fit and keep their service within its quota, the first of the
service with the least (share / weight) starts; then the shares are looked at
anew. The share is the chips held, or the dominant share: of each pool's chips
and of the fleet's power, the resource of which the service holds the largest
part. Nothing is reserved, so a large gang may wait long.

Ghodsi, A. et al. (2011), Dominant resource fairness, NSDI '11.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_heap import before
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits
from simulator.world.jobs_queue import leave
from simulator.world.jobs_run import start
from simulator.world.jobs_state import (
    DIRTY,
    DOMINANT,
    FRESH,
    FRESH_JOB,
    N_TYPES_WAITING,
    PREEMPTS,
)
from simulator.world.scheduler_aims import order_pools
from simulator.world.scheduler_preempt import reclaim


@kernel
def sharing_pass(st: Any, now: float) -> None:
    """Start who may start, the shares in view."""
    if st.counts[FRESH] == 1 and st.counts[DIRTY] == 0 and st.counts[PREEMPTS] == 0:
        _start_if_due(st, st.job[st.counts[FRESH_JOB]].type, st.counts[FRESH_JOB], now)
    else:
        _start_most_due(st, now)
        if st.counts[PREEMPTS] == 1:
            _say_who_deserves(st)
            while _reclaim_for_one(st, now):
                _start_most_due(st, now)
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0


@kernel
def _start_most_due(st: Any, now: float) -> None:
    """Start who fits, one after the other."""
    # A pool that grew may free a quota that serves a job elsewhere: look at all.
    n = 0
    for i in range(st.counts[N_TYPES_WAITING]):
        k = st.kind[i].waiting
        if _fit_within_quota(st, k) >= 0:
            st.kind[n].merge = k
            n += 1
    while n > 0:
        i = _most_due(st, n)
        k = st.kind[i].merge
        # What does not fit now will not fit later in this pass.
        if not _start_if_due(st, k, st.kind[k].head, now) or st.kind[k].head < 0:
            n -= 1
            st.kind[i].merge = st.kind[n].merge


@kernel
def _reclaim_for_one(st: Any, now: float) -> bool:
    """Start the first job whose service may take chips back for it."""
    n = st.counts[N_TYPES_WAITING]
    for i in range(n):
        st.kind[i].merge = st.kind[i].waiting
    while n > 0:
        i = _most_due(st, n)
        k = st.kind[i].merge
        j = st.kind[k].head
        for m in range(st.kind[k].pools):
            p = st.fit[k, m].pool
            if reclaim(st, k, p, now):
                leave(st, j)
                start(st, j, p, now)
                return True
        n -= 1
        st.kind[i].merge = st.kind[n].merge
    return False


@kernel
def _say_who_deserves(st: Any) -> None:
    chips, weights = 0, 0.0
    for p in range(len(st.pool)):
        chips += st.pool[p].up * st.pool[p].chips_per_host
    for s in range(len(st.share)):
        weights += st.share[s].weight
    for s in range(len(st.share)):
        st.share[s].deserved = chips * (st.share[s].weight / weights)


@kernel
def _start_if_due(st: Any, k: int, j: int, now: float) -> bool:
    p = _fit_within_quota(st, k)
    if p < 0:
        return False
    leave(st, j)
    start(st, j, p, now)
    return True


@kernel
def _fit_within_quota(st: Any, k: int) -> int:
    """Return the pool liked best where a type fits and stays in its quota; -1: none."""
    share = st.share[st.kind[k].service]
    order_pools(st, k)
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        hosts = st.fit[k, p].hosts
        chips = hosts * st.pool[p].chips_per_host if hosts > 0 else st.fit[k, p].need
        if share.used + chips <= share.quota and fits(st, k, p):
            return p
    return -1


@kernel
def _most_due(st: Any, n: int) -> int:
    """Return the place, among *n* types, of that whose head goes first."""
    best = 0
    for i in range(1, n):
        a, b = st.kind[i].merge, st.kind[best].merge
        if before(_load(st, a), st.kind[a].head, _load(st, b), st.kind[b].head):
            best = i
    return best


@kernel
def _load(st: Any, k: int) -> float:
    s = st.kind[k].service
    share = st.share[s]
    if st.counts[DOMINANT] == 0:
        return share.used / share.weight
    largest, drawn_w, all_w = 0.0, 0.0, 0.0
    for p in range(len(st.pool)):
        pool = st.pool[p]
        chips = pool.up * pool.chips_per_host
        if chips > 0:
            largest = max(largest, st.held[s, p] / chips)
        drawn_w += st.held[s, p] * pool.chip_w
        all_w += chips * pool.chip_w
    if all_w > 0.0:
        largest = max(largest, drawn_w / all_w)
    return largest / share.weight
