"""Tables of estimates: a mean over replications and the interval it is known within."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.telling import FEWEST
from analysis.uncertainty import Estimate, mean_interval

Array = npt.NDArray[np.float64]
#: Runs that differ by less, over what they have, differ by the last bits of sums or by what a
#: linear program takes for nothing. [1]
LAST_BITS = 1e-7


def settled(x: Array, other: Array, size: Array | float | None = None) -> Array:
    """Return *x*, and *other* itself where the two differ by the last bits of sums alone.

    Parameters
    ----------
    x, other : array, shape (replications,)
        [any]
    size : array or float, optional
        What a last bit is a part of; *other* if absent. [as x]

    Examples
    --------
    >>> settled(np.array([100.0, 100.1]), np.array([100.0 + 1e-9, 100.0])).tolist()
    [100.000000001, 100.1]
    """
    whole = other if size is None else size
    return np.where(np.abs(x - other) <= LAST_BITS * np.abs(whole), other, x)


def complete(frame: pl.DataFrame, keys: Sequence[str], replications: int) -> pl.DataFrame:
    """Add the rows of replications in which a key did not occur, with zeros.

    A chip that was never bought in one replication counts there as none, not as missing.

    Parameters
    ----------
    frame : DataFrame
        ``replication``, *keys* and numbers.
    keys : sequence of str
    replications : int
    """
    numbers = pl.DataFrame({"replication": range(replications)}, schema={"replication": pl.Int64})
    grid = frame.select(keys).unique(maintain_order=True).join(numbers, how="cross")
    values = [c for c in frame.columns if c not in (*keys, "replication")]
    return grid.join(frame, on=[*keys, "replication"], how="left").with_columns(
        pl.col(values).fill_null(0)
    )


def over_replications(
    frame: pl.DataFrame, keys: Sequence[str], values: Sequence[str], top: float = math.inf
) -> pl.DataFrame:
    """Estimate the mean amount of each value over replications, by key.

    Amounts are not negative, and no interval says so: it is cut at zero. Two to four replications
    are too few for an interval that shows anything: then what the lowest and the highest of them
    have stands beside it.

    Parameters
    ----------
    frame : DataFrame
        One row a key and replication; a null is a replication without that number.
    keys : sequence of str
        May be empty: then the whole frame is one group.
    values : sequence of str
    top : float
        What no value can exceed, as 100 % for a share; intervals are cut there too.

    Returns
    -------
    DataFrame
        *keys*, then for each value ``v``: ``v``, ``v_low``, ``v_high`` (95 %), and, of two to four
        replications, ``v_least``, ``v_most``; in order of first appearance.
    """
    rows = []
    few = 1 < frame["replication"].n_unique() < FEWEST
    ends = ("low", "high", "least", "most") if few else ("low", "high")
    groups = frame.group_by(keys, maintain_order=True) if keys else [((), frame)]
    for key, group in groups:
        numbers: list[float | None] = []
        for value in values:
            sample = group[value].drop_nulls()
            if len(sample):
                numbers += bounds(mean_interval(sample.to_numpy(), within=(0.0, top)))
                numbers += [float(sample.to_numpy().min()), float(sample.to_numpy().max())] * few
            else:
                numbers += [None] * (1 + len(ends))
        rows.append((*key, *numbers))
    schema = {key: frame.schema[key] for key in keys} | {
        name: pl.Float64() for v in values for name in (v, *(f"{v}_{end}" for end in ends))
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def span(sample: npt.ArrayLike) -> tuple[float | None, float | None]:
    """Return the lowest and the highest of two to four replications; else none.

    They are too few for an interval that shows anything.

    Examples
    --------
    >>> span([3.0, 1.0]), span([3.0]), span([3.0, 1.0, 2.0, 4.0, 5.0])
    ((1.0, 3.0), (None, None), (None, None))
    """
    values = np.asarray(sample, dtype=float)
    few = 1 < values.size < FEWEST
    return (float(values.min()), float(values.max())) if few else (None, None)


def bounds(estimate: Estimate) -> list[float | None]:
    """Return mean, low and high of an estimate, for a row of a table."""
    return [estimate.mean, estimate.low, estimate.high]


def of_row(row: Mapping[str, Any], value: str, n: int) -> Estimate:
    """Read back the estimate of *value*, with its ``_low`` and ``_high``, from a row."""
    return Estimate(row[value], row[f"{value}_low"], row[f"{value}_high"], n, 0.95)
