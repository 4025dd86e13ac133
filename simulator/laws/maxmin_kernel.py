"""Progressive filling, compiled: `simulator.laws.maxmin` says what it does and checks its input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["ROOM", "filled", "own_limit", "wanted"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AnyInts = NDArray[np.signedinteger[Any]]


#: A link that is to carry no more than this, over its capacity, cannot fill but by rounding. [1]
ROOM = 1 + 1e-13


@njit(cache=True)
def _sink(heap: Ints, level: Floats, at: int, size: int) -> None:
    """Restore the heap below *at* after its level has risen."""
    moved = heap[at]
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and level[heap[child + 1]] < level[heap[child]]:
            child += 1
        if level[heap[child]] >= level[moved]:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = moved


@njit(cache=True)
def _rows(indptr: Ints, indices: Ints, links: int) -> tuple[Ints, Ints, Ints]:
    """Return where each link's entries begin, and the column and position of each of them."""
    first = np.zeros(links + 1, np.int64)
    for link in indices:
        first[link + 1] += 1
    for link in range(links):
        first[link + 1] += first[link]
    column = np.empty(indices.size, np.int64)
    entry = np.empty(indices.size, np.int64)
    fill = first[:-1].copy()
    for c in range(indptr.size - 1):
        for k in range(indptr[c], indptr[c + 1]):
            column[fill[indices[k]]] = c
            entry[fill[indices[k]]] = k
            fill[indices[k]] += 1
    return first, column, entry


@njit(cache=True)
def _freeze(
    c: int,
    rate: Floats,
    indptr: Ints,
    indices: Ints,
    data: Floats,
    weight: Floats,
    room: Floats,
    pull: Floats,
    active: Ints,
) -> None:
    """Take a settled column off the links it crosses."""
    for k in range(indptr[c], indptr[c + 1]):
        link = indices[k]
        room[link] -= data[k] * rate[c]
        pull[link] -= data[k] * weight[c]
        active[link] -= 1


@njit(cache=True)
def _fill(
    indptr: Ints, indices: Ints, data: Floats, capacity: Floats, weight: Floats, limit: Floats
) -> Floats:
    """Progressive filling over columns; see `max_min_rates`."""
    links, columns = capacity.size, indptr.size - 1
    first, column, entry = _rows(indptr, indices, links)
    rate = np.full(columns, np.nan)
    room = capacity.copy()
    pull = np.zeros(links)
    for c in range(columns):
        for k in range(indptr[c], indptr[c + 1]):
            pull[indices[k]] += data[k] * weight[c]
    whole = pull.copy()
    active = np.diff(first)
    level = np.where(active > 0, room / np.where(active > 0, pull, 1.0), np.inf)
    heap = np.flatnonzero(active > 0)
    size = heap.size
    for at in range(size // 2 - 1, -1, -1):
        _sink(heap, level, at, size)
    by_limit = np.argsort(limit / weight)
    at_limit, now = 0, 0.0
    while True:
        while at_limit < columns and not np.isnan(rate[by_limit[at_limit]]):
            at_limit += 1
        if at_limit == columns:
            return rate
        capped = by_limit[at_limit]
        cap = limit[capped] / weight[capped]
        if size == 0 or level[heap[0]] >= cap:
            now = max(now, cap)
            rate[capped] = limit[capped]
            _freeze(capped, rate, indptr, indices, data, weight, room, pull, active)
            continue
        link = heap[0]
        # The level kept in the heap is a lower bound; only the least one is brought up to date.
        risen = np.inf
        if active[link] > 0:
            # Sums kept by subtraction drift: near the end, and before binding, sum afresh.
            risen = max(room[link], 0.0) / pull[link] if pull[link] > 1e-6 * whole[link] else 0.0
            if risen <= level[link] * (1 + 1e-12):
                room[link], pull[link] = capacity[link], 0.0
                for r in range(first[link], first[link + 1]):
                    c = column[r]
                    if np.isnan(rate[c]):
                        pull[link] += data[entry[r]] * weight[c]
                    else:
                        room[link] -= data[entry[r]] * rate[c]
                whole[link] = pull[link]
                risen = max(room[link], 0.0) / pull[link]
        if risen > level[link] * (1 + 1e-12):
            level[link] = risen
            _sink(heap, level, 0, size)
            if risen == np.inf:
                # All that is left in the heap is at least as high: nobody is waiting on links.
                size = size if level[heap[0]] < np.inf else 0
            continue
        size -= 1
        if size > 0:
            heap[0] = heap[size]
            _sink(heap, level, 0, size)
        now = max(now, risen)
        for r in range(first[link], first[link + 1]):
            c = column[r]
            if np.isnan(rate[c]):
                rate[c] = min(now * weight[c], limit[c])
                _freeze(c, rate, indptr, indices, data, weight, room, pull, active)


@njit(cache=True)
def own_limit(
    indptr: AnyInts, indices: AnyInts, data: Floats, capacity: Floats, limit: Floats
) -> Floats:
    """Rate of each column with all links to itself, or its limit if that is less."""
    own = limit.copy()
    for c in range(own.size):
        for k in range(indptr[c], indptr[c + 1]):
            own[c] = min(own[c], capacity[indices[k]] / data[k])
    return own


@njit(cache=True)
def wanted(indptr: AnyInts, indices: AnyInts, data: Floats, links: int, own: Floats) -> Floats:
    """Load of each link if every column had what `own_limit` allows it."""
    load = np.zeros(links)
    for c in range(own.size):
        for k in range(indptr[c], indptr[c + 1]):
            load[indices[k]] += data[k] * own[c]
    return load


@njit(cache=True)
def _deciding(
    indptr: AnyInts,
    indices: AnyInts,
    data: Floats,
    bits: Ints,
    capacity: Floats,
    own: Floats,
) -> Ints:
    """New row of each link that can fill, -1 of those that cannot or that another speaks for."""
    load = np.zeros(capacity.size)
    stamp = np.zeros(capacity.size, np.int64)
    for c in range(own.size):
        mark = np.int64(c + 1) * np.int64(0x9E3779B97F4A7C1)
        mark ^= mark >> 29
        for k in range(indptr[c], indptr[c + 1]):
            load[indices[k]] += data[k] * own[c]
            # The last 16 bits of an amount are left to rounding: 2^-36 of it.
            mixed = ((bits[k] + 32768) >> 16) * np.int64(0x5851F42D4C957F2D) + mark
            mixed ^= mixed >> 31
            stamp[indices[k]] += mixed * mark
    able = np.flatnonzero(load > capacity * ROOM)
    able = able[np.argsort(stamp[able], kind="mergesort")]
    row = np.full(capacity.size, -1)
    rows, best = 0, -1
    for at in range(able.size):
        link = able[at]
        # Equal fingerprints of 64 bits and equal loads: the same columns in the same amounts.
        same = (
            best >= 0
            and stamp[link] == stamp[best]
            and abs(load[link] - load[best]) <= 1e-12 * load[best]
        )
        if same and capacity[link] >= capacity[best]:
            continue
        if same:
            row[link], row[best] = row[best], -1
        else:
            row[link] = rows
            rows += 1
        best = link
    return row


@njit(cache=True)
def _kept_rows(
    indptr: AnyInts, indices: AnyInts, data: Floats, row: Ints
) -> tuple[Ints, Ints, Floats]:
    """Return the matrix with only the rows that have a new number."""
    first = np.zeros(indptr.size, np.int64)
    index = np.empty(indices.size, np.int64)
    amount = np.empty(indices.size)
    size = 0
    for c in range(indptr.size - 1):
        for k in range(indptr[c], indptr[c + 1]):
            if row[indices[k]] >= 0:
                index[size] = row[indices[k]]
                amount[size] = data[k]
                size += 1
        first[c + 1] = size
    return first, index[:size], amount[:size]


@njit(cache=True)
def filled(
    indptr: AnyInts, indices: AnyInts, data: Floats, capacity: Floats, weight: Floats, own: Floats
) -> Floats:
    """Return the rates of columns by progressive filling, on the links that decide.

    Parameters
    ----------
    indptr, indices, data : ndarray
        Columns compressed, entries > 0. [1]
    capacity : ndarray
        Of each link. [B/s]
    weight : ndarray
        Of each column. [1]
    own : ndarray
        As `own_limit` gives it. [B/s]
    """
    row = _deciding(indptr, indices, data, data.view(np.int64), capacity, own)
    if row.size == 0 or row.max() < 0:
        return own.copy()
    least = np.empty(row.max() + 1)
    for link in range(row.size):
        if row[link] >= 0:
            least[row[link]] = capacity[link]
    first, index, amount = _kept_rows(indptr, indices, data, row)
    return _fill(first, index, amount, least, weight, own)
