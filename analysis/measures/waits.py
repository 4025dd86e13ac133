"""How long jobs queue.

A job that never started has waited until it was given up, or until the horizon. Jobs
in progress on the first day (submitted at 0) did not queue in this run and are left out.
"""

from __future__ import annotations

import polars as pl

from analysis.study_reader import BASELINE, Study
from simulator.units import HOUR_S

_WAITS = {
    "p50": pl.col("wait_h").quantile(0.5, interpolation="linear"),
    "p95": pl.col("wait_h").quantile(0.95, interpolation="linear"),
}


def _jobs(study: Study, case: str) -> pl.LazyFrame:
    horizon_s = study.calendar(case).horizon_s
    patience = pl.LazyFrame(
        [(key, float(s["patience"])) for key, s in study.scenarios[case]["services"].items()],
        schema={"service": pl.String, "patience_s": pl.Float64},
        orient="row",
    )
    gone_s = pl.when("gave_up").then(pl.col("submit_s") + pl.col("patience_s")).otherwise(horizon_s)
    until_s = pl.coalesce("start_s", pl.min_horizontal(gone_s, pl.lit(horizon_s)))
    return (
        study.scan("jobs", case)
        .filter(pl.col("submit_s") > 0)
        .join(patience, on="service", how="left")
        .select("replication", "service", wait_h=(until_s - pl.col("submit_s")).clip(0.0) / HOUR_S)
    )


def by_service(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Median and 95th percentile of the queue wait over each service's jobs.

    Returns
    -------
    DataFrame
        ``replication, service, p50, p95`` [h].
    """
    keys = ("replication", "service")
    return _jobs(study, case).group_by(keys).agg(**_WAITS).sort(keys).collect()


def overall(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Median and 95th percentile over all jobs: ``replication, p50, p95`` [h]."""
    return _jobs(study, case).group_by("replication").agg(**_WAITS).sort("replication").collect()
