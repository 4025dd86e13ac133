"""Parts of the outcome's variance due to each input, alone and with its interactions."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis import words
from analysis.sensitivity import sobol_from_runs
from analysis.studies.record import Section

SCHEMA = {
    "input": pl.String,
    **{f"{kind}{end}": pl.Float64 for kind in ("first", "total") for end in ("", "_low", "_high")},
    "runs": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Sobol indices of each input, the largest total first.

    Returns
    -------
    DataFrame
        ``input, first, total`` with bootstrap intervals [1], ``runs``. Empty if the
        outcome does not vary.
    """
    outcomes = np.array(section.means()).reshape(len(section.inputs) + 2, -1)
    if np.ptp(outcomes) == 0:
        return pl.DataFrame(schema=SCHEMA)
    found = sobol_from_runs(outcomes)
    columns = (
        *(found.first, found.first_low, found.first_high),
        *(found.total, found.total_low, found.total_high),
    )
    rows = [
        (name, *(float(column[k]) for column in columns), len(section.arms))
        for k, name in enumerate(section.inputs)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(
        "total", descending=True, maintain_order=True
    )


def finding(section: Section, indices: pl.DataFrame) -> str:
    """Name the input that drives most of the variance."""
    if indices.is_empty():
        return f"{section.outcome.label} does not vary over these ranges"
    top = indices.row(0, named=True)
    low, high = (words.number(100 * top[f"total_{end}"], 2) for end in ("low", "high"))
    return (
        f"{section.outcome.label}: {top['input']} drives "
        f"{words.number(100 * top['total'], 2)} % [{low}, {high}] of its variance, "
        "interactions included"
    )
