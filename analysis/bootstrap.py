"""Intervals for statistics that have no formula: resample the replications."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

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
    """Any statistic of replications with its expanded percentile bootstrap interval.

    Plain percentiles are too narrow for few replications, as resampling knows only the
    spread about the sample's own mean: they cover 88 % of means of eight where 95 % is
    said. Expanded, the percentiles are those at which they would be Student's interval
    were the statistic a mean of normal numbers (Hesterberg, section 5.3).

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
    Hesterberg, The American Statistician 69(4), 2015. doi:10.1080/00031305.2015.1089789
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
    tail = _expanded((1 - level) / 2, n)
    low, high = np.quantile(again, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), n, level)


def _expanded(tail: float, n: int) -> float:
    """Return the share of resamples to leave out at either end."""
    return float(norm.cdf(np.sqrt(n / (n - 1)) * t.ppf(tail, n - 1)))
