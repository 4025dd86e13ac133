"""How sure we are beyond luck: the outcome's mean over draws of what is not known."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis import words
from analysis.studies.record import Section
from analysis.uncertainty import mean_interval, quantile_interval

SCHEMA = {
    "arm": pl.String,
    **dict.fromkeys(("mean", "low", "high"), pl.Float64),
    "replications": pl.Int64,
    "is_base": pl.Boolean,
}


def table(section: Section) -> pl.DataFrame:
    """Mean and interval by luck of each draw, draws in order of their mean, the base last.

    Returns
    -------
    DataFrame
        ``arm, mean, low, high`` [unit of the outcome], ``replications, is_base``.
    """
    rows = []
    for k, arm in enumerate(section.arms):
        e = mean_interval(section.sample(arm)["x"].to_numpy(), within=section.outcome.within)
        rows.append((arm.label, e.mean, e.low, e.high, e.n, k == 0))
    found = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return found.sort("is_base", "mean", maintain_order=True)


def parts(section: Section) -> tuple[float, float]:
    """Return the standard deviation due to parameters, and due to luck [unit of the outcome].

    The spread of the draws' means holds what luck left in each of them, which is taken
    off (one-way random effects); the luck of one replication is the pooled one.
    """
    samples = [section.sample(arm)["x"].to_numpy() for arm in section.arms[1:]]
    luck = float(np.mean([x.var(ddof=1) for x in samples]))
    means = np.array([x.mean() for x in samples])
    left = luck * float(np.mean([1 / x.size for x in samples]))
    return max(0.0, float(means.var(ddof=1)) - left) ** 0.5, luck**0.5


def finding(section: Section, draws: pl.DataFrame) -> str:
    """Say in which band the outcome lies over what is not known, and whether luck hides it."""
    outer = draws.filter(~pl.col("is_base"))["mean"].to_numpy()
    low, middle, high = (quantile_interval(outer, p).mean for p in (0.05, 0.5, 0.95))
    factor, unit = words.scale([middle, high], section.outcome.unit)
    unknown, luck = parts(section)
    told = (words.number(v / factor) for v in (middle, low, high))
    larger = "more than luck does" if unknown > luck else "less than luck does"
    return (
        f"{section.outcome.label}: {next(told)} {unit}, {next(told)} to {next(told)} over nine in "
        f"ten of {len(outer)} draws of what is not known, which spreads it {larger} "
        f"({words.number(unknown / factor, 2)} against {words.number(luck / factor, 2)})"
    )
