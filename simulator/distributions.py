"""Uncertain numbers, drawn by inverse transform.

One uniform number makes one draw, whatever the distribution, so that a changed
parameter, or even another distribution, leaves every other draw of the stream
where it was: scenarios share their luck.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist
from typing import Protocol, Self

_NORMAL = NormalDist()
#: The standard normal's quantile at 0.9.
_Z90 = _NORMAL.inv_cdf(0.9)


class Distribution(Protocol):
    """What can be drawn."""

    def quantile(self, u: float) -> float:
        """Return the value below which a share *u* of the draws lies, 0 < u < 1."""
        ...

    def mean(self) -> float:
        """Return the expected value."""
        ...


def _check(u: float) -> None:
    if not 0 < u < 1:
        raise ValueError(f"u must be inside (0, 1), got {u}")


@dataclass(frozen=True)
class Constant:
    """Always the same value.

    Examples
    --------
    >>> Constant(3.0).quantile(0.2)
    3.0
    """

    value: float
    """The value. [any unit]"""

    def quantile(self, u: float) -> float:
        """Return the value."""
        _check(u)
        return self.value

    def mean(self) -> float:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Exponential:
    """Time between events that come at a constant rate.

    Raises
    ------
    ValueError
        If the mean is not above zero and finite.
    """

    scale: float
    """Mean. [any unit]"""

    def __post_init__(self) -> None:
        if not 0 < self.scale < math.inf:
            raise ValueError(f"the mean must be > 0 and finite, got {self.scale}")

    def quantile(self, u: float) -> float:
        """Return ``-mean * ln(1 - u)``.

        Examples
        --------
        >>> round(Exponential(2.0).quantile(0.5), 4)  # 2 ln 2
        1.3863
        """
        _check(u)
        return -self.scale * math.log1p(-u)

    def mean(self) -> float:
        """Return the mean."""
        return self.scale


@dataclass(frozen=True)
class Lognormal:
    """A positive number whose logarithm is normal.

    Raises
    ------
    ValueError
        If the median is not above zero or sigma is negative.
    """

    median: float
    """Half of the draws lie below. [any unit]"""
    sigma: float
    """Standard deviation of the natural logarithm. [1]"""

    def __post_init__(self) -> None:
        if not 0 < self.median < math.inf:
            raise ValueError(f"the median must be > 0 and finite, got {self.median}")
        if not 0 <= self.sigma < math.inf:
            raise ValueError(f"sigma must be >= 0 and finite, got {self.sigma}")

    @classmethod
    def from_quantiles(cls, median: float, p90: float) -> Self:
        """Return the lognormal with this median and 90 % quantile.

        ``sigma = ln(p90 / median) / z`` with ``z = 1.2816``, the standard normal's 90 % quantile.

        Examples
        --------
        >>> lead_weeks = Lognormal.from_quantiles(30.0, 52.0)
        >>> round(lead_weeks.sigma, 4), round(lead_weeks.mean(), 2)
        (0.4292, 32.89)
        """
        if not 0 < median <= p90:
            raise ValueError(f"needs 0 < median <= p90, got {median} and {p90}")
        return cls(median, math.log(p90 / median) / _Z90)

    def quantile(self, u: float) -> float:
        """Return ``median * exp(sigma * z(u))``."""
        _check(u)
        return self.median * math.exp(self.sigma * _NORMAL.inv_cdf(u))

    def mean(self) -> float:
        """Return ``median * exp(sigma² / 2)``."""
        return self.median * math.exp(self.sigma**2 / 2)

    def chance_below(self, value: float) -> float:
        """Return the share of draws that lie below a value. [1]."""
        if value <= 0 or self.sigma == 0:
            return float(value > self.median)
        return _NORMAL.cdf(math.log(value / self.median) / self.sigma)


def quantile_of_sum(one: Lognormal, other: Lognormal, u: float, cells: int = 400) -> float:
    """Return the quantile of the sum of two independent numbers.

    ``P(X + Y < s)`` is the mean of ``P(X < s - y)`` over equally likely cells of ``Y``; solved
    by bisection.

    Examples
    --------
    A number that is certain only moves the other:

    >>> lead, wait = Lognormal.from_quantiles(30.0, 52.0), Lognormal(10.0, 0.0)
    >>> round(quantile_of_sum(lead, wait, 0.9), 6)
    62.0
    """
    _check(u)
    middles = [other.quantile((k + 0.5) / cells) for k in range(cells)]
    low, high = 0.0, one.quantile(1 - (1 - u) / 2) + other.quantile(1 - (1 - u) / 2)
    while high - low > 1e-9 * high:
        half = (low + high) / 2
        below = math.fsum(one.chance_below(half - middle) for middle in middles) / cells
        low, high = (low, half) if below >= u else (half, high)
    return high


@dataclass(frozen=True)
class Empirical:
    """One of some values, each with its weight.

    Raises
    ------
    ValueError
        If values and weights do not pair, or the weights are not >= 0 with a sum above zero.

    Examples
    --------
    >>> sizes = Empirical((8.0, 64.0, 512.0), (0.5, 0.3, 0.2))
    >>> [sizes.quantile(u) for u in (0.49, 0.51, 0.81)], round(sizes.mean(), 6)
    ([8.0, 64.0, 512.0], 125.6)
    """

    values: tuple[float, ...]
    """The values, in ascending order. [any unit]"""
    weights: tuple[float, ...]
    """How often each comes, relative to the others. [1]"""

    def __post_init__(self) -> None:
        if len(self.values) != len(self.weights) or not self.values:
            raise ValueError(f"{len(self.values)} values need as many weights, at least one")
        if list(self.values) != sorted(self.values):
            raise ValueError(f"the values must ascend, got {self.values}")
        if min(self.weights) < 0 or not 0 < sum(self.weights) < math.inf:
            raise ValueError(f"weights must be >= 0 with a sum > 0, got {self.weights}")

    def quantile(self, u: float) -> float:
        """Return the first value whose cumulative share exceeds *u*."""
        _check(u)
        edges = list(accumulate(self.weights))
        # Rounding may carry u * sum to the last edge; that is the last value that has weight.
        index = min(bisect_right(edges, u * edges[-1]), edges.index(edges[-1]))
        return self.values[index]

    def mean(self) -> float:
        """Return the weighted mean."""
        pairs = zip(self.values, self.weights, strict=True)
        return math.fsum(value * weight for value, weight in pairs) / math.fsum(self.weights)
