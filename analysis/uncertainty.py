"""How sure the replications make us: intervals on means, differences, quantiles, shares.

Scenarios share their luck (common random numbers), so two of them are compared
replication by replication, never by whether their own intervals overlap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]

#: Levels of a fan chart: an outer band, an inner band and the median.
FAN_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Estimate:
    """A number, the interval it is known within, and what that rests on.

    Attributes
    ----------
    mean : float
        The estimate, in the unit of the sample; for a quantile, the sample's own quantile.
    low, high : float
        Two-sided confidence interval; infinite where the sample cannot bound it.
    n : int
        Replications it rests on.
    level : float
        Confidence of the interval, in (0, 1).
    """

    mean: float
    low: float
    high: float
    n: int
    level: float

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    def distinguishable(self, reference: float = 0.0) -> bool:
        """Tell whether the interval excludes *reference*.

        An interval of zero width excludes everything but its own value.
        """
        return not self.low <= reference <= self.high

    @property
    def note(self) -> str:
        """What a reader must know beside the interval; empty for an ordinary one."""
        if self.n < 2:
            return "one replication: no interval"
        if math.isinf(self.half_width):
            return f"{self.n} replications cannot bound it"
        return "no variation" if self.low == self.high else ""


@dataclass(frozen=True)
class PairedDifference(Estimate):
    """Mean of ``x - y`` over replications that share their luck.

    Attributes
    ----------
    correlation : float
        Of x with y; NaN where either does not vary. [1]
    variance_reduction : float
        ``(var x + var y) / var (x - y)``: how many times the replications
        independent runs would need; NaN where neither varies. [1]
    share_positive, share_negative : float
        Parts of the replications where x is above and below y; the rest are ties. [1]
    """

    correlation: float
    variance_reduction: float
    share_positive: float
    share_negative: float


def _sample(x: npt.ArrayLike) -> Array:
    sample = np.asarray(x, dtype=np.float64)
    if sample.ndim != 1 or sample.size == 0:
        raise ValueError(f"a sample must be a row of >= 1 replications, got shape {sample.shape}")
    if not np.all(np.isfinite(sample)):
        raise ValueError(f"a sample must be finite, got {sample.tolist()}")
    return sample


def _require_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")


def _moments(sample: Array) -> tuple[float, float]:
    # Summing equal numbers leaves a last bit that is no variation.
    if sample.min() == sample.max():
        return float(sample[0]), 0.0
    return float(sample.mean()), float(sample.var(ddof=1))


def mean_interval(
    x: npt.ArrayLike,
    level: float = 0.95,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """Mean of replications and its Student-t interval.

    A sample without variation gives an exact interval of zero width; one
    replication gives an infinite one.

    Parameters
    ----------
    x : array_like, shape (replications,)
        One number a replication, finite. [any]
    level : float
        Confidence, in (0, 1). [1]
    within : (float, float)
        What the mean can be at all: no wait is negative, no share above 100 %. Cutting the
        interval there takes nothing from its coverage. [as x]

    Examples
    --------
    >>> e = mean_interval([1.0, 2.0, 3.0])
    >>> e.mean, round(e.half_width, 4)
    (2.0, 2.4841)
    >>> mean_interval([1.0, 2.0, 3.0], within=(0.0, math.inf)).low
    0.0
    """
    sample = _sample(x)
    _require_level(level)
    n = sample.size
    mean, variance = _moments(sample)
    if n == 1:
        return Estimate(mean, -math.inf, math.inf, n, level)
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * math.sqrt(variance / n)
    low, high = max(mean - half, within[0]), min(mean + half, within[1])
    return Estimate(mean, low, high, n, level)


def paired_difference(x: npt.ArrayLike, y: npt.ArrayLike, level: float = 0.95) -> PairedDifference:
    """Mean of ``x - y``, replication by replication, and its interval.

    Parameters
    ----------
    x, y : array_like, shape (replications,)
        The same replications of two scenarios, in the same order. [any]
    level : float
        Confidence, in (0, 1). [1]

    Raises
    ------
    ValueError
        If the samples are not of one length.

    Examples
    --------
    >>> d = paired_difference([5.0, 7.0, 6.0], [4.0, 6.0, 5.0])
    >>> d.mean, d.half_width, d.distinguishable()
    (1.0, 0.0, True)
    """
    a, b = _sample(x), _sample(y)
    if a.size != b.size:
        raise ValueError(f"samples must pair, got {a.size} and {b.size} replications")
    d = a - b
    e = mean_interval(d, level)
    correlation = reduction = math.nan
    if e.n > 1:
        apart = _moments(a)[1] + _moments(b)[1]
        together = _moments(d)[1]
        if apart > 0:
            reduction = apart / together if together > 0 else math.inf
        if min(_moments(a)[1], _moments(b)[1]) > 0:
            correlation = float(np.corrcoef(a, b)[0, 1])
    return PairedDifference(
        e.mean, e.low, e.high, e.n, level,
        correlation, reduction, float(np.mean(d > 0)), float(np.mean(d < 0)),
    )  # fmt: skip


def unpaired_difference(x: npt.ArrayLike, y: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Difference of means of two independent samples, with Welch's interval.

    For samples that share nothing, such as a run and a measurement; ``n`` is
    the smaller sample.

    References
    ----------
    Welch, Biometrika 34, 1947. doi:10.1093/biomet/34.1-2.28
    """
    a, b = _sample(x), _sample(y)
    _require_level(level)
    (mean_a, var_a), (mean_b, var_b) = (_moments(s) if s.size > 1 else (s[0], 0.0) for s in (a, b))
    n = min(a.size, b.size)
    mean = float(mean_a - mean_b)
    if n == 1:
        return Estimate(mean, -math.inf, math.inf, n, level)
    parts = (var_a / a.size, var_b / b.size)
    if sum(parts) == 0:
        return Estimate(mean, mean, mean, n, level)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (a.size - 1) + parts[1] ** 2 / (b.size - 1))
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * math.sqrt(sum(parts))
    return Estimate(mean, mean - half, mean + half, n, level)


def quantile_ranks(n: int, p: float, level: float = 0.95) -> tuple[int, int]:
    """Ranks of the order statistics that enclose the p-quantile, whatever the distribution.

    Returns
    -------
    low, high : int
        Counted from 1; 0 means no lower bound, ``n + 1`` no upper one.

    References
    ----------
    David and Nagaraja, Order Statistics, 3rd ed. (2003), section 7.1.

    Examples
    --------
    >>> quantile_ranks(100, 0.9)
    (84, 96)
    """
    _require_level(level)
    if not 0 < p < 1:
        raise ValueError(f"p must be in (0, 1), got {p}")
    below = stats.binom(n, p)
    return int(below.ppf((1 - level) / 2)), int(below.ppf((1 + level) / 2)) + 1


def quantile_interval(x: npt.ArrayLike, p: float, level: float = 0.95) -> Estimate:
    """Quantile of replications with a distribution-free interval.

    Examples
    --------
    >>> e = quantile_interval(range(1, 101), 0.9)
    >>> e.low, e.high
    (84.0, 96.0)
    """
    ordered = np.sort(_sample(x))
    low, high = quantile_ranks(ordered.size, p, level)
    bounded = np.concatenate(([-np.inf], ordered, [np.inf]))
    value = float(np.quantile(ordered, p))
    return Estimate(value, float(bounded[low]), float(bounded[high]), ordered.size, level)


def proportion_interval(hits: int, n: int, level: float = 0.95) -> Estimate:
    """Share of replications in which something happened, with Wilson's interval. [1]

    References
    ----------
    Wilson, Journal of the American Statistical Association 22, 1927. doi:10.2307/2276774

    Examples
    --------
    >>> e = proportion_interval(5, 100)
    >>> round(e.low, 5), round(e.high, 5)
    (0.02154, 0.11175)
    """
    _require_level(level)
    if not (n >= 1 and 0 <= hits <= n):
        raise ValueError(f"hits must be in 0..n with n >= 1, got {hits} of {n}")
    bounds = stats.binomtest(hits, n).proportion_ci(level, method="wilson")
    return Estimate(hits / n, float(bounds.low), float(bounds.high), n, level)


def never_seen_bound(n: int, level: float = 0.95) -> float:
    """Upper bound on the chance of what *n* replications never showed. [1]

    Examples
    --------
    >>> round(never_seen_bound(300), 5)
    0.00994
    """
    _require_level(level)
    if n < 1:
        raise ValueError(f"n must be >= 1, got {n}")
    return -math.expm1(math.log1p(-level) / n)


def quantile_bands(y: npt.ArrayLike, levels: tuple[float, ...] = FAN_LEVELS) -> Array:
    """Quantiles over replications at each time: the bands of a fan chart.

    Parameters
    ----------
    y : array_like, shape (replications, times)
        One sample path a row. [any]
    levels : tuple of float
        Quantiles to take, in [0, 1]. [1]

    Returns
    -------
    ndarray, shape (levels, times)

    Examples
    --------
    >>> quantile_bands([[0.0, 10.0], [4.0, 30.0]], (0.0, 0.5, 1.0)).tolist()
    [[0.0, 10.0], [2.0, 20.0], [4.0, 30.0]]
    """
    paths = np.asarray(y, dtype=np.float64)
    if paths.ndim != 2 or not len(paths):
        raise ValueError(f"y must be replications by times, got shape {paths.shape}")
    return np.quantile(paths, levels, axis=0)


Verdict = Literal["better", "worse", "no difference shown", "identical"]


def verdict(difference: Estimate, *, lower_is_better: bool) -> Verdict:
    """Say in words what a difference from the baseline shows.

    Parameters
    ----------
    difference : Estimate
        Case minus baseline.
    lower_is_better : bool
        True for losses and costs, False for work and capacity.

    Examples
    --------
    >>> verdict(Estimate(-2.0, -3.0, -1.0, 20, 0.95), lower_is_better=True)
    'better'
    """
    if difference.low == difference.high == 0:
        return "identical"
    if not difference.distinguishable():
        return "no difference shown"
    return "better" if (difference.mean < 0) == lower_is_better else "worse"
