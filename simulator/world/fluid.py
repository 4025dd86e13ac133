"""The cheap fidelity: what many replications ask and have, dispatched at once.

Every draw is the one the job engine would have met: jobs, orders, shocks, the
programme. Faults of hosts enter by their long-run means, and a job's work
lies where it would run if it never waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.laws.fluid import Askers, Flow, flow
from simulator.laws.intervals import parts_in_bins, step_integral
from simulator.laws.reliability import availability, expected_ettr, gang_mtbf_s
from simulator.spec.scenario import Scenario
from simulator.world.demand import class_weights
from simulator.world.fluid_engine import FluidEngine, Pool
from simulator.world.jobs import EngineRecord, JobTable

Floats = NDArray[np.float64]

#: Steps a quarter is cut into. [1]
STEPS_A_QUARTER = 3


def settle(engines: Sequence[FluidEngine], scenario: Scenario) -> Flow:
    """Dispatch all replications of one scenario, and give each engine its record.

    A replication's record is the same, to the last bit, whichever others are beside it.

    Parameters
    ----------
    engines : sequence of FluidEngine
        Whose worlds have run to the horizon.
    scenario : Scenario
        Of all of them.

    Returns
    -------
    Flow
        Groups are (service, family), chips and families in order of their names.
    """
    racks = scenario.catalog.racks
    watts = {c: r.nameplate.value * r.busy_share.value / r.chips for c, r in racks.items()}
    frame = _Frame.of(engines[0], scenario)
    there, kept, lost = (
        np.stack(parts, axis=1)
        for parts in zip(*(_capacity(engine, frame) for engine in engines), strict=True)
    )
    asked = [_Asked.of(engine.table, frame) for engine in engines]
    found = flow(
        np.stack([one.work for one in asked], axis=-1),
        there,
        kept,
        frame.askers,
        burden=[watts[chip] for chip in frame.chips],
    )
    for world, engine in enumerate(engines):
        alone = _Share.of(found, world, kept, lost)
        engine.record = _record(engine, frame, asked[world], alone)
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
    def of(cls, engine: FluidEngine, scenario: Scenario) -> _Frame:
        # From the scenario alone: what only some replications have must not count.
        classes = engine.classes
        weight = class_weights(scenario, classes)
        families = tuple(sorted({family for family, _ in classes}))
        family = np.array([families.index(name) for name, _ in classes])
        member = family == np.arange(len(families))[:, None]
        part = member * weight / (member @ weight)[:, None]
        edges_s = np.concatenate(
            [
                *(np.linspace(a, b, STEPS_A_QUARTER + 1)[:-1] for a, b in pairwise(engine.edges_s)),
                engine.edges_s[-1:],
            ]
        )
        askers, group_of = _groups(scenario, families, family, edges_s)
        chips = tuple(sorted(scenario.catalog.racks))
        return cls(families, chips, edges_s, askers, group_of, part)


def _groups(
    scenario: Scenario, families: tuple[str, ...], family: NDArray[np.int64], edges_s: Floats
) -> tuple[Askers, NDArray[np.int64]]:
    """Group jobs by service and family; rank and patience are the service's own."""
    step_s, steps = float(np.mean(np.diff(edges_s))), len(edges_s) - 1
    services = [scenario.services[name] for name in sorted(scenario.services)]
    names = [(s, families.index(f)) for s, one in enumerate(services) for f in sorted(one.families)]
    group_of = np.full((len(services), len(family)), -1)
    for group, (service, of_family) in enumerate(names):
        group_of[service, family == of_family] = group
    askers = Askers(
        family=tuple(of_family for _, of_family in names),
        rank=tuple(float(services[s].priority) for s, _ in names),
        patience=tuple(int(min(round(services[s].patience / step_s), steps)) for s, _ in names),
    )
    return askers, group_of


@dataclass(frozen=True)
class _Asked:
    """When one replication's jobs would run if none waited: parts of jobs in steps."""

    row: NDArray[np.int64]
    length_s: Floats
    #: Step and group of each part, as one number.
    key: NDArray[np.int64]
    #: Work by step and group, shape (steps, groups). [rce·s]
    work: Floats

    @classmethod
    def of(cls, table: JobTable, frame: _Frame) -> _Asked:
        row, step, length_s = parts_in_bins(
            table.submit_s, table.submit_s + table.work_s, frame.edges_s
        )
        shape = (len(frame.edges_s) - 1, len(frame.askers.family))
        group = frame.group_of[table.service, table.job_class][row]
        key = step * shape[1] + group
        work = np.bincount(key, table.chips[row] * length_s, minlength=int(np.prod(shape)))
        return cls(row, np.asarray(length_s, float), key, work.reshape(shape).astype(float))


@dataclass(frozen=True)
class _Share:
    """One replication's part of the dispatch, arrays of its own."""

    #: Shape (steps, groups). [rce·s]
    done: Floats
    unserved: Floats
    #: Shape (steps, families, chips). [chip·s]
    used: Floats
    #: Rates kept and lost to faults, shape (steps, families, chips). [rce/chip]
    kept: Floats
    lost: Floats

    @classmethod
    def of(cls, found: Flow, world: int, kept: Floats, lost: Floats) -> _Share:
        # Contiguous: the last bits of a sum depend on how an array lies in memory.
        parts = (
            *(found.done[:, :, world], found.unserved[:, :, world], found.used[:, world]),
            *(kept[:, world], lost[:, world]),
        )
        return cls(*(np.ascontiguousarray(part) for part in parts))


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
    table = engine.table
    there, row = engine.example_of_class
    step_s = table.checkpoint_s[row]
    writes = np.isfinite(step_s) & (step_s > 0)
    if not np.isfinite(pool.host_mtbf_s) or not writes.any():
        return ettr
    chips = np.ceil(table.chips[row] * pool.size_factor[there] - 1e-9)
    hosts = np.maximum(1, np.ceil(chips / pool.chips_per_host))[writes]
    # The rates pay for writing checkpoints already.
    ettr[there[writes]] = expected_ettr(
        gang_mtbf_s(pool.host_mtbf_s, hosts), step_s[writes], 0.0, table.restart_s[row][writes]
    )
    return ettr


def _record(engine: FluidEngine, frame: _Frame, asked: _Asked, alone: _Share) -> EngineRecord:
    """Write a world's share of the dispatch in the job engine's columns.

    A segment is all of one group that runs on one pool in one step.
    """
    family = np.array(frame.askers.family)
    done = alone.done
    by_family = np.stack([done[:, family == f].sum(axis=1) for f in range(len(frame.families))], 1)
    total = by_family[:, family]
    part = np.divide(done, total, out=np.zeros_like(done), where=total > 0)
    # Chip time by step, group and pool: a pool takes its part of its chip's.
    pool_s = np.stack([_up_chip_s(pool, frame.edges_s) for pool in engine.pools], axis=1)
    chip = np.array([frame.chips.index(pool.chip) for pool in engine.pools])
    there = np.zeros((len(pool_s), len(frame.chips)))
    np.add.at(there.T, chip, pool_s.T)
    place = np.divide(pool_s, there[:, chip], out=np.zeros_like(pool_s), where=pool_s > 0)
    used = alone.used[:, family][:, :, chip] * part[:, :, None] * place[:, None]
    step, group, pool = np.nonzero(used > 0)
    length_s = np.diff(frame.edges_s)[step]
    chip_s = used[step, group, pool]
    where = (step, family[group], chip[pool])
    segments = {
        "job": _example_of(engine.table, frame)[group],
        "pool": pool,
        "start_s": frame.edges_s[step],
        "end_s": frame.edges_s[step + 1],
        "chips": chip_s / length_s,
        "productive_rce_s": chip_s * alone.kept[where],
        "lost_rce_s": chip_s * alone.lost[where],
        "restart_s": np.zeros(len(step)),
    }
    return EngineRecord(
        jobs={"unserved_rce_s": _unserved(engine.table, asked, alone)},
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


def _unserved(table: JobTable, asked: _Asked, alone: _Share) -> Floats:
    """Work of each job that is not served: it shares its group's luck in the steps it spans."""
    share = np.divide(
        alone.unserved, asked.work, out=np.zeros_like(asked.work), where=asked.work > 0
    )
    n = len(table)
    spanned = np.bincount(asked.row, asked.length_s, minlength=n)
    hit = np.bincount(asked.row, asked.length_s * share.ravel()[asked.key], minlength=n)
    part = np.divide(hit, spanned, out=np.zeros(n), where=spanned > 0)
    return np.asarray(part * table.chips * table.work_s)


def _down_s(pool: Pool, edges_s: Floats) -> Floats:
    """Integral of hosts under repair between edges. [host·s]."""
    if not pool.hosts or not np.isfinite(pool.host_mtbf_s):
        return np.zeros(len(edges_s) - 1)
    t_s, hosts = np.array(pool.hosts).T
    down = 1.0 - availability(pool.host_mtbf_s, pool.host_repair_s)
    return np.asarray(step_integral(t_s, hosts, edges_s) * down)
