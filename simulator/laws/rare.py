"""Rare shocks without waiting for them: strata by how many come, and tilted rates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from simulator.laws.arrays import Array, floats


def strata_weights(mean: float, most: int) -> Array:
    """Chance of none, one, ... and of *most* or more shocks. [1].

    With these, E[L] = Σ P(K = k) E[L | K = k] over the strata.

    Parameters
    ----------
    mean : float
        Expected number of shocks of a Poisson process, >= 0. [1]
    most : int
        The last stratum holds so many or more, >= 1.

    Returns
    -------
    ndarray, shape (most + 1,)
        Sums to 1.

    Examples
    --------
    Two shocks in a hundred years, over five years:

    >>> strata_weights(0.1, 2).round(6).tolist()
    [0.904837, 0.090484, 0.004679]
    """
    if mean < 0 or most < 1:
        raise ValueError(f"mean must be >= 0 and most >= 1, got {mean} and {most}")
    exact = stats.poisson.pmf(np.arange(most), mean)
    return floats([*exact, stats.poisson.sf(most - 1, mean)])


def shocks_given_at_least(mean: float, least: int, chance: float) -> int:
    """Number of shocks of a Poisson process, given that so many or more come.

    Parameters
    ----------
    mean : float
        Expected number, > 0. [1]
    least : int
        Known to have come, >= 0.
    chance : float
        Where in the conditional distribution, in [0, 1): a uniform draw. [1]

    Examples
    --------
    >>> [shocks_given_at_least(0.1, 1, u) for u in (0.0, 0.9, 0.99, 0.9999)]
    [1, 1, 2, 3]
    """
    # Chances relative to that of *least*: in the far tail a cumulative chance would be 1.
    last = least + int(10 * mean) + 60
    relative = np.cumprod([1.0, *(mean / np.arange(least + 1, last + 1))])
    reached = np.searchsorted(np.cumsum(relative), chance * relative.sum(), side="right")
    return least + int(min(reached, relative.size - 1))


def tilt_weights(counts: npt.ArrayLike, mean: float, tilted: float) -> Array:
    """Likelihood ratio of Poisson shocks drawn at another rate (importance sampling). [1].

    The mean of a loss times these, over replications drawn with *tilted*, is its mean
    under *mean*.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Shocks that came in each replication.
    mean, tilted : float
        Expected number as it is, and as it was drawn, > 0. [1]

    References
    ----------
    Asmussen and Glynn, Stochastic Simulation (2007), chapter V.

    Examples
    --------
    >>> tilt_weights([0, 1], 0.1, 1.0).round(4).tolist()
    [2.4596, 0.246]
    """
    if mean <= 0 or tilted <= 0:
        raise ValueError(f"means must be > 0, got {mean} and {tilted}")
    k = floats(counts)
    return np.asarray(np.exp(tilted - mean + k * np.log(mean / tilted)), dtype=np.float64)


def neyman_shares(weights: npt.ArrayLike, deviations: npt.ArrayLike) -> Array:
    """Parts of the replications each stratum should get, for least variance. [1].

    Parameters
    ----------
    weights : array_like, shape (strata,)
        Chance of each. [1]
    deviations : array_like, shape (strata,)
        Standard deviation inside each. [any]

    References
    ----------
    Neyman, Journal of the Royal Statistical Society 97(4), 1934. doi:10.2307/2342192

    Examples
    --------
    >>> neyman_shares([0.9, 0.1], [1.0, 9.0]).tolist()
    [0.5, 0.5]
    """
    size = floats(weights) * floats(deviations)
    total = size.sum()
    return size / total if total > 0 else np.full(size.shape, 1 / size.size)
