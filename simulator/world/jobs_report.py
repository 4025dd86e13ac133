"""Turning the engine's memory into columns of results."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import JobTable
from simulator.world.jobs_arrays import State
from simulator.world.jobs_memory import lined
from simulator.world.jobs_state import GAVE_UP, N_ROWS, UNKNOWN
from simulator.world.jobs_types import parts_of

Columns = dict[str, NDArray[Any]]


def job_columns(table: JobTable, st: State) -> Columns:
    """Return one row a job, in the order of the table."""
    job = st.job
    n = len(table)
    works = ("work_rce_s", "productive_rce_s", "lost_rce_s", "unserved_rce_s")
    made: Columns = {name: lined(n, np.float64) for name in works}
    made |= {"gave_up": lined(n, np.bool_), "spread": lined(n, np.int8)}
    for part in parts_of(n):
        _work_out({name: column[part] for name, column in made.items()}, table, st, part)
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
        "work_rce_s": made["work_rce_s"],
        "productive_rce_s": made["productive_rce_s"],
        "lost_rce_s": made["lost_rce_s"],
        "gave_up": made["gave_up"],
        "unserved_rce_s": made["unserved_rce_s"],
        "spread": made["spread"],
        "racks": job["racks"],
    }


def _work_out(to: Columns, table: JobTable, st: State, part: slice) -> None:
    """Fill columns for some jobs."""
    job, chips = st.job[part], table.chips[part]
    never_started = np.isnan(job["start"])
    np.equal(job["state"], GAVE_UP, out=to["gave_up"])
    np.multiply(chips, table.work_s[part], out=to["work_rce_s"])
    np.multiply(chips, table.work_s[part] - job["left"], out=to["productive_rce_s"])
    np.multiply(chips, st.lost[part], out=to["lost_rce_s"])
    never = np.flatnonzero(to["gave_up"] | never_started)
    if never.size:
        to["unserved_rce_s"][never] = to["work_rce_s"][never]
    to["spread"][:] = np.where(never_started, UNKNOWN, job["level"])


def segment_columns(st: State) -> Columns:
    """Return one row a stretch of running at one rate, in order of their ends."""
    rows = st.rows[: int(st.counts[N_ROWS])]
    names = ("job", "pool", "start_s", "end_s", "chips")
    works = ("productive_rce_s", "lost_rce_s", "restart_s", "fraction")
    columns = {name: np.asarray(rows[name]) for name in (*names, *works)}
    return columns | {"spread": rows["level"], "racks": rows["racks"], "unit": rows["unit"]}
