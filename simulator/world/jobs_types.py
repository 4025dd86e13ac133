"""Numbering the types of a table of jobs: those that need the same and are ordered alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_state import BY_ATTAINED, BY_PRIORITY, BY_SHARE, TYPE

#: Values of a column are counted if so many places are enough.
_MOST_PLACES = 1 << 20


def types_of(
    table: JobTable, order: int, thresholds_chip_s: tuple[float, ...]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the types of a table, and which of them each job is of."""
    classes, code = _coded(table.job_class)
    sizes, size = _coded(table.chips)
    code = code * len(sizes) + size
    levels = np.zeros(1)
    if order in (BY_PRIORITY, BY_SHARE):
        levels, level = _coded(table.priority if order == BY_PRIORITY else table.service)
        code = code * len(levels) + level
    found, types = _coded(code)
    kind = np.zeros(len(found), TYPE)
    kind["job_class"] = classes[found // (len(sizes) * len(levels))]
    kind["chips"] = sizes[found // len(levels) % len(sizes)]
    kind["priority" if order == BY_PRIORITY else "service"] = levels[found % len(levels)]
    kind["demotion"] = np.inf
    for name in ("head", "tail", "place"):
        kind[name] = -1
    if order != BY_ATTAINED:
        return kind, types
    steps = np.array([*thresholds_chip_s, np.inf])
    return _by_level(kind, steps), types * len(steps)


def room_for_heaps(kind: NDArray[Any], types: NDArray[Any], levels: int) -> int:
    """Say where the queue of each type begins, if it is a heap; return the room they need.

    A job may wait at any of the levels of its type.
    """
    room = np.repeat(np.bincount(types, minlength=len(kind))[::levels], levels)
    kind["first"] = np.cumsum(room) - room
    return int(room.sum())


def _by_level(kind: NDArray[Any], steps_chip_s: NDArray[np.float64]) -> NDArray[Any]:
    """Return each type once for every level of service attained, the first level first."""
    levels = np.repeat(kind, len(steps_chip_s))
    levels["demotion"] = np.tile(steps_chip_s, len(kind)) / levels["chips"]
    levels["priority"] = -np.tile(np.arange(len(steps_chip_s)), len(kind))
    return levels


def _coded(column: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the values of a column in order, and which of them each row holds."""
    low, high = (column.min(), column.max()) if len(column) else (0, 0)
    if high - low < _MOST_PLACES:
        place = (column - low).astype(np.int64)
        # Few values as a rule: quicker to count than to sort.
        if place.dtype == column.dtype or np.array_equal(place, column - low):
            there = np.bincount(place) > 0
            return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[place]
    values = np.unique(column)
    return values, np.searchsorted(values, column)
