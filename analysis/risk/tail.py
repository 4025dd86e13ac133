"""The bad end of a distribution of losses: VaR, CVaR and the exceedance curve.

State horizon and level with each number. A level needs replications beyond it:
95 % rests on one replication in twenty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def value_at_risk(
    losses: npt.ArrayLike, level: float, weights: npt.ArrayLike | None = None
) -> float:
    """Least loss not exceeded with chance *level*, ``inf{x: P(L <= x) >= a}`` (VaR).

    Parameters
    ----------
    losses : array_like, shape (replications,)
        One total a replication; a gain is negative. [any, such as rce·day or USD]
    level : float
        In [0, 1). [1]
    weights : array_like, shape (replications,), optional
        Chance of each loss; equal by default, else > 0 in sum.

    Returns
    -------
    float
        One of the losses. [unit of losses]

    Raises
    ------
    ValueError
        If there is no loss, a weight is negative or *level* is out of bounds.

    Examples
    --------
    >>> value_at_risk([0, 0, 0, 0, 0, 10, 20, 30, 50, 100], 0.8)
    30.0
    """
    ordered, chances = _distribution(losses, level, weights)
    # A cumulative sum that should equal the level may miss it by its last bits.
    reached = np.cumsum(chances) >= level - 1e-12
    return float(ordered[int(np.argmax(reached))])


def conditional_value_at_risk(
    losses: npt.ArrayLike, level: float, weights: npt.ArrayLike | None = None
) -> float:
    """Mean of the worst ``1 - level`` of losses (CVaR, expected shortfall).

    ``x + E[(L - x)^+]/(1 - a)`` at x the VaR: where the tail begins inside an
    atom, only that part of the atom counts that lies in the tail.

    Parameters
    ----------
    losses, level, weights
        As for :func:`value_at_risk`.

    References
    ----------
    Rockafellar and Uryasev, Journal of Banking & Finance 26(7), 2002.
    doi:10.1016/S0378-4266(02)00271-6

    Examples
    --------
    >>> round(conditional_value_at_risk([0, 0, 0, 0, 0, 10, 20, 30, 50, 100], 0.85), 3)
    83.333
    """
    ordered, chances = _distribution(losses, level, weights)
    threshold = value_at_risk(losses, level, weights)
    beyond = float(chances @ np.maximum(ordered - threshold, 0.0))
    return threshold + beyond / (1 - level)


@dataclass(frozen=True)
class Exceedance:
    """Chance that a loss is exceeded.

    Attributes
    ----------
    loss : ndarray, shape (losses,)
        Distinct losses, ascending. [unit of losses]
    chance : ndarray, shape (losses,)
        ``P(L > loss)``; 0 at the last. [1]
    """

    loss: Array
    chance: Array


def exceedance(losses: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Exceedance:
    """Exceedance curve of losses, a right-continuous step function.

    Examples
    --------
    >>> curve = exceedance([0, 0, 5, 9])
    >>> curve.loss.tolist(), curve.chance.tolist()
    ([0.0, 5.0, 9.0], [0.5, 0.25, 0.0])
    """
    ordered, chances = _distribution(losses, 0.0, weights)
    distinct, at = np.unique(ordered, return_inverse=True)
    mass = np.bincount(at, weights=chances)
    # Summed from the tail, so that small chances keep their digits.
    above = np.cumsum(mass[::-1])[::-1] - mass
    return Exceedance(distinct, np.maximum(above, 0.0))


def _distribution(
    losses: npt.ArrayLike, level: float, weights: npt.ArrayLike | None
) -> tuple[Array, Array]:
    sample = np.asarray(losses, dtype=np.float64)
    if sample.ndim != 1 or not sample.size or not np.all(np.isfinite(sample)):
        raise ValueError(f"losses must be a row of >= 1 finite numbers, got {sample.tolist()}")
    if not 0 <= level < 1:
        raise ValueError(f"level must be in [0, 1), got {level}")
    mass = np.ones_like(sample) if weights is None else np.asarray(weights, dtype=np.float64)
    if mass.shape != sample.shape or np.any(mass < 0) or not mass.sum() > 0:
        raise ValueError(f"weights must be >= 0, one a loss, got {mass.tolist()}")
    kept = mass > 0
    sample, mass = sample[kept], mass[kept]
    order = np.argsort(sample, kind="stable")
    return sample[order], mass[order] / mass.sum()
