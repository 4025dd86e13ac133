"""Conservative backfill: a job may go ahead if it delays none of those before it.

In order of submission each waiting job, up to a depth, gets the earliest time
at which enough hosts are due to be idle for as long as it is thought to run,
by the estimates of the runs and by the reservations made before; of pools that
offer the same time the one it likes best. If that is now, it starts. A small
job may also share a host, if that keeps the host no longer than can be spared;
else it reserves a whole one.

A job that is thought to take no time needs its hosts for a moment. It keeps out those after
it that would start before that moment and end later, unless they leave room for all that
need that moment; who starts or ends just then is not in its way, nor are others like it.

A reservation is kept until its time has come, but for a small job that finds a
host to share before: what it had reserved is then there for those that come
later. What is unforeseen (a run that ends early or outlives its estimate or is
slowed, a fault, a changed fleet, a new mean of a class, a job that gives up,
one that cannot start at its time) makes all reservations anew.

Mu'alem, A. & Feitelson, D. (2001), doi:10.1109/71.932708.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits, host_for
from simulator.world.jobs_queue import end_of_job, leave
from simulator.world.jobs_ranking import hosts_to, unit_at
from simulator.world.jobs_run import start
from simulator.world.jobs_state import (
    BEST_FIT,
    DEPTH,
    DIRTY,
    FRESH,
    N_PLANNED,
    N_SMALL_PLANNED,
    NEXT_PLANNED,
    PLACEMENT,
    STIRRED,
)


@kernel
def conservative_pass(st: Any, now: float) -> None:
    """Start those whose time has come and make reservations for those that have none."""
    if not _start_planned(st, now):
        for p in range(len(st.pool)):
            st.pool[p].hold_good = 1
            st.pool[p].steps = 0
        st.counts[N_PLANNED] = 0
        st.counts[N_SMALL_PLANNED] = 0
        st.real[NEXT_PLANNED] = inf
    n = st.counts[N_PLANNED]
    j = st.job[st.planned[n - 1].job].next if n > 0 else st.kind[0].head
    while j >= 0 and st.counts[N_PLANNED] < st.counts[DEPTH]:
        following = st.job[j].next
        _plan(st, j, now)
        j = following
    st.counts[DIRTY] = 0
    st.counts[FRESH] = 0


@kernel
def _start_planned(st: Any, now: float) -> bool:
    """Start those who may; return False if the plan no longer holds."""
    for p in range(len(st.pool)):
        if st.pool[p].hold_good == 0:
            return False
    sharing = _may_share(st)
    st.counts[STIRRED] = 0
    if st.real[NEXT_PLANNED] > now and not sharing:
        return True
    n, earliest = 0, inf
    for i in range(st.counts[N_PLANNED]):
        planned = st.planned[i]
        j, p = planned.job, planned.pool
        if planned.at <= now:
            if not fits(st, st.job[j].type, p):
                return False
            _set_aside(st, planned, -1)
        else:
            p = -1
            if planned.small == 1 and (sharing or st.counts[STIRRED] == 1):
                p = _shares_early(st, planned, now)
            if p < 0:
                earliest = min(earliest, planned.at)
                st.planned[n] = planned
                n += 1
                continue
        st.counts[N_SMALL_PLANNED] -= planned.small
        end = planned.end
        leave(st, j)
        if _start(st, j, p, now) != end:
            st.counts[STIRRED] = 1
    st.counts[N_PLANNED] = n
    st.real[NEXT_PLANNED] = earliest
    return True


@kernel
def _may_share(st: Any) -> bool:
    """Whether a small job may find a host to share that it did not at the last pass."""
    if st.counts[N_SMALL_PLANNED] == 0:
        return False
    # The fullest host is another only where a shared one got other company.
    anywhere = st.counts[PLACEMENT] != BEST_FIT
    return anywhere or st.counts[STIRRED] == 1


@kernel
def _shares_early(st: Any, planned: Any, now: float) -> int:
    """Return the pool where a small job finds a host to share, its place given up; -1: none."""
    j = planned.job
    k = st.job[j].type
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        if st.fit[k, p].hosts > 0 or not fits(st, k, p):
            continue
        u = host_for(st, p, st.fit[k, p].need, j)
        if u < 0:
            continue
        since, end = st.unit[u].key, _end(st, k, j, p, now)
        if _can_stay(st, p, since, end):
            _set_aside(st, planned, -1)
            return p
        # What it has reserved itself is in nobody's way.
        if planned.pool == p and planned.at < end and since < planned.end:
            _set_aside(st, planned, -1)
            if _can_stay(st, p, since, end):
                return p
            _set_aside(st, planned, 1)
    return -1


@kernel
def _set_aside(st: Any, planned: Any, sign: int) -> None:
    """Set aside what a job reserves, or, if negative, give it up."""
    if planned.pool >= 0:
        hosts = sign * max(planned.hosts, 1)
        _reserve(st, planned.pool, planned.at, planned.end, hosts)


@kernel
def _plan(st: Any, j: int, now: float) -> None:
    """Start a job or give it a reservation; one that can never start just waits."""
    k = st.job[j].type
    at, q = inf, -1
    for i in range(st.kind[k].pools):
        p = st.fit[k, i].pool
        t = _earliest(st, k, j, p, now)
        if t < at:
            at, q = t, p
    # What ends at this very moment may not have ended yet.
    if at <= now and fits(st, k, q):
        leave(st, j)
        _start(st, j, q, now)
        return
    n = st.counts[N_PLANNED]
    st.counts[N_PLANNED] = n + 1
    planned = st.planned[n]
    planned.at = at
    planned.job = j
    planned.pool = q
    planned.small = 0
    for i in range(st.kind[k].pools):
        if st.fit[k, st.fit[k, i].pool].hosts == 0:
            planned.small = 1
    st.counts[N_SMALL_PLANNED] += planned.small
    if q >= 0:
        planned.hosts = st.fit[k, q].hosts
        planned.end = _end(st, k, j, q, at)
        st.real[NEXT_PLANNED] = min(st.real[NEXT_PLANNED], at)
        _set_aside(st, planned, 1)


@kernel
def _end(st: Any, k: int, j: int, p: int, at: float) -> float:
    """Return when a job is thought to end if it starts then."""
    return end_of_job(st, j, at, st.fit[k, p].slow)


@kernel
def _start(st: Any, j: int, p: int, now: float) -> float:
    """Start a job, and count its hosts out of those foreseen to be idle until its unit ends."""
    hosts = st.fit[st.job[j].type, p].hosts
    u, since = -1, now
    if hosts == 0:
        u = host_for(st, p, st.fit[st.job[j].type, p].need, j)
        hosts = 1
    if u >= 0:
        since = st.unit[u].key
    r = start(st, j, p, now)
    until = st.unit[st.run[r].unit].key
    for i in range(st.pool[p].steps):
        if since <= st.plan[p, i].at < until:
            st.plan[p, i].idle -= hosts
    return until


@kernel
def _earliest(st: Any, k: int, j: int, p: int, now: float) -> float:
    """Return when a job could start in a pool; inf: never."""
    pool = st.pool[p]
    hosts = st.fit[k, p].hosts
    if hosts == 0:
        u = host_for(st, p, st.fit[k, p].need, j) if fits(st, k, p) else -1
        if u >= 0 and _can_stay(st, p, st.unit[u].key, _end(st, k, j, p, now)):
            return now
        hosts = 1
    at, i, taken = now, 0, 0
    while i < pool.steps and st.plan[p, i].at <= at:
        taken -= st.plan[p, i].free
        i += 1
    while True:
        # From here to the next step hosts only come free.
        t = inf
        if i == pool.steps or st.plan[p, i].idle - st.plan[p, i].free >= hosts:
            t = at
            lack = hosts - pool.free + taken
            if lack > 0:
                u = unit_at(st, p, lack)
                t = inf if u < 0 else max(st.unit[u].key, at)
        if i < pool.steps and t >= st.plan[p, i].at:
            at = st.plan[p, i].at
            taken -= st.plan[p, i].free
            i += 1
            continue
        if t == inf:
            return inf
        short = _first_short(st, p, hosts, i, _end(st, k, j, p, t))
        if short < 0:
            return t
        at = st.plan[p, short].at
        while i <= short:
            taken -= st.plan[p, i].free
            i += 1


@kernel
def _can_stay(st: Any, p: int, at: float, end: float) -> bool:
    """Whether a host that is thought to be idle from a time on is to spare until an end."""
    if at >= end:
        return True
    taken, i = 0, 0
    while i < st.pool[p].steps and st.plan[p, i].at <= at:
        taken -= st.plan[p, i].free
        i += 1
    if i > 0:
        # The host does not become idle at all, so also who needs it for that moment has none.
        if st.plan[p, i - 1].at == at:
            taken += st.plan[p, i - 1].brief
        if st.pool[p].free + hosts_to(st, p, at) - taken < 1:
            return False
    return _first_short(st, p, 1, i, end) < 0


@kernel
def _first_short(st: Any, p: int, hosts: int, i: int, end: float) -> int:
    """Return the first step, from the *i*-th to before an end, with fewer hosts idle; -1: none."""
    while i < st.pool[p].steps and st.plan[p, i].at < end:
        if st.plan[p, i].idle - st.plan[p, i].brief < hosts:
            return i
        i += 1
    return -1


@kernel
def _reserve(st: Any, p: int, at: float, end: float, hosts: int) -> None:
    """Reserve hosts from one time to another, or, if negative, give up that they were."""
    first = _step_at(st, p, at)
    last = _step_at(st, p, end)
    if first == last:
        st.plan[p, first].brief += hosts
    st.plan[p, first].free -= hosts
    st.plan[p, last].free += hosts
    for i in range(first, last):
        st.plan[p, i].idle -= hosts
    _drop_step(st, p, last)
    if first < last:
        _drop_step(st, p, first)


@kernel
def _step_at(st: Any, p: int, at: float) -> int:
    """Return the step at a time, made if there is none."""
    pool = st.pool[p]
    i = _steps_to(st, p, at)
    if i > 0 and st.plan[p, i - 1].at == at:
        return i - 1
    taken = 0
    for m in range(i):
        taken -= st.plan[p, m].free
    for m in range(pool.steps, i, -1):
        st.plan[p, m] = st.plan[p, m - 1]
    st.plan[p, i].at = at
    st.plan[p, i].free = 0
    st.plan[p, i].brief = 0
    st.plan[p, i].idle = pool.free + hosts_to(st, p, at) - taken
    pool.steps += 1
    return i


@kernel
def _steps_to(st: Any, p: int, at: float) -> int:
    """Return how many steps there are up to a time."""
    low, high = 0, st.pool[p].steps
    while low < high:
        middle = (low + high) >> 1
        if st.plan[p, middle].at <= at:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _drop_step(st: Any, p: int, i: int) -> None:
    """Drop a step at which nothing changes."""
    if st.plan[p, i].free != 0 or st.plan[p, i].brief != 0:
        return
    for m in range(i + 1, st.pool[p].steps):
        st.plan[p, m - 1] = st.plan[p, m]
    st.pool[p].steps -= 1
