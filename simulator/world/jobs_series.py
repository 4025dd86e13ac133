"""Right-continuous series of a run of the engine: each row holds from its time on.

They are worked out from the record when asked for, so a run pays nothing for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs import EngineRecord, JobTable

Columns = dict[str, NDArray[Any]]


def running_chips(record: EngineRecord) -> Columns:
    """Return chips allocated by pool and service: ``t_s``, ``pool``, ``service``, ``chips``.

    In order of time; a row wherever it changes, zero before the first.
    """
    seg = record.segments
    ended = _ended(record)
    service = record.jobs["service"][seg["job"]]
    return _cumulated(
        np.concatenate([seg["start_s"], seg["end_s"][ended]]),
        {
            "pool": np.concatenate([seg["pool"], seg["pool"][ended]]),
            "service": np.concatenate([service, service[ended]]),
        },
        np.concatenate([seg["chips"], -seg["chips"][ended]]),
    )


def waiting_chips(table: JobTable, record: EngineRecord) -> Columns:
    """Return reference chips that wait, by service: ``t_s``, ``service``, ``chips``.

    Jobs that lost their chips wait again; those that give up wait no more.
    """
    seg, jobs = record.segments, record.jobs
    ended = _ended(record)
    came = np.flatnonzero(table.submit_s < record.horizon_s)
    done = np.flatnonzero(~np.isnan(jobs["finish_s"]))
    gone = np.flatnonzero(jobs["gave_up"])
    job = np.concatenate([came, seg["job"], seg["job"][ended], done, gone])
    sign = np.repeat([1, -1, 1, -1, -1], [len(came), len(ended), ended.sum(), len(done), len(gone)])
    t_s = [
        table.submit_s[came],
        seg["start_s"],
        seg["end_s"][ended],
        jobs["finish_s"][done],
        table.submit_s[gone] + table.patience_s[gone],
    ]
    return _cumulated(np.concatenate(t_s), {"service": table.service[job]}, sign * table.chips[job])


def _ended(record: EngineRecord) -> NDArray[np.bool_]:
    """Whether each segment ended before the accounts were closed, or just then by finishing."""
    seg = record.segments
    finished = record.jobs["finish_s"][seg["job"]] == seg["end_s"]
    return np.asarray((seg["end_s"] < record.horizon_s) | finished)


def _cumulated(t_s: NDArray[Any], keys: Columns, change: NDArray[Any]) -> Columns:
    """Add up changes by key over time, those of one moment together, and drop empty ones."""
    order = np.lexsort((t_s, *keys.values()))
    columns = {"t_s": t_s[order]} | {name: key[order] for name, key in keys.items()}
    steps = np.any([column[1:] != column[:-1] for column in columns.values()], axis=0)
    first = np.flatnonzero(np.concatenate([[True], steps])) if len(order) else order
    change = np.add.reduceat(change[order], first) if len(order) else change[order]
    kept = change != 0
    # Each key starts from nothing, and its changes need not add up to it.
    columns = {name: column[first][kept] for name, column in columns.items()}
    own = np.cumsum(change[kept])
    group = np.any([columns[name][1:] != columns[name][:-1] for name in keys], axis=0)
    starts = np.concatenate([[0], np.flatnonzero(group) + 1]).astype(np.int64)
    before = np.concatenate([[0], own])[starts]
    sizes = np.diff(np.append(starts, len(own)))
    columns["chips"] = own - np.repeat(before, sizes) if len(own) else own
    back = np.argsort(columns["t_s"], kind="stable")
    return {name: column[back] for name, column in columns.items()}
