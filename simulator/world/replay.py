"""Replaying a log of jobs on given pools, to compare with other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world.engine import EngineRecord, JobEngine, JobTable
from simulator.world.jobs_fragments import stranded_chips
from simulator.world.scheduler import Policy

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReplayDiscipline:
    """Who of a log goes next."""

    #: What it does, for whoever chooses one.
    says: str
    #: The engine's discipline, which goes by priority where there is an order.
    engine: str
    #: From durations [s] and gangs [chip] to what goes first, lower first; None: submission.
    order: Callable[[Floats, Floats], Floats] | None = None
    #: Whether a job may take the GPUs of others, which go on later where they stopped.
    preemption: str = "none"


def _duration(duration_s: Floats, gpus: Floats) -> Floats:
    return duration_s


def _longest(duration_s: Floats, gpus: Floats) -> Floats:
    return -duration_s


def _gang(duration_s: Floats, gpus: Floats) -> Floats:
    return gpus


def _service(duration_s: Floats, gpus: Floats) -> Floats:
    return duration_s * gpus


#: Blocking: the head of the line waits, and nobody passes it. First fit: whoever fits goes.
REPLAYED: dict[str, ReplayDiscipline] = {
    "fcfs": ReplayDiscipline("in order of submission; the first that does not fit blocks", "fcfs"),
    "first_fit": ReplayDiscipline("in order of submission; whoever fits goes", "first_fit"),
    "easy": ReplayDiscipline(
        "in order of submission; the first that does not fit reserves its earliest start, and"
        " any behind it that does not delay that goes (run times are known)",
        "easy",
    ),
    "conservative": ReplayDiscipline(
        "in order of submission; each that does not fit reserves its earliest start, and any"
        " behind it that delays none of these goes (run times are known)",
        "conservative",
    ),
    "las": ReplayDiscipline(
        "fewest GPU-hours had first, by levels of 1, 10 and 100; jobs take the GPUs of those"
        " of a higher level, which go on later",
        "las",
        preemption="checkpoint",
    ),
    "srtf": ReplayDiscipline(
        "shortest remaining time first; jobs take the GPUs of those thought to end later, which"
        " go on later",
        "sjf",
        preemption="checkpoint",
    ),
    "sjf": ReplayDiscipline(
        "shortest duration first; the first that does not fit blocks", "priority", _duration
    ),
    "sjf_first_fit": ReplayDiscipline(
        "shortest duration first; whoever fits goes", "priority_first_fit", _duration
    ),
    "sjf_easy": ReplayDiscipline("as easy, in order of shortest duration first", "easy", _duration),
    "ljf": ReplayDiscipline(
        "longest duration first; the first that does not fit blocks", "priority", _longest
    ),
    "ljf_first_fit": ReplayDiscipline(
        "longest duration first; whoever fits goes", "priority_first_fit", _longest
    ),
    "smallest": ReplayDiscipline(
        "fewest GPUs first; the first that does not fit blocks", "priority", _gang
    ),
    "smallest_first_fit": ReplayDiscipline(
        "fewest GPUs first; whoever fits goes", "priority_first_fit", _gang
    ),
    "least_service": ReplayDiscipline(
        "fewest GPU-seconds (GPUs x duration) first; the first that does not fit blocks",
        "priority",
        _service,
    ),
    "least_service_first_fit": ReplayDiscipline(
        "fewest GPU-seconds first; whoever fits goes", "priority_first_fit", _service
    ),
}


@dataclass(frozen=True)
class ReplayPool:
    """Like hosts of a replay; one chip a host makes a pool of interchangeable chips."""

    hosts: int
    chips_per_host: int = 1


@dataclass(frozen=True)
class Replayed:
    """What came out of a replay."""

    #: ``job_id``, ``start_s`` (the first, of a job that was preempted), ``finish_s``
    #: (nan: never), ``pool`` (the last; -1: none), in the order given.
    jobs: dict[str, NDArray[Any]]
    #: Chips that idled on hosts in part use, a mean from first to last event. [chip]
    idle: float
    #: Of these, those that a job drawn from the log would be expected not to use. [chip]
    stranded: float


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

    Jobs run for their logged duration on any pool; nothing fails. At equal times
    completions go before arrivals, and these before starts; among jobs that are
    equal in order, the earlier submitted goes first, then the lower id.

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
        One of :data:`REPLAYED`.

    Returns
    -------
    dict of ndarray
        ``job_id``, ``start_s`` (the first, of a job that was preempted), ``finish_s``
        (nan: never), ``pool`` (the last; -1: none), in the order given.

    Examples
    --------
    >>> log = {"submit_s": [0, 0, 1], "duration_s": [5, 2, 3], "gpus": [2, 2, 1]}
    >>> replay([7, 3, 9], **log, pools=(ReplayPool(3),), discipline="fcfs")["start_s"]
    array([2., 0., 2.])
    """
    return replayed(job_id, submit_s, duration_s, gpus, pools=pools, discipline=discipline).jobs


def replayed(
    job_id: ArrayLike,
    submit_s: ArrayLike,
    duration_s: ArrayLike,
    gpus: ArrayLike,
    *,
    pools: tuple[ReplayPool, ...],
    discipline: str,
) -> Replayed:
    """Return what :func:`replay` does, and how fragmented the hosts were meanwhile."""
    ids = np.asarray(job_id, np.int64)
    order = np.lexsort((ids, np.asarray(submit_s, float)))
    run_s, chips = np.asarray(duration_s, float)[order], np.asarray(gpus, np.int64)[order]
    rule = REPLAYED[discipline]
    first = 0.0 if rule.order is None else -rule.order(run_s, chips.astype(float))
    table = JobTable.of(
        np.asarray(submit_s, float)[order], chips, run_s, job_id=ids[order], priority=first
    )
    # Backfill looks at the whole queue.
    policy = Policy(rule.engine, backfill_depth=len(table), preemption=rule.preemption)
    engine = JobEngine(simpy.Environment(), table, 1, policy, rng_faults=_no_faults)
    for number, pool in enumerate(pools):
        made = engine.add_pool(f"pool-{number}", pool.chips_per_host, [1.0])
        engine.add_hosts(made, pool.hosts)
    record = engine.close(np.inf)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    jobs = {name: record.jobs[name][back] for name in ("job_id", "start_s", "finish_s", "pool")}
    return Replayed(jobs, *_fragments(record, pools, chips))


def _fragments(
    record: EngineRecord, pools: tuple[ReplayPool, ...], asked: NDArray[np.int64]
) -> tuple[float, float]:
    """Return mean chips idle on hosts in part use, and of these what is lost to jobs as asked."""
    seg = record.segments
    span_s = float(seg["end_s"].max() - seg["start_s"].min()) if seg["job"].size else 0.0
    if span_s == 0.0:
        return 0.0, 0.0
    idle = stranded = 0.0
    for number, pool in enumerate(pools):
        series = stranded_chips(record, number, pool.chips_per_host, asked)
        lasted_s = np.diff(series["t_s"])
        idle += float(lasted_s @ series["idle"][:-1])
        stranded += float(lasted_s @ series["stranded"][:-1])
    return idle / span_s, stranded / span_s


def _no_faults(name: str) -> np.random.Generator:
    raise AssertionError(f"nothing fails in a replay, yet {name!r} drew faults")
