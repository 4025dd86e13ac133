"""What a planner's own policy sees, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_arrays import State
from simulator.world.jobs_state import LEARNING, NOW


@dataclass(frozen=True)
class QueueView:
    """The queue and the pools at one moment; jobs in order of submission."""

    now_s: float
    #: Rows of the job table, shape (jobs,); the next six likewise.
    job: NDArray[np.int64]
    chips: NDArray[np.int64]
    job_class: NDArray[np.int32]
    service: NDArray[np.int32]
    priority: NDArray[np.float64]
    submit_s: NDArray[np.float64]
    #: Work left, as wall time at rate 1, as far as it is known. [s]
    left_s: NDArray[np.float64]
    #: Wall time left, likewise, in each pool, inf: cannot run there, shape (jobs, pools). [s]
    wall_s: NDArray[np.float64]
    #: Chips needed in each pool, shape (jobs, pools).
    need: NDArray[np.int32]
    #: Reference work per chip, shape (classes, pools). [rce/chip]
    rate: NDArray[np.float64]
    #: What each class likes without a policy of its own, shape (classes, pools).
    preference: NDArray[np.float64]
    #: Whole hosts idle, shape (pools,); the next two likewise.
    free_hosts: NDArray[np.int64]
    up_hosts: NDArray[np.int64]
    chips_per_host: NDArray[np.int64]


#: A planner's policy: from the queue to who goes first, shape (jobs,), higher
#: first, ties in order of submission; and which pools it likes, shape (jobs,
#: pools), higher first, -inf: not there.
Decide = Callable[[QueueView], tuple[ArrayLike, ArrayLike]]


def view_of(
    st: State,
    table: JobTable,
    jobs: NDArray[np.int64],
    rate: NDArray[np.float64],
    preference: NDArray[np.float64],
) -> QueueView:
    """Return what a policy may see."""
    fit = st.fit[st.job["type"][jobs]]
    left_s = _guess_of(st, jobs)
    return QueueView(
        now_s=float(st.real[NOW]),
        job=jobs,
        chips=table.chips[jobs],
        job_class=table.job_class[jobs],
        service=table.service[jobs],
        priority=table.priority[jobs],
        submit_s=table.submit_s[jobs],
        left_s=left_s,
        # Also for a job with nothing left, a pool it cannot use takes for ever.
        wall_s=np.multiply(
            left_s[:, None],
            fit["slow"],
            out=np.full(fit.shape, np.inf),
            where=np.isfinite(fit["slow"]),
        ),
        need=fit["need"],
        rate=rate.copy(),
        preference=preference.copy(),
        free_hosts=st.pool["free"].copy(),
        up_hosts=st.pool["up"].copy(),
        chips_per_host=st.pool["chips_per_host"].copy(),
    )


def _guess_of(st: State, jobs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what the work left of jobs is taken for, as the compiled disciplines do."""
    job = st.job[jobs]
    error = job["error"]
    if st.counts[LEARNING] == 1:
        error = st.group["mean_s"][st.kind["job_class"][job["type"]]] - st.work[jobs]
    return np.maximum(job["left"] + error, 0.0)


def answer_of(decide: Decide, view: QueueView) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ask a policy; return jobs in order and, per job, pools in order, -1 from where none."""
    first, liking = (np.asarray(part, float) for part in decide(view))
    shape: tuple[Any, ...] = view.wall_s.shape
    if first.shape != shape[:1] or liking.shape != shape:
        raise ValueError(
            f"a policy must return shapes {shape[:1]} and {shape}, got {first.shape}"
            f" and {liking.shape}"
        )
    if np.isnan(first).any() or np.isnan(liking).any():
        raise ValueError("a policy must not return nan")
    able = (view.wall_s < np.inf) & (liking > -np.inf)
    # Those where it may not go come last.
    pools = np.where(able, -liking, np.inf).argsort(axis=1, kind="stable")
    pools[np.arange(shape[1]) >= able.sum(axis=1)[:, None]] = -1
    order = (-first).argsort(kind="stable")
    return view.job[order], pools[order]
