"""What a network sees of the jobs: runs that leave their rack, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_arrays import State
from simulator.world.jobs_fabric_memory import Links
from simulator.world.jobs_state import POD
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


@runtime_checkable
class Follower(Protocol):
    """A network that keeps the runs itself and is told only of those that come and go."""

    def follow(
        self, came: RunsView, gone: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the runs whose speed is another now, and their fractions."""

    def heat(self) -> Iterable[tuple[int, NDArray[np.float64]]]:
        """Of pools that changed: load over capacity of the trunks of each of their pods. [1]"""


@runtime_checkable
class Linked(Protocol):
    """A network in arrays, which compiled code loads and asks without a way through Python."""

    @property
    def links(self) -> Links:
        """Its memory now."""

    def make_room(self, runs: int) -> None:
        """Make room for so many runs, and do what else compiled code came back for."""

    def renew(self) -> None:
        """Take note of what changed of it."""

    def forget(self) -> None:
        """Take all that are there for gone and come anew: some may have moved at this moment."""


class Changes:
    """Which runs over several racks came and went since somebody looked last."""

    def __init__(self) -> None:
        self._job, self._started = np.zeros(0, np.int64), np.zeros(0)
        #: Room for what came and went, and for the parts of what came.
        self._came, self._gone = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._indptr = np.zeros(1, np.int64)
        self._rack, self._hosts = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def forget(self) -> None:
        """Take all that are there for gone and come anew: some may have moved at this moment."""
        self._started[:] = np.nan

    def since(self, st: State, table: JobTable) -> tuple[RunsView, NDArray[np.int64]]:
        """Return those that came, and the names of those that went."""
        more = len(st.run) - self._job.size
        if more:
            self._job = np.concatenate([self._job, np.full(more, -1)])
            self._started = np.concatenate([self._started, np.full(more, np.nan)])
            self._came, self._gone = np.zeros_like(self._job), np.zeros_like(self._job)
            self._indptr = np.zeros(self._job.size + 1, np.int64)
        if len(st.part) > self._rack.size:
            self._rack, self._hosts = np.zeros((2, len(st.part)), np.int64)
        came, gone = compiled.list_changes(
            st,
            self._job,
            self._started,
            self._came,
            self._gone,
            self._indptr,
            self._rack,
            self._hosts,
        )
        parts = int(self._indptr[came])
        view = _view(
            st,
            table,
            self._came[:came].copy(),
            self._indptr[: came + 1].copy(),
            self._rack[:parts].copy(),
            self._hosts[:parts].copy(),
        )
        return view, self._gone[:gone].copy()


def view_of_runs(st: State, table: JobTable) -> RunsView:
    """Return the runs that leave their rack."""
    busy = np.flatnonzero(st.run["job"] >= 0)
    busy = busy[st.unit["level"][st.run["unit"][busy]] >= POD]
    busy = busy[np.argsort(st.run["job"][busy])]
    indptr = np.zeros(len(busy) + 1, np.int64)
    rack = np.zeros(int(st.unit["racks"][st.run["unit"][busy]].sum()), np.int64)
    hosts = np.zeros_like(rack)
    compiled.list_parts(st, busy, indptr, rack, hosts)
    return _view(st, table, busy, indptr, rack, hosts)


def _view(
    st: State,
    table: JobTable,
    runs: NDArray[np.int64],
    indptr: NDArray[np.int64],
    rack: NDArray[np.int64],
    hosts: NDArray[np.int64],
) -> RunsView:
    job = st.run["job"][runs].astype(np.int64)
    return RunsView(
        run=runs,
        job=job,
        job_class=table.job_class[job],
        pool=st.run["pool"][runs].astype(np.int64),
        chips=st.run["chips"][runs].astype(np.int64),
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
