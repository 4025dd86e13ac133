"""Chips of a pool: where a job fits, taking hosts and giving them back.

Whole hosts are counted, not named. A host that small jobs share is a unit of
its own, listed by its free chips, so that the fullest host that fits is found
at once, whatever the size of the pool.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import BLOCK, N_FREE_UNITS, TOP_UNIT


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
def take(st: Any, k: int, p: int) -> int:
    """Take chips for a job of type *k* that fits in pool *p*; return the unit."""
    hosts = st.fit[k, p].hosts
    if hosts > 0:
        st.pool[p].free -= hosts
        u = _new_unit(st, p, hosts)
        st.unit[u].free = -1
        return u
    need = st.fit[k, p].need
    u = shared_host(st, p, need)
    if u >= 0:
        _unlist(st, u)
    else:
        st.pool[p].free -= 1
        u = _new_unit(st, p, 1)
        st.unit[u].free = st.pool[p].chips_per_host
    st.unit[u].free -= need
    _list(st, u)
    return u


@kernel
def give(st: Any, u: int, chips: int) -> None:
    """Give back the chips of a run that has left its unit's list of runs."""
    unit = st.unit[u]
    if unit.free < 0:
        st.pool[unit.pool].free += unit.hosts
        _drop_unit(st, u)
        return
    _unlist(st, u)
    unit.free += chips
    if unit.runs == 0:
        st.pool[unit.pool].free += 1
        _drop_unit(st, u)
    else:
        _list(st, u)


@kernel
def unit_of_host(st: Any, p: int, host: int) -> int:
    """Return the unit that holds the *host*-th busy host of a pool, in order of units."""
    b = 0
    while host >= st.blocks[p, b]:
        host -= st.blocks[p, b]
        b += 1
    u = b * BLOCK
    while True:
        if st.unit[u].hosts > 0 and st.unit[u].pool == p:
            if host < st.unit[u].hosts:
                return u
            host -= st.unit[u].hosts
        u += 1


@kernel
def _new_unit(st: Any, p: int, hosts: int) -> int:
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
    unit.seen = 0
    st.blocks[p, u // BLOCK] += hosts
    return u


@kernel
def _drop_unit(st: Any, u: int) -> None:
    unit = st.unit[u]
    st.blocks[unit.pool, u // BLOCK] -= unit.hosts
    unit.hosts = 0
    st.slot[st.counts[N_FREE_UNITS]].free_unit = u
    st.counts[N_FREE_UNITS] += 1


@kernel
def _list(st: Any, u: int) -> None:
    """Put a shared host in front of those with as many free chips; a full one nowhere."""
    unit = st.unit[u]
    if unit.free == 0:
        return
    first = st.level[unit.pool, unit.free]
    unit.prev = -1
    unit.next = first
    if first >= 0:
        st.unit[first].prev = u
    st.level[unit.pool, unit.free] = u


@kernel
def _unlist(st: Any, u: int) -> None:
    unit = st.unit[u]
    if unit.free == 0:
        return
    if unit.prev >= 0:
        st.unit[unit.prev].next = unit.next
    else:
        st.level[unit.pool, unit.free] = unit.next
    if unit.next >= 0:
        st.unit[unit.next].prev = unit.prev
