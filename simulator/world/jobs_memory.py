"""Making and growing the engine's arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable, Layout
from simulator.world.jobs_state import (
    AGEING,
    AIM,
    AIMED,
    BLOCK,
    BY_ATTAINED,
    BY_END,
    BY_PRIORITY,
    BY_SHARE,
    BY_STRENGTH,
    CONSERVATIVE,
    COOL,
    DEPTH,
    DOMINANT,
    DRAWS,
    EASY,
    FIT,
    FREE_PART,
    GROUP,
    JOB,
    LEARNING,
    MIX_CHANGED,
    MODE,
    N_COUNTERS,
    N_REALS,
    NEXT_FAULT,
    ORDER,
    PART,
    PLACEMENT,
    PLAN,
    PLANNED,
    POOL,
    PREEMPTS,
    RANKED,
    REPAIR,
    ROW,
    RUN,
    SHARE,
    SLOT,
    TYPE,
    UNIT,
    State,
)
from simulator.world.scheduler import PLACEMENTS, Policy

_RUNS_AT_FIRST = 1024


def new_state(table: JobTable, order: int, mode: int, policy: Policy) -> State:
    """Return the memory of an engine that has no pools yet."""
    n = len(table)
    job = np.zeros(n, JOB)
    job["start"] = job["finish"] = np.nan
    job["left"] = table.work_s
    for name in ("submit", "checkpoint", "restart", "patience", "work", "estimate"):
        job[name] = getattr(table, f"{name}_s")
    job["pool"] = -1
    kind = _types(table, order, job, policy)
    share = _shares(table, order, policy)
    classes = int(table.job_class.max(initial=0)) + 1
    counts = np.zeros(N_COUNTERS, np.int64)
    counts[ORDER], counts[MODE], counts[DEPTH] = order, mode, policy.backfill_depth
    counts[PLACEMENT], counts[FREE_PART] = PLACEMENTS[policy.placement], -1
    counts[COOL] = policy.placement == "cool_pod"
    counts[PREEMPTS] = policy.preemption == "checkpoint"
    counts[RANKED] = BY_END if mode in (EASY, CONSERVATIVE) else BY_STRENGTH * counts[PREEMPTS]
    counts[LEARNING] = policy.run_time == "class_mean"
    counts[DOMINANT] = policy.discipline == "drf"
    counts[AIMED] = counts[MIX_CHANGED] = policy.pools is not None
    real = np.zeros(N_REALS)
    real[AGEING], real[NEXT_FAULT] = policy.ageing_per_s, np.inf
    impatient = int(np.count_nonzero(np.isfinite(table.patience_s)))
    planned = min(n, policy.backfill_depth) if mode == CONSERVATIVE else 0
    run = np.zeros(_RUNS_AT_FIRST, RUN)
    run["job"] = -1
    return State(
        counts=counts,
        real=real,
        job=job,
        kind=kind,
        share=share,
        held=np.zeros((len(share), 0), np.int64),
        group=np.zeros(classes, GROUP),
        aims=np.zeros((classes, 0), AIM),
        fit=np.zeros((len(kind), 0), FIT),
        pool=np.zeros(0, POOL),
        level=np.zeros((0, 2), np.int32),
        draws=np.zeros((0, DRAWS, 4)),
        run=run,
        slot=np.zeros(_RUNS_AT_FIRST, SLOT),
        unit=np.zeros(_RUNS_AT_FIRST, UNIT),
        blocks=np.zeros((0, _RUNS_AT_FIRST // BLOCK), np.int64),
        repairs=np.zeros(64, REPAIR),
        deadlines=np.zeros(impatient + 1, np.int32),
        rows=np.zeros(n + 1024, ROW),
        tree=np.zeros((0, 0), np.int64),
        part=np.zeros(0, PART),
        plan=np.zeros((0, 2 * planned + 2), PLAN),
        planned=np.zeros(planned + 1, PLANNED),
    )


def _types(table: JobTable, order: int, job: NDArray[Any], policy: Policy) -> NDArray[Any]:
    """Number the types of a table and give each job its own."""
    classes, code = _coded(table.job_class)
    sizes, size = _coded(table.chips)
    code = code * len(sizes) + size
    levels = np.zeros(1)
    if order in (BY_PRIORITY, BY_SHARE):
        levels, level = _coded(table.priority if order == BY_PRIORITY else table.service)
        code = code * len(levels) + level
    found, job["type"] = _coded(code)
    kind = np.zeros(len(found), TYPE)
    kind["job_class"] = classes[found // (len(sizes) * len(levels))]
    kind["chips"] = sizes[found // len(levels) % len(sizes)]
    kind["priority" if order == BY_PRIORITY else "service"] = levels[found % len(levels)]
    kind["demotion"] = np.inf
    for name in ("head", "tail", "place", "cursor"):
        kind[name] = -1
    return _by_level(kind, job, policy.thresholds_chip_s) if order == BY_ATTAINED else kind


def _by_level(
    kind: NDArray[Any], job: NDArray[Any], thresholds_chip_s: tuple[float, ...]
) -> NDArray[Any]:
    """Return each type once for every level of service attained, the first level first."""
    steps = np.array([*thresholds_chip_s, np.inf])
    job["type"] *= len(steps)
    levels = np.repeat(kind, len(steps))
    levels["demotion"] = np.tile(steps, len(kind)) / levels["chips"]
    levels["priority"] = -np.tile(np.arange(len(steps)), len(kind))
    return levels


def _coded(column: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the values of a column in order, and which of them each row holds."""
    # Few values: quicker than np.unique's own inverse, which sorts the column.
    values = np.unique(column)
    return values, np.searchsorted(values, column)


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
        slot=grown(st.slot, size),
        unit=grown(st.unit, size),
        blocks=blocks,
    )


def with_draws(st: State, p: int, fresh: NDArray[np.float64]) -> State:
    """Return the memory with more fault draws for a pool, those used dropped."""
    pool = st.pool[p : p + 1]
    used, drawn = int(pool["repair_draw"][0]), int(pool["drawn"][0])
    kept = np.concatenate([st.draws[p, used:drawn], fresh])
    draws = st.draws
    if len(kept) > draws.shape[1]:
        draws = np.zeros((len(st.pool), 2 * len(kept), 4))
        draws[:, : st.draws.shape[1]] = st.draws
    draws[p, : len(kept)] = kept
    pool["fault_draw"] -= used
    pool["repair_draw"] = 0
    pool["drawn"] = len(kept)
    return replace(st, draws=draws)


def grown(old: NDArray[Any], size: int) -> NDArray[Any]:
    """Return a longer array, what is new of it zero."""
    new = np.zeros(size, old.dtype)
    new[: len(old)] = old
    return new
