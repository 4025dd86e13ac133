"""Hosts taken out for maintenance: idle ones at once, busy ones when what runs on them ends."""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_fleet import cells_of, stands_in
from simulator.world.jobs_hosts import add_idle, forecast, hold_idle
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import list_host, unlist_host
from simulator.world.jobs_ranking import enter, withdraw
from simulator.world.jobs_state import DIRTY, RANKED, TOP_UNIT
from simulator.world.jobs_tree import rack_of
from simulator.world.scheduler_preempt import empty


@kernel
def drain_anywhere(st: Any, p: int, hosts: int) -> None:
    """Drain so many hosts of an accounted pool without a layout, the busy by number of unit."""
    idle = min(hosts, st.pool[p].free)
    hold_idle(st, p, 0, idle)
    left = hosts - idle
    for u in range(st.counts[TOP_UNIT]):
        if left > 0 and st.unit[u].hosts > 0 and st.unit[u].pool == p:
            part = min(left, st.unit[u].hosts - st.unit[u].drain)
            _mark(st, u, part)
            left -= part
    _changed(st, p)


@kernel
def drain_rack(st: Any, p: int, rack: int) -> None:
    """Drain all hosts of a rack of an accounted pool that are up."""
    first, last = cells_of(st.pool[p], rack)
    for c in range(first, last):
        hold_idle(st, p, c, st.tree[p, st.pool[p].free_at + c])
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts == 0 or st.unit[u].pool != p or not stands_in(st, u, rack):
            continue
        hosts = 0
        i = st.unit[u].part
        while i >= 0:
            if rack_of(st.pool[p], st.part[i].cell) == rack:
                st.tree[p, st.pool[p].drain_at + st.part[i].cell] += st.part[i].hosts
                hosts += st.part[i].hosts
            i = st.part[i].next
        _mark(st, u, hosts)
    _changed(st, p)


@kernel
def clear(st: Any, p: int, now: float) -> None:
    """Let what runs on hosts to be drained write a checkpoint and wait again."""
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts > 0 and st.unit[u].pool == p and st.unit[u].drain > 0:
            empty(st, u, now)


@kernel
def undrain(st: Any, p: int, hosts: int) -> None:
    """End the maintenance of hosts of an accounted pool: of those not yet held first."""
    left = hosts
    for u in range(st.counts[TOP_UNIT]):
        if left > 0 and st.unit[u].hosts > 0 and st.unit[u].pool == p:
            part = min(left, st.unit[u].drain)
            _mark(st, u, -part)
            left -= part
    _return(st, p, 0, min(left, st.pool[p].held))
    _changed(st, p)


@kernel
def undrain_rack(st: Any, p: int, rack: int, kept: Any) -> None:
    """End the maintenance of a rack of an accounted pool; all held there return but those kept."""
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts == 0 or st.unit[u].pool != p or st.unit[u].drain == 0:
            continue
        hosts = 0
        i = st.unit[u].part
        while i >= 0:
            if rack_of(st.pool[p], st.part[i].cell) == rack:
                at = st.pool[p].drain_at + st.part[i].cell
                part = min(st.part[i].hosts, st.tree[p, at])
                st.tree[p, at] -= part
                hosts += part
            i = st.part[i].next
        _mark(st, u, -min(hosts, st.unit[u].drain))
    first, last = cells_of(st.pool[p], rack)
    for c in range(first, last):
        _return(st, p, c, max(st.tree[p, st.pool[p].held_at + c] - kept[c - first], 0))
    _changed(st, p)


@kernel
def _mark(st: Any, u: int, hosts: int) -> None:
    """Let so many more hosts of a unit drain, or, if negative, fewer."""
    if hosts == 0:
        return
    unit = st.unit[u]
    if st.counts[RANKED] != 0:
        withdraw(st, u)
    # No small job comes to a host that drains.
    if unit.free >= 0 and unit.drain == 0:
        unlist_host(st, u)
    unit.drain += hosts
    st.pool[unit.pool].draining += hosts
    if unit.free >= 0 and unit.drain == 0:
        list_host(st, u)
    if st.counts[RANKED] != 0:
        enter(st, u)


@kernel
def _return(st: Any, p: int, c: int, hosts: int) -> None:
    pool = st.pool[p]
    pool.down -= hosts
    pool.held -= hosts
    if pool.domain > 0:
        st.tree[p, pool.held_at + c] -= hosts
    add_idle(st, p, c, hosts)


@kernel
def _changed(st: Any, p: int) -> None:
    st.pool[p].hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)
