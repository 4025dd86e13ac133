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
    if st.tree[p, st.pool[p].rack_at + r] == 0:
        return
    pool = st.pool[p]
    _mark(st, p, st.tree[p, pool.rack_at + r], r)
    if 1 < pool.domain < pool.rack:
        for c in range(r * (pool.rack // pool.domain), (r + 1) * (pool.rack // pool.domain)):
            if st.tree[p, pool.free_at + c] > 0:
                _mark(
                    st,
                    p,
                    bucket_of(pool, st.tree[p, pool.free_at + c], st.tree[p, pool.rack_at + r]),
                    r,
                )


@kernel
def unlist_rack(st: Any, p: int, r: int) -> None:
    """Take a rack out of its buckets, before it changes."""
    if st.tree[p, st.pool[p].rack_at + r] == 0:
        return
    pool = st.pool[p]
    _unmark(st, p, st.tree[p, pool.rack_at + r], r)
    if 1 < pool.domain < pool.rack:
        for c in range(r * (pool.rack // pool.domain), (r + 1) * (pool.rack // pool.domain)):
            if st.tree[p, pool.free_at + c] > 0:
                _unmark(
                    st,
                    p,
                    bucket_of(pool, st.tree[p, pool.free_at + c], st.tree[p, pool.rack_at + r]),
                    r,
                )


@kernel
def pods_of(pool: Any) -> int:
    """Return how many pods a pool has."""
    return (pool.racks + pool.pod - 1) // pool.pod


@kernel
def bucket_of(pool: Any, in_cell: int, in_rack: int) -> int:
    """Bucket of racks with so many idle hosts, so many of them in one domain."""
    return in_cell * pool.rack + in_rack


@kernel
def _mark(st: Any, p: int, b: int, r: int) -> None:
    pool = st.pool[p]
    bit = 1 << (r & 63)
    w = pool.bits_at + b * pool.words + (r >> 6)
    if st.tree[p, w] & bit == 0:
        st.tree[p, pool.racks_at + b] += 1
        st.tree[p, w] |= bit
        st.tree[p, pool.brief_at + b * pool.briefs + (r >> 12)] |= 1 << (r >> 6 & 63)


@kernel
def _unmark(st: Any, p: int, b: int, r: int) -> None:
    pool = st.pool[p]
    bit = 1 << (r & 63)
    w = pool.bits_at + b * pool.words + (r >> 6)
    if st.tree[p, w] & bit != 0:
        st.tree[p, pool.racks_at + b] -= 1
        st.tree[p, w] &= ~bit
        if st.tree[p, w] == 0:
            st.tree[p, pool.brief_at + b * pool.briefs + (r >> 12)] &= ~(1 << (r >> 6 & 63))


@kernel
def first_in(st: Any, p: int, b: int) -> int:
    """Return the rack of lowest number in a bucket that holds one."""
    pool = st.pool[p]
    s = 0
    while st.tree[p, pool.brief_at + b * pool.briefs + s] == 0:
        s += 1
    w = (s << 6) + _trailing_zeros(st.tree[p, pool.brief_at + b * pool.briefs + s])
    return (w << 6) + _trailing_zeros(st.tree[p, pool.bits_at + b * pool.words + w])
