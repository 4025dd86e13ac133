"""Fit positive physical constants to measurements that are many, uneven and partly wrong.

Each constant has a prior value and a spread (standard deviation of its logarithm), from a data
sheet, a benchmark or judgement. The fit minimises squared log errors, softened so that a row whose
description is wrong pulls no more than its share, plus the distance from the priors. A constant the
data say nothing about stays where its prior is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

__all__ = ["Fit", "Prior", "fit_constants", "group_weights"]

Array = NDArray[np.float64]
Predict = Callable[[Mapping[str, float]], Array]


@dataclass(frozen=True)
class Prior:
    """What is believed of a constant before the data: its value and the spread of its log [1]."""

    value: float
    spread: float


@dataclass(frozen=True)
class Fit:
    """Fitted constants, and the spread of the logarithm of each that the data leave [1]."""

    values: Mapping[str, float]
    spreads: Mapping[str, float]


def group_weights(groups: ArrayLike, full: float = 6.0) -> Array:
    """Weights that keep a large sweep of one thing from drowning the rest [1].

    A group of more than *full* rows counts as the square root of its size does.

    Examples
    --------
    >>> group_weights(["a"] * 24 + ["b"], full=6.0)[[0, 24]].tolist()
    [0.7071067811865476, 1.0]
    """
    _, index, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.asarray(np.minimum(1.0, (full / counts[index]) ** 0.25), dtype=np.float64)


def fit_constants(
    predict: Predict,
    measured: ArrayLike,
    priors: Mapping[str, Prior],
    *,
    noise: ArrayLike,
    weights: ArrayLike = 1.0,
    start: Mapping[str, float] | None = None,
    evaluations: int = 20,
) -> Fit:
    """Constants that explain the measurements best without leaving their priors needlessly.

    Parameters
    ----------
    predict : callable
        Maps constants by name to predictions, positive, shape of *measured*.
    measured : array_like
        Measurements, positive.
    priors : mapping
        Prior of each constant.
    noise : array_like
        Spread of the logarithm of each row about a right law [1]; larger errors count ever less.
    weights : array_like
        Weight of each row's residual [1].
    start : mapping, optional
        Where to begin; the priors if not given.
    evaluations : int
        At most so many Jacobians.

    Raises
    ------
    ValueError
        If a measurement, a prior or the noise is not positive.

    Examples
    --------
    >>> x = np.arange(1.0, 20.0)
    >>> fit = fit_constants(lambda c: c["a"] * x, 3.0 * x, {"a": Prior(2.0, 1.0)}, noise=0.01)
    >>> round(fit.values["a"], 3)
    3.0
    """
    truth = np.asarray(measured, dtype=np.float64)
    if np.any(~(truth > 0)):
        raise ValueError(f"measured is {truth.min()!r}, must be > 0")
    for name, prior in priors.items():
        if not (prior.value > 0 and prior.spread > 0):
            raise ValueError(f"prior of {name} is {prior}, must be > 0 in value and spread")
    scatter = np.asarray(noise, dtype=np.float64)
    if np.any(~(scatter > 0)):
        raise ValueError(f"noise is {noise!r}, must be > 0")
    names = list(priors)
    centre = np.log([priors[name].value for name in names])
    spread = np.array([priors[name].spread for name in names])
    log_truth = np.log(truth)
    weight = np.asarray(weights, dtype=np.float64)

    def constants(z: Array) -> dict[str, float]:
        return dict(zip(names, np.exp(centre + spread * z).tolist(), strict=True))

    def residuals(z: Array) -> Array:
        error = weight * (np.log(predict(constants(z))) - log_truth) / scatter
        return np.concatenate([error, z])

    begin = np.zeros(len(names))
    if start is not None:
        begin = (np.log([start[name] for name in names]) - centre) / spread
    found = least_squares(
        residuals,
        begin,
        loss="soft_l1",
        max_nfev=evaluations,
        diff_step=np.full(len(names), 1e-4),
        method="trf",
    )
    jacobian = np.asarray(found.jac, dtype=np.float64)
    information = jacobian.T @ jacobian + 1e-9 * np.eye(len(names))
    # The softened pull of a prior counts for less far out; data never widen what was believed.
    left = np.minimum(np.sqrt(np.diag(np.linalg.inv(information))), 1.0) * spread
    return Fit(constants(found.x), dict(zip(names, left.tolist(), strict=True)))
