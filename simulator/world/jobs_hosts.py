"""Hosts that are up, down or held, and what a change of them means for faults to come.

A host that is *held* is down until the world says otherwise. One that *drains*
is busy, and held as soon as it is not.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import BLOCK, DIRTY, MIX_CHANGED, NEXT_FAULT, NOW
from simulator.world.jobs_tree import list_rack, rack_of, shift, unlist_rack


@kernel
def account(st: Any, p: int, now: float) -> None:
    """Bring a pool's hazard and down time up to date, before its hosts change."""
    pool = st.pool[p]
    span = now - pool.since
    pool.hazard -= span * pool.up / pool.mtbf
    pool.down_s += span * pool.down
    pool.since = now


@kernel
def forecast(st: Any, p: int) -> None:
    """Say when a pool's next fault comes if its hosts stay as they are."""
    pool = st.pool[p]
    if pool.up < pool.up_least or pool.up > pool.up_most:
        st.counts[MIX_CHANGED] = 1
    pool.next_fault = inf
    if pool.up > 0 and pool.mtbf < inf:
        pool.next_fault = pool.since + max(pool.hazard, 0.0) * pool.mtbf / pool.up
    earliest = inf
    for q in range(len(st.pool)):
        earliest = min(earliest, st.pool[q].next_fault)
    st.real[NEXT_FAULT] = earliest


@kernel
def add_idle(st: Any, p: int, c: int, hosts: int) -> None:
    """Add idle hosts that are up to an accounted pool; *c* is their cell, if it has a layout."""
    pool = st.pool[p]
    if pool.domain > 0:
        _change_up(st, p, c, hosts)
    pool.up += hosts
    pool.free += hosts
    pool.hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)


@kernel
def take_idle(st: Any, p: int, c: int, hosts: int) -> None:
    """Let idle hosts of an accounted pool be up no more; *c* is their cell, if it has a layout."""
    pool = st.pool[p]
    if pool.domain > 0:
        _change_up(st, p, c, -hosts)
    pool.up -= hosts
    pool.free -= hosts
    pool.hold_good = 0


@kernel
def _change_up(st: Any, p: int, c: int, hosts: int) -> None:
    r = rack_of(st.pool[p], c)
    unlist_rack(st, p, r)
    shift(st, p, c, hosts)
    st.tree[p, st.pool[p].up_at + c] += hosts
    list_rack(st, p, r)


@kernel
def hold_idle(st: Any, p: int, c: int, hosts: int) -> None:
    """Hold idle hosts of an accounted pool; *c* is their cell, if it has a layout."""
    pool = st.pool[p]
    take_idle(st, p, c, hosts)
    pool.down += hosts
    pool.held += hosts
    if pool.domain > 0:
        st.tree[p, pool.held_at + c] += hosts


@kernel
def hold_drained(st: Any, u: int) -> None:
    """Hold those hosts of a unit that ends which were to be drained; the unit has fewer then."""
    unit = st.unit[u]
    p = unit.pool
    pool = st.pool[p]
    account(st, p, st.real[NOW])
    left = unit.drain
    i = unit.part if pool.domain > 0 else -1
    while i >= 0:
        part = st.part[i]
        hosts = min(part.hosts, left, st.tree[p, pool.drain_at + part.cell])
        part.hosts -= hosts
        left -= hosts
        st.tree[p, pool.drain_at + part.cell] -= hosts
        st.tree[p, pool.up_at + part.cell] -= hosts
        st.tree[p, pool.held_at + part.cell] += hosts
        i = part.next
    pool.up -= unit.drain
    pool.down += unit.drain
    pool.held += unit.drain
    pool.draining -= unit.drain
    st.blocks[p, u // BLOCK] -= unit.drain
    unit.hosts -= unit.drain
    unit.drain = 0
    pool.hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)
