"""The cheap fidelity: what many replications ask and have, dispatched at once.

Every draw is the one the job engine would have met: jobs, orders, shocks, the
programme. Faults of hosts enter by their long-run means, and a job's work
lies where it would run if it never waited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.fluid import Askers, Flow, flow
from simulator.laws.intervals import parts_in_bins, step_integral
from simulator.laws.reliability import availability, expected_ettr, gang_mtbf_s
from simulator.world.fluid_engine import FluidEngine, Pool
from simulator.world.jobs import EngineRecord, JobTable

Floats = NDArray[np.float64]

#: Steps a quarter is cut into. [1]
STEPS_A_QUARTER = 3


def settle(engines: Sequence[FluidEngine], weight: ArrayLike, watts: Mapping[str, float]) -> Flow:
    """Dispatch all replications of one scenario, and give each engine its record.

    Parameters
    ----------
    engines : sequence of FluidEngine
        Whose worlds have run to the horizon.
    weight : array_like, shape (classes,)
        Of a class within its family, such as its part of the demand. [any]
    watts : mapping of str to float
        By chip; of equally good chips those of less go first. [W/chip]

    Returns
    -------
    Flow
        Groups are (service, family), chips and families in order of their names.
    """
    frame = _Frame.of(engines, np.asarray(weight, float))
    there, kept, lost = (
        np.stack(parts, axis=1)
        for parts in zip(*(_capacity(engine, frame) for engine in engines), strict=True)
    )
    found = flow(
        np.stack([_asked(engine.table, frame) for engine in engines], axis=-1),
        there,
        kept,
        frame.askers,
        burden=[watts[chip] for chip in frame.chips],
    )
    for world, engine in enumerate(engines):
        engine.record = _record(engine, frame, found, world, kept, lost)
    return found


@dataclass(frozen=True)
class _Frame:
    """What the axes of the arrays mean."""

    families: tuple[str, ...]
    chips: tuple[str, ...]
    edges_s: Floats
    #: Service and family of each group, and the group of each job's (service, class).
    askers: Askers
    group_of: NDArray[np.int64]
    #: Part of each class in its family, shape (families, classes). [1]
    part: Floats

    @classmethod
    def of(cls, engines: Sequence[FluidEngine], weight: Floats) -> _Frame:
        classes = engines[0].classes
        families = tuple(sorted({family for family, _ in classes}))
        family = np.array([families.index(name) for name, _ in classes])
        member = family == np.arange(len(families))[:, None]
        part = member * weight / (member @ weight)[:, None]
        quarters = engines[0].edges_s
        edges_s = np.concatenate(
            [
                *(np.linspace(a, b, STEPS_A_QUARTER + 1)[:-1] for a, b in pairwise(quarters)),
                quarters[-1:],
            ]
        )
        askers, group_of = _groups([engine.table for engine in engines], family, edges_s)
        chips = tuple(sorted({pool.chip for engine in engines for pool in engine.pools}))
        return cls(families, chips, edges_s, askers, group_of, part)


def _groups(
    tables: Sequence[JobTable], family: NDArray[np.int64], edges_s: Floats
) -> tuple[Askers, NDArray[np.int64]]:
    """Group jobs by service and family; rank and patience are the service's own."""
    step_s = float(np.mean(np.diff(edges_s)))
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for table in tables:
        key = table.service.astype(np.int64) * len(family) + table.job_class
        for row in np.unique(key, return_index=True)[1]:
            who = (int(table.service[row]), int(family[table.job_class[row]]))
            found[who] = (float(table.priority[row]), float(table.patience_s[row]))
    names = sorted(found)
    services = 1 + max((service for service, _ in names), default=0)
    group_of = np.full((services, len(family)), -1)
    for group, (service, of_family) in enumerate(names):
        group_of[service, family == of_family] = group
    steps = len(edges_s) - 1
    askers = Askers(
        family=tuple(of_family for _, of_family in names),
        rank=tuple(found[who][0] for who in names),
        patience=tuple(int(min(round(found[who][1] / step_s), steps)) for who in names),
    )
    return askers, group_of


def _asked(table: JobTable, frame: _Frame) -> Floats:
    """Work of each step and group if no job waited, shape (steps, groups). [rce·s]."""
    row, step, length_s = parts_in_bins(
        table.submit_s, table.submit_s + table.work_s, frame.edges_s
    )
    shape = (len(frame.edges_s) - 1, len(frame.askers.family))
    group = frame.group_of[table.service[row], table.job_class[row]]
    key = np.ravel_multi_index((step, group), shape)
    work = np.bincount(key, table.chips[row] * length_s, minlength=int(np.prod(shape)))
    return work.reshape(shape).astype(float)


def _capacity(engine: FluidEngine, frame: _Frame) -> tuple[Floats, Floats, Floats]:
    """Chip time up, shape (steps, chips), and rates kept and lost, (steps, families, chips)."""
    steps = len(frame.edges_s) - 1
    there = np.zeros((steps, len(frame.chips)))
    kept, lost = (np.zeros((steps, len(frame.families), len(frame.chips))) for _ in range(2))
    for pool in engine.pools:
        k = frame.chips.index(pool.chip)
        there[:, k] += _up_chip_s(pool, frame.edges_s)
        rate = _rates(pool, frame.edges_s)
        ettr = _ettr(engine, pool)
        # Pools of one chip differ in place only, and in when they came.
        kept[:, :, k] = np.maximum(kept[:, :, k], (rate * ettr) @ frame.part.T)
        lost[:, :, k] = np.maximum(lost[:, :, k], (rate * (1.0 - ettr)) @ frame.part.T)
    return there, kept, lost


def _up_chip_s(pool: Pool, edges_s: Floats) -> Floats:
    """Chip time of hosts in service that are not under repair, by step. [chip·s]."""
    if not pool.hosts:
        return np.zeros(len(edges_s) - 1)
    t_s, hosts = np.array(pool.hosts).T
    up = availability(pool.host_mtbf_s, pool.host_repair_s) if np.isfinite(pool.host_mtbf_s) else 1
    return np.asarray(step_integral(t_s, hosts, edges_s) * pool.chips_per_host * up)


def _rates(pool: Pool, edges_s: Floats) -> Floats:
    """Rates in the middle of each step, shape (steps, classes). [rce/chip]."""
    t_s = np.array([t for t, _ in pool.rates])
    rates = np.stack([rate for _, rate in pool.rates])
    middle = (edges_s[:-1] + edges_s[1:]) / 2
    at = np.searchsorted(t_s, middle, side="right") - 1
    return np.where((at >= 0)[:, None], rates[np.maximum(at, 0)], 0.0)


def _ettr(engine: FluidEngine, pool: Pool) -> Floats:
    """Part of a run's time that is kept in spite of faults, shape (classes,). [1]."""
    ettr = np.ones(len(engine.classes))
    if not np.isfinite(pool.host_mtbf_s):
        return ettr
    table = engine.table
    for job_class in np.unique(table.job_class):
        row = int(np.argmax(table.job_class == job_class))
        chips = np.ceil(table.chips[row] * pool.size_factor[job_class] - 1e-9)
        hosts = max(1, int(-(-chips // pool.chips_per_host)))
        if np.isfinite(table.checkpoint_s[row]) and table.checkpoint_s[row] > 0:
            # The rates pay for writing checkpoints already.
            ettr[job_class] = expected_ettr(
                gang_mtbf_s(pool.host_mtbf_s, hosts),
                table.checkpoint_s[row],
                0.0,
                table.restart_s[row],
            )
    return ettr


def _record(
    engine: FluidEngine, frame: _Frame, found: Flow, world: int, kept: Floats, lost: Floats
) -> EngineRecord:
    """Write a world's share of the dispatch in the job engine's columns.

    A segment is all of one group that runs on one pool in one step.
    """
    family = np.array(frame.askers.family)
    done = found.done[:, :, world]
    by_family = np.stack([done[:, family == f].sum(axis=1) for f in range(len(frame.families))], 1)
    total = by_family[:, family]
    part = np.divide(done, total, out=np.zeros_like(done), where=total > 0)
    # Chip time by step, group and pool: a pool takes its part of its chip's.
    pool_s = np.stack([_up_chip_s(pool, frame.edges_s) for pool in engine.pools], axis=1)
    chip = np.array([frame.chips.index(pool.chip) for pool in engine.pools])
    there = np.zeros((len(pool_s), len(frame.chips)))
    np.add.at(there.T, chip, pool_s.T)
    place = np.divide(pool_s, there[:, chip], out=np.zeros_like(pool_s), where=pool_s > 0)
    used = found.used[:, world][:, family][:, :, chip] * part[:, :, None] * place[:, None]
    step, group, pool = np.nonzero(used > 0)
    length_s = np.diff(frame.edges_s)[step]
    chip_s = used[step, group, pool]
    where = (step, world, family[group], chip[pool])
    segments = {
        "job": _example_of(engine.table, frame)[group],
        "pool": pool,
        "start_s": frame.edges_s[step],
        "end_s": frame.edges_s[step + 1],
        "chips": chip_s / length_s,
        "productive_rce_s": chip_s * kept[where],
        "lost_rce_s": chip_s * lost[where],
        "restart_s": np.zeros(len(step)),
    }
    return EngineRecord(
        jobs={"unserved_rce_s": _unserved(engine.table, frame, found, world)},
        segments=segments,
        pools={},
        host_down_s=np.stack([_down_s(pool, engine.edges_s) for pool in engine.pools]),
        horizon_s=float(engine.edges_s[-1]),
    )


def _example_of(table: JobTable, frame: _Frame) -> NDArray[np.int64]:
    """Return a job of each group; one that asks for nothing runs nothing and needs none."""
    group = frame.group_of[table.service, table.job_class]
    example = np.zeros(len(frame.askers.family), np.int64)
    example[group[::-1]] = np.arange(len(group))[::-1]
    return example


def _unserved(table: JobTable, frame: _Frame, found: Flow, world: int) -> Floats:
    """Work of each job that is not served: it shares its group's luck in the steps it spans."""
    asked = _asked(table, frame)
    missed = found.unserved[:, :, world]
    share = np.divide(missed, asked, out=np.zeros_like(asked), where=asked > 0)
    row, step, length_s = parts_in_bins(
        table.submit_s, table.submit_s + table.work_s, frame.edges_s
    )
    group = frame.group_of[table.service[row], table.job_class[row]]
    n = len(table)
    spanned = np.bincount(row, length_s, minlength=n)
    hit = np.bincount(row, length_s * share[step, group], minlength=n)
    part = np.divide(hit, spanned, out=np.zeros(n), where=spanned > 0)
    return np.asarray(part * table.chips * table.work_s)


def _down_s(pool: Pool, edges_s: Floats) -> Floats:
    """Integral of hosts under repair between edges. [host·s]."""
    if not pool.hosts or not np.isfinite(pool.host_mtbf_s):
        return np.zeros(len(edges_s) - 1)
    t_s, hosts = np.array(pool.hosts).T
    down = 1.0 - availability(pool.host_mtbf_s, pool.host_repair_s)
    return np.asarray(step_integral(t_s, hosts, edges_s) * down)
