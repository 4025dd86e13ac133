"""What an addition to the fleet is worth in firm capacity, from runs that share their luck."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from analysis import words
from analysis.risk.capacity_credit import CreditEstimate, credit_from_runs
from analysis.studies.record import Arm, Section
from analysis.uncertainty import Estimate

SCHEMA = {
    "addition": pl.String,
    **{f"share{end}": pl.Float64 for end in ("", "_low", "_high")},
    **dict.fromkeys(("carried", "nameplate", "unserved_without"), pl.Float64),
    "replications": pl.Int64,
    "reason": pl.String,
}


def table(section: Section) -> pl.DataFrame:
    """Capacity credit of each addition.

    Returns
    -------
    DataFrame
        One row an addition: ``share``: demand carried over nameplate, with a bootstrap
        interval [%]; null with a ``reason`` where it is undefined; ``carried``,
        ``nameplate``, ``unserved_without`` [rce-days over the horizon].
    """
    rows = []
    for name in section.says["additions"]:
        arms = [arm for arm in section.arms if arm.settings["addition"] == name]
        runs = [arm for arm in arms if "nameplate" not in arm.settings]
        plate = [arm for arm in arms if "nameplate" in arm.settings] or runs[:2]
        found, unserved = _credit(section, runs[0], runs[1:], (plate[0], plate[1]))
        known = not found.reason
        mean, low, high = (
            100.0 * x / found.nameplate if known else None
            for x in (found.estimate.mean, found.estimate.low, found.estimate.high)
        )
        carried = found.estimate.mean if known else None
        size = found.nameplate if math.isfinite(found.nameplate) else None
        rows.append(
            (name, mean, low, high, carried, size, unserved, found.estimate.n, found.reason)
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _credit(
    section: Section, without: Arm, given: list[Arm], plate: tuple[Arm, Arm]
) -> tuple[CreditEstimate, float]:
    """Return the credit, and the work unserved without the addition. [rce-days]"""
    read = [_numbers(section, arm) for arm in (without, *given, *plate)]
    shared = set.intersection(*(set(frame["replication"]) for frame in read))
    pick = pl.col("replication").is_in(sorted(shared))
    base, *runs, none, whole = (frame.filter(pick) for frame in read)
    unserved = float(base["unserved"].mean() or 0.0)  # type: ignore[arg-type]
    nameplate = float((whole["capacity"] - none["capacity"]).mean() or 0.0)  # type: ignore[arg-type]
    if not nameplate > 0:
        nothing = Estimate(math.nan, -math.inf, math.inf, len(base), 0.95)
        return CreditEstimate(nothing, math.nan, "the case with it has no more capacity"), unserved
    asked = float(base["work_asked"].mean() or 0.0)  # type: ignore[arg-type]
    added = np.array([float(arm.settings["growth"]) * asked for arm in given])
    table = np.column_stack([run["unserved"].to_numpy() for run in runs])
    if added[-1] < nameplate:
        # Beyond the last step no credit is claimed: there the runs say nothing.
        reason = (
            f"demand grew by {100 * added[-1] / asked:.0f} % at most, the addition is "
            f"{100 * nameplate / asked:.0f} %: state a larger growth"
        )
        unknown = Estimate(math.nan, -math.inf, math.inf, len(base), 0.95)
        return CreditEstimate(unknown, nameplate, reason), unserved
    steps = np.append(added[added < nameplate], nameplate)
    at_steps = np.stack([np.interp(steps, added, row) for row in table])
    return credit_from_runs(steps, at_steps, base["unserved"].to_numpy(), nameplate), unserved


def _numbers(section: Section, arm: Arm) -> pl.DataFrame:
    frames = [
        section.sample(arm, metric).rename({"x": metric})
        for metric in ("unserved", "capacity", "work_asked")
    ]
    return (frames[0].join(frames[1], on="replication").join(frames[2], on="replication")).sort(
        "replication"
    )


def finding(section: Section, credits: pl.DataFrame) -> str:
    """Say how firm the additions are."""
    known = credits.drop_nulls("share").sort("share", descending=True)
    if known.is_empty():
        return f"No addition's firm capacity is known: {credits['reason'][0]}"
    told = [
        f"{row['addition'].replace('_', ' ')} "
        + words.interval(
            Estimate(row["share"], row["share_low"], row["share_high"], row["replications"], 0.95)
        )
        + " %"
        for row in known.iter_rows(named=True)
    ]
    return f"Firm part of nameplate: {'; '.join(told)}"
