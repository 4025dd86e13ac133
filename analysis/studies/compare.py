"""Arms side by side: each metric, and the paired difference from the first arm."""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis import words
from analysis.estimates import of_row
from analysis.studies.record import Section
from analysis.uncertainty import mean_interval

_NUMBERS = ("mean", "low", "high", "difference", "difference_low", "difference_high")
SCHEMA = {
    **dict.fromkeys(("arm", "case", "metric", "label", "unit"), pl.String),
    **dict.fromkeys(_NUMBERS, pl.Float64),
    "replications": pl.Int64,
    "verdict": pl.String,
}


def table(section: Section) -> pl.DataFrame:
    """Compare the arms.

    Returns
    -------
    DataFrame
        One row an arm and metric: mean and interval, paired difference from the first arm
        and interval, in the metric's unit, and what the difference shows.
    """
    first, rows = section.arms[0], []
    for arm in section.arms:
        for metric in section.metrics:
            x = section.sample(arm, metric.id)["x"].to_numpy()
            if not len(x):
                continue
            level = mean_interval(x, within=metric.within)
            delta = None if arm is first else section.difference(arm, first, metric.id)
            apart = (delta.mean, delta.low, delta.high) if delta else (None, None, None)
            shown = "reference" if arm is first else "no number"
            rows.append(
                (
                    *(arm.label, arm.case, metric.id, metric.label, metric.unit),
                    *(level.mean, level.low, level.high, *apart, level.n),
                    words.verdict(delta) if delta else shown,
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def finding(section: Section, compared: pl.DataFrame) -> str:
    """Say which arm differs most in the outcome, and how many cannot be told apart."""
    mine = compared.filter(
        pl.col("metric") == section.outcome.id, pl.col("difference").is_not_null()
    )
    clear = mine.filter(pl.col("verdict").is_in(["higher", "lower"]))
    name, first = section.outcome.label, section.arms[0].label.replace("_", " ")
    if mine.is_empty():
        return f"{name}: nothing to compare {first} with"
    if mine["verdict"].str.starts_with("exactly zero").all():
        every = "the other case" if mine.height == 1 else f"the {mine.height} others"
        return f"{name}: {every} exactly as {first}, in every replication"
    if clear.is_empty():
        return f"{name}: none of {mine.height} is distinguishable from {first}"
    most, moved = largest(section, clear)
    text = f"{name}: {most['arm'].replace('_', ' ')} differs most from {first}, {moved}"
    rest = mine.filter(pl.col("verdict").str.starts_with("not")).height
    return f"{text}; {rest} of {mine.height} not distinguishable" if rest else text


def largest(section: Section, clear: pl.DataFrame) -> tuple[dict[str, Any], str]:
    """Return the row of the largest difference of the outcome, and that difference in words."""
    most = clear.sort(pl.col("difference").abs()).row(-1, named=True)
    factor, unit = words.scale([most["difference"]], section.outcome.unit)
    estimate = of_row(most, "difference", most["replications"])
    return most, f"{words.interval(estimate, factor, sign=True)} {unit}"
