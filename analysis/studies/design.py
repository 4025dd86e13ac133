"""What goes with what over a design: rank correlation of each input with the outcome."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from scipy import stats

from analysis import words
from analysis.studies.record import Section

SCHEMA = {
    "input": pl.String,
    **dict.fromkeys(("correlation", "low", "high"), pl.Float64),
    "points": pl.Int64,
    "verdict": pl.String,
}


def table(section: Section) -> pl.DataFrame:
    """Rank each input by how steadily the outcome rises or falls with it.

    Returns
    -------
    DataFrame
        ``input, correlation, low, high`` [1] (Spearman's, with the interval of Bonett and
        Wright, Psychometrika 65, 2000, doi:10.1007/BF02294183), ``points, verdict``;
        strongest first.
    """
    means = np.array(section.means())
    good = np.isfinite(means)
    rows = []
    for name in section.inputs:
        x = np.array([float(arm.settings[name]) for arm in section.arms])
        rows.append((name, *_spearman(x[good], means[good]), int(good.sum())))
    found = pl.DataFrame(rows, schema={k: v for k, v in SCHEMA.items() if k != "verdict"},
                         orient="row")  # fmt: skip
    clear = (pl.col("low") > 0) | (pl.col("high") < 0)
    said = pl.when(clear).then(pl.lit("goes with it")).otherwise(pl.lit("not distinguishable"))
    return found.with_columns(verdict=said).sort(
        pl.col("correlation").abs(), descending=True, nulls_last=True, maintain_order=True
    )


def _spearman(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    if len(x) < 5 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0, -1.0, 1.0
    r = float(stats.spearmanr(x, y).statistic)
    reach = 1.959964 * math.sqrt((1 + r * r / 2) / (len(x) - 3))
    middle = math.atanh(min(max(r, -1 + 1e-12), 1 - 1e-12))
    return r, math.tanh(middle - reach), math.tanh(middle + reach)


def finding(section: Section, ranked: pl.DataFrame) -> str:
    """Name the inputs the outcome goes with."""
    clear = ranked.filter(pl.col("verdict") == "goes with it")
    if clear.is_empty():
        return f"{section.outcome.label}: goes with none of the inputs distinguishably"
    told = [
        f"{row['input']} ({words.signed(row['correlation'], 2)})"
        for row in clear.head(3).iter_rows(named=True)
    ]
    return f"{section.outcome.label} goes with {words.listing(told)}, by rank"
