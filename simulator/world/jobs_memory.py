"""Making and growing the engine's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_state import (
    AGEING,
    BLOCK,
    BY_PRIORITY,
    DEPTH,
    DRAWS,
    JOB,
    MODE,
    N_COUNTERS,
    N_REALS,
    NEXT_FAULT,
    ORDER,
    POOL,
    REPAIR,
    ROW,
    RUN,
    TYPE,
    UNIT,
    State,
)

_RUNS_AT_FIRST = 1024


def new_state(table: JobTable, order: int, mode: int, depth: int, ageing: float) -> State:
    """Return the memory of an engine that has no pools yet."""
    n = len(table)
    job = np.zeros(n, JOB)
    job["start"] = job["finish"] = np.nan
    job["left"] = table.work_s
    job["pool"] = -1
    kind = _types(table, order, job)
    counts = np.zeros(N_COUNTERS, np.int64)
    counts[ORDER], counts[MODE], counts[DEPTH] = order, mode, depth
    real = np.zeros(N_REALS)
    real[AGEING], real[NEXT_FAULT] = ageing, np.inf
    impatient = int(np.count_nonzero(np.isfinite(table.patience_s)))
    run = np.zeros(_RUNS_AT_FIRST, RUN)
    run["job"] = -1
    return State(
        counts=counts,
        real=real,
        submit=table.submit_s,
        checkpoint=table.checkpoint_s,
        restart=table.restart_s,
        patience=table.patience_s,
        job=job,
        kind=kind,
        waiting=np.zeros(len(kind) + 1, np.int32),
        aside=np.zeros(len(kind) + 1, np.int32),
        merge=np.zeros(len(kind) + 1, np.int32),
        need=np.zeros((len(kind), 0), np.int32),
        hosts=np.zeros((len(kind), 0), np.int32),
        slow=np.zeros((len(kind), 0)),
        order=np.zeros((len(kind), 0), np.int32),
        pool=np.zeros(0, POOL),
        level=np.zeros((0, 2), np.int32),
        draws=np.zeros((0, DRAWS, 3)),
        run=run,
        free_runs=np.zeros(_RUNS_AT_FIRST, np.int32),
        finishing=np.zeros(_RUNS_AT_FIRST, np.int32),
        frontier=np.zeros(_RUNS_AT_FIRST + 1, np.int32),
        unit=np.zeros(_RUNS_AT_FIRST, UNIT),
        free_units=np.zeros(_RUNS_AT_FIRST, np.int32),
        blocks=np.zeros((0, _RUNS_AT_FIRST // BLOCK), np.int64),
        repairs=np.zeros(64, REPAIR),
        deadlines=np.zeros(impatient + 1, np.int32),
        rows=np.zeros(n + 1024, ROW),
    )


def _types(table: JobTable, order: int, job: NDArray[Any]) -> NDArray[Any]:
    """Number the types of a table and give each job its own."""
    keys = np.zeros(len(table), [("job_class", "i4"), ("chips", "i8"), ("priority", "f8")])
    keys["job_class"] = table.job_class
    keys["chips"] = table.chips
    if order == BY_PRIORITY:
        keys["priority"] = table.priority
    found, job["type"] = np.unique(keys, return_inverse=True)
    kind = np.zeros(len(found), TYPE)
    for name in ("job_class", "chips", "priority"):
        kind[name] = found[name]
    for name in ("head", "tail", "place", "cursor"):
        kind[name] = -1
    return kind


def with_pool(st: State, chips_per_host: int) -> State:
    """Return the memory with one more pool, empty and healthy."""
    pool = np.zeros(len(st.pool) + 1, POOL)
    pool[:-1] = st.pool
    last = pool[-1:]
    last["chips_per_host"] = chips_per_host
    for name in ("mtbf", "next_fault", "block_key", "hold_at"):
        last[name] = np.inf
    for name in ("block_job", "hold_job", "hold_unit"):
        last[name] = -1
    level = np.full((len(pool), max(st.level.shape[1], chips_per_host + 1)), -1, np.int32)
    level[:-1, : st.level.shape[1]] = st.level

    def column(old: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(
            np.concatenate([old, np.zeros((len(old), 1), old.dtype)], axis=1)
        )

    def row(old: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([old, np.zeros((1, *old.shape[1:]), old.dtype)])

    return st._replace(
        pool=pool,
        level=level,
        need=column(st.need),
        hosts=column(st.hosts),
        slow=column(st.slow),
        order=column(st.order),
        draws=row(st.draws),
        blocks=row(st.blocks),
    )


def with_rows(st: State, least: int) -> State:
    """Return the memory with room for at least so many segments."""
    return st._replace(rows=_grown(st.rows, max(least, len(st.rows) * 3 // 2)))


def with_repairs(st: State) -> State:
    """Return the memory with room for twice as many repairs."""
    return st._replace(repairs=_grown(st.repairs, 2 * len(st.repairs)))


def with_runs(st: State, least: int) -> State:
    """Return the memory with room for at least so many runs."""
    size = BLOCK
    while size < max(least, 2 * len(st.run)):
        size *= 2
    run = _grown(st.run, size)
    run["job"][len(st.run) :] = -1
    blocks = np.zeros((len(st.pool), size // BLOCK), np.int64)
    blocks[:, : st.blocks.shape[1]] = st.blocks
    return st._replace(
        run=run,
        free_runs=_grown(st.free_runs, size),
        finishing=_grown(st.finishing, size),
        frontier=np.zeros(size + 1, np.int32),
        unit=_grown(st.unit, size),
        free_units=_grown(st.free_units, size),
        blocks=blocks,
    )


def with_draws(st: State, p: int, fresh: NDArray[np.float64]) -> State:
    """Return the memory with more fault draws for a pool, those used dropped."""
    pool = st.pool[p : p + 1]
    used, drawn = int(pool["repair_draw"][0]), int(pool["drawn"][0])
    kept = np.concatenate([st.draws[p, used:drawn], fresh])
    draws = st.draws
    if len(kept) > draws.shape[1]:
        draws = np.zeros((len(st.pool), 2 * len(kept), 3))
        draws[:, : st.draws.shape[1]] = st.draws
    draws[p, : len(kept)] = kept
    pool["fault_draw"] -= used
    pool["repair_draw"] = 0
    pool["drawn"] = len(kept)
    return st._replace(draws=draws)


def _grown(old: NDArray[Any], size: int) -> NDArray[Any]:
    new = np.zeros(size, old.dtype)
    new[: len(old)] = old
    return new
