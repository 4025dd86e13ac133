"""Making and growing the engine's arrays."""

from __future__ import annotations

from dataclasses import replace
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable, Layout
from simulator.world.jobs_arrays import State
from simulator.world.jobs_state import (
    AGEING,
    AIM,
    AIMED,
    BLOCK,
    BLOCKS,
    BY_ATTAINED,
    BY_END,
    BY_SHARE,
    BY_STRENGTH,
    BY_WORK,
    CONSERVATIVE,
    COOL,
    DEPTH,
    DOMINANT,
    DRAWS,
    EASY,
    ENTRY,
    FEW,
    FIT,
    FREE_PART,
    GROUP,
    JOB,
    LEARNING,
    MIX_CHANGED,
    MODE,
    N_COUNTERS,
    N_REALS,
    N_SEEN,
    N_WAITING,
    NEXT_FAULT,
    NEXT_ROUND,
    ORDER,
    PART,
    PLACEMENT,
    PLAN,
    PLANNED,
    POOL,
    PREEMPTS,
    RANKED,
    REPAIR,
    ROUND,
    ROW,
    RUN,
    SEEN,
    SHARE,
    SLOT,
    UNIT,
)
from simulator.world.jobs_types import parts_of, room_for_heaps, types_of
from simulator.world.scheduler import PLACEMENTS, Policy

_RUNS_AT_FIRST = 1024
#: Columns of a table that are read where they are.
_AS_ASKED = ("submit", "work", "checkpoint", "restart", "patience")
_AS_NAMED = ("priority", "service")
_LINE_BYTES = 64
#: From where numpy asks for huge pages.
_LARGE_BYTES = 1 << 22


def new_state(table: JobTable, order: int, mode: int, policy: Policy) -> State:
    """Return the memory of an engine that has no pools yet."""
    n = len(table)
    kind, types = types_of(table, order, policy.thresholds_chip_s)
    share = _shares(table, order, policy)
    classes = int(table.job_class.max(initial=0)) + 1
    counts = np.zeros(N_COUNTERS, np.int64)
    counts[ORDER], counts[MODE], counts[DEPTH] = order, mode, policy.backfill_depth
    counts[PLACEMENT], counts[FREE_PART] = PLACEMENTS[policy.placement], -1
    counts[COOL] = policy.placement == "cool_pod"
    counts[PREEMPTS] = policy.preemption == "checkpoint"
    counts[RANKED] = BY_END if mode in (EASY, CONSERVATIVE) else BY_STRENGTH * counts[PREEMPTS]
    counts[BLOCKS], counts[N_SEEN] = policy.blocking, -1
    counts[LEARNING] = policy.run_time == "class_mean"
    counts[DOMINANT] = policy.discipline == "drf"
    counts[AIMED] = counts[MIX_CHANGED] = policy.pools is not None
    levels = len(policy.thresholds_chip_s) + 1 if order == BY_ATTAINED else 1
    in_heaps = counts[PREEMPTS] == 1 or (order == BY_WORK and counts[LEARNING] == 0)
    room = room_for_heaps(kind, types, levels) if in_heaps else 0
    real = np.zeros(N_REALS)
    real[AGEING], real[NEXT_FAULT] = policy.ageing_per_s, np.inf
    real[ROUND], real[NEXT_ROUND] = policy.round_s, -np.inf
    impatient = int(np.count_nonzero(np.isfinite(table.patience_s)))
    planned = min(n, policy.backfill_depth) if mode == CONSERVATIVE else 0
    run = np.zeros(_RUNS_AT_FIRST, RUN)
    run["job"] = -1
    return State(
        counts=counts,
        real=real,
        **{name: getattr(table, f"{name}_s") for name in _AS_ASKED},
        **{name: getattr(table, name) for name in _AS_NAMED},
        job=_jobs(table, types),
        lost=lined(n, np.float64),
        attained=lined(n, np.float64),
        kind=kind,
        queue=lined(1 + room, ENTRY),
        merge=lined(len(kind), ENTRY, 1),
        share=share,
        held=np.zeros((len(share), 0), np.int64),
        group=np.zeros(classes, GROUP),
        aims=np.zeros((classes, 0), AIM),
        fit=np.zeros((len(kind), 0), FIT),
        pool=np.zeros(0, POOL),
        level=np.zeros((0, 2), np.int32),
        draws=np.zeros((0, DRAWS, 4)),
        run=run,
        due=lined(_RUNS_AT_FIRST, ENTRY, 1),
        place=np.zeros(_RUNS_AT_FIRST, np.int32),
        slot=np.zeros(_RUNS_AT_FIRST, SLOT),
        unit=np.zeros(_RUNS_AT_FIRST, UNIT),
        blocks=np.zeros((0, _RUNS_AT_FIRST // BLOCK), np.int64),
        repairs=np.zeros(64, REPAIR),
        deadlines=np.zeros(impatient + 1, np.int32),
        # What is not written to is not there: room that proves too much costs nothing.
        rows=lined(n + n // 4 + 1024, ROW),
        tree=np.zeros((0, 0), np.int64),
        part=np.zeros(0, PART),
        plan=np.zeros((0, 2 * planned + 2), PLAN),
        planned=np.zeros(planned + 1, PLANNED),
        seen=np.zeros(0, SEEN),
        wall=np.zeros((0, 0)),
        need=np.zeros((0, 0), np.int64),
        liking=np.zeros((0, 0)),
        turn=np.zeros(0, ENTRY),
        came=np.zeros(FEW, np.int64),
    )


def _jobs(table: JobTable, types: NDArray[Any]) -> NDArray[Any]:
    """Return the jobs of a table, none of which has come."""
    job = lined(len(table), JOB)
    for part in parts_of(len(table)):
        rows = job[part]
        rows["start"] = rows["finish"] = np.nan
        rows["left"] = table.work_s[part]
        rows["error"] = table.estimate_s[part] - table.work_s[part]
        rows["type"] = types[part]
        rows["pool"] = -1
    return job


def _shares(table: JobTable, order: int, policy: Policy) -> NDArray[Any]:
    services = int(table.service.max(initial=0)) + 1 if order == BY_SHARE else 1
    share = np.zeros(services, SHARE)
    share["weight"], share["quota"] = 1.0, np.iinfo(np.int64).max
    for name, values in (("weight", policy.weights), ("quota", policy.quotas)):
        if values is not None:
            if len(values) < services:
                raise ValueError(f"{name}s of {services} services are needed, got {len(values)}")
            share[name] = values[:services]
    return share


def with_pool(st: State, chips_per_host: int, layout: Layout | None) -> State:
    """Return the memory with one more pool, empty and healthy."""
    pool = np.zeros(len(st.pool) + 1, POOL)
    pool[:-1] = st.pool
    last = pool[-1:]
    last["chips_per_host"] = chips_per_host
    for name in ("mtbf", "next_fault", "block_key", "hold_at"):
        last[name] = np.inf
    last["up_most"] = np.iinfo(np.int64).max
    for name in ("block_job", "hold_job", "root"):
        last[name] = -1
    level = np.full((len(pool), max(st.level.shape[1], chips_per_host + 1)), -1, np.int32)
    level[:-1, : st.level.shape[1]] = st.level

    if layout is not None:
        last["domain"] = layout.hosts_per_domain
        last["rack"] = layout.hosts_per_rack
        last["pod"] = layout.racks_per_pod
    p = len(pool)
    return replace(
        st,
        pool=pool,
        level=level,
        fit=shaped(st.fit, len(st.kind), p),
        draws=shaped(st.draws, p),
        blocks=shaped(st.blocks, p),
        tree=shaped(st.tree, p),
        aims=shaped(st.aims, len(st.aims), p),
        held=shaped(st.held, len(st.held), p),
        plan=shaped(st.plan, p),
        wall=shaped(st.wall, p),
        need=shaped(st.need, p),
        liking=shaped(st.liking, p),
    )


def shaped(old: NDArray[Any], *least: int) -> NDArray[Any]:
    """Return an array no less in any of its first dimensions, the rest of it zero."""
    shape = [max(n, m) for n, m in zip(old.shape, least, strict=False)]
    new = np.zeros((*shape, *old.shape[len(shape) :]), old.dtype)
    new[tuple(slice(n) for n in old.shape)] = old
    return new


def with_rows(st: State, least: int) -> State:
    """Return the memory with room for at least so many segments."""
    return replace(st, rows=grown(st.rows, max(least, len(st.rows) * 3 // 2)))


def with_repairs(st: State) -> State:
    """Return the memory with room for twice as many repairs."""
    return replace(st, repairs=grown(st.repairs, 2 * len(st.repairs)))


def with_sight(st: State) -> State:
    """Return the memory with room for a policy to see twice as many jobs as wait."""
    size = 2 * int(st.counts[N_WAITING])
    st.counts[N_SEEN] = -1
    return replace(
        st,
        seen=np.zeros(size, SEEN),
        wall=np.zeros((len(st.pool), size)),
        need=np.zeros((len(st.pool), size), np.int64),
        liking=np.zeros((len(st.pool), size)),
        turn=lined(size, ENTRY, 1),
    )


def with_runs(st: State, least: int) -> State:
    """Return the memory with room for at least so many runs."""
    size = BLOCK
    while size < max(least, 2 * len(st.run)):
        size *= 2
    run = grown(st.run, size)
    run["job"][len(st.run) :] = -1
    blocks = np.zeros((len(st.pool), size // BLOCK), np.int64)
    blocks[:, : st.blocks.shape[1]] = st.blocks
    return replace(
        st,
        run=run,
        due=grown(st.due, size, 1),
        place=grown(st.place, size),
        slot=grown(st.slot, size),
        unit=grown(st.unit, size),
        blocks=blocks,
    )


def with_draws(st: State, p: int, fresh: NDArray[np.float64]) -> State:
    """Return the memory with more fault draws for a pool, those used dropped."""
    pool = st.pool[p]
    used, drawn = int(pool["repair_draw"]), int(pool["drawn"])
    kept = drawn - used
    least = kept + len(fresh)
    if least > st.draws.shape[1]:
        st = replace(st, draws=shaped(st.draws, 0, 2 * least))
    draws = st.draws[p]
    draws[:kept] = draws[used:drawn]
    draws[kept:least] = fresh
    pool["fault_draw"] -= used
    pool["repair_draw"] = 0
    pool["drawn"] = least
    return st


def grown(old: NDArray[Any], size: int, first: int = 0) -> NDArray[Any]:
    """Return a longer array, what is new of it zero."""
    new = lined(size, old.dtype, first)
    new[: len(old)] = old
    return new


def lined(size: int, dtype: Any, first: int = 0) -> NDArray[Any]:
    """Return zeros of which the element *first*, if there is one, begins a cache line."""
    dtype = np.dtype(dtype)
    raw = _zeros(size * dtype.itemsize + _LINE_BYTES)
    skipped = -(raw.ctypes.data + first * dtype.itemsize) % _LINE_BYTES
    return raw[skipped : skipped + size * dtype.itemsize].view(dtype)


def _zeros(size: int) -> NDArray[np.uint8]:
    """Return zeros that take memory a small page at a time, as they are written to.

    Numpy asks for huge pages, and those of a long table are cleared well before they are
    written to: each goes to memory and back twice.
    """
    if size < _LARGE_BYTES:
        return np.zeros(size, np.uint8)
    return np.frombuffer(mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS), np.uint8)
