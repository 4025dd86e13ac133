"""A job log on a cluster: who starts when, and where, over the engine the studies use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world.engine import JobEngine, Policy
from simulator.world.jobs import JobTable


@dataclass(frozen=True)
class ReplayPool:
    """GPUs of one pool; a gang stays in one pool."""

    gpus: int
    """Interchangeable GPUs in all. [GPU]"""
    gpus_per_host: int = 1
    """A gang of a host or more takes whole hosts; 1: single GPUs, counted only."""


def replay(
    submit_s: ArrayLike,
    duration_s: ArrayLike,
    gpus: ArrayLike,
    pools: Mapping[str, ReplayPool],
    discipline: str,
    backfill_depth: int = 1000,
) -> dict[str, NDArray[Any]]:
    """Schedule a log whose order is the tie-break of equal submit times.

    Parameters
    ----------
    submit_s, duration_s : array_like, shape (n,)
        When each job was asked for and how long it runs, submit times
        not decreasing. [s]
    gpus : array_like, shape (n,)
        Gang size. [GPU]
    pools : mapping of str to ReplayPool
        Tried in the order given.
    discipline : str
        As in `Policy`.
    backfill_depth : int
        As in `Policy`.

    Returns
    -------
    dict of ndarray, shape (n,)
        ``start_s`` and ``finish_s``, NaN for a job that fits no pool, and
        ``pool``, the number of the pool or -1.

    Examples
    --------
    >>> out = replay([0.0, 1.0, 2.0], [10.0, 5.0, 1.0], [2, 4, 2], {"a": ReplayPool(4)}, "fcfs")
    >>> out["start_s"].tolist()
    [0.0, 10.0, 15.0]
    >>> replay([0.0, 1.0, 2.0], [10.0, 5.0, 1.0], [2, 4, 2], {"a": ReplayPool(4)}, "first_fit")[
    ...     "start_s"
    ... ].tolist()
    [0.0, 10.0, 2.0]
    """
    size = np.asarray(gpus, np.int64)
    wide = max(pool.gpus for pool in pools.values())
    # A job that fits nowhere would block the line for ever; it is set aside.
    fits = size <= wide
    env = simpy.Environment()
    table = JobTable.of(
        np.asarray(submit_s, float)[fits], size[fits], np.asarray(duration_s, float)[fits]
    )
    engine = JobEngine(
        env,
        table,
        1,
        Policy(discipline, backfill_depth=backfill_depth),
        rng_faults=lambda name: np.random.default_rng(0),
    )
    for name, pool in pools.items():
        number = engine.add_pool(name, pool.gpus_per_host, 1.0)
        engine.add_hosts(number, pool.gpus // pool.gpus_per_host)
    env.process(engine.operate())
    env.run()
    jobs = engine.close(np.inf).jobs
    out = {
        "start_s": np.full(len(size), np.nan),
        "finish_s": np.full(len(size), np.nan),
        "pool": np.full(len(size), -1, dtype=np.int64),
    }
    for column, values in out.items():
        values[fits] = jobs[column]
    return out
