"""The network between racks: how full its tiers are, what contention and outages cost."""

from __future__ import annotations

import polars as pl

from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from simulator.units import DAY_S

__all__ = ["bundles", "by_month", "lost", "outages", "was_shared"]

#: Rows of the record are put together by spans of so long. [s]
_MONTH_S = 30 * DAY_S


def was_shared(study: Study, case: str = BASELINE) -> bool:
    """Whether jobs shared the network in a case: its fidelity was ``contended``."""
    network = study.scenarios[case].get("network") or {}
    return bool(network.get("fidelity") == "contended")


def by_month(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Load of each tier over its capacity, by 30 days.

    Returns
    -------
    DataFrame
        ``replication, fabric, tier, month, capacity, mean, peak`` [B] and ``hottest`` [1]; sites
        together.
    """
    keys = ("replication", "fabric", "tier", "month")
    rows = study.scan("links", case).with_columns(
        month=(pl.col("t_s") / _MONTH_S).floor().cast(pl.Int64)
    )
    span = pl.col("span_s")
    sums = tally(
        rows,
        keys,
        capacity=span * pl.col("capacity_b_per_s"),
        mean=span * pl.col("mean_b_per_s"),
        peak=span * pl.col("peak_b_per_s"),
    )
    most = rows.group_by(keys).agg(pl.col("hottest").max()).collect()
    return sums.join(most, on=keys, how="left").sort(keys)


def lost(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Work not done for want of bandwidth in the whole horizon.

    Returns
    -------
    DataFrame
        ``replication, fabric, by_fabric, by_neighbours`` [rce-days]: what runs would lose if each
        had the fabric to itself, and what they lose to each other on top.
    """
    span_d = pl.col("span_s") / DAY_S
    return tally(
        study.scan("contention", case),
        ("replication", "fabric"),
        by_fabric=span_d * pl.col("by_fabric_rce"),
        by_neighbours=span_d * pl.col("by_neighbours_rce"),
    )


def bundles(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Load of each bundle of trunks.

    Returns
    -------
    DataFrame
        ``site, fabric, tier, element, mean, full`` [1]: load over capacity, and share of the
        horizon that it is full; both in the mean over replications.
    """
    horizon_s = study.calendar(case).edges_s()[-1]
    keys = ["site", "fabric", "tier", "element"]
    sums = tally(
        study.scan("bundles", case),
        keys,
        capacity=pl.col("capacity_b"),
        load=pl.col("mean_b"),
        full_s=pl.col("full_s"),
    )
    return sums.select(
        *keys,
        mean=pl.col("load") / pl.col("capacity"),
        full=pl.col("full_s") / (horizon_s * study.replications),
    )


def outages(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """What failures of trunks and switches cost.

    A failure costs the work since their checkpoints of the runs it stops, and what those that go
    on do less of while it lasts, at the rate of its first moment.

    Returns
    -------
    DataFrame
        ``replication, fabric, kind, failures, stopped, down_d`` [days], ``lost, slower``
        [rce-days].
    """
    rows = study.scan("outages", case).sort("replication", "t_s", maintain_order=True)
    what = ["replication", "site", "fabric", "kind", "element"]
    down = rows.filter(pl.col("state") == "down")
    up = rows.filter(pl.col("state") == "up").select(*what, pl.col("t_s").alias("until_s"))
    # The n-th end belongs to the n-th begin of the same element; some last to the horizon.
    nth = pl.int_range(pl.len()).over(what)
    both = down.with_columns(nth=nth).join(up.with_columns(nth=nth), on=[*what, "nth"], how="left")
    end_s = pl.col("until_s").fill_null(study.calendar(case).edges_s()[-1])
    days = (end_s - pl.col("t_s")) / DAY_S
    return tally(
        both,
        ("replication", "fabric", "kind"),
        failures=pl.lit(1.0),
        stopped=pl.col("stopped").cast(pl.Float64),
        down_d=days,
        lost=pl.col("lost_rce_s") / DAY_S,
        slower=days * pl.col("slower_rce").clip(0),
    )
