"""Step time of a recommendation model: embedding lookups, their exchange, dense towers.

Tables are split over the chips: every chip looks up its tables for the whole batch, an all-to-all
hands each sample's vectors to the chip that owns it, the towers run data parallel, and the way back
does the same with gradients. The towers' matrices are narrow and a chip's part of the batch is
short, so the faster a chip, the less of its peak they reach. Beyond a host the exchange crosses
NICs; a fixed time a step issues the many small kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.matmul import WORD_B, matmul_s

__all__ = ["RecommendationModel", "RecommendationSoftware", "recommendation_step_s"]

Array = NDArray[np.float64]

#: Share of memory bandwidth streaming reaches [1].
_STREAMING = 0.85
#: Exponent of the approach of an exchange to full bandwidth [1].
_RAMP = 0.75


def _f(value: ArrayLike) -> Array:
    return np.asarray(value, dtype=np.float64)


@dataclass(frozen=True)
class RecommendationModel:
    """What a sample asks for.

    Attributes
    ----------
    lookup_b : array_like
        Embedding bytes read a sample, forward [B].
    vector_b : array_like
        Pooled embedding bytes exchanged a sample, one way [B].
    towers : sequence of (inner, outer, copies)
        Widths of the towers' matrices and how many there are of each [1].
    gradient_params : array_like
        Weights of the towers whose gradients' exchange does not hide [1].
    """

    lookup_b: ArrayLike
    vector_b: ArrayLike
    towers: Sequence[tuple[float, float, float]]
    gradient_params: ArrayLike

    @property
    def dense_params(self) -> float:
        """Weights of the towers [1]."""
        return float(sum(inner * outer * copies for inner, outer, copies in self.towers))

    @property
    def dense_flops(self) -> float:
        """FLOPs of the towers a sample, forward and backward [FLOP]."""
        return 6.0 * self.dense_params


@dataclass(frozen=True)
class RecommendationSoftware:
    """Constants of software; every field broadcasts.

    Attributes
    ----------
    lookup_fraction : array_like
        Share of memory bandwidth reached by random reads of short rows, passes over activations
        besides [1], in (0, 1].
    matmul_fraction : array_like
        Share of peak large matmuls reach [1], in (0, 1].
    half_rows, half_width : array_like
        Rows and width at which they reach half of it, as in `matmul_s` [1].
    up_fraction, out_fraction : array_like
        Share of line rate exchanges reach inside the domain and out of it [1], in (0, 1].
    half_b : array_like
        Message of a chip at which the exchange's time over bandwidth doubles [B].
    issue_s : array_like
        Fixed time of a step on one host [s].
    spread_s : array_like
        More of it for each doubling of hosts [s].
    """

    lookup_fraction: ArrayLike
    matmul_fraction: ArrayLike
    half_rows: ArrayLike
    half_width: ArrayLike
    up_fraction: ArrayLike
    out_fraction: ArrayLike
    half_b: ArrayLike
    issue_s: ArrayLike
    spread_s: ArrayLike


def recommendation_step_s(
    model: RecommendationModel,
    software: RecommendationSoftware,
    *,
    batch: ArrayLike,
    chips: ArrayLike,
    peak_flops_per_s: ArrayLike,
    memory_b_per_s: ArrayLike,
    up_b_per_s: ArrayLike,
    out_b_per_s: ArrayLike,
    domain: ArrayLike,
    training: bool = True,
) -> Array:
    """Time of a step over the global batch [s].

    Parameters
    ----------
    model, software
        See their classes.
    batch : array_like
        Samples a step over all chips [1].
    chips : array_like
        Chips in the gang [1], >= 1.
    peak_flops_per_s, memory_b_per_s, up_b_per_s, out_b_per_s, domain : array_like
        Of a chip: peak [FLOP/s], bandwidths [B/s], chips in a scale-up domain [1].
    training : bool
        Forward and backward, or only forward as in an evaluation.

    Returns
    -------
    ndarray
        Seconds. Training, lookups are read once and, updating, written and read again: three
        times; matrices are met three times, exchanges run both ways.

    References
    ----------
    .. [1] Mudigere et al., ISCA 2022, :doi:`10.1145/3470496.3533727` (the decomposition).

    Examples
    --------
    >>> step = recommendation_step_s(
    ...     RecommendationModel(100e3, 13e3, [(4e3, 4e3, 1.0)], 1e7),
    ...     RecommendationSoftware(1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    ...     batch=8000, chips=8, peak_flops_per_s=1e15, memory_b_per_s=3e12,
    ...     up_b_per_s=1e12, out_b_per_s=1e11, domain=8)
    >>> round(float(step) * 1e6, 1)  # 100 us of lookups, 96 of towers, 57.75 of exchanges
    253.8
    """
    n = np.maximum(_f(chips), 1.0)
    each = _f(batch) / n
    times, ways = (3.0, 2.0) if training else (1.0, 1.0)
    memory = _f(memory_b_per_s)
    lookup = times * each * _f(model.lookup_b) / (memory * _f(software.lookup_fraction))
    dense = times * _towers_s(model, software, each, peak_flops_per_s, memory)
    inside = np.minimum(_f(domain), n)
    vectors = _exchange_s(model, software, each, n, inside, up_b_per_s, out_b_per_s)
    gradients = _reduce_s(model, software, n, inside, up_b_per_s, out_b_per_s) if training else 0.0
    hosts = np.maximum(n / 8.0, 1.0)
    fixed = _f(software.issue_s) + _f(software.spread_s) * np.log2(hosts)
    return np.asarray(
        lookup + dense + ways * vectors + gradients + times / 3.0 * fixed, dtype=np.float64
    )


def _towers_s(
    model: RecommendationModel,
    software: RecommendationSoftware,
    each: Array,
    peak_flops_per_s: ArrayLike,
    memory_b_per_s: Array,
) -> Array:
    """All matrices once over a chip's samples [s]."""
    total: Array = np.zeros(())
    for inner, outer, copies in model.towers:
        total = total + copies * matmul_s(
            each,
            inner,
            outer,
            peak_flops_per_s=peak_flops_per_s,
            fraction=software.matmul_fraction,
            memory_b_per_s=memory_b_per_s * _STREAMING,
            half_rows=software.half_rows,
            half_width=software.half_width,
        )
    return total


def _exchange_s(
    model: RecommendationModel,
    software: RecommendationSoftware,
    each: Array,
    chips: Array,
    inside: Array,
    up_b_per_s: ArrayLike,
    out_b_per_s: ArrayLike,
) -> Array:
    """Vectors from the chips that hold them to those that own the samples, or back [s]."""
    message = each * _f(model.vector_b)
    far = 1.0 - inside / chips
    near = 1.0 - 1.0 / chips - far
    moving = message * near / (_f(up_b_per_s) * _f(software.up_fraction))
    moving = moving + message * far / (_f(out_b_per_s) * _f(software.out_fraction))
    # A message too small to fill the pipes sees only part of the bandwidth.
    return np.asarray(moving * (1.0 + (_f(software.half_b) / np.maximum(message, 1e-30)) ** _RAMP))


def _reduce_s(
    model: RecommendationModel,
    software: RecommendationSoftware,
    chips: Array,
    inside: Array,
    up_b_per_s: ArrayLike,
    out_b_per_s: ArrayLike,
) -> Array:
    """Gradients of the towers reduced, in rings within domains and between them [s]."""
    twice = 2.0 * WORD_B * _f(model.gradient_params)
    up = twice * (inside - 1.0) / inside / (_f(up_b_per_s) * _f(software.up_fraction))
    out = twice * (chips - 1.0) / chips / inside
    out = out / (_f(out_b_per_s) * _f(software.out_fraction))
    return np.asarray(up + np.where(chips > inside, out, 0.0), np.float64)
