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
