"""Tables of work and waiting by service."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from analysis.estimates import complete, over_replications
from analysis.measures import waits, work
from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from analysis.telling import FEWEST
from analysis.uncertainty import quantile_bands
from simulator.units import DAY_S

_SERVICES = {
    **{"service": pl.String, "label": pl.String, "rank": pl.Int64, "quarter": pl.String},
    **{f"{v}_{p}": pl.Float64 for v in ("asked", "done") for p in ("p10", "p50", "p90")},
    **{"unserved": pl.Float64, "unserved_share": pl.Float64},
}
#: The row that adds up all services.
ALL = "all"


def work_by_service(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Work asked, done and unserved over the horizon, by service and in all.

    Returns
    -------
    DataFrame
        ``service, asked…, done…, unserved…`` [rce-days], ``share…`` done of asked [%], each
        with ``_low`` and ``_high``; ``label, rank, replications``. The row of all services
        has rank -1.
    """
    keys = ["service"]
    sums = tally(
        work.by_quarter(study, case).lazy(),
        ("replication", "service"),
        asked=pl.col("asked"),
        done=pl.col("done"),
    )
    lost = work.unserved(study, case)
    each = complete(
        sums.join(lost, on=["replication", "service"], how="left"), keys, study.replications
    )
    whole = tally(
        each.lazy(), ["replication"], **{v: pl.col(v) for v in ("asked", "done", "unserved")}
    ).with_columns(pl.lit(ALL).alias("service"))
    both = pl.concat([whole.select(each.columns), each]).with_columns(
        share=pl.when(pl.col("asked") > 0).then(100 * pl.col("done") / pl.col("asked"))
    )
    table = over_replications(both, keys, ["asked", "done", "unserved"]).join(
        over_replications(both, keys, ["share"], top=100.0), on=keys, maintain_order="left"
    )
    return (
        study.named(table, "services", "service")
        .with_columns(
            pl.col("label").fill_null("All services"),
            pl.col("rank").fill_null(-1),
            replications=pl.lit(study.replications),
        )
        .sort("rank")
    )


def supply_demand(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Work asked and done by quarter: how it spreads over replications.

    Returns
    -------
    DataFrame
        ``quarter, asked_p10, asked_p50, asked_p90, done_p10, done_p50, done_p90``, as
        reference chips kept productive around the clock [rce]; of two to four replications also
        ``_least`` and ``_most``.
    """
    return _spread(study, case, work.by_quarter(study, case))


def services_by_quarter(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Work asked and done by service and quarter, as :func:`supply_demand` has it of all.

    Returns
    -------
    DataFrame
        ``service, label, rank`` and the columns of :func:`supply_demand`; of each service alike
        ``unserved`` [rce-days], mean over replications, and ``unserved_share`` of what it asks [%].
    """
    rows = work.by_quarter(study, case)
    unserved = _unserved(study, case)
    tables = [
        _spread(study, case, rows.filter(pl.col("service") == key)).select(
            pl.lit(key).alias("service"),
            pl.lit(thing.label).alias("label"),
            pl.lit(thing.rank, dtype=pl.Int64).alias("rank"),
            pl.all(),
            pl.lit(unserved[key][0]).alias("unserved"),
            pl.lit(unserved[key][1], dtype=pl.Float64).alias("unserved_share"),
        )
        for key, thing in study.things("services").items()
    ]
    return pl.concat(tables) if tables else pl.DataFrame(schema=_SERVICES)


def _unserved(study: Study, case: str) -> dict[str, tuple[float, float | None]]:
    """Return each service's work unserved, mean [rce-days], and of what it asks [%]."""
    n = study.replications
    asked = tally(work.by_quarter(study, case).lazy(), ("service",), asked=pl.col("asked"))
    lost = tally(work.unserved(study, case).lazy(), ("service",), unserved=pl.col("unserved"))
    of_asked, of_lost = dict(asked.iter_rows()), dict(lost.iter_rows())
    found = {}
    for key in study.things("services"):
        whole, part = of_asked.get(key, 0.0), of_lost.get(key, 0.0)
        found[key] = (part / n, 100 * part / whole if whole > 0 else None)
    return found


def _spread(study: Study, case: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return how work asked and done in each quarter spreads over replications. [rce]."""
    calendar = study.calendar(case)
    quarters, edges = calendar.names(), calendar.edges_s()
    summed = tally(
        rows.lazy(),
        ("replication", "quarter"),
        asked=pl.col("asked"),
        done=pl.col("done"),
    )
    columns: dict[str, list[float] | list[str]] = {"quarter": quarters}
    days = pl.Series([(b - a) / DAY_S for a, b in pairwise(edges)])
    grid = complete(summed, ["quarter"], study.replications)
    for name in ("asked", "done"):
        wide = grid.pivot("quarter", index="replication", values=name).sort("replication")
        missing = [pl.lit(0.0).alias(q) for q in quarters if q not in wide.columns]
        paths = wide.with_columns(missing).select(quarters).to_numpy() / days.to_numpy()
        bands = quantile_bands(paths, (0.1, 0.5, 0.9))
        for level, band in zip(("p10", "p50", "p90"), bands, strict=True):
            columns[f"{name}_{level}"] = band.tolist()
        if 1 < study.replications < FEWEST:
            columns[f"{name}_least"] = paths.min(axis=0).tolist()
            columns[f"{name}_most"] = paths.max(axis=0).tolist()
    return pl.DataFrame(columns)


def waits_by_service(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Queue wait by service.

    Returns
    -------
    DataFrame
        ``service, p50…, p95…`` [h], each with ``_low`` and ``_high``; ``label, rank``.
    """
    table = over_replications(waits.by_service(study, case), ["service"], ["p50", "p95"])
    return study.named(table, "services", "service")
