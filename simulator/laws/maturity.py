"""Software grows up with a chip: what it loses when it first ships, and how that loss fades."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["settled_share", "years_to_reach"]

Array = NDArray[np.float64]


def settled_share(age_s: ArrayLike, first_loss: ArrayLike, settling_s: ArrayLike) -> Array:
    """Share of the final efficiency software reaches, a time after the first port [1].

    ``1 - first_loss exp(-age / settling)``; before the port the loss is the first one.

    Parameters
    ----------
    age_s : array_like
        Time since the first port [s].
    first_loss : array_like
        Share of the final efficiency missing at the port [1], in [0, 1).
    settling_s : array_like
        Time in which the loss falls to 1/e [s], > 0.

    Raises
    ------
    ValueError
        If a loss or a settling time is out of range.

    Examples
    --------
    >>> settled_share([0.0, 1e9], 0.25, 3e7).round(4).tolist()
    [0.75, 1.0]
    """
    age = np.maximum(np.asarray(age_s, dtype=np.float64), 0.0)
    loss = np.asarray(first_loss, dtype=np.float64)
    settling = np.asarray(settling_s, dtype=np.float64)
    if np.any(~((loss >= 0) & (loss < 1))):
        raise ValueError(f"first_loss must be in [0, 1), got {loss.tolist()}")
    if np.any(~(settling > 0)):
        raise ValueError(f"settling_s must be > 0, got {settling.tolist()}")
    return np.asarray(1.0 - loss * np.exp(-age / settling), dtype=np.float64)


def years_to_reach(share: ArrayLike, first_loss: ArrayLike, settling_years: ArrayLike) -> Array:
    """Years after the first port at which software reaches a share of its final efficiency [a].

    Examples
    --------
    >>> round(float(years_to_reach(0.9, 0.2, 1.0)), 3)
    0.693
    """
    missing = 1.0 - np.asarray(share, dtype=np.float64)
    if np.any(~((missing > 0) & (missing <= 1))):
        raise ValueError("share must be in [0, 1)")
    loss = np.asarray(first_loss, dtype=np.float64)
    with np.errstate(divide="ignore"):
        years = np.asarray(settling_years) * np.log(loss / missing)
    return np.asarray(np.maximum(years, 0.0))
