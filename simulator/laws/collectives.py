"""How long a group of chips takes to exchange data: collectives on two tiers of network.

A group lives partly inside a scale-up domain (NVLink, xGMI, ICI: fast, few chips) and partly across
the scale-out fabric (one NIC a chip). Each phase costs a start-up time, the bytes every chip must
move over what its port sustains, and a third term between them: a message too small to fill the
pipes sees only part of the bandwidth, so the time over bandwidth grows like ``(S_half / S)^p``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Collective",
    "Network",
    "bus_bandwidth_b_per_s",
    "collective_time_s",
    "cube_mesh_rings",
    "domain_split",
]

Array = NDArray[np.float64]
Collective = Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast"]

#: Bytes a chip moves over the bytes of the message, times n / (n - 1): nccl-tests, PERFORMANCE.md.
_PASSES: dict[str, float] = {
    "all_reduce": 2.0,
    "all_gather": 1.0,
    "reduce_scatter": 1.0,
    "all_to_all": 1.0,
}


@dataclass(frozen=True)
class Network:
    """What a collective sees of the network; every field broadcasts.

    Attributes
    ----------
    up_b_per_s : array_like
        Bandwidth of a chip into its scale-up domain, one way [B/s].
    out_b_per_s : array_like
        Bandwidth of a chip into the scale-out fabric, one way, oversubscription included [B/s].
    up_efficiency, out_efficiency : array_like
        Share of line rate a long message reaches [1], in (0, 1].
    up_latency_s, out_latency_s : array_like
        Time of an empty collective inside a domain, and of one hop in a tree between domains [s].
    half_b : array_like
        Message size at which the time over bandwidth doubles [B].
    ramp : array_like
        Exponent of the approach to full bandwidth [1], in (0, 1): 0.75 on NVLink.
    """

    up_b_per_s: ArrayLike
    out_b_per_s: ArrayLike
    up_efficiency: ArrayLike = 0.8
    out_efficiency: ArrayLike = 0.9
    up_latency_s: ArrayLike = 15e-6
    out_latency_s: ArrayLike = 15e-6
    half_b: ArrayLike = 16e6
    ramp: ArrayLike = 0.75


def domain_split(ranks: ArrayLike, per_domain: ArrayLike) -> tuple[Array, Array]:
    """Members of a group that share a domain, and the number of domains it spans.

    Examples
    --------
    >>> [a.tolist() for a in domain_split([4, 64], 8)]
    [[4.0, 8.0], [1.0, 8.0]]
    """
    n = np.maximum(np.asarray(ranks, dtype=np.float64), 1.0)
    inside = np.clip(np.asarray(per_domain, dtype=np.float64), 1.0, n)
    return inside, n / inside


def collective_time_s(
    collective: Collective,
    message_b: ArrayLike,
    ranks: ArrayLike,
    per_domain: ArrayLike,
    network: Network,
    *,
    in_network: ArrayLike = False,
    in_fabric: ArrayLike = False,
) -> Array:
    """Time of one collective [s].

    Parameters
    ----------
    collective : str
        Kind of the exchange; a broadcast counts its message once.
    message_b : array_like
        Message in nccl-tests' sense: the whole buffer of a rank (all-reduce, all-to-all), or the
        gathered or scattered whole [B], >= 0.
    ranks : array_like
        Chips in the group [1], >= 1. One chip exchanges nothing.
    per_domain : array_like
        How many of them share a scale-up domain [1], >= 1.
    network : Network
        Tiers and what they sustain.
    in_network, in_fabric : array_like of bool
        Switches of the domain, or of the fabric too, do the sum (NVLS, SHARP): each chip sends
        its part once instead of twice.

    Returns
    -------
    ndarray
        Seconds, shape of the broadcast arguments; never less with more bytes or less bandwidth.

    Raises
    ------
    ValueError
        Unknown collective, a negative message, or a group of less than one.

    Notes
    -----
    Inside a domain a ring moves ``(g-1)/g`` of the message a pass and one in-network sum moves
    it once each way. Across domains each chip carries ``1/g`` of the message over its own NIC,
    and the two tiers work as a pipeline, so the slower one counts. An all-to-all sends nearly all
    its bytes through the NIC: measured, it runs at the NIC's rate whatever stays inside.

    References
    ----------
    .. [1] Thakur, Rabenseifner, Gropp, "Optimization of collective communication operations in
       MPICH", IJHPCA 19 (2005), :doi:`10.1177/1094342005051521`.
    .. [2] nccl-tests, doc/PERFORMANCE.md (bus bandwidth).

    Examples
    --------
    A ring of four at 100 GB/s moves 1.5 GB twice 3/4 over in 22.5 ms, had it no start-up:

    >>> wire = Network(100e9, 1.0, up_efficiency=1.0, up_latency_s=0.0, half_b=0.0)
    >>> round(1e3 * float(collective_time_s("all_reduce", 1.5e9, 4, 8, wire)), 3)
    22.5
    """
    if collective not in (*_PASSES, "broadcast"):
        known = ", ".join((*_PASSES, "broadcast"))
        raise ValueError(f"{collective!r} is not a collective; known: {known}")
    size = np.asarray(message_b, dtype=np.float64)
    count = np.asarray(ranks, dtype=np.float64)
    if np.any(~(size >= 0)):
        raise ValueError(f"message_b is {size.min()!r}, must be >= 0")
    if np.any(~(count >= 1)):
        raise ValueError(f"ranks is {count.min()!r}, must be >= 1")
    inside, domains = domain_split(count, per_domain)
    passes = _PASSES.get(collective, 1.0)
    up_rate = np.asarray(network.up_b_per_s) * np.asarray(network.up_efficiency)
    out_rate = np.asarray(network.out_b_per_s) * np.asarray(network.out_efficiency)
    ring = passes * (inside - 1.0) / inside
    if collective == "all_reduce":
        # One copy up to the switch and one copy down, at once: bytes over one direction are S.
        ring = np.where(in_network, np.where(inside > 1, np.minimum(ring, 1.0), 0.0), ring)
    if collective == "broadcast":
        ring = np.where(inside > 1, 1.0, 0.0)
    up = size * ring / up_rate
    share = 1.0 if collective in ("all_to_all", "broadcast") else 1.0 / inside
    # A ring through all ranks crosses a NIC with (n-1)/n of its part, however many domains.
    crossing = np.where(domains > 1, passes * (count - 1.0) / count, 0.0)
    if collective == "all_reduce":
        crossing = np.where(in_fabric, np.minimum(crossing, 1.0), crossing)
    out = size * share * crossing / out_rate
    moving = np.maximum(up, out)
    half = np.asarray(network.half_b, dtype=np.float64)
    with np.errstate(divide="ignore"):
        ramp = np.where(
            size > 0, (half / np.maximum(size, 1e-300)) ** np.asarray(network.ramp, np.float64), 0.0
        )
    started = np.where(count > 1, np.asarray(network.up_latency_s, dtype=np.float64), 0.0)
    hops = np.where(domains > 1, 2.0 * np.log2(np.maximum(domains, 1.0)), 0.0)
    started = started + hops * np.asarray(network.out_latency_s)
    return np.asarray(np.where(count > 1, started + moving * (1.0 + ramp), 0.0), dtype=np.float64)


def cube_mesh_rings(ranks: int) -> float:
    """One-way rings through the first ranks of a hybrid cube mesh of eight V100 [1].

    Each V100 has six links: two to its far corner and to its twin on the other board, one to each
    of the rest of its board. A pair shares one link; three close one ring each way, four and seven
    two, eight three. Five strand one rank on a single neighbour and fall back to the host's bus,
    which carries about half as much again as one ring.

    References
    ----------
    .. [1] NVIDIA, "DGX-1 with Tesla V100 system architecture", WP-08437, 2017.

    Examples
    --------
    >>> [cube_mesh_rings(n) for n in (2, 4, 8)]
    [1.0, 4.0, 6.0]
    """
    return {1: 1.0, 2: 1.0, 3: 2.0, 4: 4.0, 5: 1.5, 6: 2.0, 7: 4.0}.get(ranks, 6.0)


def bus_bandwidth_b_per_s(
    collective: Collective, message_b: ArrayLike, ranks: ArrayLike, time_s: ArrayLike
) -> Array:
    """Bus bandwidth as nccl-tests reports it: what the wires would have to carry in a ring [B/s].

    Examples
    --------
    >>> round(float(bus_bandwidth_b_per_s("all_reduce", 8e9, 8, 0.1)) / 1e9, 1)
    140.0
    """
    n = np.asarray(ranks, dtype=np.float64)
    factor = _PASSES.get(collective, 1.0) * (n - 1.0) / n if collective != "broadcast" else 1.0
    return np.asarray(np.asarray(message_b) * factor / np.asarray(time_s), dtype=np.float64)
