"""What holds back racks that are wanted: money, supply or power."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study

#: In the order in which a rack meets them.
CAUSES = ("money", "supply", "power")
#: What they are called: on the dock racks wait for any of three things.
NAMES = {
    "money": "money",
    "supply": "a supplier's stop or cut",
    "power": "the site (power, floor or network)",
}
#: What a cause is not, to stand wherever it is told.
NOT_COUNTED = (
    "A supplier's stop or cut: racks without an allocation, or later than their order's own lead "
    "time. Neither the ordinary spread of lead times nor the vendor's queue is counted, and it is "
    "not lateness after the date that medians promise."
)


def waiting_racks(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Racks wanted and not in service, mean over each quarter, by what held them.

    Returns
    -------
    DataFrame
        ``replication, quarter, cause, racks`` [racks].
    """
    calendar = study.calendar(case)
    edges = calendar.edges_s()
    length = pl.LazyFrame(
        {
            "quarter": calendar.names(),
            "length_s": [b - a for a, b in pairwise(edges)],
        }
    )
    rows = study.scan("waiting", case).join(length, on="quarter", how="inner")
    mean = pl.col("rack_s") / pl.col("length_s")
    return tally(rows, ("replication", "quarter", "cause"), racks=mean)


def over_the_run(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Racks wanted and not in service, mean over the run, by what held them.

    Returns
    -------
    DataFrame
        A row a replication, a column a cause [racks].
    """
    numbers = pl.DataFrame({"replication": study.numbers}, schema={"replication": pl.Int64})
    mean = pl.col("rack_s") / study.calendar(case).horizon_s
    rows = study.scan("waiting", case)
    for cause in CAUSES:
        mine = rows.filter(pl.col("cause") == cause)
        found = tally(mine, ("replication",), **{cause: mean})
        numbers = numbers.join(found, on="replication", how="left", maintain_order="left")
    return numbers.select(pl.col(CAUSES).fill_null(0.0))


def never_paid(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Racks wanted within the run and neither paid for nor called off by its end.

    Returns
    -------
    DataFrame
        ``replication, racks`` [racks].
    """
    numbers = pl.DataFrame({"replication": study.numbers}, schema={"replication": pl.Int64})
    left = study.scan("orders", case).filter(pl.col("funded_s").is_null() & ~pl.col("cancelled"))
    found = tally(left, ("replication",), racks=pl.col("racks").cast(pl.Float64))
    both = numbers.join(found, on="replication", how="left", maintain_order="left")
    return both.with_columns(pl.col("racks").fill_null(0.0))
