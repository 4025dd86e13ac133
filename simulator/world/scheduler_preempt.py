"""Preemption: making room for a job among runs that its discipline puts behind it.

What a job may take are units (the hosts of a gang, or one shared host) all of
whose runs are weaker: of lower priority, of more service attained, or thought
to end later than the job would, each at its speed alone. The weakest goes first,
of equals the one started last; no more than it takes. Under fair share a service that stays
within what it deserves (its weight's part of the chips that are up) may reclaim
chips from services that keep all they deserve without them. Those that give way
write a checkpoint and wait again.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import fits, slow_here
from simulator.world.jobs_queue import end_of_job, leave
from simulator.world.jobs_ranking import (
    first_unit,
    gives,
    hosts_below,
    strength,
    unit_after,
    unit_at,
)
from simulator.world.jobs_run import preempt
from simulator.world.jobs_state import BY_WORK, ORDER


@kernel
def make_room(st: Any, k: int, j: int, p: int, now: float) -> bool:
    """Let a job leave the queue and preempt in a pool until it fits; False: never, as it was."""
    own = _own_strength(st, k, j, p, now)
    hosts = max(st.fit[k, p].hosts, 1)
    if st.pool[p].free + hosts_below(st, p, own) < hosts:
        return False
    # Those that give way may go before it, and only the first leaves a heap.
    leave(st, j)
    u = unit_at(st, p, 1)
    while not fits(st, k, p):
        if st.fit[k, p].hosts > 0:
            empty(st, u, now)
            u = unit_at(st, p, 1)
        else:
            preempt(st, _weakest_run(st, u), now)
    return True


@kernel
def empty(st: Any, u: int, now: float) -> None:
    """Preempt all that runs on a unit."""
    runs = st.unit[u].runs
    for _ in range(runs):
        preempt(st, st.unit[u].first, now)


@kernel
def _own_strength(st: Any, k: int, j: int, p: int, now: float) -> float:
    """Return the strength a job would have as a run."""
    if st.counts[ORDER] != BY_WORK:
        return st.kind[k].priority
    return -end_of_job(st, j, now, slow_here(st, k, p))


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
    if strength(st, a) != strength(st, b):
        return strength(st, a) < strength(st, b)
    first, second = st.run[a], st.run[b]
    return first.started > second.started or (
        first.started == second.started and first.job > second.job
    )


@kernel
def reclaim(st: Any, k: int, p: int, now: float) -> bool:
    """Take chips back for a service; return False, having done nothing, if it may not."""
    share = st.share[st.kind[k].service]
    hosts = st.fit[k, p].hosts
    chips = hosts * st.pool[p].chips_per_host if hosts > 0 else st.fit[k, p].need
    if share.used + chips > min(share.deserved, float(share.quota)):
        return False
    room = st.pool[p].free
    most = float(room)
    for s in range(len(st.share)):
        st.share[s].giving = 0
        spare = st.share[s].used - st.share[s].deserved
        most += max(min(spare, float(st.held[s, p])), 0.0)
    # Each host that is given takes a chip at least.
    if most < max(hosts, 1):
        return False
    taken = 0
    u = first_unit(st, p)
    while u >= 0 and room < max(hosts, 1):
        if gives(st, u) > 0 and _spares(st, u):
            room += gives(st, u)
            st.slot[taken].giving = u
            taken += 1
        u = unit_after(st, u)
    if room < max(hosts, 1):
        return False
    for i in range(taken):
        empty(st, st.slot[i].giving, now)
    return True


@kernel
def _spares(st: Any, u: int) -> bool:
    """Whether the services on a unit can spare it; if so, count it as given."""
    r = st.unit[u].first
    while r >= 0:
        share = st.share[st.kind[st.job[st.run[r].job].type].service]
        share.giving += st.run[r].chips
        r = st.run[r].next
    spared = True
    r = st.unit[u].first
    while r >= 0:
        share = st.share[st.kind[st.job[st.run[r].job].type].service]
        spared = spared and share.used - share.giving >= share.deserved
        r = st.run[r].next
    r = st.unit[u].first
    while r >= 0 and not spared:
        share = st.share[st.kind[st.job[st.run[r].job].type].service]
        share.giving -= st.run[r].chips
        r = st.run[r].next
    return spared
