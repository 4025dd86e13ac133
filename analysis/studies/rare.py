"""An outcome over rare shocks, put together from strata by their number."""

from __future__ import annotations

import math

import polars as pl

from analysis import words
from analysis.stratified import best_tilt, stratified_mean
from analysis.studies.record import Section
from analysis.uncertainty import mean_interval

SCHEMA = {
    "arm": pl.String,
    **dict.fromkeys(("chance", "mean", "low", "high", "share"), pl.Float64),
    "replications": pl.Int64,
    "is_all": pl.Boolean,
}


def table(section: Section) -> pl.DataFrame:
    """Outcome by number of shocks, and over them all.

    Returns
    -------
    DataFrame
        ``arm``, its ``chance`` [1], mean and interval [unit of the outcome], its ``share``
        of the whole mean [1], ``replications``; the last row is the mean over all.
    """
    samples = [section.sample(arm)["x"].to_numpy() for arm in section.arms]
    weights = [float(arm.settings["weight"]) for arm in section.arms]
    whole = stratified_mean(samples, weights).estimate
    rows = []
    for arm, x, weight in zip(section.arms, samples, weights, strict=True):
        e = mean_interval(x, within=section.outcome.within)
        share = weight * e.mean / whole.mean if whole.mean else 0.0
        rows.append((arm.label, weight, e.mean, e.low, e.high, share, e.n, False))
    rows.append(("all", 1.0, whole.mean, whole.low, whole.high, 1.0, whole.n, True))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def finding(section: Section, strata: pl.DataFrame) -> str:
    """Say what the outcome is over all, without a shock, and what the strata save."""
    samples = [section.sample(arm)["x"].to_numpy() for arm in section.arms]
    found = stratified_mean(samples, [float(arm.settings["weight"]) for arm in section.arms])
    whole, calm = found.estimate, strata.row(0, named=True)
    factor, unit = words.scale([whole.mean], section.outcome.unit)
    text = (
        f"{section.outcome.label}: {words.interval(whole, factor)} {unit} over all that chance "
        f"may bring, {words.number(calm['mean'] / factor)} without a shock "
        f"(chance {words.number(calm['chance'], 2)})"
    )
    chances = [float(arm.settings["weight"]) for arm in section.arms]
    # None come with chance e^-mean.
    tilt = best_tilt(samples, chances, -math.log(chances[0]))
    return (
        f"{text}; strata are worth {words.number(found.gain, 2)} times the replications, "
        f"a raised rate of shocks {words.number(tilt, 2)} times"
    )
