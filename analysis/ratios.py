"""Ratios of two means over the same replications: how much of one thing by a unit of another."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.uncertainty import Estimate, mean_interval

Array = npt.NDArray[np.float64]


def ratio_of_means(top: npt.ArrayLike, bottom: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Mean of *top* over mean of *bottom*, with Fieller's interval.

    The interval holds every ratio r at which ``top - r bottom`` is not told from zero by
    Student's t over the pairs. Where *bottom* is the same in every replication it is
    Student's interval of the mean of *top*, divided; so it has the sign of that mean where
    that has one, which a bootstrap of few replications may lose. Where the mean of *bottom*
    itself is not told from zero, nothing bounds the ratio.

    Parameters
    ----------
    top, bottom : array_like, shape (replications,)
        Pairs; *bottom* with a mean that is not zero. [any]
    level : float
        Confidence, in (0, 1). [1]

    Raises
    ------
    ValueError
        If the samples do not pair, or the mean of *bottom* is zero.

    References
    ----------
    Fieller, Journal of the Royal Statistical Society B 16(2), 1954, pages 175-185.

    Examples
    --------
    >>> e = ratio_of_means([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    >>> e.mean, round(e.half_width, 4)  # that of the mean of 1, 2 and 3, halved
    (1.0, 1.2421)
    """
    a, b = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise ValueError(f"samples must pair, got shapes {a.shape} and {b.shape}")
    n, below = a.size, float(b.mean())
    if below == 0:
        raise ValueError("the mean below the line is zero")
    if b.min() == b.max():
        e = mean_interval(a / b, level)
        return Estimate(e.mean, e.low, e.high, n, level)
    ratio = float(a.mean()) / below
    if n < 2:
        return Estimate(ratio, -math.inf, math.inf, n, level)
    (s_aa, s_ab), (_, s_bb) = np.cov(a, b)
    k = float(stats.t.ppf((1 + level) / 2, n - 1)) ** 2 / n
    # The roots of (mean a - r mean b)^2 = k var(a - r b).
    square, half, rest = below**2 - k * s_bb, a.mean() * below - k * s_ab, a.mean() ** 2 - k * s_aa
    if square <= 0:
        return Estimate(ratio, -math.inf, math.inf, n, level)
    reach = math.sqrt(max(half**2 - square * rest, 0.0))
    low, high = float(half - reach) / square, float(half + reach) / square
    # Without spread about the ratio the roots are one, but for their last bits.
    return Estimate(ratio, min(low, ratio), max(high, ratio), n, level)


def ratio_apart(
    one: tuple[Array, Array], other: tuple[Array, Array], level: float = 0.95
) -> Estimate:
    """One ratio of means less another over the same replications, by their linear parts.

    Each ratio moves with ``(top - r bottom) / mean(bottom)``; the interval is Student's of
    the difference of those over the pairs. It is exact where what is below is certain.

    Parameters
    ----------
    one, other : (array, array), each shape (replications,)
        Above and below the line. [any]
    level : float
        Confidence, in (0, 1). [1]
    """
    parts, means = [], []
    for top, bottom in (one, other):
        ratio = float(top.mean() / bottom.mean())
        parts.append((top - ratio * bottom) / bottom.mean())
        means.append(ratio)
    spread = mean_interval(parts[0] - parts[1], level)
    apart = means[0] - means[1]
    half = spread.half_width
    return Estimate(apart, apart - half, apart + half, len(parts[0]), level)
