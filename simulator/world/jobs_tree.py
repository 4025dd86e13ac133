"""The tree of a pool with a layout: host, scale-up domain, rack, pod.

Hosts of one domain are alike, so domains (*cells*) count their idle hosts, and
so do racks and pods. Racks lie in buckets by their idle hosts, and, where a
rack has several domains of several hosts, by the idle hosts of each domain and
its own: a bit a rack, so that the first of a bucket is found at once in a pool
of any size.
"""

from __future__ import annotations

from typing import Any

from numba.cpython.unsafe.numbers import trailing_zeros

from simulator.world.jobs_kernel import kernel

#: Numba's own name for the instruction; a compiled function may call it, Python not.
_trailing_zeros: Any = trailing_zeros


@kernel
def rack_of(pool: Any, c: int) -> int:
    """Return the rack of a cell."""
    return c * pool.domain // pool.rack


@kernel
def shift(st: Any, p: int, c: int, hosts: int) -> None:
    """Let so many hosts of a cell become idle, or fewer be, in a rack that is not listed."""
    pool = st.pool[p]
    r = rack_of(pool, c)
    free = st.tree[p, pool.free_at + c]
    st.tree[p, pool.free_at + c] = free + hosts
    st.tree[p, pool.cells_at + free] -= 1
    st.tree[p, pool.cells_at + free + hosts] += 1
    st.tree[p, pool.rack_at + r] += hosts
    st.tree[p, pool.pod_at + r // pool.pod] += hosts


@kernel
def idle_cell(st: Any, p: int, k: int) -> int:
    """Return the cell of a pool's *k*-th idle host, in order of number."""
    pool = st.pool[p]
    q = 0
    while k >= st.tree[p, pool.pod_at + q]:
        k -= st.tree[p, pool.pod_at + q]
        q += 1
    r = q * pool.pod
    while k >= st.tree[p, pool.rack_at + r]:
        k -= st.tree[p, pool.rack_at + r]
        r += 1
    c = r * (pool.rack // pool.domain)
    while k >= st.tree[p, pool.free_at + c]:
        k -= st.tree[p, pool.free_at + c]
        c += 1
    return c


@kernel
def list_rack(st: Any, p: int, r: int) -> None:
    """Put a rack into the buckets where it belongs."""
    _keep(st, p, r, True)


@kernel
def unlist_rack(st: Any, p: int, r: int) -> None:
    """Take a rack out of its buckets, before it changes."""
    _keep(st, p, r, False)


@kernel
def _keep(st: Any, p: int, r: int, listed: bool) -> None:
    """Let the buckets where a rack belongs hold it, or not."""
    pool = st.pool[p]
    in_rack = st.tree[p, pool.rack_at + r]
    if in_rack == 0:
        return
    _mark(st, p, in_rack, r, listed)
    if 1 < pool.domain < pool.rack:
        cells = pool.rack // pool.domain
        for c in range(r * cells, (r + 1) * cells):
            in_cell = st.tree[p, pool.free_at + c]
            if in_cell > 0:
                _mark(st, p, bucket_of(pool, in_cell, in_rack), r, listed)


@kernel
def pods_of(pool: Any) -> int:
    """Return how many pods a pool has."""
    return (pool.racks + pool.pod - 1) // pool.pod


@kernel
def bucket_of(pool: Any, in_cell: int, in_rack: int) -> int:
    """Bucket of racks with so many idle hosts, so many of them in one domain."""
    return in_cell * pool.rack + in_rack


@kernel
def _mark(st: Any, p: int, b: int, r: int, listed: bool) -> None:
    """Let a bucket hold a rack, or not; two domains of a rack may be in the same."""
    pool = st.pool[p]
    bit = 1 << (r & 63)
    w = pool.bits_at + b * pool.words + (r >> 6)
    if (st.tree[p, w] & bit != 0) == listed:
        return
    st.tree[p, w] ^= bit
    brief = pool.brief_at + b * pool.briefs + (r >> 12)
    if listed:
        st.tree[p, pool.racks_at + b] += 1
        st.tree[p, brief] |= 1 << (r >> 6 & 63)
    else:
        st.tree[p, pool.racks_at + b] -= 1
        if st.tree[p, w] == 0:
            st.tree[p, brief] &= ~(1 << (r >> 6 & 63))


@kernel
def first_in(st: Any, p: int, b: int) -> int:
    """Return the rack of lowest number in a bucket that holds one."""
    pool = st.pool[p]
    s = 0
    while st.tree[p, pool.brief_at + b * pool.briefs + s] == 0:
        s += 1
    w = (s << 6) + _trailing_zeros(st.tree[p, pool.brief_at + b * pool.briefs + s])
    return (w << 6) + _trailing_zeros(st.tree[p, pool.bits_at + b * pool.words + w])
