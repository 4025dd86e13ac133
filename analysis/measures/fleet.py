"""What stands in service at the end of each quarter, and the power energised for it."""

from __future__ import annotations

import polars as pl

from analysis.study_reader import BASELINE, Study

_HELD = ("replication", "site", "chip")


def at_quarter_ends(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Racks, chips and nameplate power in service just before each quarter ends.

    Returns
    -------
    DataFrame
        ``replication, quarter, site, chip, racks, chips, nameplate_w``.
    """
    calendar = study.calendar(case)
    ends = pl.LazyFrame({"quarter": calendar.names(), "end_s": calendar.edges_s()[1:]})
    fleet = study.scan("fleet", case)
    # A row holds from its time on; one at a quarter's very end belongs to the next.
    return (
        fleet.select(_HELD)
        .unique()
        .join(ends, how="cross")
        .join(fleet, on=_HELD, how="inner")
        .filter(pl.col("t_s") < pl.col("end_s"))
        .with_row_index("row")
        .sort("t_s", "row")
        .group_by(*_HELD, "quarter", maintain_order=True)
        .agg(pl.col("racks", "chips", "nameplate_w").last())
        .select("replication", "quarter", "site", "chip", "racks", "chips", "nameplate_w")
        .sort("replication", "quarter", "site", "chip")
        .collect()
    )


def energised(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Critical IT power energised at each site by quarter.

    Returns
    -------
    DataFrame
        ``quarter, site, energised_w`` [W].
    """
    rows = [
        (
            quarter,
            site_id,
            # Quarters' names sort as their dates do.
            sum(float(p["it_power"]) for p in site["phases"] if p["quarter"] <= quarter),
        )
        for quarter in study.calendar(case).names()
        for site_id, site in study.scenarios[case]["sites"].items()
    ]
    return pl.DataFrame(
        rows,
        schema={"quarter": pl.String, "site": pl.String, "energised_w": pl.Float64},
        orient="row",
    )
