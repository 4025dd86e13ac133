"""Hosts in use, ranked: by when they are due to be idle, or by who gives way first.

The units of a pool are a treap, in order of key, then the latest started first,
then the highest job first; each knows the hosts of its part of the tree, so
that sums over all that rank below a key take a walk of its depth.

Aragon, C. & Seidel, R. (1989), Randomized search trees, doi:10.1109/SFCS.1989.63531.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import BY_END, BY_SHARE, BY_WORK, ORDER, RANKED


@kernel
def strength(st: Any, r: int) -> float:
    """Return what a run counts in the rank of its unit."""
    if st.counts[RANKED] == BY_END:
        return st.run[r].expect
    if st.counts[ORDER] == BY_SHARE:
        return 0.0
    if st.counts[ORDER] == BY_WORK:
        # What waits is judged by its speed alone too. By what the network leaves it, a run that
        # has just made another give way would in turn give way to that, for ever at one moment.
        return -st.run[r].alone
    return st.kind[st.job[st.run[r].job].type].priority


@kernel
def gives(st: Any, u: int) -> int:
    """Return the hosts that are idle when a unit ends: those that drain are not."""
    return st.unit[u].hosts - st.unit[u].drain


@kernel
def enter(st: Any, u: int) -> None:
    """Rank a unit that runs something by the strongest of its runs."""
    unit = st.unit[u]
    unit.key = -inf
    unit.since = -inf
    unit.job = -1
    r = unit.first
    while r >= 0:
        run = st.run[r]
        unit.key = max(unit.key, strength(st, r))
        if run.started > unit.since or (run.started == unit.since and run.job > unit.job):
            unit.since = run.started
            unit.job = run.job
        r = run.next
    _insert(st, u)


@kernel
def withdraw(st: Any, u: int) -> None:
    """Take a unit out of the ranking, before what it is ranked by changes."""
    pool = st.pool[st.unit[u].pool]
    hosts = gives(st, u)
    v = pool.root
    parent = -1
    while v != u:
        st.unit[v].below -= hosts
        parent = v
        v = st.unit[v].lower if ranks_before(st, u, v) else st.unit[v].upper
    merged = _merged(st, st.unit[u].lower, st.unit[u].upper)
    if parent < 0:
        pool.root = merged
    elif st.unit[parent].lower == u:
        st.unit[parent].lower = merged
    else:
        st.unit[parent].upper = merged


@kernel
def hosts_below(st: Any, p: int, key: float) -> int:
    """Return the hosts of all units of a pool that rank below a key."""
    hosts = 0
    u = st.pool[p].root
    while u >= 0:
        unit = st.unit[u]
        if unit.key < key:
            hosts += gives(st, u) + _below(st, unit.lower)
            u = unit.upper
        else:
            u = unit.lower
    return hosts


@kernel
def hosts_to(st: Any, p: int, key: float) -> int:
    """Return the hosts of all units of a pool that rank no higher than a key."""
    hosts = 0
    u = st.pool[p].root
    while u >= 0:
        unit = st.unit[u]
        if unit.key <= key:
            hosts += gives(st, u) + _below(st, unit.lower)
            u = unit.upper
        else:
            u = unit.lower
    return hosts


@kernel
def unit_at(st: Any, p: int, hosts: int) -> int:
    """Return the unit with which those that rank first come to so many hosts; -1: none."""
    u = st.pool[p].root
    while u >= 0:
        unit = st.unit[u]
        lower = _below(st, unit.lower)
        if hosts <= lower:
            u = unit.lower
        elif hosts <= lower + gives(st, u):
            return u
        else:
            hosts -= lower + gives(st, u)
            u = unit.upper
    return -1


@kernel
def first_unit(st: Any, p: int) -> int:
    """Return the unit of a pool that ranks first; -1: none is in use."""
    u = st.pool[p].root
    while u >= 0 and st.unit[u].lower >= 0:
        u = st.unit[u].lower
    return u


@kernel
def unit_after(st: Any, u: int) -> int:
    """Return the unit that ranks next; -1: none."""
    best = -1
    v = st.pool[st.unit[u].pool].root
    while v >= 0:
        if ranks_before(st, u, v):
            best = v
            v = st.unit[v].lower
        else:
            v = st.unit[v].upper
    return best


@kernel
def ranks_before(st: Any, u: int, v: int) -> bool:
    """Whether unit *u* ranks before unit *v*."""
    a, b = st.unit[u], st.unit[v]
    if a.key != b.key:
        return a.key < b.key
    if a.since != b.since:
        return a.since > b.since
    return a.job > b.job


@kernel
def _below(st: Any, u: int) -> int:
    return st.unit[u].below if u >= 0 else 0


@kernel
def _height(u: int) -> int:
    """Return a fixed scatter of unit numbers, by which the treap is a heap."""
    x = (int(u) + 1) * 0x9E3779B1 & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x85EBCA77 & 0xFFFFFFFF
    return x ^ x >> 13


@kernel
def _insert(st: Any, u: int) -> None:
    pool = st.pool[st.unit[u].pool]
    hosts, height = gives(st, u), _height(u)
    v = pool.root
    parent = -1
    while v >= 0 and _height(v) > height:
        st.unit[v].below += hosts
        parent = v
        v = st.unit[v].lower if ranks_before(st, u, v) else st.unit[v].upper
    if parent < 0:
        pool.root = u
    elif ranks_before(st, u, parent):
        st.unit[parent].lower = u
    else:
        st.unit[parent].upper = u
    _split(st, u, v)


@kernel
def _split(st: Any, u: int, v: int) -> None:
    """Hang the part of a tree under *v* below *u*, what ranks before it and what after."""
    low, high = -1, -1
    n = 0
    st.unit[u].lower = -1
    st.unit[u].upper = -1
    while v >= 0:
        st.slot[n].path = v
        n += 1
        if ranks_before(st, v, u):
            if low < 0:
                st.unit[u].lower = v
            else:
                st.unit[low].upper = v
            low = v
            v = st.unit[v].upper
            st.unit[low].upper = -1
        else:
            if high < 0:
                st.unit[u].upper = v
            else:
                st.unit[high].lower = v
            high = v
            v = st.unit[v].lower
            st.unit[high].lower = -1
    _add_up(st, n)
    _sum(st, u)


@kernel
def _merged(st: Any, a: int, b: int) -> int:
    """Join two trees, all of the first before all of the second; return the root."""
    root, parent = -1, -1
    n = 0
    under = False
    while a >= 0 or b >= 0:
        first = b < 0 or (a >= 0 and _height(a) > _height(b))
        v = a if first else b
        if parent < 0:
            root = v
        elif under:
            st.unit[parent].upper = v
        else:
            st.unit[parent].lower = v
        if a < 0 or b < 0:
            break
        st.slot[n].path = v
        n += 1
        parent, under = v, first
        if first:
            a = st.unit[v].upper
        else:
            b = st.unit[v].lower
    _add_up(st, n)
    return root


@kernel
def _add_up(st: Any, n: int) -> None:
    """Count anew the hosts below those on the way down, the lowest first."""
    while n > 0:
        n -= 1
        _sum(st, st.slot[n].path)


@kernel
def _sum(st: Any, u: int) -> None:
    unit = st.unit[u]
    unit.below = gives(st, u) + _below(st, unit.lower) + _below(st, unit.upper)
