"""A folded Clos, compiled: what runs load its bundles with, and how fast they then go.

`simulator.laws.folded` says what these figures mean and checks them against the whole graph.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "busy",
    "columns",
    "exchanged_out",
    "leaves",
    "shifted_out",
    "speed",
    "speeds",
    "weigh",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@njit(cache=True)
def exchanged_out(part: float, whole: float) -> float:
    """Hosts' worth of traffic that leaves a part of a job that exchanges all to all.

    Parameters
    ----------
    part, whole : float
        Hosts in the part and in the job. [hosts]

    Examples
    --------
    Half of four hosts: each sends two thirds of what it sends to the other half.

    >>> round(exchanged_out(2, 4), 3)
    1.333
    """
    return part * (whole - part) / max(whole - 1.0, 1.0)


@njit(cache=True)
def shifted_out(part: float, whole: float, shift: float) -> float:
    """Hosts' worth of traffic that leaves a part of a job that reduces in rings of equals.

    A replica of the model takes *shift* hosts side by side, and each host sends to its equal in
    the next replica; the last replica sends to the first.

    Parameters
    ----------
    part, whole : float
        Hosts in the part, side by side, and in the job. [hosts]
    shift : float
        Hosts of a replica; taken as at least 1 and less than the job. [hosts]

    Examples
    --------
    A plain ring leaves half a job by one host; replicas of two hosts, by two:

    >>> shifted_out(4, 8, 1), shifted_out(4, 8, 2)
    (1.0, 2.0)
    """
    step = min(max(shift, 1.0), max(whole - 1.0, 1.0))
    ahead, behind = max(part - step, 0.0), max(part - (whole - step), 0.0)
    return max(part - ahead - behind, 0.0)


@njit(cache=True)
def leaves(part: float, whole: float, shift: float, share: float) -> float:
    """Both together, *share* of it all to all."""
    return share * exchanged_out(part, whole) + (1 - share) * shifted_out(part, whole, shift)


@njit(cache=True)
def columns(
    begin: Ints,
    end: Ints,
    rack: Ints,
    hosts: Ints,
    pod_of: Ints,
    chips: Floats,
    shift: Floats,
    share: Floats,
    on_rack: Floats,
    on_pod: Floats,
    counted: Mask,
) -> tuple[Ints, Ints, Floats]:
    """Lanes of each job on each bundle, compressed by job.

    Parameters
    ----------
    begin, end : ndarray of int, shape (J,)
        Where each job's parts are in *rack* and *hosts*; racks ascend, so those of a pod lie side
        by side.
    rack, hosts : ndarray of int
        Of each part. [1, hosts]
    pod_of : ndarray of int, shape (racks,)
        Pod of each rack.
    chips, shift, share : ndarray, shape (J,)
        Chips of a host [chips]; hosts of a copy of the model; share all to all [1].
    on_rack, on_pod : ndarray, shape (J,)
        By how much fewer trunks there are for each; 0: none, and the column is empty. [1]
    counted : ndarray of bool, shape (racks,)
        Racks whose bundles are not left out. Rows are racks, then pods; empty: pods alone.
    """
    indptr = np.zeros(begin.size + 1, np.int64)
    most = 0
    for j in range(begin.size):
        most += 2 * (end[j] - begin[j])
    row, lanes = np.empty(most, np.int64), np.empty(most)
    n = 0
    for j in range(begin.size):
        whole = 0.0
        for k in range(begin[j], end[j]):
            whole += hosts[k]
        k = begin[j]
        while k < end[j] and on_rack[j] > 0:
            pod, inside = pod_of[rack[k]], 0.0
            while k < end[j] and pod_of[rack[k]] == pod:
                if counted.size > 0 and counted[rack[k]]:
                    out = leaves(hosts[k], whole, shift[j], share[j])
                    if out > 0:
                        row[n], lanes[n] = rack[k], chips[j] * out * on_rack[j]
                        n += 1
                inside += hosts[k]
                k += 1
            out = leaves(inside, whole, shift[j], share[j])
            if out > 0:
                row[n], lanes[n] = counted.size + pod, chips[j] * out * on_pod[j]
                n += 1
        indptr[j + 1] = n
    return indptr, row[:n], lanes[:n]


@njit(cache=True)
def speed(waits: float, line: float, rate: float) -> float:
    """Speed of a job over that at line rate: `simulator.laws.traffic.slowdown`, inverted.

    Parameters
    ----------
    waits : float
        Share of a step at line rate that waits for the exchange. [1]
    line, rate : float
        Of a lane into the fabric, and what it gets. [B/s]

    Examples
    --------
    >>> speed(0.25, 50e9, 25e9), speed(0.25, 50e9, 0.0), speed(0.0, 50e9, 0.0)
    (0.8, 0.0, 1.0)
    """
    if waits == 0.0:
        return 1.0
    return 1 / (1 - waits + waits * line / rate) if rate > 0.0 else 0.0


@njit(cache=True)
def busy(waits: float, line: float, rate: float) -> float:
    """Share of a job's step in which it exchanges, at such a rate; the rest as in `speed`. [1]"""
    return min(waits * line / rate * speed(waits, line, rate), 1.0) if rate > 0.0 else 0.0


@njit(cache=True)
def speeds(
    indptr: Ints,
    row: Ints,
    lanes: Floats,
    capacity: Floats,
    line: Floats,
    waits: Floats,
    rate: Floats,
    alone: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Speed of jobs sharing and alone, and the load of each bundle at its peak and on average.

    Parameters
    ----------
    indptr, row, lanes
        As `columns` gives them.
    capacity : ndarray, shape (rows,)
        Of each bundle. [B/s]
    line, waits : ndarray, shape (J,)
        Of a lane into the fabric [B/s]; share of a step at that rate that waits for it [1].
    rate, alone : ndarray, shape (J,)
        Of a lane, sharing and alone; 0: cut. [B/s]

    Returns
    -------
    shared, by_itself : ndarray, shape (J,)
        Step at line rate over step: `simulator.laws.traffic.slowdown` without a window, inverted.
        [1]
    peak, mean : ndarray, shape (rows,)
        While jobs exchange; and with what each exchanges counted over its whole step. [B/s]
    """
    shared, by_itself = np.zeros(rate.size), np.zeros(rate.size)
    peak, mean = np.zeros(capacity.size), np.zeros(capacity.size)
    for j in range(rate.size):
        shared[j] = speed(waits[j], line[j], rate[j])
        by_itself[j] = speed(waits[j], line[j], alone[j] if rate[j] > 0.0 else 0.0)
        exchanges = busy(waits[j], line[j], rate[j])
        for k in range(indptr[j], indptr[j + 1]):
            sent = lanes[k] * rate[j]
            peak[row[k]] += sent
            mean[row[k]] += sent * exchanges
    return shared, by_itself, peak, mean


@njit(cache=True)
def weigh(
    span_s: float,
    full: float,
    capacity: Floats,
    peak: Floats,
    mean: Floats,
    whole: NDArray[np.float64],
    sums: Floats,
) -> None:
    """Add what held for a while to integrals.

    Parameters
    ----------
    span_s : float
        How long it held. [s]
    full : float
        From which share of its capacity on a bundle counts as full. [1]
    capacity, peak, mean : ndarray, shape (rows,)
        Of each bundle; 0: it does not stand. [B/s]
    whole : ndarray, shape (3, rows)
        Added to: capacity [B], mean [B], time full [s].
    sums : ndarray, shape (6,)
        Added to: bundles [s], full ones [s], capacity, peak, mean [B]; and kept: the highest peak
        over capacity [1].
    """
    for k in range(capacity.size):
        if capacity[k] > 0:
            is_full = 1.0 if peak[k] > full * capacity[k] else 0.0
            whole[0, k] += span_s * capacity[k]
            whole[1, k] += span_s * mean[k]
            whole[2, k] += span_s * is_full
            sums[0] += span_s
            sums[1] += span_s * is_full
            sums[2] += span_s * capacity[k]
            sums[3] += span_s * peak[k]
            sums[4] += span_s * mean[k]
            sums[5] = max(sums[5], peak[k] / capacity[k])
