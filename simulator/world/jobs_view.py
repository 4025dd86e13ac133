"""What a network sees of the jobs: runs that leave their rack, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_state import POD, State
from simulator.world.jobs_verbs import compiled


@dataclass(frozen=True)
class RunsView:
    """Runs over more than one rack at one moment, in order of the job table.

    What each holds in each rack is a sparse matrix, compressed by run: run *i*
    has ``hosts[indptr[i]:indptr[i + 1]]`` in racks ``rack[indptr[i]:indptr[i + 1]]``.
    Racks are numbered in each pool by place, from 0 in order of first entry.
    """

    #: Names the run as long as it lasts, shape (runs,); the next four likewise.
    run: NDArray[np.int64]
    #: Row of the job table.
    job: NDArray[np.int64]
    job_class: NDArray[np.int32]
    pool: NDArray[np.int64]
    #: Allocated.
    chips: NDArray[np.int64]
    #: Shape (runs + 1,).
    indptr: NDArray[np.int64]
    #: Shape (parts,); the next likewise.
    rack: NDArray[np.int64]
    hosts: NDArray[np.int64]


#: A network: from the runs that share it to the speed of each as a fraction of
#: what it would have alone, shape (runs,), in [0, 1]; 0: it stalls.
Network = Callable[[RunsView], ArrayLike]


def view_of_runs(st: State, table: JobTable) -> RunsView:
    """Return the runs that leave their rack."""
    busy = np.flatnonzero(st.run["job"] >= 0)
    busy = busy[st.unit["level"][st.run["unit"][busy]] >= POD]
    busy = busy[np.argsort(st.run["job"][busy])]
    unit = st.run["unit"][busy]
    indptr = np.zeros(len(busy) + 1, np.int64)
    rack = np.zeros(int(st.unit["racks"][unit].sum()), np.int64)
    hosts = np.zeros_like(rack)
    compiled.list_parts(st, busy, indptr, rack, hosts)
    job = st.run["job"][busy].astype(np.int64)
    return RunsView(
        run=busy,
        job=job,
        job_class=table.job_class[job],
        pool=st.run["pool"][busy].astype(np.int64),
        chips=st.run["chips"][busy].astype(np.int64),
        indptr=indptr,
        rack=rack,
        hosts=hosts,
    )


def fractions_of(network: Network, view: RunsView) -> NDArray[np.float64]:
    """Ask a network and check its answer."""
    fraction = np.array(network(view), np.float64)
    if fraction.shape != view.run.shape:
        raise ValueError(f"a network must return shape {view.run.shape}, got {fraction.shape}")
    wrong = ~((fraction >= 0) & (fraction <= 1))
    if np.any(wrong):
        raise ValueError(f"a network must return fractions in [0, 1], got {fraction[wrong][0]}")
    return fraction
