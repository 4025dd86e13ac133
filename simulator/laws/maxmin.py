"""Weighted max-min fair rates on shared links, by progressive filling.

All rates rise together in proportion to their weights; when a link fills, those that cross it stop
there and the others go on (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2). A link's
filling level only ever rises as others stop, so a heap finds the next one and each column is
settled once: the cost grows with the entries of the matrix and not with rounds times links.

Most links of a fabric decide nothing: no column outruns its own narrowest link, and a link that
could carry all its columns at that rate never fills; and of the parallel trunks of a multi-path
layer, all loaded alike, one speaks for all. Such links are left out first, which changes no rate.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from simulator.laws.maxmin_kernel import filled, own_limit

__all__ = ["max_min_rates"]


def max_min_rates(
    incidence: sp.csc_array,
    capacity_b_per_s: ArrayLike,
    weight: ArrayLike = 1.0,
    limit_b_per_s: ArrayLike = np.inf,
) -> NDArray[np.float64]:
    """Weighted max-min fair rate of each column over the links it crosses.

    No column's rate over weight can be raised without lowering that of one that is no better off.

    Parameters
    ----------
    incidence : scipy.sparse.csc_array, shape (links, columns)
        Traffic on each link per unit of a column's rate, >= 0. [1]
    capacity_b_per_s : array_like, shape (links,)
        Finite, >= 0; a dead link has none. [B/s]
    weight : array_like, shape (columns,) or ()
        Finite, > 0. [1]
    limit_b_per_s : array_like, shape (columns,) or ()
        Most a column can send whatever the links allow, >= 0. [B/s]

    Returns
    -------
    ndarray, shape (columns,)
        Rates [B/s]; a column that crosses no link has its limit.

    Raises
    ------
    ValueError
        If shapes differ, or a figure is not in its range.

    Examples
    --------
    Two columns share a link of 10; one of them also crosses a link of 2 (Bertsekas and Gallager):

    >>> crossing = sp.csc_array([[1.0, 1.0], [0.0, 1.0]])
    >>> max_min_rates(crossing, [10.0, 2.0]).tolist()
    [8.0, 2.0]
    >>> max_min_rates(crossing, [10.0, 9.0], weight=[3.0, 2.0]).tolist()
    [6.0, 4.0]
    """
    links, columns = incidence.shape
    capacity = np.ascontiguousarray(capacity_b_per_s, float)
    weights = np.array(np.broadcast_to(np.asarray(weight, float), columns))
    limits = np.array(np.broadcast_to(np.asarray(limit_b_per_s, float), columns))
    if capacity.shape != (links,):
        raise ValueError(f"capacity_b_per_s needs {links} figures, got shape {capacity.shape}")
    if not (np.isfinite(capacity).all() and (capacity >= 0).all()):
        raise ValueError(f"capacity_b_per_s must be finite and >= 0, got {capacity.min():g}")
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise ValueError(f"weight must be finite and > 0, got {weights.min():g}")
    if not (limits >= 0).all():
        raise ValueError(f"limit_b_per_s must be >= 0, got {limits.min():g}")
    if not (incidence.data >= 0).all():
        raise ValueError(f"incidence must be >= 0, got {incidence.data.min():g}")
    if not incidence.data.all():
        incidence = incidence.copy()
        incidence.eliminate_zeros()
    arrays = incidence.indptr, incidence.indices, incidence.data
    own = own_limit(*arrays, capacity, limits)
    rates: NDArray[np.float64] = filled(*arrays, capacity, weights, own)
    return rates
