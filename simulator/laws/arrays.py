"""Arrays of floats: the one type laws compute in, and the checks they share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def floats(values: npt.ArrayLike) -> Array:
    """Return *values* as an array of floats, without a copy where it is one already.

    Examples
    --------
    >>> floats([1, 2]).tolist()
    [1.0, 2.0]
    """
    return np.asarray(values, dtype=np.float64)


def _check(good: bool, name: str, values: npt.ArrayLike, bound: str) -> None:
    if not good:
        raise ValueError(f"{name} must be {bound}, got {floats(values).tolist()}")


def require_positive(**named: npt.ArrayLike) -> None:
    """Raise ValueError, naming value and bound, unless all are > 0; NaN is not.

    Examples
    --------
    >>> require_positive(mtbf_s=0)
    Traceback (most recent call last):
        ...
    ValueError: mtbf_s must be > 0, got 0.0
    """
    for name, values in named.items():
        _check(bool(np.all(floats(values) > 0)), name, values, "> 0")


def require_not_negative(**named: npt.ArrayLike) -> None:
    """Raise ValueError, naming value and bound, unless all are >= 0; NaN is not."""
    for name, values in named.items():
        _check(bool(np.all(floats(values) >= 0)), name, values, ">= 0")


def require_probability(**named: npt.ArrayLike) -> None:
    """Raise ValueError, naming value and bound, unless all lie in [0, 1]; NaN does not."""
    for name, values in named.items():
        x = floats(values)
        _check(bool(np.all((x >= 0) & (x <= 1))), name, values, "in [0, 1]")
