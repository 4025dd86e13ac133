"""A case in numbers, and how it differs from the baseline.

Every number is first taken replication by replication; a difference pairs the same
replication of two cases, which share their luck, so an identical case differs by
exactly zero. Intervals are 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from analysis.estimates import LAST_BITS, settled
from analysis.measures import chip_time, dependence, fleet, gate, money, parts, waits, work
from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from analysis.uncertainty import Estimate, PairedDifference, mean_interval, paired_difference


@dataclass(frozen=True)
class Metric:
    """One number a planner compares cases by.

    Parameters
    ----------
    id : str
    label : str
        Its name in tables.
    unit : str
        What its values are in.
    more_is : {'better', 'worse', 'neither'}
    """

    id: str
    label: str
    unit: str
    more_is: str

    @property
    def within(self) -> tuple[float, float]:
        """What its values can be at all: none is negative, shares and indices have a top."""
        return 0.0, {"%": 100.0, "points": 1e4}.get(self.unit, math.inf)


METRICS: tuple[Metric, ...] = (
    Metric("work_asked", "Training work asked", "rce-days", "neither"),
    Metric("work_done", "Training work done", "rce-days", "better"),
    Metric("unserved", "Unserved work", "rce-days", "worse"),
    Metric("unserved_share", "Unserved work, of asked", "%", "worse"),
    Metric("under_way", "Work under way at the end", "rce-days", "neither"),
    Metric("wait_p50", "Queue wait, median", "h", "worse"),
    Metric("wait_p95", "Queue wait, 95th percentile", "h", "worse"),
    Metric("capacity", "Effective capacity in service", "rce-days", "neither"),
    Metric("allocated", "Chip time allocated", "%", "neither"),
    Metric("busy", "Chip time busy", "%", "neither"),
    Metric("productive", "Chip time productive", "%", "better"),
    Metric("chips_at_end", "Chips in service at the end", "chips", "neither"),
    Metric("power_at_end", "Nameplate power in service at the end", "W", "neither"),
    Metric("capital", "Cash for racks, development and cancelling", "USD", "neither"),
    Metric("owed", "Owed at the end on firm orders", "USD", "neither"),
    Metric("pending", "Orders not firm at the end", "USD", "neither"),
    Metric("cancelling", "Cost of cancelling, accrued", "USD", "neither"),
    Metric("energy", "Energy of the facilities", "TWh", "neither"),
    Metric("unit_cost", "Cost per unit of work, accrued", "USD/rce-day", "worse"),
    Metric("work_per_kusd", "Work by a thousand USD paid or owed", "rce-days/kUSD", "better"),
    Metric("ramped", "In-house chip ramped", "%", "neither"),
    Metric("hhi_vendor_stock", "Vendor HHI, stock", "points", "worse"),
    Metric("hhi_vendor_flow", "Vendor HHI, flow", "points", "worse"),
    Metric("hhi_foundry_stock", "Foundry HHI, stock", "points", "worse"),
    Metric("hhi_foundry_flow", "Foundry HHI, flow", "points", "worse"),
)

#: Metrics read off single jobs.
JOB_METRICS = frozenset({"wait_p50", "wait_p95"})

BY_ID = {metric.id: metric for metric in METRICS}


def by_name(name: str, services: Mapping[str, str] | None = None) -> Metric:
    """Return a metric by its name, also of a part of the work.

    Parameters
    ----------
    name : str
        Of :data:`METRICS`, or of a part, such as ``work_done.feed-ranking.2026Q4``.
    services : mapping of str to str, optional
        Labels by id.

    Raises
    ------
    KeyError
        If there is none.

    Examples
    --------
    >>> by_name("work_done.feed-ranking.2026Q4", {"feed-ranking": "Feed ranking"}).label
    'Training work done: Feed ranking, 2026Q4'
    """
    part = parts.part_of(name)
    if part is None:
        return BY_ID[name]
    whole = BY_ID[part.metric]
    service = part.service and (services or {}).get(part.service, part.service)
    of = ", ".join(word for word in (service, part.quarter) if word)
    return Metric(name, f"{whole.label}: {of}", whole.unit, whole.more_is)


def ordered(wanted: Iterable[str]) -> list[str]:
    """Return metrics by name in the order of tables, parts of the work behind the others."""
    names = [*dict.fromkeys(wanted)]
    whole = [m.id for m in METRICS if m.id in names]
    return whole + [name for name in names if parts.part_of(name) is not None]


def known(study: Study, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of some metrics that a study's cases have: without single jobs, no waits."""
    queued = any(study.queues_jobs(case) for case in study.cases)
    return tuple(name for name in wanted if queued or name not in JOB_METRICS)


def numbers(
    study: Study, case: str = BASELINE, wanted: Collection[str] | None = None
) -> pl.DataFrame:
    """Metrics of a case, replication by replication.

    Parameters
    ----------
    study : Study
    case : str
    wanted : collection of str, optional
        Which metrics, also of parts of the work; all of :data:`METRICS` without it.

    Returns
    -------
    DataFrame
        ``replication`` and one column a metric, in its unit; null where a replication
        has no such number (no work done has no cost per unit).
    """
    names = ordered(BY_ID if wanted is None else wanted)
    table = pl.DataFrame({"replication": study.numbers}, schema={"replication": pl.Int64})
    for metrics, read in _PARTS:
        if metrics.intersection(names):
            table = table.join(read(study, case), on="replication", how="left")
    told = [name for name in names if name not in BY_ID]
    if told:
        table = table.join(parts.numbers(study, told, case), on="replication", how="left")
    # A replication without a row is one in which nothing of the kind happened.
    amounts = {m.id for m in METRICS if m.unit in ("rce-days", "chips", "W", "USD", "TWh")}
    table = table.with_columns(pl.col(amounts.intersection(table.columns)).fill_null(0.0))
    if "unserved_share" in names:
        lost = _ratio(100.0 * pl.col("unserved"), pl.col("work_asked"))
        table = table.with_columns(unserved_share=lost)
    if "under_way" in names:
        rest = pl.col("work_asked") - pl.col("work_done") - pl.col("unserved")
        table = table.with_columns(under_way=rest)
    if "work_per_kusd" in names:
        kusd = (pl.col("capital") + pl.col("owed")) / 1000.0
        table = table.with_columns(work_per_kusd=_ratio(pl.col("work_done"), kusd))
    if "unit_cost" in names:
        table = table.with_columns(unit_cost=_ratio(pl.col("accrued"), pl.col("work_done")))
    return table.select("replication", *names).sort("replication")


def _waits(study: Study, case: str) -> pl.DataFrame:
    return waits.overall(study, case).rename({"p50": "wait_p50", "p95": "wait_p95"})


def _chip_time(study: Study, case: str) -> pl.DataFrame:
    shares = chip_time.shares(study, case)
    return shares.with_columns(pl.col("allocated", "busy", "productive") * 100.0)


def _ratio(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
    return pl.when(bottom > 0).then(top / bottom)


def _work(study: Study, case: str) -> pl.DataFrame:
    sums = tally(
        work.by_quarter(study, case).lazy(),
        ["replication"],
        work_asked=pl.col("asked"),
        work_done=pl.col("done"),
    )
    lost = tally(work.unserved(study, case).lazy(), ["replication"], unserved=pl.col("unserved"))
    both = sums.join(lost, on="replication", how="left")
    # What a linear program leaves over is nobody's work.
    counts = pl.col("unserved") > LAST_BITS * pl.col("work_asked")
    return both.with_columns(unserved=pl.when(counts).then(pl.col("unserved")).otherwise(0.0))


def _standing(study: Study, case: str) -> pl.DataFrame:
    last = study.calendar(case).names()[-1]
    standing = fleet.at_quarter_ends(study, case).filter(pl.col("quarter") == last)
    return tally(
        standing.lazy(),
        ["replication"],
        chips_at_end=pl.col("chips").cast(pl.Float64),
        power_at_end=pl.col("nameplate_w"),
    )


def _money(study: Study, case: str) -> pl.DataFrame:
    accrued = tally(money.accrued(study, case).lazy(), ["replication"], accrued=pl.col("usd"))
    return (
        money.capital(study, case)
        .rename({"usd": "capital"})
        .join(money.left_to_pay(study, case), on="replication", how="left")
        .join(
            money.cancelled(study, case).rename({"usd": "cancelling"}), on="replication", how="left"
        )
        .join(accrued, on="replication", how="left")
        .join(money.energy(study, case), on="replication", how="left")
        .rename({"facility_twh": "energy"})
        .drop("it_twh")
    )


def _ramped(study: Study, case: str) -> pl.DataFrame:
    ramps = gate.decisions(study, case).filter(pl.col("decision") == "ramp")
    numbers = pl.DataFrame({"replication": study.numbers}, schema={"replication": pl.Int64})
    return numbers.with_columns(
        ramped=100.0 * pl.col("replication").is_in(ramps["replication"].to_list()).cast(pl.Float64)
    )


def _concentration(study: Study, case: str) -> pl.DataFrame:
    index = dependence.concentration(study, case)
    named = index.with_columns(metric=pl.format("hhi_{}_{}", "tier", "basis"))
    return named.pivot("metric", index="replication", values="hhi")


#: Where each metric is read: the tables of a part are opened only if one of its metrics is wanted.
_PARTS: tuple[tuple[frozenset[str], Callable[[Study, str], pl.DataFrame]], ...] = (
    (
        frozenset(
            {
                *("work_asked", "work_done", "unserved", "unserved_share", "under_way"),
                *("unit_cost", "work_per_kusd"),
            }
        ),
        _work,
    ),
    (JOB_METRICS, _waits),
    (frozenset({"allocated", "busy", "productive"}), _chip_time),
    (frozenset({"capacity"}), chip_time.capacity),
    (frozenset({"chips_at_end", "power_at_end"}), _standing),
    (
        frozenset(
            {
                *("capital", "owed", "pending", "cancelling", "energy"),
                *("unit_cost", "work_per_kusd"),
            }
        ),
        _money,
    ),
    (frozenset({"ramped"}), _ramped),
    (
        frozenset(m.id for m in METRICS if m.id.startswith("hhi")),
        _concentration,
    ),
)


def estimate(sample: pl.Series, metric: str) -> Estimate | None:
    """Estimate a metric from one number a replication; None if a replication has none."""
    if sample.null_count() or sample.is_empty():
        return None
    return mean_interval(sample.to_numpy(), within=by_name(metric).within)


def difference(
    case: pl.Series, baseline: pl.Series, size: pl.Series | None = None
) -> PairedDifference | None:
    """Estimate how a case differs, pairing replications; None where one has no number.

    Differences within the last bits, of the baseline or of *size*, are none.
    """
    both = pl.DataFrame({"case": case, "baseline": baseline}).drop_nulls()
    if both.is_empty() or len(both) < len(case):
        return None
    base = both["baseline"].to_numpy()
    whole = None if size is None else size.to_numpy()
    return paired_difference(settled(both["case"].to_numpy(), base, whole), base)
