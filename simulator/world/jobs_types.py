"""Numbering the types of a table of jobs: those that need the same and are ordered alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_state import BY_ATTAINED, BY_PRIORITY, BY_SHARE, TYPE

#: Values of a column are counted if so many places are enough.
_MOST_PLACES = 1 << 20
#: Jobs looked at together: arrays of so many stay in cache, and their memory is used again.
PART_OF_JOBS = 8192


def types_of(
    table: JobTable, order: int, thresholds_chip_s: tuple[float, ...]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the types of a table, and which of them each job is of."""
    classes, sizes = _Values(table.job_class), _Values(table.chips)
    levels = None
    if order in (BY_PRIORITY, BY_SHARE):
        levels = _Values(table.priority if order == BY_PRIORITY else table.service)
    count = 1 if levels is None else len(levels.found)
    most = len(classes.found) * len(sizes.found) * count
    code: NDArray[Any] = np.zeros(len(table), np.int32 if most < 2**31 else np.int64)
    for part in parts_of(len(table)):
        level = 0 if levels is None else levels.code(part)
        code[part] = (classes.code(part) * len(sizes.found) + sizes.code(part)) * count + level
    types = _Values(code)
    found = types.found
    kind = np.zeros(len(found), TYPE)
    kind["job_class"] = classes.found[found // (len(sizes.found) * count)]
    kind["chips"] = sizes.found[found // count % len(sizes.found)]
    if levels is not None:
        kind["priority" if order == BY_PRIORITY else "service"] = levels.found[found % count]
    kind["demotion"] = np.inf
    for name in ("head", "tail", "place"):
        kind[name] = -1
    steps = np.array([*thresholds_chip_s, np.inf] if order == BY_ATTAINED else [np.inf])
    for part in parts_of(len(table)):
        code[part] = types.code(part) * len(steps)
    return (_by_level(kind, steps) if order == BY_ATTAINED else kind), code


def parts_of(jobs: int) -> Iterator[slice]:
    """Yield the rows of a table a part at a time."""
    for first in range(0, jobs, PART_OF_JOBS):
        yield slice(first, min(first + PART_OF_JOBS, jobs))


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


class _Values:
    """The values of a column in order, and which of them each row holds."""

    def __init__(self, column: NDArray[Any]) -> None:
        self._column = column
        low, high = (column.min(), column.max()) if len(column) else (0, 0)
        self._low: Any = low
        self._number: NDArray[np.int64] | None = None
        if high - low < _MOST_PLACES and self._whole():
            # Few values as a rule: quicker to count than to sort.
            there = np.zeros(int(high - low) + 1, np.bool_)
            for part in parts_of(len(column)):
                there[self._place(part)] = True
            self._number = np.cumsum(there) - 1
            self.found = np.flatnonzero(there) + low
        else:
            self.found = np.unique(column)

    def code(self, part: slice) -> NDArray[np.int64]:
        """Return which of the values some rows hold."""
        if self._number is None:
            return np.searchsorted(self.found, self._column[part])
        return self._number[self._place(part)]

    def _whole(self) -> bool:
        if np.issubdtype(self._column.dtype, np.integer):
            return True
        parts = (self._column[part] for part in parts_of(len(self._column)))
        return all(np.array_equal(np.floor(part), part) for part in parts)

    def _place(self, part: slice) -> NDArray[np.int64]:
        return (self._column[part] - self._low).astype(np.int64)
