"""Money and energy.

Cash is what is paid when it is paid; accrual spreads racks and buildings over their
lives, and is what a unit of work costs.
"""

from __future__ import annotations

import polars as pl

from analysis.study_reader import BASELINE, Study

#: One terawatt-hour. [J]
TWH_J = 3.6e15


def capital(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Cash paid within the horizon for all but energy: ``replication, usd`` [USD]."""
    return (
        study.scan("cost", case)
        .group_by("replication")
        .agg(
            usd=pl.when((pl.col("basis") == "cash") & (pl.col("category") != "energy"))
            .then("usd")
            .otherwise(0.0)
            .sum()
        )
        .sort("replication")
        .collect()
    )


def accrued(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Cost accrued within the horizon: ``replication, category, usd`` [USD]."""
    keys = ("replication", "category")
    return (
        study.scan("cost", case)
        .filter(pl.col("basis") == "accrual")
        .group_by(keys)
        .agg(pl.col("usd").sum())
        .sort(keys)
        .collect()
    )


def energy(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Energy of IT and of whole facilities: ``replication, it_twh, facility_twh`` [TWh]."""
    return (
        study.scan("energy", case)
        .group_by("replication")
        .agg(it_twh=pl.col("it_j").sum() / TWH_J, facility_twh=pl.col("facility_j").sum() / TWH_J)
        .sort("replication")
        .collect()
    )
