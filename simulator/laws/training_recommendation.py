"""Step time of a recommendation model: embedding lookups, their exchange, dense towers.

Tables are split over the chips: every chip looks up its tables for the whole batch, an all-to-all
hands each sample's vectors to the chip that owns it, the towers run data parallel, and the way back
does the same with gradients. Beyond a host the exchange crosses NICs; a fixed time a step issues
the many small kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["RecommendationModel", "RecommendationSoftware", "recommendation_step_s"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RecommendationModel:
    """What a sample asks for; every field broadcasts.

    Attributes
    ----------
    lookup_b : array_like
        Embedding bytes read a sample, forward [B].
    vector_b : array_like
        Pooled embedding bytes exchanged a sample, one way [B].
    dense_flops : array_like
        FLOPs of the towers a sample, forward and backward [FLOP].
    dense_params : array_like
        Weights of the towers [1].
    """

    lookup_b: ArrayLike
    vector_b: ArrayLike
    dense_flops: ArrayLike
    dense_params: ArrayLike


@dataclass(frozen=True)
class RecommendationSoftware:
    """Fitted constants.

    Attributes
    ----------
    lookup_fraction : array_like
        Share of memory bandwidth random reads of short rows reach [1], in (0, 1].
    dense_fraction : array_like
        Share of peak the towers reach [1], in (0, 1].
    exchange_fraction : array_like
        Share of line rate the all-to-all reaches [1], in (0, 1].
    issue_s : array_like
        Fixed time of a step on one host [s].
    spread_s : array_like
        More of it for each doubling of hosts [s].
    """

    lookup_fraction: ArrayLike
    dense_fraction: ArrayLike
    exchange_fraction: ArrayLike
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

    Returns
    -------
    ndarray
        Seconds. Lookups are read once and, updating, written and read again: three times.

    References
    ----------
    .. [1] Mudigere et al., ISCA 2022, :doi:`10.1145/3470496.3533727` (the decomposition).

    Examples
    --------
    >>> step = recommendation_step_s(
    ...     RecommendationModel(100e3, 13e3, 100e6, 1e7),
    ...     RecommendationSoftware(1.0, 1.0, 1.0, 0.0, 0.0),
    ...     batch=8000, chips=8, peak_flops_per_s=1e15, memory_b_per_s=3e12,
    ...     up_b_per_s=1e12, out_b_per_s=1e11, domain=8)
    >>> round(float(step) * 1e6, 1)  # 100 us of lookups, 100 of towers, 92.8 of exchanges
    292.8
    """
    n = np.maximum(np.asarray(chips, dtype=np.float64), 1.0)
    each = np.asarray(batch, dtype=np.float64) / n
    lookups = 3.0 * each * np.asarray(model.lookup_b)
    lookup = lookups / (np.asarray(memory_b_per_s) * software.lookup_fraction)
    dense = each * np.asarray(model.dense_flops)
    dense = dense / (np.asarray(peak_flops_per_s) * software.dense_fraction)
    inside = np.minimum(np.asarray(domain, dtype=np.float64), n)
    far = 1.0 - inside / n
    near = 1.0 - 1.0 / n - far
    vectors = 2.0 * each * np.asarray(model.vector_b)
    gradients = 2.0 * 4.0 * np.asarray(model.dense_params) * (n - 1.0) / n
    rate = np.asarray(software.exchange_fraction, dtype=np.float64)
    up = (vectors * near + np.where(n > 1, gradients, 0.0)) / (np.asarray(up_b_per_s) * rate)
    out = (vectors * far + np.where(far > 0, gradients / inside, 0.0)) / (
        np.asarray(out_b_per_s) * rate
    )
    hosts = np.maximum(n / 8.0, 1.0)
    fixed = np.asarray(software.issue_s) + np.asarray(software.spread_s) * np.log2(hosts)
    return np.asarray(lookup + dense + up + out + fixed, dtype=np.float64)
