"""Money and energy.

Cash is what is paid when it is paid; accrual spreads racks and buildings over their
lives, and is what a unit of work costs.
"""

from __future__ import annotations

import polars as pl

from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study

#: One terawatt-hour. [J]
TWH_J = 3.6e15


def capital(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Cash paid within the horizon for all but energy: ``replication, usd`` [USD]."""
    is_capital = (pl.col("basis") == "cash") & (pl.col("category") != "energy")
    paid = pl.when(is_capital).then("usd").otherwise(0.0)
    return tally(study.scan("cost", case), ["replication"], usd=paid)


def accrued(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Cost accrued within the horizon: ``replication, category, usd`` [USD]."""
    rows = study.scan("cost", case).filter(pl.col("basis") == "accrual")
    return tally(rows, ("replication", "category"), usd=pl.col("usd"))


def energy(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Energy of IT and of whole facilities: ``replication, it_twh, facility_twh`` [TWh]."""
    return tally(
        study.scan("energy", case),
        ["replication"],
        it_twh=pl.col("it_j") / TWH_J,
        facility_twh=pl.col("facility_j") / TWH_J,
    )
