"""Replaying a log of jobs on given pools, to compare with other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world.engine import JobEngine, JobTable
from simulator.world.scheduler import Policy


@dataclass(frozen=True)
class ReplayPool:
    """Like hosts of a replay; one chip a host makes a pool of interchangeable chips."""

    hosts: int
    chips_per_host: int = 1


def replay(
    job_id: ArrayLike,
    submit_s: ArrayLike,
    duration_s: ArrayLike,
    gpus: ArrayLike,
    *,
    pools: tuple[ReplayPool, ...],
    discipline: str,
) -> dict[str, NDArray[Any]]:
    """Return when and where each job of a log would have run.

    Jobs run for their logged duration on any pool; nothing fails.

    Parameters
    ----------
    job_id : array_like of int
        Breaks ties of submission.
    submit_s, duration_s : array_like
        [s]
    gpus : array_like of int
        Gang size. [chip]
    pools : tuple of ReplayPool
        A job tries them in this order.
    discipline : str
        One of :data:`~simulator.world.scheduler.DISCIPLINES`.

    Returns
    -------
    dict of ndarray
        ``job_id``, ``start_s``, ``finish_s`` (nan: never), ``pool`` (-1: none),
        in the order given.

    Examples
    --------
    >>> log = {"submit_s": [0, 0, 1], "duration_s": [5, 2, 3], "gpus": [2, 2, 1]}
    >>> replay([7, 3, 9], **log, pools=(ReplayPool(3),), discipline="fcfs")["start_s"]
    array([2., 0., 2.])
    """
    ids = np.asarray(job_id, np.int64)
    order = np.lexsort((ids, np.asarray(submit_s, float)))
    table = JobTable.of(
        np.asarray(submit_s, float)[order],
        np.asarray(gpus, np.int64)[order],
        np.asarray(duration_s, float)[order],
        job_id=ids[order],
    )
    engine = JobEngine(simpy.Environment(), table, 1, Policy(discipline), rng_faults=_no_faults)
    for number, pool in enumerate(pools):
        made = engine.add_pool(f"pool-{number}", pool.chips_per_host, [1.0])
        engine.add_hosts(made, pool.hosts)
    jobs = engine.close(np.inf).jobs
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return {name: jobs[name][back] for name in ("job_id", "start_s", "finish_s", "pool")}


def _no_faults(name: str) -> np.random.Generator:
    raise AssertionError(f"nothing fails in a replay, yet {name!r} drew faults")
