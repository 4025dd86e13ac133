"""All arrays of the engine's memory, of the elements :mod:`jobs_state` describes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs_native import MemoryType, header_of
from simulator.world.jobs_state import (
    AIM,
    ENTRY,
    FIT,
    GROUP,
    JOB,
    PART,
    PLAN,
    PLANNED,
    POOL,
    REPAIR,
    ROW,
    RUN,
    SEEN,
    SHARE,
    SLOT,
    TYPE,
    UNIT,
)

#: The arrays of the memory: element and number of dimensions.
ARRAYS: dict[str, tuple[Any, int]] = {
    "counts": (np.int64, 1),
    "real": (np.float64, 1),
    "submit": (np.float64, 1),
    "work": (np.float64, 1),
    "checkpoint": (np.float64, 1),
    "restart": (np.float64, 1),
    "patience": (np.float64, 1),
    "priority": (np.float64, 1),
    "service": (np.int32, 1),
    "job": (JOB, 1),
    "lost": (np.float64, 1),
    "attained": (np.float64, 1),
    "kind": (TYPE, 1),
    "queue": (ENTRY, 1),
    "merge": (ENTRY, 1),
    "share": (SHARE, 1),
    "held": (np.int64, 2),
    "group": (GROUP, 1),
    "aims": (AIM, 2),
    "fit": (FIT, 2),
    "pool": (POOL, 1),
    "level": (np.int32, 2),
    "draws": (np.float64, 3),
    "run": (RUN, 1),
    "due": (ENTRY, 1),
    "place": (np.int32, 1),
    "slot": (SLOT, 1),
    "unit": (UNIT, 1),
    "blocks": (np.int64, 2),
    "repairs": (REPAIR, 1),
    "deadlines": (np.int32, 1),
    "rows": (ROW, 1),
    "tree": (np.int64, 2),
    "part": (PART, 1),
    "plan": (PLAN, 2),
    "planned": (PLANNED, 1),
    "seen": (SEEN, 1),
    "wall": (np.float64, 2),
    "need": (np.int64, 2),
    "liking": (np.float64, 2),
    "turn": (ENTRY, 1),
    "came": (np.int64, 1),
}
MEMORY = MemoryType("Memory", ARRAYS)


@dataclass(frozen=True, eq=False)
class State:
    """All that compiled code sees; every array keeps its dtype for good.

    Growing one makes another state (:func:`dataclasses.replace`).
    """

    counts: NDArray[np.int64]
    #: Real scalars: ageing, the earliest fault of any pool, how far the jobs have come.
    real: NDArray[np.float64]
    #: Per job, as asked: columns of its table, [s] like it; only read.
    submit: NDArray[np.float64]
    work: NDArray[np.float64]
    checkpoint: NDArray[np.float64]
    restart: NDArray[np.float64]
    patience: NDArray[np.float64]
    priority: NDArray[np.float64]
    service: NDArray[np.int32]
    job: NDArray[Any]
    #: Per job: work done and lost, as wall time at rate 1; wall time on chips in runs
    #: that ended. Few jobs have any. [s]
    lost: NDArray[np.float64]
    attained: NDArray[np.float64]
    kind: NDArray[Any]
    #: Where queues are heaps: those of all types, one behind the other.
    queue: NDArray[Any]
    #: Scratch of a pass, one per type: a heap of types.
    merge: NDArray[Any]
    #: Per service; one for all, where the queue is not ordered by shares.
    share: NDArray[Any]
    #: Per (service, pool): chips allocated.
    held: NDArray[np.int64]
    #: Per class.
    group: NDArray[Any]
    #: Per (class, pool): chips it should have, by the last answer, and chips it has.
    aims: NDArray[Any]
    #: Per (type, pool).
    fit: NDArray[Any]
    pool: NDArray[Any]
    #: Per (pool, free chips): first shared host with so many free chips.
    level: NDArray[np.int32]
    #: Per (pool, row): gap, victim, repair; then the cell that the fault hit.
    draws: NDArray[np.float64]
    run: NDArray[Any]
    #: Runs by when their next event is, their finish or what comes before: a heap.
    due: NDArray[Any]
    #: Per run: its place in that heap.
    place: NDArray[np.int32]
    slot: NDArray[Any]
    unit: NDArray[Any]
    #: Per (pool, block of units): hosts in use.
    blocks: NDArray[np.int64]
    repairs: NDArray[Any]
    #: Waiting jobs by deadline, a heap; the last may have left the queue since.
    deadlines: NDArray[np.int32]
    rows: NDArray[Any]
    #: Per pool: the counts of its cells, racks and pods, one list behind the other.
    #: One array, for compiled functions hand all of these to each other by value.
    tree: NDArray[np.int64]
    part: NDArray[Any]
    #: Per (pool, step): hosts that reservations take from then on (< 0) or leave.
    plan: NDArray[Any]
    #: Jobs with a reservation, in order of the queue.
    planned: NDArray[Any]
    #: Waiting jobs in order of submission, while a planner's policy is asked;
    seen: NDArray[Any]
    #: per (pool, waiting job) time it would take, chips it would need, and the answer's part:
    #: how much it is liked there;
    wall: NDArray[np.float64]
    need: NDArray[np.int64]
    liking: NDArray[np.float64]
    #: by whom the answer lets go first, a heap;
    turn: NDArray[Any]
    #: and those that came since.
    came: NDArray[np.int64]
    #: Where all these are, and where that is, for compiled code.
    header: NDArray[np.int64] = field(init=False, repr=False)
    address: int = field(init=False, repr=False)

    #: What numba takes a state for.
    _numba_type_: ClassVar[MemoryType] = MEMORY

    def __post_init__(self) -> None:
        arrays = {name: getattr(self, name) for name in ARRAYS}
        for name, (dtype, ndim) in ARRAYS.items():
            array = arrays[name]
            # Compiled code would read anything else as if it were this.
            if array.dtype != dtype or array.ndim != ndim or not array.flags.carray:
                raise TypeError(f"{name} has become {array.dtype} of {array.ndim} dimensions")
        header = header_of(arrays)
        object.__setattr__(self, "header", header)
        object.__setattr__(self, "address", header.ctypes.data)
