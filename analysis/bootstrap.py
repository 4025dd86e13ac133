"""Intervals for statistics that have no formula: resample the replications."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from analysis.uncertainty import Estimate

Array = npt.NDArray[np.float64]


def bootstrap_interval(
    x: npt.ArrayLike,
    statistic: Callable[[Array], float],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Any statistic of replications with its percentile bootstrap interval.

    Parameters
    ----------
    x : array_like, shape (replications, ...)
        Whole rows are resampled, so what a replication holds stays together.
    statistic : callable
        Of an array shaped like *x*; such as a CVaR or a capacity credit.
    level : float
        Confidence, in (0, 1). [1]
    resamples, seed : int
        How many, and from which seed.

    References
    ----------
    Efron, Annals of Statistics 7(1), 1979. doi:10.1214/aos/1176344552
    """
    rows = np.asarray(x, dtype=np.float64)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    n = len(rows)
    value = float(statistic(rows))
    if n < 2:
        return Estimate(value, -math.inf, math.inf, n, level)
    rng = np.random.default_rng(seed)
    again = [statistic(rows[rng.integers(0, n, n)]) for _ in range(resamples)]
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), n, level)
