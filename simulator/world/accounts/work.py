"""Work asked and done, and the jobs themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.intervals import time_in_bins
from simulator.world.accounts.books import Books
from simulator.world.recorder import Columns

Array = NDArray[np.floating[Any]]


def asked(books: Books) -> Columns:
    """Work asked, by the quarter it was asked in."""
    table, classes = books.demand.table, books.demand.classes
    families = sorted({family for family, _ in classes})
    family = np.array([families.index(f) for f, _ in classes])[table.job_class]
    quarter = np.searchsorted(books.edges, table.submit_s, side="right") - 1
    sizes = (len(books.quarters), len(books.demand.services), len(families))
    key = np.ravel_multi_index((quarter, table.service, family), sizes)
    work = np.bincount(key, table.chips * table.work_s, minlength=int(np.prod(sizes)))
    jobs = np.bincount(key, minlength=int(np.prod(sizes)))
    used = np.flatnonzero(jobs)
    q, s, f = np.unravel_index(used, sizes)
    return {
        "quarter": [books.quarters[k] for k in q],
        "service": [books.demand.services[k] for k in s],
        "family": [families[k] for k in f],
        "jobs": jobs[used].tolist(),
        "work_rce_s": work[used].tolist(),
    }


def work(books: Books) -> Columns:
    """Chip time taken and work done by quarter, service, family and pool."""
    seg, table, classes = books.jobs.segments, books.demand.table, books.demand.classes
    families = sorted({family for family, _ in classes})
    family = np.array([families.index(f) for f, _ in classes])[table.job_class[seg["job"]]]
    sizes = (len(books.demand.services), len(families), len(books.pools))
    key = np.ravel_multi_index((table.service[seg["job"]], family, seg["pool"]), sizes)
    begin = seg["start_s"] + seg["restart_s"]
    held = time_in_bins(seg["start_s"], seg["end_s"], books.edges)
    ran = time_in_bins(begin, seg["end_s"], books.edges)
    total = np.maximum(seg["end_s"] - begin, 1e-300)
    work = seg["productive_rce_s"] + seg["lost_rce_s"]
    kept = np.divide(seg["productive_rce_s"], work, out=np.zeros_like(work), where=work > 0)
    chips = seg["chips"][:, None]
    measures = {
        "allocated_chip_s": held * chips,
        "productive_chip_s": ran * chips * kept[:, None],
        "productive_rce_s": ran * (seg["productive_rce_s"] / total)[:, None],
        "lost_rce_s": ran * (seg["lost_rce_s"] / total)[:, None],
        "restart_chip_s": (held - ran) * chips,
    }
    cells = int(np.prod(sizes))
    sums = {
        name: np.stack([np.bincount(key, column, minlength=cells) for column in values.T])
        for name, values in measures.items()
    }
    q, cell = np.nonzero(sums["allocated_chip_s"])
    s, f, p = np.unravel_index(cell, sizes)
    return {
        "quarter": [books.quarters[k] for k in q],
        "service": [books.demand.services[k] for k in s],
        "family": [families[k] for k in f],
        "site": [books.pools[k][0] for k in p],
        "chip": [books.pools[k][1] for k in p],
        **{name: values[q, cell].tolist() for name, values in sums.items()},
    }


def job_rows(books: Books) -> Columns:
    """One row a job."""
    table, classes, out = books.demand.table, books.demand.classes, books.jobs.jobs
    pool = out["pool"]
    site = np.array([p[0] for p in books.pools] + [None], dtype=object)
    chip = np.array([p[1] for p in books.pools] + [None], dtype=object)
    family = np.array([f for f, _ in classes], dtype=object)
    return {
        "job_id": table.job_id.tolist(),
        "service": np.array(books.demand.services, dtype=object)[table.service].tolist(),
        "family": family[table.job_class].tolist(),
        "chips": table.chips.tolist(),
        "submit_s": table.submit_s.tolist(),
        "start_s": _or_none(out["start_s"]),
        "finish_s": _or_none(out["finish_s"]),
        "site": site[pool].tolist(),
        "chip": chip[pool].tolist(),
        "restarts": out["restarts"].tolist(),
        "work_rce_s": (table.chips * table.work_s).tolist(),
        "productive_rce_s": out["productive_rce_s"].tolist(),
        "lost_rce_s": out["lost_rce_s"].tolist(),
        "gave_up": out["gave_up"].tolist(),
    }


def _or_none(values: Array) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]
