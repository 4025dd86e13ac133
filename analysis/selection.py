"""How many replications are enough, and which of several scenarios is best."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.uncertainty import mean_interval

Array = npt.NDArray[np.float64]


def precise_enough(x: npt.ArrayLike, relative: float, level: float = 0.95) -> bool:
    """Tell whether a mean's half-width is at most *relative* of its size.

    The rule of a sequential study: replicate until it holds.

    Parameters
    ----------
    x : array_like, shape (replications,)
        One number a replication. [any]
    relative : float
        Half-width asked for, as a part of the mean. [1]
    level : float
        Confidence, in (0, 1). [1]
    """
    e = mean_interval(x, level)
    return e.half_width <= relative * abs(e.mean)


def replications_used(
    x: npt.ArrayLike, relative: float, level: float = 0.95, first: int = 10
) -> int | None:
    """Replications after which the sequential rule would have stopped; None if not yet.

    Parameters
    ----------
    x : array_like, shape (replications,)
        In the order they were made. [any]
    relative, level : float
        As for :func:`precise_enough`.
    first : int
        Replications made before the rule is first asked, >= 2.

    References
    ----------
    Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.1.
    """
    if first < 2:
        raise ValueError(f"first must be >= 2, got {first}")
    sample = np.asarray(x, dtype=np.float64)
    looks = range(first, sample.size + 1)
    return next((n for n in looks if precise_enough(sample[:n], relative, level)), None)


def replications_for_quantile(p: float, confidence: float = 0.95) -> int:
    """Fewest replications whose largest bounds the p-quantile from above.

    Examples
    --------
    >>> replications_for_quantile(0.95), replications_for_quantile(0.99)
    (59, 299)
    """
    for name, value in (("p", p), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be in (0, 1), got {value}")
    return math.ceil(math.log1p(-confidence) / math.log(p))


def replications_for_rare(chance: float, relative: float, level: float = 0.95) -> int:
    """Replications of plain Monte Carlo that pin a rare event's chance.

    Parameters
    ----------
    chance : float
        Chance of the event in one replication, in (0, 1). [1]
    relative : float
        Half-width asked for, as a part of the chance. [1]

    Examples
    --------
    Two shocks in a hundred years, over five years, to a fifth:

    >>> replications_for_rare(1 - math.exp(-0.02 * 5), 0.20)
    914
    """
    if not 0 < chance < 1:
        raise ValueError(f"chance must be in (0, 1), got {chance}")
    z = float(stats.norm.ppf((1 + level) / 2))
    return math.ceil(z**2 * (1 - chance) / (chance * relative**2))


def kim_nelson_constants(systems: int, first: int, alpha: float = 0.05) -> tuple[float, float]:
    """Constants eta and h² of Kim and Nelson's procedure.

    Parameters
    ----------
    systems : int
        Scenarios compared, >= 2.
    first : int
        Replications of the first stage, >= 2.
    alpha : float
        Chance allowed of a wrong choice, in (0, 1 - 1/systems). [1]

    References
    ----------
    Kim and Nelson, ACM TOMACS 11(3), 2001. doi:10.1145/502109.502111

    Examples
    --------
    >>> eta, h2 = kim_nelson_constants(5, 10)
    >>> round(eta, 6), round(h2, 5)
    (0.634967, 11.42941)
    """
    if systems < 2 or first < 2:
        raise ValueError(f"systems and first must be >= 2, got {systems} and {first}")
    if not 0 < alpha < 1 - 1 / systems:
        raise ValueError(f"alpha must be in (0, {1 - 1 / systems:g}), got {alpha}")
    eta = 0.5 * ((2 * alpha / (systems - 1)) ** (-2 / (first - 1)) - 1)
    return eta, 2 * eta * (first - 1)


@dataclass(frozen=True)
class Selection:
    """Scenarios still in the race, and after how many replications.

    Attributes
    ----------
    survivors : tuple of int
        Indices not yet shown worse; one where the race is decided.
    replications : int
        Replications of each survivor that were looked at.
    """

    survivors: tuple[int, ...]
    replications: int

    @property
    def decided(self) -> bool:
        """Tell whether one is left."""
        return len(self.survivors) == 1


def select_best(
    samples: npt.ArrayLike,
    indifference: float,
    *,
    lower_is_better: bool,
    alpha: float = 0.05,
    first: int = 10,
) -> Selection:
    """Drop scenarios shown worse, replication by replication (Kim and Nelson 2001).

    Keeps the best with chance >= ``1 - alpha`` if it is better than the next by
    *indifference*. Works on differences, so common random numbers help.

    Parameters
    ----------
    samples : array_like, shape (scenarios, replications)
        The same replications of each scenario, in order. [any]
    indifference : float
        Smallest difference worth finding, > 0. [unit of samples]
    lower_is_better : bool
        True for losses and costs.
    alpha : float
        Chance allowed of dropping the best. [1]
    first : int
        Replications before anything is dropped, >= 2.

    References
    ----------
    Kim and Nelson, ACM TOMACS 11(3), 2001. doi:10.1145/502109.502111
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < first:
        raise ValueError(f"samples must be scenarios by >= {first} replications, got {x.shape}")
    if indifference <= 0:
        raise ValueError(f"indifference must be > 0, got {indifference}")
    if lower_is_better:
        x = -x
    _, h2 = kim_nelson_constants(len(x), first, alpha)
    pairs = x[:, None, :first] - x[None, :, :first]
    spread = h2 * pairs.var(axis=2, ddof=1) / indifference
    sums = np.cumsum(x, axis=1)
    alive = np.arange(len(x))
    r = first
    while True:
        slack = np.maximum(0.0, (spread[np.ix_(alive, alive)] - indifference * r) / 2)
        total = sums[alive, r - 1]
        alive = alive[np.all(total[:, None] >= total[None, :] - slack, axis=1)]
        if len(alive) == 1 or r == x.shape[1]:
            return Selection(tuple(int(i) for i in alive), r)
        r += 1


def win_shares(samples: npt.ArrayLike, *, lower_is_better: bool) -> Array:
    """Part of the replications in which each scenario is the best; ties share. [1]

    A scenario best in most sampled worlds is a choice one rarely regrets.

    Parameters
    ----------
    samples : array_like, shape (scenarios, replications)
        The same replications of each scenario, in order. [any]
    lower_is_better : bool
        True for losses and costs.

    Examples
    --------
    >>> win_shares([[1, 5, 2, 2], [3, 4, 2, 9]], lower_is_better=True).tolist()
    [0.625, 0.375]
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 2 or not x.size:
        raise ValueError(f"samples must be scenarios by replications, got shape {x.shape}")
    best = x == (x.min(axis=0) if lower_is_better else x.max(axis=0))
    return np.asarray((best / best.sum(axis=0)).mean(axis=1), dtype=np.float64)


def ocba_shares(means: npt.ArrayLike, deviations: npt.ArrayLike, *, lower_is_better: bool) -> Array:
    """Best split of further replications over scenarios (OCBA). [1]

    Parameters
    ----------
    means, deviations : array_like, shape (scenarios,)
        Of the replications so far; deviations > 0. [any]
    lower_is_better : bool
        True for losses and costs.

    Returns
    -------
    ndarray, shape (scenarios,)
        Parts that sum to 1.

    Raises
    ------
    ValueError
        If a deviation is not > 0, or the best is tied: no split separates equals.

    References
    ----------
    Chen, Lin, Yücesan and Chick, Discrete Event Dynamic Systems 10, 2000.
    doi:10.1023/A:1008349927281

    Examples
    --------
    >>> ocba_shares([1, 2, 3, 4, 5], [1] * 5, lower_is_better=True).round(4).tolist()
    [0.4218, 0.4061, 0.1015, 0.0451, 0.0254]
    """
    m, s = np.asarray(means, dtype=np.float64), np.asarray(deviations, dtype=np.float64)
    if not np.all(s > 0):
        raise ValueError(f"deviations must be > 0, got {s.tolist()}")
    best = int(np.argmin(m) if lower_is_better else np.argmax(m))
    gap = np.delete(np.abs(m - m[best]), best)
    if np.any(gap == 0):
        raise ValueError(f"the best of {m.tolist()} is tied: no split separates equals")
    rest = (np.delete(s, best) / gap) ** 2
    own = s[best] * math.sqrt(float(np.sum(rest**2 / np.delete(s, best) ** 2)))
    weights = np.insert(rest, best, own)
    return weights / weights.sum()
