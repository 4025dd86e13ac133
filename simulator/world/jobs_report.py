"""Turning the engine's memory into columns of results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_arrays import State
from simulator.world.jobs_state import GAVE_UP, N_ROWS, UNKNOWN

Columns = dict[str, NDArray[Any]]


def job_columns(table: JobTable, st: State) -> Columns:
    """Return one row a job, in the order of the table."""
    job = st.job
    never = (job["state"] == GAVE_UP) | ~np.isfinite(job["start"])
    return {
        "job_id": table.job_id,
        "service": table.service,
        "job_class": table.job_class,
        "chips": table.chips,
        "submit_s": table.submit_s,
        "start_s": job["start"],
        "finish_s": job["finish"],
        "pool": job["pool"],
        "restarts": job["restarts"],
        "work_rce_s": table.chips * table.work_s,
        "productive_rce_s": table.chips * (table.work_s - job["left"]),
        "lost_rce_s": table.chips * st.lost,
        "gave_up": job["state"] == GAVE_UP,
        "unserved_rce_s": np.where(never, table.chips * table.work_s, 0.0),
        "spread": np.where(np.isnan(job["start"]), UNKNOWN, job["level"]),
        "racks": job["racks"],
    }


def segment_columns(st: State) -> Columns:
    """Return one row a stretch of running at one rate, in order of their ends."""
    rows = st.rows[: int(st.counts[N_ROWS])]
    names = ("job", "pool", "start_s", "end_s", "chips")
    works = ("productive_rce_s", "lost_rce_s", "restart_s", "fraction")
    columns = {name: np.asarray(rows[name]) for name in (*names, *works)}
    return columns | {"spread": rows["level"], "racks": rows["racks"], "unit": rows["unit"]}
