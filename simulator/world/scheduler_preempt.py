"""Preemption: making room for a job among runs of lower priority.

Who gives way: of the hosts that would do, those whose runs have the lowest
priority, of equals those that started last; no more than it takes.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits
from simulator.world.jobs_run import preempt
from simulator.world.jobs_state import TOP_UNIT


@kernel
def make_room(st: Any, k: int, p: int, now: float) -> bool:
    """Preempt in a pool until type *k* fits; return False, having done nothing, if never."""
    hosts = st.fit[k, p].hosts
    if hosts == 0:
        u = _weakest_unit(st, k, p, st.fit[k, p].need)
        if u < 0:
            return False
        while not fits(st, k, p):
            preempt(st, _weakest_run(st, u), now)
        return True
    if not _could_fit(st, k, p, hosts):
        return False
    while st.pool[p].free < hosts:
        u = _weakest_unit(st, k, p, 0)
        for _ in range(st.unit[u].runs):
            preempt(st, st.unit[u].first, now)
    return True


@kernel
def _could_fit(st: Any, k: int, p: int, hosts: int) -> bool:
    """Whether hosts idle or held only by runs of lower priority are enough."""
    room = st.pool[p].free
    if hosts > st.pool[p].up:
        return False
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts > 0 and st.unit[u].pool == p and _gives_way(st, k, u, 0):
            room += st.unit[u].hosts
            if room >= hosts:
                return True
    return False


@kernel
def _gives_way(st: Any, k: int, u: int, need: int) -> bool:
    """Whether a unit's weaker runs would leave room: all of it (need 0), or so many chips."""
    chips, stronger = 0, False
    r = st.unit[u].first
    while r >= 0:
        if _priority(st, r) < st.kind[k].priority:
            chips += st.run[r].chips
        else:
            stronger = True
        r = st.run[r].next
    if need == 0:
        return not stronger
    return chips > 0 and max(st.unit[u].free, 0) + chips >= need


@kernel
def _weakest_unit(st: Any, k: int, p: int, need: int) -> int:
    """Return the unit of a pool that gives way first; -1: none does."""
    best, best_top, best_started, best_job = -1, inf, -inf, -1
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts == 0 or st.unit[u].pool != p or not _gives_way(st, k, u, need):
            continue
        top, started, job = -inf, -inf, -1
        r = st.unit[u].first
        while r >= 0:
            run = st.run[r]
            if _priority(st, r) < st.kind[k].priority:
                top = max(top, _priority(st, r))
                if run.started > started or (run.started == started and run.job > job):
                    started, job = run.started, run.job
            r = run.next
        if top < best_top or (
            top == best_top
            and (started > best_started or (started == best_started and job > best_job))
        ):
            best, best_top, best_started, best_job = u, top, started, job
    return best


@kernel
def _weakest_run(st: Any, u: int) -> int:
    """Return the run of a unit that gives way first."""
    best = -1
    r = st.unit[u].first
    while r >= 0:
        if best < 0 or _weaker(st, r, best):
            best = r
        r = st.run[r].next
    return best


@kernel
def _weaker(st: Any, a: int, b: int) -> bool:
    if _priority(st, a) != _priority(st, b):
        return _priority(st, a) < _priority(st, b)
    first, second = st.run[a], st.run[b]
    return first.started > second.started or (
        first.started == second.started and first.job > second.job
    )


@kernel
def _priority(st: Any, r: int) -> float:
    return st.kind[st.job[st.run[r].job].type].priority
