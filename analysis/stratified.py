"""Means put together from strata, each with its chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.uncertainty import Estimate
from simulator.laws.rare import strata_weights

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stratified:
    """A mean over strata.

    Attributes
    ----------
    estimate : Estimate
        The mean and its interval.
    gain : float
        How many times the replications a plain study would need to know it as surely;
        infinite where nothing varies inside the strata. [1]
    """

    estimate: Estimate
    gain: float


def stratified_mean(
    samples: Sequence[npt.ArrayLike], weights: npt.ArrayLike, level: float = 0.95
) -> Stratified:
    """Mean of what each stratum gives, weighted by its chance.

    Parameters
    ----------
    samples : sequence of array_like, shape (replications,)
        Outcomes inside each stratum, two or more. [any]
    weights : array_like, shape (strata,)
        Chance of each; sums to 1. [1]
    level : float
        Confidence, in (0, 1). [1]

    Raises
    ------
    ValueError
        If the weights do not sum to 1 or a sample is too small.

    References
    ----------
    Cochran, Sampling Techniques, 3rd ed. (1977), sections 5.3 to 5.4 (degrees of freedom
    by Satterthwaite).

    Examples
    --------
    >>> found = stratified_mean([[1.0, 1.0], [10.0, 12.0]], [0.9, 0.1])
    >>> round(found.estimate.mean, 6), found.estimate.n
    (2.0, 4)
    """
    w = np.asarray(weights, dtype=np.float64)
    x = [np.asarray(sample, dtype=np.float64) for sample in samples]
    if len(x) != w.size or not math.isclose(w.sum(), 1.0, abs_tol=1e-9):
        raise ValueError(f"weights must be {len(x)} that sum to 1, got {w.tolist()}")
    if any(sample.size < 2 for sample in x):
        raise ValueError("each stratum needs two replications or more")
    n = np.array([sample.size for sample in x])
    means = np.array([sample.mean() for sample in x])
    inside = np.array([sample.var(ddof=1) for sample in x])
    mean, parts = float(w @ means), w**2 * inside / n
    variance = float(parts.sum())
    if variance == 0:
        return Stratified(Estimate(mean, mean, mean, int(n.sum()), level), math.inf)
    freedom = variance**2 / float((parts**2 / (n - 1)).sum())
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * math.sqrt(variance)
    plain = float(w @ (inside + (means - mean) ** 2)) / n.sum()
    return Stratified(Estimate(mean, mean - half, mean + half, int(n.sum()), level),
                      plain / variance)  # fmt: skip


def best_tilt(samples: Sequence[npt.ArrayLike], weights: npt.ArrayLike, mean: float) -> float:
    """How many times the replications shocks drawn at a raised rate would be worth, at best. [1]

    Importance sampling of a Poisson number draws each stratum with the chance it has at the
    raised rate and weighs it by the likelihood ratio. Held against plain sampling at the
    rate as it is; the rate is sought over a grid.

    Parameters
    ----------
    samples : sequence of array_like, shape (replications,)
        Outcomes inside each stratum: none, one, ... and so many or more. [any]
    weights : array_like, shape (strata,)
        Chance of each as it is. [1]
    mean : float
        Expected number as it is, > 0. [1]
    """
    rows = [np.asarray(x, dtype=np.float64) for x in samples]
    w = np.asarray(weights, dtype=np.float64)
    square = np.array([x.var(ddof=1) + x.mean() ** 2 for x in rows])
    whole = float(w @ [x.mean() for x in rows])
    plain = float(w @ square) - whole**2
    tilted = []
    for rate in mean * np.geomspace(0.1, 50.0, 400):
        drawn = strata_weights(float(rate), len(w) - 1)
        tilted.append(float((w**2 / drawn) @ square) - whole**2)
    least = min(tilted)
    return plain / least if least > 0 else math.inf
