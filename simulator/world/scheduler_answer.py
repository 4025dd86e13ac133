"""The queue written down for a planner's policy, and the policy's answer carried out.

Both in the engine's memory, so that an answer costs one way into compiled code
and one out of it.
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
    LEARNING,
    MODE,
    N_CAME,
    N_SEEN,
    N_TYPES_WAITING,
    N_WAITING,
    WAITING,
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
    # What waits does not change, unless what it is taken for does.
    if st.counts[N_SEEN] < 0 or st.counts[LEARNING] == 1:
        _write_all(st)
    else:
        _write_new(st, _drop_gone(st))
    st.counts[N_SEEN] = st.counts[N_WAITING]
    st.counts[N_CAME] = 0


@kernel
def _write_all(st: Any) -> None:
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
def _drop_gone(st: Any) -> int:
    """Drop those who wait no more from what was written down last; return how many are left."""
    if st.counts[N_SEEN] + st.counts[N_CAME] == st.counts[N_WAITING]:
        return st.counts[N_SEEN]
    n = 0
    for i in range(st.counts[N_SEEN]):
        j = st.seen[i].job
        if j >= 0 and st.job[j].state == WAITING:
            if n < i:
                _move(st, i, n)
            n += 1
    return n


@kernel
def _write_new(st: Any, n: int) -> None:
    """Write those who came since down among the *n* who are there."""
    m = 0
    for i in range(st.counts[N_CAME]):
        j = st.came[i]
        if st.job[j].state == WAITING:
            at = m
            while at > 0 and st.came[at - 1] > j:
                st.came[at] = st.came[at - 1]
                at -= 1
            st.came[at] = j
            m += 1
    while m > 0:
        j = st.came[m - 1]
        if n > 0 and st.seen[n - 1].job > j:
            _move(st, n - 1, n + m - 1)
            n -= 1
        else:
            _write(st, n + m - 1, j, st.job[j].type)
            m -= 1


@kernel
def _move(st: Any, i: int, to: int) -> None:
    st.seen[to] = st.seen[i]
    for p in range(len(st.pool)):
        st.wall[p, to] = st.wall[p, i]
        st.need[p, to] = st.need[p, i]


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
        st.wall[p, i] = left * slow if slow < inf else inf
        st.need[p, i] = st.fit[k, p].need


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
    everywhere = (1 << len(st.pool)) - 1
    while n > 0 and blocked != everywhere:
        i = st.turn[0].job
        drop(st, st.turn, 0, n, 0)
        n -= 1
        p = _best_pool(st, i, blocked)
        if p >= 0:
            j = st.seen[i].job
            leave(st, j)
            start(st, j, p, now)
            st.seen[i].job = -1
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
            if isnan(st.liking[p, i]):
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
        if st.liking[p, i] > liking and blocked >> p & 1 == 0 and _may(st, k, p):
            best, liking = p, st.liking[p, i]
    return best


@kernel
def _may(st: Any, k: int, p: int) -> bool:
    return st.fit[k, p].slow < inf and fits(st, k, p)


@kernel
def _liked_pools(st: Any, i: int) -> int:
    """Return the mask of pools that a job could run in and likes."""
    liked = 0
    for p in range(len(st.pool)):
        if st.wall[p, i] < inf and st.liking[p, i] > -inf:
            liked |= 1 << p
    return liked
