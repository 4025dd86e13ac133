"""Tables of what stands, what power it takes, and what its chips do."""

from __future__ import annotations

import polars as pl

from analysis.estimates import complete, over_replications
from analysis.measures import chip_time, fleet
from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study

#: Stands for all families at once: chips that none of them runs on.
NO_FAMILY = "none of them"


def chips_by_quarter(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Chips in service at each quarter's end, by kind, and in all.

    Returns
    -------
    DataFrame
        ``quarter, chip, chips, chips_low, chips_high, label, rank, total, total_low,
        total_high, replications`` [chips].
    """
    standing = fleet.at_quarter_ends(study, case)
    keys = ["quarter", "chip"]
    counts = standing.group_by("replication", *keys).agg(pl.col("chips").sum().cast(pl.Float64))
    by_chip = over_replications(_every_quarter(counts, "chip", study, case), keys, ["chips"])
    totals = standing.group_by("replication", "quarter").agg(
        total=pl.col("chips").sum().cast(pl.Float64)
    )
    whole = over_replications(
        complete(totals, ["quarter"], study.replications), ["quarter"], ["total"]
    )
    named = study.named(by_chip, "chips", "chip").join(whole, on="quarter", how="left")
    return named.with_columns(
        pl.col("^total.*$").fill_null(0.0), replications=pl.lit(study.replications)
    ).sort("quarter", "rank")


def _every_quarter(counts: pl.DataFrame, column: str, study: Study, case: str) -> pl.DataFrame:
    names = pl.DataFrame({"quarter": study.calendar(case).names()})
    numbers = pl.DataFrame(
        {"replication": range(study.replications)}, schema={"replication": pl.Int64}
    )
    grid = counts.select(column).unique().join(names, how="cross").join(numbers, how="cross")
    return (
        grid.join(counts, on=["replication", "quarter", column], how="left")
        .with_columns(pl.selectors.float().fill_null(0.0))
        .sort("quarter", column, "replication")
    )


def power_by_site(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Nameplate power in service at each quarter's end and power energised, by site.

    Returns
    -------
    DataFrame
        ``quarter, site, in_service, in_service_low, in_service_high, energised, label,
        rank`` [MW].
    """
    watts = tally(
        fleet.at_quarter_ends(study, case).lazy(),
        ("replication", "quarter", "site"),
        in_service=pl.col("nameplate_w") / 1e6,
    )
    energised = fleet.energised(study, case).with_columns(energised=pl.col("energised_w") / 1e6)
    keys = ["quarter", "site"]
    used = over_replications(complete(watts, keys, study.replications), keys, ["in_service"])
    both = energised.drop("energised_w").join(used, on=keys, how="left")
    both = both.with_columns(pl.selectors.float().fill_null(0.0))
    return study.named(both, "sites", "site").sort("rank", "quarter")


def chip_time_by_case(study: Study) -> pl.DataFrame:
    """Shares of in-service chip time that are allocated, busy and productive, by case.

    Returns
    -------
    DataFrame
        ``case, allocated…, busy…, productive…`` [%], each with ``_low`` and ``_high``;
        ``label, rank``.
    """
    values = ["allocated", "busy", "productive"]
    shares = pl.concat(
        chip_time.shares(study, case).with_columns(
            pl.lit(case).alias("case"), pl.col(values) * 100.0
        )
        for case in study.cases
    )
    return study.named(over_replications(shares, ["case"], values, top=100.0), "cases", "case")


def stranded_by_quarter(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Chip time in service that a family cannot use, as no software carries it there.

    Returns
    -------
    DataFrame
        ``quarter, family`` (null: none of them can), ``share, share_low, share_high`` of chip
        time in service [%], ``label, rank``. Quarters and families without any have zero.
    """
    whole = tally(
        study.scan("fleet_quarter", case),
        ("replication", "quarter"),
        whole_s=pl.col("in_service_chip_s"),
    )
    lost = tally(
        study.scan("stranded", case).with_columns(pl.col("family").fill_null(NO_FAMILY)),
        ("replication", "quarter", "family"),
        chip_s=pl.col("chip_s"),
    )
    grid = whole.join(lost.select("family").unique(maintain_order=True), how="cross")
    keys = ["quarter", "family"]
    shares = grid.join(lost, on=["replication", *keys], how="left").select(
        "replication", *keys, share=100 * pl.col("chip_s").fill_null(0.0) / pl.col("whole_s")
    )
    shares = shares.sort("quarter", "family", "replication")
    found = over_replications(shares, keys, ["share"], top=100.0)
    return study.named(found, "families", "family").sort("rank", "quarter", nulls_last=True)
