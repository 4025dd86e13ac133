"""Table of the network's figure: tiers, hot links, outages."""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis.estimates import over_replications
from analysis.measures import network
from analysis.study_reader import BASELINE, Study

#: Bundles told of.
_HOTTEST = 8


def load_and_failures(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """What a network engineer asks first, three tables in one, by ``panel``.

    Returns
    -------
    DataFrame
        ``tier``: ``label, month, mean, peak`` [1], load over capacity of a fabric's tier, in the
        mean and while runs exchange; ``link``: ``label, mean, full`` [1] of the bundles that are
        full longest; ``outage``: ``label, failures, stopped, cost, cost_low, cost_high``
        [rce-days], of each kind in the horizon.
    """
    label = _labels(study, case)
    return pl.concat(
        [_tiers(study, case, label), _links(study, case, label), _outages(study, case)],
        how="diagonal",
    )


def _labels(study: Study, case: str) -> dict[str, str]:
    fabrics = study.scenarios[case]["network"]["fabrics"]
    return {key: fabric["label"] for key, fabric in fabrics.items()}


def _named(column: str, label: dict[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(label, default=pl.col(column))


def _tiers(study: Study, case: str, label: dict[str, str]) -> pl.DataFrame:
    sums = (
        network.by_month(study, case)
        .group_by("fabric", "tier", "month", maintain_order=True)
        .agg(pl.col("capacity", "mean", "peak").sum(), pl.col("hottest").max())
    )
    return sums.filter(pl.col("capacity") > 0).select(
        panel=pl.lit("tier"),
        label=_named("fabric", label) + ", " + pl.col("tier") + " trunks",
        month=pl.col("month"),
        mean=pl.col("mean") / pl.col("capacity"),
        peak=pl.col("peak") / pl.col("capacity"),
    )


def _links(study: Study, case: str, label: dict[str, str]) -> pl.DataFrame:
    rows = network.bundles(study, case).sort("full", "mean", descending=True).head(_HOTTEST)
    sites: dict[str, Any] = study.scenarios[case]["sites"]
    names = {key: site["label"] for key, site in sites.items()}
    return rows.select(
        panel=pl.lit("link"),
        label=_named("site", names) + ", " + _named("fabric", label) + ", " + pl.col("element"),
        mean=pl.col("mean"),
        full=pl.col("full"),
    )


def _outages(study: Study, case: str) -> pl.DataFrame:
    rows = network.outages(study, case)
    if rows.is_empty():
        return pl.DataFrame()
    by_kind = (
        rows.group_by("replication", "kind", maintain_order=True)
        .agg(pl.col("failures", "stopped", "lost", "slower").sum())
        .with_columns(cost=pl.col("lost") + pl.col("slower"))
    )
    grid = by_kind.select("kind").unique(maintain_order=True)
    numbers = pl.DataFrame({"replication": range(study.replications)})
    whole = grid.join(numbers.cast(pl.Int64), how="cross").join(
        by_kind.cast({"replication": pl.Int64}), on=["kind", "replication"], how="left"
    )
    values = ["failures", "stopped", "cost"]
    table = over_replications(whole.with_columns(pl.col(values).fill_null(0)), ["kind"], values)
    return table.select(
        panel=pl.lit("outage"),
        label=pl.col("kind").str.replace("-", " "),
        **{name: pl.col(name) for name in ("failures", "stopped", "cost", "cost_low", "cost_high")},
    )
