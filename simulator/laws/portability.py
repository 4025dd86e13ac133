"""What software makes of a chip: nothing before the port, then a rise to maturity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]


def software_efficiency(
    age_s: ArrayLike, first: ArrayLike, mature: ArrayLike, settle_s: ArrayLike
) -> Array:
    """Efficiency of a family's software on a chip over the mature reference. [1].

    ``e = m - (m - e0) exp(-age / tau)`` from the day it first runs; zero before.

    Parameters
    ----------
    age_s : array_like
        Time since the port first ran correctly; negative before. [s]
    first, mature : array_like
        Efficiency on that day, and what it tends to. [1]
    settle_s : array_like
        Time constant. [s]

    Examples
    --------
    >>> software_efficiency([-1.0, 0.0, 1e9], 0.5, 0.9, 1e6).tolist()
    [0.0, 0.5, 0.9]
    """
    age = np.asarray(age_s, float)
    rise = np.asarray(mature) - (np.asarray(mature) - np.asarray(first)) * np.exp(
        -np.maximum(age, 0.0) / np.asarray(settle_s)
    )
    return np.where(age >= 0, rise, 0.0)
