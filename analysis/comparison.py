"""All cases of a study beside each other, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis import words
from analysis.metrics import BY_ID, by_name, difference, estimate, numbers, ordered
from analysis.study_reader import BASELINE, Study
from analysis.uncertainty import Estimate

_SUMMARY = {
    "case": pl.String,
    "metric": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "mean": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "replications": pl.Int64,
    "verdict": pl.String,
}
_LEVEL = ("mean", "low", "high")


def labels_of_services(study: Study) -> dict[str, str]:
    """Return what services are called, by id."""
    return {key: thing.label for key, thing in study.things("services").items()}


def summary(study: Study, wanted: Sequence[str] = tuple(BY_ID)) -> pl.DataFrame:
    """Compare all cases by metrics: all of :data:`METRICS`, or those that are named.

    Returns
    -------
    DataFrame
        One row a case and metric: mean with its interval, the paired difference from the
        baseline with its own, and what that difference shows, in words. The baseline's
        differences, and those of a number some replication lacks, are null.
    """
    shown = [by_name(name, labels_of_services(study)) for name in ordered(wanted)]
    # What a share is a part of may not be shown itself.
    read = {*wanted, "work_asked"}
    by_case = {case: numbers(study, case, read) for case in study.cases}
    rows = []
    for case, table in by_case.items():
        for one in shown:
            level = estimate(table[one.id], one.id)
            delta = None
            if case != BASELINE:
                base = by_case[BASELINE]
                delta = difference(table[one.id], base[one.id], _size(one.id, base))
            rows.append(
                (
                    *(case, one.id, one.label, one.unit),
                    *_bounds(level),
                    *_bounds(delta),
                    study.replications,
                    "baseline" if case == BASELINE else _verdict(delta),
                )
            )
    return pl.DataFrame(rows, schema=_SUMMARY, orient="row")


def _bounds(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    if estimate is None:
        return None, None, None
    return estimate.mean, estimate.low, estimate.high


def _verdict(delta: Estimate | None) -> str:
    return "no number in some replication" if delta is None else words.verdict(delta)


def row_estimate(row: dict[str, object], prefix: str = "") -> Estimate | None:
    """Read an estimate back from a row of :func:`summary`.

    Parameters
    ----------
    row : dict
        A named row.
    prefix : {'', 'difference'}
        Which of the two.
    """
    names = ("difference", "difference_low", "difference_high") if prefix else _LEVEL
    mean, low, high = (row[name] for name in names)
    if not (isinstance(mean, float) and isinstance(low, float) and isinstance(high, float)):
        return None
    return Estimate(mean, low, high, int(str(row["replications"])), 0.95)


def _size(metric: str, baseline: pl.DataFrame) -> pl.Series | None:
    """Return what a metric is a part of, where it is a small part; else None."""
    whole = metric.partition(".")[0]
    if whole == "unserved":
        return baseline["work_asked"]
    return pl.Series([100.0] * len(baseline)) if whole == "unserved_share" else None
