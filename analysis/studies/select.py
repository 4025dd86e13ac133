"""Which case won a race, and which of them could not be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from analysis import words
from analysis.selection import select_best
from analysis.studies.record import Section
from analysis.uncertainty import mean_interval

SCHEMA = {
    "arm": pl.String,
    **dict.fromkeys(("mean", "low", "high"), pl.Float64),
    "replications": pl.Int64,
    "left": pl.Boolean,
}


def table(section: Section) -> pl.DataFrame:
    """Outcome of each case with the replications it ran, the best first.

    Returns
    -------
    DataFrame
        ``arm, mean, low, high`` [unit of the outcome], ``replications``, and whether it
        was ``left`` at the end.
    """
    most = max(arm.replications for arm in section.arms)
    samples = np.full((len(section.arms), most), np.nan)
    for k, arm in enumerate(section.arms):
        x = section.sample(arm)
        samples[k, x["replication"].to_numpy()] = x["x"].to_numpy()
    left = survivors(samples, section.says, lower_is_better=section.outcome.more_is != "better")
    rows = []
    for k, (arm, ran) in enumerate(zip(section.arms, samples, strict=True)):
        e = mean_interval(ran[np.isfinite(ran)], within=section.outcome.within)
        rows.append((arm.label, e.mean, e.low, e.high, e.n, k in left))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(
        "left",
        "mean",
        descending=[True, section.outcome.more_is == "better"],
        maintain_order=True,
    )


def survivors(
    samples: np.ndarray, says: Mapping[str, Any], *, lower_is_better: bool
) -> tuple[int, ...]:
    """Return who is left of a race.

    Parameters
    ----------
    samples : ndarray, shape (arms, replications)
        NaN where an arm had dropped out, or a replication failed.
    says : mapping
        ``indifference``, ``alpha`` and ``first`` of the section.
    lower_is_better : bool
    """
    made = np.isfinite(samples)
    # A failed replication pairs with none; who dropped out has none from there on.
    ran = np.array([np.flatnonzero(row)[-1] if row.any() else -1 for row in made])
    failed = (~made & (np.arange(samples.shape[1]) <= ran[:, None])).any(axis=0)
    return select_best(
        samples[:, ~failed],
        says["indifference"],
        lower_is_better=lower_is_better,
        alpha=says["alpha"],
        first=min(int(says["first"]), int((~failed).sum())),
    ).survivors


def finding(section: Section, raced: pl.DataFrame) -> str:
    """Name the winner, or say that there is none."""
    left = raced.filter("left")["arm"].to_list()
    names = words.listing(name.replace("_", " ") for name in left)
    each = [arm.replications for arm in section.arms]
    if len(left) == 1:
        return (
            f"{section.outcome.label}: {names} is best, with {sum(each)} replications in all "
            f"({len(each) * max(each)} without dropping out)"
        )
    return (
        f"{section.outcome.label}: {names} are not distinguishable after {max(each)} "
        "replications each"
    )
