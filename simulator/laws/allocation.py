"""How a supplier that is short shares out what it has.

Whatever the rule: no more is given than there is, nobody gets more than
asked, and nothing is held back while someone still asks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative

#: A rule of sharing out: supply and requests in, grants out.
Rule = Callable[[float, npt.ArrayLike], Array]


def pro_rata(supply: float, requests: npt.ArrayLike) -> Array:
    """Give everyone the same part of what they asked.

    Parameters
    ----------
    supply : float
        What there is, >= 0. [units]
    requests : array_like, shape (customers,)
        What each asks, >= 0. [units]

    Returns
    -------
    ndarray, shape (customers,)
        What each gets. [units]

    Examples
    --------
    >>> pro_rata(60, [80, 40]).tolist()
    [40.0, 20.0]
    """
    require_not_negative(supply=supply, requests=requests)
    asked = floats(requests)
    total = float(asked.sum())
    return asked.copy() if total <= supply else asked * (supply / total)


def priority(supply: float, requests: npt.ArrayLike, ranks: npt.ArrayLike) -> Array:
    """Serve the lowest rank first; equals share pro rata.

    Parameters
    ----------
    supply, requests
        As for :func:`pro_rata`.
    ranks : array_like of int, shape (customers,)
        Place of each in the order; equal places are allowed.

    Examples
    --------
    >>> priority(60, [80, 40], [2, 1]).tolist()
    [20.0, 40.0]
    """
    asked, order = floats(requests), np.asarray(ranks)
    if asked.shape != order.shape:
        raise ValueError(f"ranks must match requests {asked.shape}, got shape {order.shape}")
    granted = np.zeros_like(asked)
    left = supply
    for rank in np.unique(order):
        here = order == rank
        granted[here] = pro_rata(left, asked[here])
        left = max(0.0, left - float(granted[here].sum()))
    return granted


def contract(supply: float, requests: npt.ArrayLike, floors: npt.ArrayLike) -> Array:
    """Serve guaranteed amounts first, then share the rest pro rata to what is still asked.

    Where the supply does not cover the guarantees, they are cut pro rata.

    Parameters
    ----------
    supply, requests
        As for :func:`pro_rata`.
    floors : array_like, shape (customers,)
        Amount guaranteed to each, >= 0; only what is asked of it counts. [units]

    Examples
    --------
    >>> contract(60, [80, 40], [0, 30]).tolist()
    [26.666666666666664, 33.333333333333336]
    """
    require_not_negative(floors=floors)
    asked = floats(requests)
    guaranteed = np.minimum(asked, floats(floors))
    first = pro_rata(supply, guaranteed)
    left = max(0.0, supply - float(first.sum()))
    return first + pro_rata(left, asked - first) if left > 0 else first
