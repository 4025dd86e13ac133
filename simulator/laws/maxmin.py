"""Weighted max-min fair rates on shared links, by progressive filling.

All rates rise together in proportion to their weights; when a link fills, those that cross it stop
there and the others go on (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2). A link's
filling level only ever rises as others stop, so a heap finds the next one and each column is
settled once: the cost grows with the entries of the matrix and not with rounds times links.

Most links of a fabric decide nothing: no column outruns its own narrowest link, and a link that
could carry all its columns at that rate never fills; and of the parallel trunks of a multi-path
layer, all loaded alike, one speaks for all. Such links are left out first, which changes no rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import ArrayLike, NDArray

__all__ = ["max_min_rates"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AnyInts = NDArray[np.signedinteger[Any]]


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
def _own_limit(
    indptr: AnyInts, indices: AnyInts, data: Floats, capacity: Floats, limit: Floats
) -> Floats:
    """Rate of each column with all links to itself, or its limit if that is less."""
    own = limit.copy()
    for c in range(own.size):
        for k in range(indptr[c], indptr[c + 1]):
            own[c] = min(own[c], capacity[indices[k]] / data[k])
    return own


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
    able = np.flatnonzero(load > capacity * (1 + 1e-13))
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


def max_min_rates(
    incidence: sp.csc_array,
    capacity_b_per_s: ArrayLike,
    weight: ArrayLike = 1.0,
    limit_b_per_s: ArrayLike = np.inf,
) -> NDArray[np.float64]:
    """Weighted max-min fair rate of each column over the links it crosses.

    No column's rate over weight can be raised without lowering that of one that is no better off.

    Parameters
    ----------
    incidence : scipy.sparse.csc_array, shape (links, columns)
        Traffic on each link per unit of a column's rate, >= 0. [1]
    capacity_b_per_s : array_like, shape (links,)
        Finite, >= 0; a dead link has none. [B/s]
    weight : array_like, shape (columns,) or ()
        Finite, > 0. [1]
    limit_b_per_s : array_like, shape (columns,) or ()
        Most a column can send whatever the links allow, >= 0. [B/s]

    Returns
    -------
    ndarray, shape (columns,)
        Rates [B/s]; a column that crosses no link has its limit.

    Raises
    ------
    ValueError
        If shapes differ, or a figure is not in its range.

    Examples
    --------
    Two columns share a link of 10; one of them also crosses a link of 2 (Bertsekas and Gallager):

    >>> crossing = sp.csc_array([[1.0, 1.0], [0.0, 1.0]])
    >>> max_min_rates(crossing, [10.0, 2.0]).tolist()
    [8.0, 2.0]
    >>> max_min_rates(crossing, [10.0, 9.0], weight=[3.0, 2.0]).tolist()
    [6.0, 4.0]
    """
    links, columns = incidence.shape
    capacity = np.ascontiguousarray(capacity_b_per_s, float)
    weights = np.array(np.broadcast_to(np.asarray(weight, float), columns))
    limits = np.array(np.broadcast_to(np.asarray(limit_b_per_s, float), columns))
    if capacity.shape != (links,):
        raise ValueError(f"capacity_b_per_s needs {links} figures, got shape {capacity.shape}")
    if not (np.isfinite(capacity).all() and (capacity >= 0).all()):
        raise ValueError(f"capacity_b_per_s must be finite and >= 0, got {capacity.min():g}")
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise ValueError(f"weight must be finite and > 0, got {weights.min():g}")
    if not (limits >= 0).all():
        raise ValueError(f"limit_b_per_s must be >= 0, got {limits.min():g}")
    if not (incidence.data >= 0).all():
        raise ValueError(f"incidence must be >= 0, got {incidence.data.min():g}")
    if not incidence.data.all():
        incidence = incidence.copy()
        incidence.eliminate_zeros()
    arrays = incidence.indptr, incidence.indices, incidence.data
    own = _own_limit(*arrays, capacity, limits)
    row = _deciding(*arrays, incidence.data.view(np.int64), capacity, own)
    kept = np.flatnonzero(row >= 0)
    least = np.empty(kept.size)
    least[row[kept]] = capacity[kept]
    rates: Floats = _fill(*_kept_rows(*arrays, row), least, weights, own)
    return rates
