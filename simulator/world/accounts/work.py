"""Work asked and done, and the jobs themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.intervals import parts_in_bins
from simulator.world.accounts.books import Books
from simulator.world.recorder import Columns

Array = NDArray[np.floating[Any]]


def asked(books: Books) -> Columns:
    """Work asked and left unserved, by the quarter it was asked in."""
    table, classes = books.demand.table, books.demand.classes
    families = sorted({family for family, _ in classes})
    family = np.array([families.index(f) for f, _ in classes])[table.job_class]
    quarter = np.searchsorted(books.edges, table.submit_s, side="right") - 1
    sizes = (len(books.quarters), len(books.demand.services), len(families))
    key = np.ravel_multi_index((quarter, table.service, family), sizes)
    work = np.bincount(key, table.chips * table.work_s, minlength=int(np.prod(sizes)))
    left = books.jobs.jobs["unserved_rce_s"]
    unserved = np.bincount(key, left, minlength=int(np.prod(sizes)))
    jobs = np.bincount(key, minlength=int(np.prod(sizes)))
    used = np.flatnonzero(jobs)
    q, s, f = np.unravel_index(used, sizes)
    return {
        "quarter": [books.quarters[k] for k in q],
        "service": [books.demand.services[k] for k in s],
        "family": [families[k] for k in f],
        "jobs": jobs[used].tolist(),
        "work_rce_s": work[used].tolist(),
        "unserved_rce_s": unserved[used].tolist(),
    }


def work(books: Books) -> Columns:
    """Chip time taken and work done by quarter, service, family and pool."""
    seg, table, classes = books.jobs.segments, books.demand.table, books.demand.classes
    families = sorted({family for family, _ in classes})
    family = np.array([families.index(f) for f, _ in classes])[table.job_class[seg["job"]]]
    sizes = (len(books.quarters), len(books.demand.services), len(families), len(books.pools))
    cells = int(np.prod(sizes))
    service = table.service[seg["job"]]

    def by_cell(begin_s: Array, measures: dict[str, Array]) -> dict[str, Array]:
        """Spread each row's measure, a rate per second, over the quarters it ran in."""
        row, quarter, length = parts_in_bins(begin_s, seg["end_s"], books.edges)
        key = np.ravel_multi_index((quarter, service[row], family[row], seg["pool"][row]), sizes)
        return {
            name: np.bincount(key, per_s[row] * length, minlength=cells).astype(float)
            for name, per_s in measures.items()
        }

    begin = seg["start_s"] + seg["restart_s"]
    ran = np.maximum(seg["end_s"] - begin, 1e-300)
    work = seg["productive_rce_s"] + seg["lost_rce_s"]
    kept = np.divide(seg["productive_rce_s"], work, out=np.zeros_like(work), where=work > 0)
    chips = seg["chips"].astype(float)
    sums = by_cell(seg["start_s"], {"allocated_chip_s": chips}) | by_cell(
        begin,
        {
            "busy_chip_s": chips,
            "productive_chip_s": chips * kept,
            "productive_rce_s": seg["productive_rce_s"] / ran,
            "lost_rce_s": seg["lost_rce_s"] / ran,
        },
    )
    sums["restart_chip_s"] = sums["allocated_chip_s"] - sums.pop("busy_chip_s")
    used = np.flatnonzero(sums["allocated_chip_s"])
    q, s, f, p = np.unravel_index(used, sizes)
    return {
        "quarter": [books.quarters[k] for k in q],
        "service": [books.demand.services[k] for k in s],
        "family": [families[k] for k in f],
        "site": [books.pools[k][0] for k in p],
        "chip": [books.pools[k][1] for k in p],
        **{name: values[used].tolist() for name, values in sums.items()},
    }


def job_rows(books: Books) -> Columns:
    """One row a job."""
    table, classes, out = books.demand.table, books.demand.classes, books.jobs.jobs
    pool = out["pool"]
    site = np.array([p[0] for p in books.pools] + [None], dtype=object)
    chip = np.array([p[1] for p in books.pools] + [None], dtype=object)
    family = np.array([f for f, _ in classes], dtype=object)
    return {
        "job_id": table.job_id,
        "service": np.array(books.demand.services, dtype=object)[table.service].tolist(),
        "family": family[table.job_class].tolist(),
        "chips": table.chips,
        "submit_s": table.submit_s,
        "start_s": out["start_s"],
        "finish_s": out["finish_s"],
        "site": site[pool].tolist(),
        "chip": chip[pool].tolist(),
        "restarts": out["restarts"],
        "work_rce_s": (table.chips * table.work_s),
        "productive_rce_s": out["productive_rce_s"],
        "lost_rce_s": out["lost_rce_s"],
        "gave_up": out["gave_up"],
    }
