"""Which pool a job tries first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def least_flexible_first(rates: ArrayLike, watts_per_chip: ArrayLike) -> Array:
    """Preference of each class for each pool: fewest takers first, then work per watt. [1].

    Chips that fewer classes can use go first, so that the flexible ones stay
    free for jobs that have no choice (the least-flexible-job rule of queues
    with compatibility constraints, Pinedo 2016, Scheduling, section 5.2, read
    from the servers' side).

    Parameters
    ----------
    rates : array_like, shape (classes, pools)
        Work per chip; 0 where a class cannot run. [rce/chip]
    watts_per_chip : array_like, shape (pools,)
        Power under load. [W/chip]

    Returns
    -------
    ndarray, shape (classes, pools)
        Above zero where the class can run; higher is tried first.

    Examples
    --------
    The second pool serves one class only, so that class tries it first:

    >>> p = least_flexible_first([[1.0, 2.0], [1.0, 0.0]], [1.0, 1.0])
    >>> bool(p[0, 1] > p[0, 0]), float(p[1, 1])
    (True, 0.0)
    """
    rate = np.asarray(rates, float)
    can = rate > 0
    per_watt = rate / np.asarray(watts_per_chip, float)
    takers = can.sum(axis=0)
    # In (0, 1), so that it only breaks ties between pools with equally many takers.
    tie_break = per_watt / (1.0 + per_watt.max(initial=0.0))
    return np.where(can, rate.shape[0] + 1 - takers + tie_break, 0.0)
