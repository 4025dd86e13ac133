"""What chips in service spend their time on: allocated, busy, productive are three things.

Allocated: held by a job's gang. Busy: allocated and not restarting after a fault.
Productive: busy with work that counts in the end. Each is a share of all chip time in
service, repairs included.
"""

from __future__ import annotations

import polars as pl

from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from simulator.units import DAY_S


def shares(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Shares of in-service chip time over the horizon.

    Returns
    -------
    DataFrame
        ``replication, allocated, busy, productive`` [1].
    """
    held = pl.col("allocated_chip_s")
    used = tally(
        study.scan("work", case),
        ["replication"],
        allocated=held,
        busy=held - pl.col("restart_chip_s"),
        productive=pl.col("productive_chip_s"),
    )
    whole = tally(
        study.scan("fleet_quarter", case), ["replication"], whole=pl.col("in_service_chip_s")
    )
    return whole.join(used, on="replication", how="left", maintain_order="left").select(
        "replication",
        pl.col("allocated", "busy", "productive").fill_null(0.0) / pl.col("whole"),
    )


def capacity(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Work the chips in service would do if all of them always worked.

    Each chip counts by the work it did an hour while it was allocated, so a chip that
    was never used counts for nothing.

    Returns
    -------
    DataFrame
        ``replication, capacity`` [rce-days].
    """
    keys = ("replication", "chip")
    did = tally(
        study.scan("work", case),
        keys,
        work=pl.col("productive_rce_s") / DAY_S,
        held=pl.col("allocated_chip_s"),
    )
    there = tally(study.scan("fleet_quarter", case), keys, there=pl.col("in_service_chip_s"))
    both = there.join(did, on=keys, how="inner").filter(pl.col("held") > 0)
    could = pl.col("there") * pl.col("work") / pl.col("held")
    return tally(both.lazy(), ["replication"], capacity=could)
