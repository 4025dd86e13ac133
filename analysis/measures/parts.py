"""Training work of one service, of one quarter, or of both: metrics told by their parts.

``work_done.feed-ranking`` is what a service got, ``work_done.2026Q4`` what was done in a
quarter, ``work_done.feed-ranking.2026Q4`` both. Asked and unserved work is of the quarter
it was submitted in, work done of the quarter it was done in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from analysis.estimates import LAST_BITS
from analysis.measures import work
from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from simulator.units import DAY_S

#: Metrics that may be told so.
PARTED = ("work_asked", "work_done", "unserved", "unserved_share")
_QUARTER = re.compile(r"\d{4}Q[1-4]")


@dataclass(frozen=True)
class Part:
    """What a metric is told of; None: of all."""

    metric: str
    service: str | None = None
    quarter: str | None = None


def part_of(name: str) -> Part | None:
    """Read a metric's name; None if it names no part.

    Examples
    --------
    >>> part_of("work_done.feed-ranking.2026Q4")
    Part(metric='work_done', service='feed-ranking', quarter='2026Q4')
    >>> part_of("unserved_share.2026Q4").service, part_of("work_done"), part_of("capital.feed")
    (None, None, None)
    """
    metric, *rest = name.split(".")
    if metric not in PARTED or not 1 <= len(rest) <= 2:
        return None
    if _QUARTER.fullmatch(rest[-1]):
        return Part(metric, *([None, *rest] if len(rest) == 1 else rest))
    return Part(metric, rest[0]) if len(rest) == 1 else None


def numbers(study: Study, names: Sequence[str], case: str = BASELINE) -> pl.DataFrame:
    """Work of the parts that are named, replication by replication.

    Parameters
    ----------
    study : Study
    names : sequence of str
        Such as :func:`part_of` reads.
    case : str

    Returns
    -------
    DataFrame
        ``replication`` and one column a name [rce-days, %]; a share is null where nothing
        was asked.
    """
    keys = ("replication", "quarter", "service")
    lost = tally(study.scan("asked", case), keys, unserved=pl.col("unserved_rce_s") / DAY_S)
    both = work.by_quarter(study, case).join(lost, on=keys, how="left")
    table = pl.DataFrame({"replication": study.numbers}, schema={"replication": pl.Int64})
    for name in names:
        part = part_of(name)
        if part is None:
            raise ValueError(f"{name!r} names no part of a metric")
        table = table.join(_of(both, part, name), on="replication", how="left")
    amounts = [name for name in names if not name.startswith("unserved_share.")]
    return table.with_columns(pl.col(amounts).fill_null(0.0))


def _of(rows: pl.DataFrame, part: Part, name: str) -> pl.DataFrame:
    if part.service is not None:
        rows = rows.filter(pl.col("service") == part.service)
    if part.quarter is not None:
        rows = rows.filter(pl.col("quarter") == part.quarter)
    sums = tally(
        rows.lazy(), ["replication"], **{v: pl.col(v) for v in ("asked", "done", "unserved")}
    )
    # What a linear program leaves over is nobody's work.
    counts = pl.col("unserved") > LAST_BITS * pl.col("asked")
    lost = pl.when(counts).then(pl.col("unserved")).otherwise(0.0)
    told = {
        "work_asked": pl.col("asked"),
        "work_done": pl.col("done"),
        "unserved": lost,
        "unserved_share": pl.when(pl.col("asked") > 0).then(100.0 * lost / pl.col("asked")),
    }
    return sums.select("replication", told[part.metric].alias(name))
