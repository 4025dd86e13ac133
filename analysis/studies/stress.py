"""What each node's stop costs, by how long it lasts."""

from __future__ import annotations

import polars as pl

from analysis import words
from analysis.estimates import of_row
from analysis.studies.compare import largest
from analysis.studies.record import Section
from analysis.telling import too_few

SCHEMA = {
    **dict.fromkeys(("case", "node"), pl.String),
    **dict.fromkeys(("days", "difference", "difference_low", "difference_high"), pl.Float64),
    "replications": pl.Int64,
    "verdict": pl.String,
}


def table(section: Section) -> pl.DataFrame:
    """Compare each stop with the same case without it.

    Returns
    -------
    DataFrame
        One row a case, node and duration: paired difference of the outcome, stopped less
        whole, and its interval [unit of the outcome].
    """
    whole = {arm.case: arm for arm in section.arms if arm.stopped is None}
    rows = []
    for arm in section.arms:
        delta = section.difference(arm, whole[arm.case]) if arm.stopped else None
        if delta is not None:
            rows.append(
                (
                    *(arm.case, arm.stopped, arm.settings["days"]),
                    *(delta.mean, delta.low, delta.high, delta.n, words.verdict(delta)),
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def finding(section: Section, stopped: pl.DataFrame) -> str:
    """Name the stop that moves the outcome most."""
    clear = stopped.filter(pl.col("verdict").is_in(["higher", "lower"]))
    if clear.is_empty():
        if stopped["verdict"].str.starts_with("exactly zero").all():
            return f"{section.outcome.label}: no stop changes it in any replication"
        few = too_few(of_row(row, "difference", row["replications"]) for row in stopped.to_dicts())
        if few:
            return f"{section.outcome.label}: {few}"
        return f"{section.outcome.label}: no stop is distinguishable from none"
    worst, moved = largest(section, clear)
    quarter = section.says.get("quarter")
    since = f" from {quarter}" if quarter else ""
    where = "" if stopped["case"].n_unique() == 1 else f" in {worst['case'].replace('_', ' ')}"
    return (
        f"{section.outcome.label}: a stop of {section.named(worst['node'])} for "
        f"{words.lasting(worst['days'])}{since}{where} moves it most, {moved}"
    )
