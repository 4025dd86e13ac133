"""The value of an input at which two cases are worth the same, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from analysis import words
from analysis.studies.record import Section

SCHEMA = dict.fromkeys(("x", "difference", "low", "high"), pl.Float64) | {
    "replications": pl.Int64,
    "verdict": pl.String,
}


@dataclass(frozen=True)
class Crossing:
    """Where the difference is zero, and between which values it may be.

    Attributes
    ----------
    at : float or None
        None if it has one sign over the whole range. [unit of the input]
    low, high : float
        Infinite where the range does not bound it. [unit of the input]
    """

    at: float | None
    low: float
    high: float


def table(section: Section) -> pl.DataFrame:
    """Difference of the two cases at every value tried.

    Returns
    -------
    DataFrame
        ``x`` [unit of the input], ``difference, low, high`` [unit of the outcome]: paired
        over replications; ``replications, verdict``. Sorted by x.
    """
    against, rows = section.arms[0], []
    name = section.says["name"]
    for arm in section.arms[1:]:
        delta = section.difference(arm, against)
        if delta is not None:
            bounds = (delta.mean, delta.low, delta.high, delta.n, words.verdict(delta))
            rows.append((float(arm.settings[name]), *bounds))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("x")


def crossing(tried: pl.DataFrame) -> Crossing:
    """Find where the difference and the bounds of its interval are zero.

    Between two values tried the lines are straight; they were tried closer and closer
    to where they cross.

    Examples
    --------
    >>> columns = {"x": [0.0, 1.0], "difference": [-2.0, 2.0], "low": [-3.0, 1.0]}
    >>> crossing(pl.DataFrame({**columns, "high": [-1.0, 3.0]}))
    Crossing(at=0.5, low=0.25, high=0.75)
    """
    x = tried["x"].to_list()
    middle, low, high = (_zero(x, tried[name].to_list()) for name in ("difference", "low", "high"))
    rises = tried["difference"][-1] > tried["difference"][0]
    # Rising, the upper bound crosses first.
    first, last = (high, low) if rises else (low, high)
    return Crossing(
        middle, -math.inf if first is None else first, math.inf if last is None else last
    )


def _zero(x: list[float], y: list[float]) -> float | None:
    for k in range(1, len(x)):
        if (y[k - 1] < 0) != (y[k] < 0):
            return x[k - 1] + (x[k] - x[k - 1]) * y[k - 1] / (y[k - 1] - y[k])
    return None


def finding(section: Section, tried: pl.DataFrame) -> str:
    """Say where the two are worth the same."""
    says, name = section.says, section.says["name"]
    case, against = says["case"].replace("_", " "), says["against"].replace("_", " ")
    unit = section.inputs[name]
    found = crossing(tried)
    ends = [words.number(v) for v in (tried["x"][0], tried["x"][-1])]
    if found.at is None:
        span = f"for every {name} from {ends[0]} to {ends[1]} {unit}".rstrip()
        for sign, clear in (("more", tried["low"] > 0), ("less", tried["high"] < 0)):
            if clear.all():
                return f"{section.outcome.label}: {case} has {sign} than {against} {span}"
        told = (tried["low"] > 0) | (tried["high"] < 0)
        return (
            f"{section.outcome.label}: no crossing; {case} cannot be told from {against} at "
            f"{len(told) - told.sum()} of {len(told)} values of {name} from {ends[0]} to {ends[1]} "
            f"{unit}".rstrip()
        )
    low = ends[0] + " or below" if math.isinf(found.low) else words.number(found.low)
    high = ends[1] + " or above" if math.isinf(found.high) else words.number(found.high)
    text = (
        f"{section.outcome.label}: {case} equals {against} at {name} {words.number(found.at)} "
        f"[{low}, {high}] {unit}".rstrip()
    )
    beyond = tried.filter(pl.col("x") > found.at)
    if ((beyond["low"] > 0) | (beyond["high"] < 0)).any():
        return f"{text}; above, it has {'more' if tried['difference'][-1] > 0 else 'less'}"
    return f"{text}; above, up to {ends[1]}, the two cannot be told apart"
