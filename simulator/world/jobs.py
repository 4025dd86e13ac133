"""Jobs as columns: what is asked of the engine, one row a job."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {
    "submit_s": np.float64,
    "chips": np.int64,
    "work_s": np.float64,
    "estimate_s": np.float64,
    "job_class": np.int32,
    "service": np.int32,
    "priority": np.float64,
    "checkpoint_s": np.float64,
    "restart_s": np.float64,
    "patience_s": np.float64,
    "job_id": np.int64,
}


@dataclass(frozen=True)
class JobTable:
    """What is asked: a structure of arrays of equal length, sorted by (submit, id).

    Raises
    ------
    ValueError
        If the columns differ in length, are not in order, or hold a value out
        of bounds.

    Examples
    --------
    >>> JobTable.of(submit_s=[0.0, 5.0], chips=[8, 1], work_s=[60.0, 10.0]).job_id
    array([0, 1])
    """

    #: When the job is asked for, from the scenario's start. [s]
    submit_s: NDArray[np.float64]
    #: Gang size asked, in reference chips. [rce]
    chips: NDArray[np.int64]
    #: Wall time at rate 1; the work is ``chips * work_s``. [s]
    work_s: NDArray[np.float64]
    #: What whoever asked takes ``work_s`` for; all a policy is told of it. [s]
    estimate_s: NDArray[np.float64]
    #: Row of the rate matrix.
    job_class: NDArray[np.int32]
    #: Who asked.
    service: NDArray[np.int32]
    #: Higher goes first.
    priority: NDArray[np.float64]
    #: Useful wall time between two checkpoints; inf: the job writes none. [s]
    checkpoint_s: NDArray[np.float64]
    #: What a job that lost its chips pays before useful work when it starts again. [s]
    restart_s: NDArray[np.float64]
    #: A job that has not started this long after submission gives up; inf: never. [s]
    patience_s: NDArray[np.float64]
    #: Stable name of the job; breaks ties of submission.
    job_id: NDArray[np.int64]

    def __post_init__(self) -> None:
        for field in fields(self):
            # One dtype, layout and writability, so that compiled code is compiled once.
            column = np.require(getattr(self, field.name), _DTYPES[field.name], ["C", "A", "W"])
            object.__setattr__(self, field.name, column)
            if column.shape != self.submit_s.shape or column.ndim != 1:
                raise ValueError(
                    f"{field.name} has shape {column.shape}, submit_s {self.submit_s.shape}"
                )
        self._check()

    def __len__(self) -> int:
        """Return the number of jobs."""
        return len(self.submit_s)

    @classmethod
    def of(cls, submit_s: Any, chips: Any, work_s: Any, **columns: Any) -> JobTable:
        """Return a table from a few columns; the others take the plain value.

        Estimates that are right, class and service 0, priority 0, no checkpoints,
        free restarts, endless patience, ids in order. Scalars are spread over all jobs.
        """
        plain: dict[str, Any] = {
            "submit_s": submit_s,
            "chips": chips,
            "work_s": work_s,
            "estimate_s": work_s,
            "job_class": 0,
            "service": 0,
            "priority": 0.0,
            "checkpoint_s": np.inf,
            "restart_s": 0.0,
            "patience_s": np.inf,
            "job_id": np.arange(len(submit_s)),
        }
        n = len(submit_s)
        return cls(
            **{
                name: np.array(np.broadcast_to(np.asarray(value, _DTYPES[name]), (n,)))
                for name, value in (plain | columns).items()
            }
        )

    def _check(self) -> None:
        step = np.diff(self.submit_s)
        if np.any((step < 0) | ((step == 0) & (np.diff(self.job_id) <= 0))):
            raise ValueError("jobs must be sorted by (submit_s, job_id), each id once")
        bounds = {
            "submit_s": 0.0,
            "work_s": 0.0,
            "estimate_s": 0.0,
            "checkpoint_s": 0.0,
            "restart_s": 0.0,
            "patience_s": 0.0,
            "job_class": 0,
            "chips": 1,
        }
        for name, low in bounds.items():
            column = getattr(self, name)
            # Written so that a nan fails.
            if not np.all(column >= low):
                raise ValueError(f"{name} must be >= {low}, got {column[~(column >= low)][0]}")
        for name in ("submit_s", "work_s", "estimate_s", "restart_s", "priority"):
            if not np.all(np.isfinite(getattr(self, name))):
                raise ValueError(f"{name} must be finite")


@dataclass(frozen=True)
class Layout:
    """How the hosts of a pool stand: in scale-up domains, racks and pods.

    Racks have numbers, which are places: pods are of consecutive numbers, and a
    rack that comes takes the lowest number free.

    Raises
    ------
    ValueError
        If a number is below one, or domains do not fill a rack.
    """

    #: Hosts that share a scale-up fabric (one, where that ends at the host). [host]
    hosts_per_domain: int
    #: [host]
    hosts_per_rack: int
    #: Racks below one spine, or one block of the fabric. [rack]
    racks_per_pod: int

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be >= 1, got {getattr(self, field.name)}")
        if self.hosts_per_rack % self.hosts_per_domain:
            raise ValueError(
                f"hosts_per_rack must be a multiple of hosts_per_domain,"
                f" got {self.hosts_per_rack} and {self.hosts_per_domain}"
            )


@dataclass(frozen=True)
class EngineRecord:
    """What came out of a run of the engine, as columns, closed at the horizon.

    Attributes
    ----------
    jobs : dict of ndarray
        One row a job of the table: ``job_id``, ``service``, ``job_class``,
        ``chips``, ``submit_s``, ``start_s`` (first; nan: never), ``finish_s``
        (nan: not), ``pool`` (last; -1: never), ``restarts``, ``work_rce_s``
        (asked), ``productive_rce_s`` (done and kept), ``lost_rce_s`` (done and
        lost), ``gave_up``, ``unserved_rce_s`` (all work of a job that gave up
        or did not start), ``spread`` (of the last run: the tightest level that
        holds it, 0 host, 1 scale-up domain, 2 rack, 3 pod, 4 site; -1: never
        ran, or several hosts of a pool without a layout), ``racks`` (of the
        last run; 0: the same).
    segments : dict of ndarray
        One row a stretch of running at one rate: ``job`` (row of the table),
        ``pool``, ``start_s``, ``end_s``, ``chips`` (allocated, in whole hosts
        for gangs above one host), ``productive_rce_s``, ``lost_rce_s``,
        ``restart_s`` (paid at the start of the stretch), ``fraction`` (of the
        speed it would have had alone on the network), ``spread``, ``racks``, ``unit``
        (what it holds: segments of one unit that overlap share a host; a number
        is used again).
    pools : dict of ndarray
        Right-continuous series, a row a change by the world: ``t_s``, ``pool``,
        ``hosts_in_service`` (put in and not taken out), ``hosts_down`` (of
        these, at that moment).
    host_down_s : ndarray, shape (pools, edges - 1)
        Integral of hosts down between the edges the engine was given. [host s]
    horizon_s : float
        Where the accounts were closed. [s]
    """

    jobs: dict[str, NDArray[Any]]
    segments: dict[str, NDArray[Any]]
    pools: dict[str, NDArray[Any]]
    host_down_s: NDArray[np.float64]
    horizon_s: float
