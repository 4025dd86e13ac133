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
    pool, cell = st.pool[p], st.cell[p, c]
    r = rack_of(pool, c)
    st.cells[p, cell.free] -= 1
    cell.free += hosts
    st.cells[p, cell.free] += 1
    st.rack[p, r] += hosts
    st.pod[p, r // pool.pod] += hosts


@kernel
def idle_cell(st: Any, p: int, k: int) -> int:
    """Return the cell of a pool's *k*-th idle host, in order of number."""
    pool = st.pool[p]
    q = 0
    while k >= st.pod[p, q]:
        k -= st.pod[p, q]
        q += 1
    r = q * pool.pod
    while k >= st.rack[p, r]:
        k -= st.rack[p, r]
        r += 1
    c = r * (pool.rack // pool.domain)
    while k >= st.cell[p, c].free:
        k -= st.cell[p, c].free
        c += 1
    return c


@kernel
def list_rack(st: Any, p: int, r: int) -> None:
    """Put a rack into the buckets where it belongs."""
    if st.rack[p, r] == 0:
        return
    pool = st.pool[p]
    _mark(st, p, st.rack[p, r], r)
    if 1 < pool.domain < pool.rack:
        for c in range(r * (pool.rack // pool.domain), (r + 1) * (pool.rack // pool.domain)):
            if st.cell[p, c].free > 0:
                _mark(st, p, bucket_of(pool, st.cell[p, c].free, st.rack[p, r]), r)


@kernel
def unlist_rack(st: Any, p: int, r: int) -> None:
    """Take a rack out of its buckets, before it changes."""
    if st.rack[p, r] == 0:
        return
    pool = st.pool[p]
    _unmark(st, p, st.rack[p, r], r)
    if 1 < pool.domain < pool.rack:
        for c in range(r * (pool.rack // pool.domain), (r + 1) * (pool.rack // pool.domain)):
            if st.cell[p, c].free > 0:
                _unmark(st, p, bucket_of(pool, st.cell[p, c].free, st.rack[p, r]), r)


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
    w = r >> 6
    bit = 1 << (r & 63)
    if st.bits[p, b, w] & bit == 0:
        st.racks[p, b] += 1
        st.bits[p, b, w] |= bit
        st.brief[p, b, w >> 6] |= 1 << (w & 63)


@kernel
def _unmark(st: Any, p: int, b: int, r: int) -> None:
    w = r >> 6
    bit = 1 << (r & 63)
    if st.bits[p, b, w] & bit != 0:
        st.racks[p, b] -= 1
        st.bits[p, b, w] &= ~bit
        if st.bits[p, b, w] == 0:
            st.brief[p, b, w >> 6] &= ~(1 << (w & 63))


@kernel
def first_in(st: Any, p: int, b: int) -> int:
    """Return the rack of lowest number in a bucket that holds one."""
    s = 0
    while st.brief[p, b, s] == 0:
        s += 1
    w = (s << 6) + _trailing_zeros(st.brief[p, b, s])
    return (w << 6) + _trailing_zeros(st.bits[p, b, w])
