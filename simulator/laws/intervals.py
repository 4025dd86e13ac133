"""Time in bins: how much of each interval falls into each quarter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def time_in_bins(start_s: ArrayLike, end_s: ArrayLike, edges_s: ArrayLike) -> Array:
    """Length of each interval inside each bin. [s].

    Parameters
    ----------
    start_s, end_s : array_like, shape (n,)
        Intervals; ``inf`` is an end that did not come. [s]
    edges_s : array_like, shape (k + 1,)
        Bin edges. [s]

    Returns
    -------
    ndarray, shape (n, k)

    Examples
    --------
    >>> time_in_bins([5.0], [25.0], [0.0, 10.0, 20.0, 30.0]).tolist()
    [[5.0, 10.0, 5.0]]
    """
    start = np.asarray(start_s, float)[:, None]
    end = np.asarray(end_s, float)[:, None]
    edges = np.asarray(edges_s, float)
    return np.maximum(np.minimum(end, edges[1:]) - np.maximum(start, edges[:-1]), 0.0)


def parts_in_bins(
    start_s: ArrayLike, end_s: ArrayLike, edges_s: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Cut intervals at bin edges: the sparse form of `time_in_bins`.

    Parameters
    ----------
    start_s, end_s : array_like, shape (n,)
        Intervals. [s]
    edges_s : array_like, shape (k + 1,)
        Bin edges. [s]

    Returns
    -------
    row : ndarray of int
        Which interval a part comes from.
    bin : ndarray of int
        Which bin it lies in.
    length_s : ndarray
        How long it is, above zero. [s]

    Examples
    --------
    >>> row, bin, length = parts_in_bins([5.0, 0.0], [25.0, 1.0], [0.0, 10.0, 20.0, 30.0])
    >>> sorted(zip(row.tolist(), bin.tolist(), length.tolist()))
    [(0, 0, 5.0), (0, 1, 10.0), (0, 2, 5.0), (1, 0, 1.0)]
    """
    edges = np.asarray(edges_s, float)
    start = np.maximum(np.asarray(start_s, float), edges[0])
    end = np.minimum(np.asarray(end_s, float), edges[-1])
    row = np.flatnonzero(end > start)
    at = np.searchsorted(edges, start[row], side="right") - 1
    rows, bins, lengths = [], [], []
    # Most intervals end in the bin they begin in, so few rounds touch many rows.
    while row.size:
        length = np.minimum(end[row], edges[at + 1]) - np.maximum(start[row], edges[at])
        rows.append(row)
        bins.append(at)
        lengths.append(length)
        on = end[row] > edges[at + 1]
        row, at = row[on], at[on] + 1
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(rows), np.concatenate(bins), np.concatenate(lengths)


def step_integral(t_s: ArrayLike, value: ArrayLike, edges_s: ArrayLike) -> Array:
    """Integral of a right-continuous step function over each bin.

    Parameters
    ----------
    t_s : array_like, shape (n,)
        Non-decreasing times of change. [s]
    value : array_like, shape (n,)
        Value from each of them on; zero before the first.
    edges_s : array_like, shape (k + 1,)
        Bin edges. [s]

    Examples
    --------
    >>> step_integral([0.0, 15.0], [2.0, 4.0], [0.0, 10.0, 20.0]).tolist()
    [20.0, 30.0]
    """
    t = np.asarray(t_s, float)
    if t.size == 0:
        return np.zeros(len(np.asarray(edges_s)) - 1)
    end = np.append(t[1:], np.inf)
    return np.asarray(value, float) @ time_in_bins(t, end, edges_s)
