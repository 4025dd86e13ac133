"""Arms side by side: each metric, and the paired difference from the first arm."""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis import words
from analysis.estimates import of_row
from analysis.studies.record import Section
from analysis.telling import too_few
from analysis.uncertainty import Estimate, mean_interval

_NUMBERS = ("mean", "low", "high", "difference", "difference_low", "difference_high")
#: Arms that a sentence names.
_NAMED = 3
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
    """Say which arm is best in the outcome if that can be told, and which differs most."""
    mine = compared.filter(
        pl.col("metric") == section.outcome.id, pl.col("difference").is_not_null()
    )
    clear = mine.filter(pl.col("verdict").is_in(["higher", "lower"]))
    name, first = section.outcome.label, plain(section.arms[0].label)
    if mine.is_empty():
        return f"{name}: nothing to compare {first} with"
    if mine["verdict"].str.starts_with("exactly zero").all():
        every = "the other case" if mine.height == 1 else f"the {mine.height} others"
        return f"{name}: {every} exactly as {first}, in every replication"
    if clear.is_empty():
        few = too_few(of_row(row, "difference", row["replications"]) for row in mine.to_dicts())
        if few:
            return f"{name}: {few}"
        return f"{name}: none of {mine.height} is distinguishable from {first}"
    most, moved = largest(section, clear)
    best = _best(section, compared, most["arm"])
    if best == f"{plain(most['arm'])} is best":
        text, best = f"{name}: {best}, {moved} on {first}", ""
    else:
        text = f"{name}: {plain(most['arm'])} differs most from {first}, {moved}"
    rest = mine.filter(pl.col("verdict").str.starts_with("not")).height
    if rest:
        text += f"; {rest} of {mine.height} not distinguishable from {first}"
    return f"{text}; {best}" if best else text


def _best(section: Section, compared: pl.DataFrame, most: str) -> str:
    """Say which arm is best, if paired differences part it from every other, or that none is."""
    if section.outcome.more_is == "neither":
        return ""
    rows = compared.filter(pl.col("metric") == section.outcome.id)
    more = section.outcome.more_is == "better"
    top = rows.sort("mean", descending=more, maintain_order=True)["arm"][0]
    arms = {arm.label: arm for arm in section.arms}
    alike = [
        plain(name)
        for name in rows["arm"]
        if name != top and not _parts(section.difference(arms[top], arms[name]))
    ]
    if not alike:
        row = rows.row(by_predicate=pl.col("arm") == top, named=True)
        if row["difference"] is None or most == top:
            return f"{plain(top)} is best"
        return f"{plain(top)} is best, {_moved(section, row)} on {plain(section.arms[0].label)}"
    some = alike if len(alike) <= _NAMED else [*alike[:_NAMED], f"{len(alike) - _NAMED} more"]
    return f"none can be called best: {plain(top)} is not told from {words.listing(some)}"


def _parts(difference: Estimate | None) -> bool:
    return difference is not None and difference.distinguishable()


def plain(label: str) -> str:
    """Write a name as words."""
    return label.replace("_", " ")


def largest(section: Section, clear: pl.DataFrame) -> tuple[dict[str, Any], str]:
    """Return the row of the largest difference of the outcome, and that difference in words."""
    most = clear.sort(pl.col("difference").abs()).row(-1, named=True)
    return most, _moved(section, most)


def _moved(section: Section, row: dict[str, Any]) -> str:
    factor, unit = words.scale([row["difference"]], section.outcome.unit)
    estimate = of_row(row, "difference", row["replications"])
    return f"{words.interval(estimate, factor, sign=True)} {unit}"
