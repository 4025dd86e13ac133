"""Tables that set the cases beside each other."""

from __future__ import annotations

import polars as pl

from analysis import metrics
from analysis.estimates import bounds, complete, over_replications, settled, span
from analysis.measures import dependence, money, work
from analysis.study_reader import BASELINE, Study
from analysis.uncertainty import paired_difference
from analysis.words import verdict


def work_differences(study: Study) -> pl.DataFrame:
    """Work done by each case less the baseline's, replication by replication.

    Returns
    -------
    DataFrame
        ``case, difference, difference_low, difference_high`` [rce-days] and, of two to four
        replications, ``difference_least, difference_most``; ``baseline`` the baseline's mean
        [rce-days], ``replications, verdict, label, rank``.
    """
    base = work.done(study)["done"].to_numpy()
    rows = []
    for case in study.cases:
        if case != BASELINE:
            done = settled(work.done(study, case)["done"].to_numpy(), base)
            delta = paired_difference(done, base)
            numbers = (*bounds(delta), *span(done - base))
            rows.append((case, *numbers, float(base.mean()), delta.n, verdict(delta)))
    schema = {
        "case": pl.String,
        "difference": pl.Float64,
        "difference_low": pl.Float64,
        "difference_high": pl.Float64,
        "difference_least": pl.Float64,
        "difference_most": pl.Float64,
        "baseline": pl.Float64,
        "replications": pl.Int64,
        "verdict": pl.String,
    }
    return study.named(pl.DataFrame(rows, schema=schema, orient="row"), "cases", "case")


def unit_cost_by_case(study: Study) -> pl.DataFrame:
    """Accrued cost of a unit of work by case and category.

    Returns
    -------
    DataFrame
        ``case, category, cost, cost_low, cost_high, total, total_low, total_high, total_least,
        total_most`` (of two to four replications)
        [USD/rce-day], ``verdict`` on the total's difference from the baseline, ``label, rank``.
    """
    by_category, by_case = [], {}
    for case in study.cases:
        accrued = complete(money.accrued(study, case), ["category"], study.replications)
        per_work = accrued.join(work.done(study, case), on="replication", how="left").select(
            pl.lit(case).alias("case"),
            "category",
            "replication",
            cost=pl.when(pl.col("done") > 0).then(pl.col("usd") / pl.col("done")),
        )
        by_category.append(per_work)
        by_case[case] = per_work.group_by("replication", maintain_order=True).agg(
            # A sum of nothing is zero; a replication without work has no cost per work.
            pl.when(pl.col("cost").null_count() == 0).then(pl.col("cost").implode().list.sum())
        )["cost"]
    rows = []
    for case, sample in by_case.items():
        level = metrics.estimate(sample, "unit_cost")
        delta = metrics.difference(sample, by_case[BASELINE])
        shown = "baseline" if case == BASELINE else verdict(delta) if delta else "no number"
        ends = span(sample.drop_nulls().to_numpy())
        rows.append((case, *(bounds(level) if level else [None] * 3), *ends, shown))
    names = ("total", "total_low", "total_high", "total_least", "total_most")
    schema = {"case": pl.String} | dict.fromkeys(names, pl.Float64)
    totals = pl.DataFrame(rows, schema=schema | {"verdict": pl.String}, orient="row")
    table = over_replications(pl.concat(by_category), ["case", "category"], ["cost"])
    return study.named(table.join(totals, on="case", how="left"), "cases", "case")


def concentration_by_case(study: Study) -> pl.DataFrame:
    """Vendor and foundry HHI on stock and on flow, by case.

    Returns
    -------
    DataFrame
        ``case, tier, basis, hhi, hhi_low, hhi_high`` [points], ``label, rank``.
    """
    index = pl.concat(
        dependence.concentration(study, case).with_columns(pl.lit(case).alias("case"))
        for case in study.cases
    )
    keys = ["case", "tier", "basis"]
    return study.named(over_replications(index, keys, ["hhi"], top=1e4), "cases", "case")
