"""Sums by key that come out the same to the last bit, every time."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def tally(rows: pl.LazyFrame, keys: Sequence[str], **values: pl.Expr) -> pl.DataFrame:
    """Sum expressions by key, in the order of the rows.

    A grouped sum runs on several threads and adds in whatever order they finish, so two
    equal tables may differ in the last bit, and an identical case would not differ from the
    baseline by exactly zero. Here each group is gathered first, which keeps its order.

    Parameters
    ----------
    rows : LazyFrame
    keys : sequence of str
    **values : Expr
        What to sum, by name.

    Returns
    -------
    DataFrame
        *keys* and the sums, sorted by key.

    Examples
    --------
    >>> rows = pl.LazyFrame({"k": ["b", "a", "b"], "x": [1.0, 2.0, 4.0]})
    >>> tally(rows, ["k"], twice=2 * pl.col("x")).rows()
    [('a', 4.0), ('b', 10.0)]
    """
    gathered = rows.select(*keys, **values).collect().group_by(keys).agg(pl.all())
    return gathered.with_columns(pl.col(list(values)).list.sum()).sort(keys)
