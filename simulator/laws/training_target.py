"""Time to train to a target: steps to converge, and what limits each step as chips are added.

The samples to a target grow with the batch: as measured by the benchmark's own reference runs, or
as ``1 + B / B_critical`` where there are none. A chip's part of a step shrinks as chips are added,
while the latency of a step (kernels that do not shrink, collectives) grows with the number of
domains, and exchanges wait for the links they cross, within a domain and between domains. What is
left is paid once: evaluation, start of the run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["chip_rate", "exchange_samples", "measured_samples", "time_to_target_min"]

Array = NDArray[np.float64]


def chip_rate(matmul_ratio: ArrayLike, memory_ratio: ArrayLike, memory_share: ArrayLike) -> Array:
    """Rate of a chip over the reference chip's, work bound by memory and by arithmetic in turn [1].

    Parameters
    ----------
    matmul_ratio, memory_ratio : array_like
        Peak and memory bandwidth over the reference chip's [1], > 0.
    memory_share : array_like
        Share of the reference chip's time bound by memory [1], in [0, 1].

    Raises
    ------
    ValueError
        If a ratio is not > 0 or the share not in [0, 1].

    Examples
    --------
    >>> float(chip_rate(2.0, 1.0, 0.5))
    1.3333333333333333
    """
    peak = np.asarray(matmul_ratio, dtype=np.float64)
    memory = np.asarray(memory_ratio, dtype=np.float64)
    share = np.asarray(memory_share, dtype=np.float64)
    if np.any(~(peak > 0)) or np.any(~(memory > 0)):
        raise ValueError("matmul_ratio and memory_ratio must be > 0")
    if np.any(~((share >= 0) & (share <= 1))):
        raise ValueError(f"memory_share must be in [0, 1], got {share.tolist()}")
    return np.asarray(1.0 / ((1.0 - share) / peak + share / memory))


def measured_samples(batch: ArrayLike, batches: ArrayLike, samples: ArrayLike) -> Array:
    """Samples to a target at a batch, between those of reference runs [samples].

    Straight lines between logarithms; beyond the largest batch the last slope goes on, below the
    smallest nothing is gained.

    Parameters
    ----------
    batch : array_like
        Batches asked for [1], > 0.
    batches, samples : array_like
        Batches of the reference runs, rising [1], and what they took [samples or epochs].

    References
    ----------
    .. [1] MLCommons, "Reference convergence points", mlcommons/logging, Apache-2.0.

    Examples
    --------
    >>> measured_samples([50, 200, 400, 800], [100, 400], [10.0, 20.0]).round(2).tolist()
    [10.0, 14.14, 20.0, 28.28]
    """
    x, y = np.log(np.asarray(batches, np.float64)), np.log(np.asarray(samples, np.float64))
    at = np.log(np.asarray(batch, dtype=np.float64))
    slope = (y[-1] - y[-2]) / (x[-1] - x[-2]) if x.size > 1 else 0.0
    beyond = np.maximum(at - x[-1], 0.0) * slope
    return np.asarray(np.exp(np.interp(at, x, y) + beyond))


def exchange_samples(
    *,
    within: ArrayLike,
    between: ArrayLike,
    inside: ArrayLike,
    domains: ArrayLike,
    up_ratio: ArrayLike,
    out_ratio: ArrayLike,
) -> Array:
    """Exchanges of a step that no arithmetic hides, in samples of the reference chip's work [1].

    A hierarchical all-reduce passes ``1 - 1 / n`` of its bytes over each link of a domain of ``n``
    chips, then a share of each chip's size over the links between domains (Thakur et al.,
    :doi:`10.1177/1094342005051521`).

    Parameters
    ----------
    within, between : array_like
        Samples the reference chip works through while it exchanges over its own links in a domain
        and, eight chips to a domain, between domains [1], >= 0.
    inside, domains : array_like
        Chips to a domain, and domains [1], >= 1.
    up_ratio, out_ratio : array_like
        Bandwidths of a chip's links in and out of its domain over the reference chip's [1], > 0.

    Raises
    ------
    ValueError
        If a ratio is not > 0, or there is less than one chip or domain.

    Examples
    --------
    >>> float(exchange_samples(within=0.8, between=0.4, inside=8, domains=2, up_ratio=1.0,
    ...     out_ratio=0.5))
    1.1
    """
    chips, apart = np.asarray(inside, dtype=np.float64), np.asarray(domains, dtype=np.float64)
    up, out = np.asarray(up_ratio, dtype=np.float64), np.asarray(out_ratio, dtype=np.float64)
    if np.any(~(up > 0)) or np.any(~(out > 0)):
        raise ValueError("up_ratio and out_ratio must be > 0")
    if np.any(~(chips >= 1)) or np.any(~(apart >= 1)):
        raise ValueError("inside and domains must be >= 1")
    first = np.asarray(within) * (1.0 - 1.0 / chips) / up
    # Beyond eight chips a domain's own ports, not its size, carry what leaves it.
    second = np.asarray(between) * (1.0 - 1.0 / apart) / out * 8.0 / np.minimum(chips, 8.0)
    return np.asarray(first + second, dtype=np.float64)


def time_to_target_min(
    *,
    batch: ArrayLike,
    chips: ArrayLike,
    domains: ArrayLike,
    rate: ArrayLike,
    work_min: ArrayLike,
    convergence: ArrayLike,
    latency_samples: ArrayLike,
    spread: ArrayLike,
    fixed_min: ArrayLike,
    exchange: ArrayLike = 0.0,
) -> Array:
    """Minutes to a target quality [min].

    Parameters
    ----------
    batch, chips, domains : array_like
        Samples a step, chips, scale-up domains they span [1], > 0.
    rate : array_like
        Rate of a chip over the reference chip's [1], > 0.
    work_min : array_like
        Reference-chip-minutes to the target at the batch of least samples [min].
    convergence : array_like
        Samples to the target at this batch over the least [1] (McCandlish et al.,
        arXiv:1812.06162: they grow with the batch).
    latency_samples : array_like
        Latency of a step, as samples the reference chip works through in it [1].
    spread : array_like
        Growth of that latency for each doubling of domains [1].
    fixed_min : array_like
        Paid once [min].
    exchange : array_like
        Exchanges of a step that no arithmetic hides, as samples the reference chip works through
        meanwhile [1], >= 0.

    Returns
    -------
    ndarray
        Minutes; never more with a higher rate, never less with more domains.

    Examples
    --------
    >>> float(time_to_target_min(batch=8, chips=8, domains=1, rate=1.0, work_min=80,
    ...     convergence=2, latency_samples=1.0, spread=0.1, fixed_min=2.0))
    42.0
    """
    size = np.asarray(batch, dtype=np.float64)
    work = np.asarray(work_min) * np.asarray(convergence)
    apart = 1.0 + np.asarray(spread) * np.log2(np.maximum(np.asarray(domains), 1.0))
    turn = size / np.asarray(chips) / np.asarray(rate) + np.asarray(latency_samples) * apart
    turn = turn + np.asarray(exchange)
    return np.asarray(work / size * turn + np.asarray(fixed_min), dtype=np.float64)
