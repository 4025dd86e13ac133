"""Chips of a pool: where a job fits, taking hosts and giving them back.

Whole hosts are counted; which they are matters only in a pool with a layout
(:mod:`jobs_layout`). A host that small jobs share is a unit of its own, listed
by its free chips, so that the fullest host that fits is found at once, whatever
the size of the pool.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_hosts import hold_drained
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_layout import give_hosts, level_for, take_hosts
from simulator.world.jobs_luck import luck_of
from simulator.world.jobs_state import (
    BEST_FIT,
    BLOCK,
    DOMAIN,
    HOST,
    N_FREE_UNITS,
    PLACEMENT,
    POD,
    RACK,
    TOP_UNIT,
    WORST_FIT,
)


@kernel
def fits(st: Any, k: int, p: int) -> bool:
    """Whether a job of type *k* could start in pool *p* now."""
    pool = st.pool[p]
    hosts = st.fit[k, p].hosts
    if hosts > 0:
        return pool.free >= hosts
    return pool.free > 0 or shared_host(st, p, st.fit[k, p].need) >= 0


@kernel
def shared_host(st: Any, p: int, chips: int) -> int:
    """Return the fullest shared host of a pool with so many free chips; -1: none."""
    for free in range(chips, st.pool[p].chips_per_host):
        if st.level[p, free] >= 0:
            return st.level[p, free]
    return -1


@kernel
def host_for(st: Any, p: int, chips: int, j: int) -> int:
    """Return the shared host that job *j* would take in a pool where it fits; -1: an idle one."""
    how = st.counts[PLACEMENT]
    if how == BEST_FIT:
        return shared_host(st, p, chips)
    if how == WORST_FIT:
        if st.pool[p].free > 0:
            return -1
        free = st.pool[p].chips_per_host - 1
        while st.level[p, free] < 0:
            free -= 1
        return st.level[p, free]
    return _random_host(st, p, chips, luck_of(st, j))


@kernel
def _random_host(st: Any, p: int, chips: int, luck: float) -> int:
    """Return a host, each of those with room equally likely: shared ones first, then idle."""
    shared = 0
    for free in range(chips, st.pool[p].chips_per_host):
        u = st.level[p, free]
        while u >= 0:
            shared += 1
            u = st.unit[u].next
    k = min(int(luck * (shared + st.pool[p].free)), shared + st.pool[p].free - 1)
    if k >= shared:
        return -1
    free = chips
    u = st.level[p, free]
    while True:
        while u < 0:
            free += 1
            u = st.level[p, free]
        if k == 0:
            return u
        k -= 1
        u = st.unit[u].next


@kernel
def slow_here(st: Any, k: int, p: int) -> float:
    """Wall time per second of work of type *k* if it started in pool *p* now."""
    if st.pool[p].paced == 0:
        return st.fit[k, p].slow
    return slow_at(st, k, p, level_for(st, p, st.fit[k, p].hosts))


@kernel
def slow_at(st: Any, k: int, p: int, level: int) -> float:
    """Wall time per second of work of type *k* in pool *p*, spread to a level."""
    if level <= HOST:
        return st.fit[k, p].slow
    if level == DOMAIN:
        return st.fit[k, p].slow_domain
    if level == RACK:
        return st.fit[k, p].slow_rack
    return st.fit[k, p].slow_pod if level == POD else st.fit[k, p].slow_site


@kernel
def take(st: Any, k: int, p: int, j: int) -> int:
    """Take chips for job *j* of type *k*, which fits in pool *p*; return the unit."""
    hosts = st.fit[k, p].hosts
    if hosts > 0:
        u = _new_unit(st, p, hosts, j)
        st.unit[u].free = -1
        return u
    need = st.fit[k, p].need
    u = host_for(st, p, need, j)
    if u >= 0:
        unlist_host(st, u)
    else:
        u = _new_unit(st, p, 1, j)
        st.unit[u].free = st.pool[p].chips_per_host
    st.unit[u].free -= need
    list_host(st, u)
    return u


@kernel
def give(st: Any, u: int, chips: int) -> None:
    """Give back the chips of a run that has left its unit's list of runs."""
    unit = st.unit[u]
    if unit.free < 0:
        _drop_unit(st, u)
        return
    unlist_host(st, u)
    unit.free += chips
    if unit.runs == 0:
        _drop_unit(st, u)
    else:
        list_host(st, u)


@kernel
def unit_of_host(st: Any, p: int, host: int) -> tuple[int, int]:
    """Return the unit that holds the *host*-th busy host of a pool, in order of units.

    And which of the unit's hosts that is.
    """
    b = 0
    while host >= st.blocks[p, b]:
        host -= st.blocks[p, b]
        b += 1
    u = b * BLOCK
    while True:
        if st.unit[u].hosts > 0 and st.unit[u].pool == p:
            if host < st.unit[u].hosts:
                return u, host
            host -= st.unit[u].hosts
        u += 1


@kernel
def _new_unit(st: Any, p: int, hosts: int, j: int) -> int:
    """Take idle hosts of a pool."""
    if st.counts[N_FREE_UNITS] > 0:
        st.counts[N_FREE_UNITS] -= 1
        u = st.slot[st.counts[N_FREE_UNITS]].free_unit
    else:
        u = st.counts[TOP_UNIT]
        st.counts[TOP_UNIT] += 1
    unit = st.unit[u]
    unit.pool = p
    unit.hosts = hosts
    unit.runs = 0
    unit.first = -1
    # The tree must see the pool as it was.
    take_hosts(st, u, luck_of(st, j) if st.pool[p].domain > 0 else 0.0)
    st.pool[p].free -= hosts
    st.blocks[p, u // BLOCK] += hosts
    return u


@kernel
def _drop_unit(st: Any, u: int) -> None:
    """Give a unit's hosts back to its pool."""
    unit = st.unit[u]
    if unit.drain > 0:
        hold_drained(st, u)
    give_hosts(st, u)
    st.pool[unit.pool].free += unit.hosts
    st.blocks[unit.pool, u // BLOCK] -= unit.hosts
    unit.hosts = 0
    st.slot[st.counts[N_FREE_UNITS]].free_unit = u
    st.counts[N_FREE_UNITS] += 1


@kernel
def list_host(st: Any, u: int) -> None:
    """Put a shared host in front of those with as many free chips; a full one nowhere.

    Nor one that drains.
    """
    unit = st.unit[u]
    if unit.free == 0 or unit.drain > 0:
        return
    first = st.level[unit.pool, unit.free]
    unit.prev = -1
    unit.next = first
    if first >= 0:
        st.unit[first].prev = u
    st.level[unit.pool, unit.free] = u


@kernel
def unlist_host(st: Any, u: int) -> None:
    """Take a shared host out of its list, before it changes."""
    unit = st.unit[u]
    if unit.free == 0 or unit.drain > 0:
        return
    if unit.prev >= 0:
        st.unit[unit.prev].next = unit.next
    else:
        st.level[unit.pool, unit.free] = unit.next
    if unit.next >= 0:
        st.unit[unit.next].prev = unit.prev
