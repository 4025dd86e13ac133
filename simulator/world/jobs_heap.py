"""Heaps that keep what they are ordered by in their entries.

Four below each: half as deep as a binary heap, and the four of one entry lie
side by side, so that a step down reads one or two cache lines.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel


@kernel
def before(key: float, j: int, other_key: float, other: int) -> bool:
    """Whether (*key*, *j*) goes first: in order of keys, ties by row of the table."""
    # Without branches: which of two goes first is a toss-up.
    return (key < other_key) | ((key == other_key) & (j < other))


@kernel
def rise(st: Any, heap: Any, first: int, i: int, key: float, j: int, item: int) -> None:
    """Put an entry at place *i*, which is free, or above it, of the heap that begins at *first*.

    An item that is not negative is told where it is.
    """
    while i > 0:
        above = heap[first + ((i - 1) >> 2)]
        if not before(key, j, above.key, above.job):
            break
        _put(st, heap, first, i, above.key, above.job, above.item)
        i = (i - 1) >> 2
    _put(st, heap, first, i, key, j, item)


@kernel
def sink(st: Any, heap: Any, first: int, n: int, i: int, key: float, j: int, item: int) -> None:
    """Put an entry at place *i*, which is free, or below it, of a heap of *n*."""
    while 4 * i + 1 < n:
        best = 4 * i + 1
        for other in range(best + 1, min(best + 4, n)):
            a, b = heap[first + other], heap[first + best]
            best = other if before(a.key, a.job, b.key, b.job) else best
        below = heap[first + best]
        if not before(below.key, below.job, key, j):
            break
        _put(st, heap, first, i, below.key, below.job, below.item)
        i = best
    _put(st, heap, first, i, key, j, item)


@kernel
def move(st: Any, heap: Any, first: int, n: int, i: int, key: float, j: int, item: int) -> None:
    """Put an entry in place of the one at place *i* of a heap of *n*."""
    old = heap[first + i]
    if before(key, j, old.key, old.job):
        rise(st, heap, first, i, key, j, item)
    else:
        sink(st, heap, first, n, i, key, j, item)


@kernel
def drop(st: Any, heap: Any, first: int, n: int, i: int) -> None:
    """Remove the entry at place *i* of a heap of *n*, which then has one less."""
    last = heap[first + n - 1]
    if i < n - 1:
        move(st, heap, first, n - 1, i, last.key, last.job, last.item)


@kernel
def _put(st: Any, heap: Any, first: int, i: int, key: float, j: int, item: int) -> None:
    entry = heap[first + i]
    entry.key = key
    entry.job = j
    entry.item = item
    if item >= 0:
        st.place[item] = i
