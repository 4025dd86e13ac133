"""The rate a matrix product reaches by its shape, which a chip's peak does not tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["WORD_B", "matmul_s"]

Array = NDArray[np.float64]

#: Bytes of an activation or a weight while computing (16-bit formats). [B]
WORD_B = 2.0
#: Chip on which rows and width of half rate are stated. [FLOP/s]
_STATED_ON = 312e12


def matmul_s(
    rows: ArrayLike,
    inner: ArrayLike,
    outer: ArrayLike,
    *,
    peak_flops_per_s: ArrayLike,
    fraction: ArrayLike,
    memory_b_per_s: ArrayLike,
    half_rows: ArrayLike,
    half_width: ArrayLike,
    half_power: ArrayLike = 1.0 / 3.0,
) -> Array:
    """Time of a product of (rows x inner) with (inner x outer) [s].

    Parameters
    ----------
    rows, inner, outer : array_like
        Sizes [1]; nothing is done where *outer* is 0.
    peak_flops_per_s, fraction : array_like
        Peak [FLOP/s] and the share of it that large products reach [1].
    memory_b_per_s : array_like
        Memory bandwidth that streaming reaches [B/s].
    half_rows, half_width : array_like
        Rows and width at which half the rate is reached on a chip of 312 TFLOP/s [1].
    half_power : array_like
        Power of the peak both grow with [1]; no more than 1/3 counts.

    Returns
    -------
    ndarray
        Seconds: the longer of arithmetic and streaming its three matrices.

    Examples
    --------
    A product of thousand cubed at 1 TFLOP/s takes 2 ms; half of it is lost at half rows:

    >>> same = {"peak_flops_per_s": 1e12, "fraction": 1.0, "memory_b_per_s": 1e12}
    >>> round(1e3 * float(matmul_s(1e3, 1e3, 1e3, half_rows=0, half_width=0, **same)), 3)
    2.0
    >>> half = {"half_rows": 1e3, "half_width": 0.0, "half_power": 0.0}
    >>> round(1e3 * float(matmul_s(1e3, 1e3, 1e3, **half, **same)), 3)
    4.0
    """
    peak, r, i, o, half, fewest, reached, memory = (
        np.asarray(x, np.float64)
        for x in (
            peak_flops_per_s, rows, inner, outer, half_width, half_rows, fraction, memory_b_per_s,
        )
    )  # fmt: skip
    # Above a third, three padded dimensions would outgrow the rate: a faster chip were slower.
    faster = (peak / _STATED_ON) ** np.minimum(half_power, 1.0 / 3.0)
    half = half * faster
    # A dimension d reaches d / (d + half) of the rate: as if each were padded by half.
    padded = 2.0 * (r + fewest * faster) * (i + half) * (o + half)
    moved = WORD_B * (r * i + i * o + r * o)
    busy = np.maximum(padded / (peak * reached), moved / memory)
    return np.asarray(np.where(o > 0, busy, 0.0), np.float64)
