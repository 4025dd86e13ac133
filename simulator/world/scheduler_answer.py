"""The queue written down for a planner's policy, and the policy's answer carried out.

Both in the engine's memory, in rows of :data:`jobs_state.SEEN` and
:data:`jobs_state.WANT`, so that an answer costs one way into compiled code and
one out of it.
"""

from __future__ import annotations

from math import inf, isnan
from typing import Any

from simulator.world.jobs_heap import drop, rise, sink
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits
from simulator.world.jobs_queue import guess_of, leave
from simulator.world.jobs_run import start
from simulator.world.jobs_state import (
    ANSWERED,
    ASKED,
    BLOCKS,
    DIRTY,
    FRESH,
    MODE,
    N_TYPES_WAITING,
    N_WAITING,
)
from simulator.world.scheduler_passes import any_fit


@kernel
def lacks_sight(st: Any) -> bool:
    """Whether more jobs wait than there is room to write down."""
    return st.counts[MODE] == ASKED and st.counts[N_WAITING] > len(st.seen)


@kernel
def some_fit(st: Any) -> bool:
    """Whether any job that waits fits anywhere."""
    i, types = 0, st.counts[N_TYPES_WAITING]
    while i < types and any_fit(st, st.kind[i].waiting) < 0:
        i += 1
    return bool(i < types)


@kernel
def write_queue(st: Any) -> None:
    """Write down all jobs that wait, in order of submission."""
    n = 0
    for i in range(st.counts[N_TYPES_WAITING]):
        k = st.kind[i].waiting
        rise(st, st.merge, 0, n, 0.0, st.kind[k].head, ~k)
        n += 1
    i = 0
    while n > 0:
        j, k = st.merge[0].job, ~st.merge[0].item
        following = st.job[j].next
        if following >= 0:
            sink(st, st.merge, 0, n, 0, 0.0, following, ~k)
        else:
            drop(st, st.merge, 0, n, 0)
            n -= 1
        _write(st, i, j, k)
        i += 1


@kernel
def _write(st: Any, i: int, j: int, k: int) -> None:
    seen, left = st.seen[i], guess_of(st, j)
    seen.job = j
    seen.chips = st.kind[k].chips
    seen.job_class = st.kind[k].job_class
    seen.service = st.service[j]
    seen.priority = st.priority[j]
    seen.submit = st.submit[j]
    seen.left = left
    for p in range(len(st.pool)):
        slow = st.fit[k, p].slow
        # Also for a job with nothing left, a pool it cannot use takes for ever.
        st.want[i, p].wall = left * slow if slow < inf else inf
        st.want[i, p].need = st.fit[k, p].need


@kernel
def start_as_answered(st: Any, now: float) -> bool:
    """Start jobs that fit, in the order of the answer; False: it is not all numbers."""
    st.counts[ANSWERED] = 0
    jobs = st.counts[N_WAITING]
    if not _all_numbers(st, jobs):
        return False
    n, blocked = 0, 0
    for i in range(jobs):
        # Room only shrinks, so who has none now will have none.
        if st.counts[BLOCKS] == 1 or _best_pool(st, i, blocked) >= 0:
            rise(st, st.turn, 0, n, -st.seen[i].first, i, -1)
            n += 1
    while n > 0:
        i = st.turn[0].job
        drop(st, st.turn, 0, n, 0)
        n -= 1
        p = _best_pool(st, i, blocked)
        if p >= 0:
            leave(st, st.seen[i].job)
            start(st, st.seen[i].job, p, now)
        elif st.counts[BLOCKS] == 1:
            blocked |= _liked_pools(st, i)
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0
    return True


@kernel
def _all_numbers(st: Any, jobs: int) -> bool:
    for i in range(jobs):
        if isnan(st.seen[i].first):
            return False
        for p in range(len(st.pool)):
            if isnan(st.want[i, p].liking):
                return False
    return True


@kernel
def _best_pool(st: Any, i: int, blocked: int) -> int:
    """Return the pool a job likes best of those that are not blocked and where it fits; -1: none.

    Ties by number.
    """
    best, liking = -1, -inf
    k = st.job[st.seen[i].job].type
    for p in range(len(st.pool)):
        # Never one that it does not like at all.
        if st.want[i, p].liking > liking and blocked >> p & 1 == 0 and _may(st, k, p):
            best, liking = p, st.want[i, p].liking
    return best


@kernel
def _may(st: Any, k: int, p: int) -> bool:
    return st.fit[k, p].slow < inf and fits(st, k, p)


@kernel
def _liked_pools(st: Any, i: int) -> int:
    """Return the mask of pools that a job could run in and likes."""
    liked = 0
    for p in range(len(st.pool)):
        if st.want[i, p].wall < inf and st.want[i, p].liking > -inf:
            liked |= 1 << p
    return liked
