"""Weighted fair share: whoever holds fewest chips for its weight goes first.

Of the jobs that fit and keep their service within its quota, the first of the
service with the least (chips held / weight) starts; then the shares are looked
at anew. Nothing is reserved, so a large gang may wait long.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits
from simulator.world.jobs_queue import before, leave
from simulator.world.jobs_run import start
from simulator.world.jobs_state import DIRTY, FRESH, FRESH_JOB, N_TYPES_WAITING


@kernel
def sharing_pass(st: Any, now: float) -> None:
    """Start who may start, the shares in view."""
    if st.counts[FRESH] == 1 and st.counts[DIRTY] == 0:
        _start_if_due(st, st.job[st.counts[FRESH_JOB]].type, st.counts[FRESH_JOB], now)
    else:
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
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0


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
    share = st.share[st.kind[k].service]
    return share.used / share.weight
