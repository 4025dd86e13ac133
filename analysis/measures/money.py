"""Money and energy.

Cash is what is paid when it is paid; accrual spreads racks and buildings over their
lives, and is what a unit of work costs. What firm orders leave to be paid at the end is
neither: racks that did not come in time are not paid by then, which saves nothing.
"""

from __future__ import annotations

import polars as pl

from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study

#: One terawatt-hour. [J]
TWH_J = 3.6e15
#: What cash does not show, for readers of it.
NOT_PAID = (
    "Cash is what is paid by the end. Owed is the balance of firm orders: what is not delivered by "
    "then is not paid by then. Where a stop lowers the cash and raises what is owed, nothing is "
    "saved."
)
NOT_FIRM = "Orders not firm wait for an allocation or for money; called off, they cost nothing."
_LEFT = ("owed", "pending")


def capital(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Cash paid within the horizon for all but energy: ``replication, usd`` [USD]."""
    is_capital = (pl.col("basis") == "cash") & (pl.col("category") != "energy")
    paid = pl.when(is_capital).then("usd").otherwise(0.0)
    return tally(study.scan("cost", case), ["replication"], usd=paid)


def left_to_pay(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """What is to be paid after the horizon: ``replication, owed, pending`` [USD].

    Owed on firm orders, those called off among them; pending is the worth of orders that
    wait for an allocation or for money at the end, and may yet be called off for nothing.
    """
    sums = {b: pl.when(pl.col("basis") == b).then("usd").otherwise(0.0) for b in _LEFT}
    return tally(study.scan("cost", case), ["replication"], **sums)


def cancelled(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Cost of orders and wafers called off within the horizon: ``replication, usd`` [USD]."""
    is_ours = (pl.col("basis") == "accrual") & (pl.col("category") == "cancellation")
    cost = pl.when(is_ours).then("usd").otherwise(0.0)
    return tally(study.scan("cost", case), ["replication"], usd=cost)


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
