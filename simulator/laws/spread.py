"""Slowdown of a job by how far it is spread: tables for the `tiered` fidelity.

A table needs no graph and no other job. It takes the bandwidth a chip has left at each level when
all chips use it at once, so it equals the contended answer on a full fabric whose jobs all spread
that far, and is pessimistic on an emptier one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.traffic import slowdown

__all__ = ["LEVELS", "level_bandwidth_b_per_s", "spread_factor"]

#: How far a job's parts lie apart, nearest first; index of a table's entries.
LEVELS = ("host", "domain", "rack", "pod", "site")


def level_bandwidth_b_per_s(
    scaleup_b_per_s: float,
    nic_b_per_s: float,
    rack_oversubscription: float = 1.0,
    pod_oversubscription: float = 1.0,
) -> NDArray[np.float64]:
    """Bandwidth of a chip to others inside one host, domain, rack, pod and site. [B/s]

    Parameters
    ----------
    scaleup_b_per_s, nic_b_per_s : float
        One way, of a chip, inside the scale-up domain and out of it. [B/s]
    rack_oversubscription, pod_oversubscription : float
        Bandwidth below the rack's (pod's) switches over bandwidth above them. [1]

    Returns
    -------
    ndarray, shape (5,)
        In the order of `LEVELS`.

    Examples
    --------
    >>> (level_bandwidth_b_per_s(450e9, 50e9, 1, 7) / 1e9).round(2).tolist()
    [450.0, 450.0, 50.0, 50.0, 7.14]
    """
    above_rack = nic_b_per_s / rack_oversubscription
    above_pod = above_rack / pod_oversubscription
    return np.array([scaleup_b_per_s, scaleup_b_per_s, nic_b_per_s, above_rack, above_pod])


def spread_factor(
    bandwidth_b_per_s: ArrayLike,
    crossing_share: ArrayLike,
    communication_share: ArrayLike,
    window_share: ArrayLike = 0.0,
    reference: str = "rack",
) -> NDArray[np.float64]:
    """Step time of a job spread to each level over its step time at the *reference* level.

    Spread to a level, a job sends through that level and all below it; the chunks of a collective
    are pipelined, so the slowest level sets its time: the most of share over bandwidth.

    Parameters
    ----------
    bandwidth_b_per_s : array_like, shape (5,)
        Of a chip at each level of `LEVELS`. [B/s]
    crossing_share : array_like, shape (5,)
        Share of a chip's traffic that crosses each level if the job is spread that far: 1 for
        all-to-all, chips of a host over chips of a rack (pod) for a ring's way out of it. [1]
    communication_share, window_share : array_like, shape (...)
        Of a step at the reference level, as in `slowdown`; one entry per job class. [1]
    reference : str
        The level where the shares were measured.

    Returns
    -------
    ndarray, shape (..., 5)
        Never falls from a level to the next.

    Raises
    ------
    ValueError
        If a bandwidth is not above zero or *reference* is no level.

    Examples
    --------
    The published 24K cluster, all-to-all for a fifth of the step inside a rack: crossing pods at
    1:7, that fifth takes seven times as long.

    >>> b = level_bandwidth_b_per_s(450e9, 50e9, 1, 7)
    >>> spread_factor(b, [1, 1, 1, 1, 1], 0.2).round(3).tolist()
    [0.822, 0.822, 1.0, 1.0, 2.2]

    A ring that leaves a pod of 3,072 on the 8 network cards of one host does not feel it:

    >>> spread_factor(b, [1, 1, 1, 8 / 16, 8 / 3072], 0.2).round(3).tolist()
    [0.822, 0.822, 1.0, 1.0, 1.0]
    """
    bandwidth = np.asarray(bandwidth_b_per_s, float)
    if not (bandwidth > 0).all():
        raise ValueError(f"bandwidth_b_per_s must be > 0, got {bandwidth.min():g}")
    if reference not in LEVELS:
        raise ValueError(f"reference must be one of {', '.join(LEVELS)}, got {reference!r}")
    time = np.maximum.accumulate(np.asarray(crossing_share, float) / bandwidth)
    share = np.asarray(communication_share, float)[..., None]
    window = np.asarray(window_share, float)[..., None]
    return slowdown(1 / time[LEVELS.index(reference)], 1 / time, share, window)
