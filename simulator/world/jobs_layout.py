"""Where a gang goes in a pool with a layout.

To the tightest level where it fits: the domain, else the rack, else the pod
that holds it; else over the fewest pods, racks and domains. Of several that
hold it, best fit takes the fullest, worst fit the emptiest, ties by lowest
number; random takes each as likely. Of domains equally full, best fit takes
that in the fullest rack.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import (
    BEST_FIT,
    BOILING,
    COOL,
    DOMAIN,
    FREE_PART,
    HOST,
    PLACEMENT,
    POD,
    RACK,
    RANDOM,
    SITE,
    UNKNOWN,
    WORST_FIT,
)
from simulator.world.jobs_tree import (
    bucket_of,
    first_in,
    idle_cell,
    list_rack,
    pods_of,
    rack_of,
    shift,
    unlist_rack,
)


@kernel
def level_for(st: Any, p: int, hosts: int) -> int:
    """Return the tightest level where idle hosts of a pool hold a gang that fits."""
    if hosts <= 1:
        return HOST
    pool = st.pool[p]
    if pool.domain == 0:
        return UNKNOWN
    for free in range(hosts, pool.domain + 1):
        if st.tree[p, pool.cells_at + free] > 0:
            return DOMAIN
    for free in range(hosts, pool.rack + 1):
        if st.tree[p, pool.racks_at + free] > 0:
            return RACK
    for q in range(pods_of(pool)):
        if st.tree[p, pool.pod_at + q] >= hosts:
            return POD
    return SITE


@kernel
def take_hosts(st: Any, u: int, luck: float) -> None:
    """Give a new unit its hosts, which its pool has idle."""
    unit = st.unit[u]
    p, hosts = unit.pool, unit.hosts
    unit.level = level_for(st, p, hosts)
    unit.part = -1
    unit.racks = 0
    if unit.level == UNKNOWN or st.pool[p].domain == 0:
        return
    if unit.level <= DOMAIN:
        c = _cell_for(st, p, hosts, luck)
        r = rack_of(st.pool[p], c)
        unlist_rack(st, p, r)
        _take_cell(st, u, c, hosts)
        list_rack(st, p, r)
        unit.racks = 1
    elif unit.level == RACK:
        _take_rack(st, u, _rack_for(st, p, hosts, luck), hosts)
    elif unit.level == POD:
        _take_pod(st, u, _pod_for(st, p, hosts, luck), hosts)
    else:
        while hosts > 0:
            best = -1
            for q in range(pods_of(st.pool[p])):
                if best < 0 or _better_pod(st, p, q, best, hosts):
                    best = q
            taken = min(hosts, st.tree[p, st.pool[p].pod_at + best])
            _take_pod(st, u, best, taken)
            hosts -= taken


@kernel
def give_hosts(st: Any, u: int) -> None:
    """Give back all that a unit holds of the tree."""
    p, i = st.unit[u].pool, st.unit[u].part
    while i >= 0:
        r = rack_of(st.pool[p], st.part[i].cell)
        unlist_rack(st, p, r)
        while i >= 0 and rack_of(st.pool[p], st.part[i].cell) == r:
            shift(st, p, st.part[i].cell, st.part[i].hosts)
            following = st.part[i].next
            st.part[i].next = st.counts[FREE_PART]
            st.counts[FREE_PART] = i
            i = following
        list_rack(st, p, r)


@kernel
def _better(st: Any, free: int, best: int, hosts: int) -> bool:
    """Whether a place with *free* idle hosts is to be preferred to one with *best*."""
    if st.counts[PLACEMENT] == WORST_FIT or best < hosts:
        return free > best
    return hosts <= free < best


@kernel
def _better_pod(st: Any, p: int, q: int, best: int, hosts: int) -> bool:
    """Whether a pod is to be preferred to another for what is left of a gang over several."""
    free, other = st.tree[p, st.pool[p].pod_at + q], st.tree[p, st.pool[p].pod_at + best]
    heat, other_heat = st.tree[p, st.pool[p].heat_at + q], st.tree[p, st.pool[p].heat_at + best]
    if st.counts[COOL] == 0 or heat == other_heat:
        return _better(st, free, other, hosts)
    # Still over few pods: one that holds all that is left, the coolest; else most cool room.
    if free >= hosts and other >= hosts:
        return heat < other_heat
    if free >= hosts or other >= hosts:
        return free >= hosts
    return free * (BOILING - heat) > other * (BOILING - other_heat)


@kernel
def _cell_for(st: Any, p: int, hosts: int, luck: float) -> int:
    """Return the domain for a gang that one holds."""
    pool = st.pool[p]
    per_rack = pool.rack // pool.domain
    if st.counts[PLACEMENT] == RANDOM:
        return _random_cell(st, p, hosts, luck)
    # One domain a rack, or one host a domain: the rack's idle hosts say it all.
    if pool.domain == 1 or per_rack == 1:
        c = _rack_for(st, p, hosts, luck) * per_rack
        while st.tree[p, pool.free_at + c] < hosts:
            c += 1
        return c
    free = hosts
    if st.counts[PLACEMENT] == BEST_FIT:
        while st.tree[p, pool.cells_at + free] == 0:
            free += 1
        in_rack = free
        while st.tree[p, pool.racks_at + bucket_of(pool, free, in_rack)] == 0:
            in_rack += 1
    else:
        free = pool.domain
        while st.tree[p, pool.cells_at + free] == 0:
            free -= 1
        in_rack = pool.rack
        while st.tree[p, pool.racks_at + bucket_of(pool, free, in_rack)] == 0:
            in_rack -= 1
    c = first_in(st, p, bucket_of(pool, free, in_rack)) * per_rack
    while st.tree[p, pool.free_at + c] != free:
        c += 1
    return c


@kernel
def _random_cell(st: Any, p: int, hosts: int, luck: float) -> int:
    """Return a domain that holds a gang, each equally likely; for one host, each idle host."""
    if hosts == 1:
        return idle_cell(st, p, _pick(luck, st.pool[p].free))
    able = 0
    for free in range(hosts, st.pool[p].domain + 1):
        able += st.tree[p, st.pool[p].cells_at + free]
    k = _pick(luck, able)
    c = -1
    while k >= 0:
        c += 1
        if st.tree[p, st.pool[p].free_at + c] >= hosts:
            k -= 1
    return c


@kernel
def _pick(luck: float, n: int) -> int:
    return min(int(luck * n), n - 1)


@kernel
def _rack_for(st: Any, p: int, hosts: int, luck: float) -> int:
    """Return the rack for a gang that one holds."""
    if st.counts[PLACEMENT] == RANDOM:
        able = 0
        for free in range(hosts, st.pool[p].rack + 1):
            able += st.tree[p, st.pool[p].racks_at + free]
        k = _pick(luck, able)
        r = -1
        while k >= 0:
            r += 1
            if st.tree[p, st.pool[p].rack_at + r] >= hosts:
                k -= 1
        return r
    if st.counts[PLACEMENT] == BEST_FIT:
        free = hosts
        while st.tree[p, st.pool[p].racks_at + free] == 0:
            free += 1
    else:
        free = st.pool[p].rack
        while st.tree[p, st.pool[p].racks_at + free] == 0:
            free -= 1
    return first_in(st, p, free)


@kernel
def _pod_for(st: Any, p: int, hosts: int, luck: float) -> int:
    """Return the pod for a gang that one holds."""
    if st.counts[PLACEMENT] == RANDOM:
        able = 0
        for q in range(pods_of(st.pool[p])):
            able += st.tree[p, st.pool[p].pod_at + q] >= hosts
        k = _pick(luck, able)
        q = -1
        while k >= 0:
            q += 1
            if st.tree[p, st.pool[p].pod_at + q] >= hosts:
                k -= 1
        return q
    best = 0
    for q in range(1, pods_of(st.pool[p])):
        if _better(
            st, st.tree[p, st.pool[p].pod_at + q], st.tree[p, st.pool[p].pod_at + best], hosts
        ):
            best = q
    return best


@kernel
def _take_pod(st: Any, u: int, q: int, hosts: int) -> None:
    """Take hosts of one pod, over the fewest racks."""
    p = st.unit[u].pool
    pool = st.pool[p]
    while hosts > 0:
        best = q * pool.pod
        for r in range(best + 1, min((q + 1) * pool.pod, pool.racks)):
            if _better(st, st.tree[p, pool.rack_at + r], st.tree[p, pool.rack_at + best], hosts):
                best = r
        taken = min(hosts, st.tree[p, pool.rack_at + best])
        _take_rack(st, u, best, taken)
        hosts -= taken


@kernel
def _take_rack(st: Any, u: int, r: int, hosts: int) -> None:
    """Take hosts of one rack, over the fewest domains."""
    p = st.unit[u].pool
    per_rack = st.pool[p].rack // st.pool[p].domain
    st.unit[u].racks += 1
    unlist_rack(st, p, r)
    while hosts > 0:
        best = r * per_rack
        for c in range(best + 1, (r + 1) * per_rack):
            if _better(
                st, st.tree[p, st.pool[p].free_at + c], st.tree[p, st.pool[p].free_at + best], hosts
            ):
                best = c
        taken = min(hosts, st.tree[p, st.pool[p].free_at + best])
        _take_cell(st, u, best, taken)
        hosts -= taken
    list_rack(st, p, r)


@kernel
def _take_cell(st: Any, u: int, c: int, hosts: int) -> None:
    """Take hosts of one domain, in a rack that is not listed."""
    i = st.counts[FREE_PART]
    part = st.part[i]
    st.counts[FREE_PART] = part.next
    part.cell = c
    part.hosts = hosts
    part.next = st.unit[u].part
    st.unit[u].part = i
    shift(st, st.unit[u].pool, c, -hosts)
