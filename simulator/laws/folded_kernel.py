"""A folded Clos, compiled: what runs load its bundles with, and how fast they then go.

`simulator.laws.folded` says what these figures mean and checks them against the whole graph.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "beside_thin",
    "columns",
    "exchanged_out",
    "gathered",
    "shifted_out",
    "speeds",
    "thinned",
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
    first_pod_row: int,
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
    first_pod_row : int
        Row of the first pod; 0: the bundles of racks are left out.
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
                if first_pod_row > 0:
                    out = leaves(hosts[k], whole, shift[j], share[j])
                    if out > 0:
                        row[n], lanes[n] = rack[k], chips[j] * out * on_rack[j]
                        n += 1
                inside += hosts[k]
                k += 1
            out = leaves(inside, whole, shift[j], share[j])
            if out > 0:
                row[n], lanes[n] = first_pod_row + pod, chips[j] * out * on_pod[j]
                n += 1
        indptr[j + 1] = n
    return indptr, row[:n], lanes[:n]


@njit(cache=True)
def _has_all(racks: Ints, pod_of: Ints, rack_alive: Mask, pod_alive: Mask, several: bool) -> bool:
    """Whether all that joins the racks of a job is up."""
    planes, spines = rack_alive.shape[1], pod_alive.shape[2]
    last = -1
    for r in racks:
        for p in range(planes):
            if not rack_alive[r, p]:
                return False
        if several and pod_of[r] != last:
            last = pod_of[r]
            for p in range(planes):
                for s in range(spines):
                    if not pod_alive[last, p, s]:
                        return False
    return True


@njit(cache=True)
def thinned(
    indptr: Ints, rack: Ints, pod_of: Ints, rack_alive: Mask, pod_alive: Mask
) -> tuple[Floats, Floats]:
    """By how much fewer trunks each job has, of racks and of pods; 0: none.

    Parameters
    ----------
    indptr, rack : ndarray of int
        Parts of each job; racks ascend.
    pod_of : ndarray of int
        Pod of each rack.
    rack_alive, pod_alive : ndarray of bool, shape (racks, planes), (pods, planes, spines)
        What is up.
    """
    jobs, planes, spines = indptr.size - 1, rack_alive.shape[1], pod_alive.shape[2]
    on_rack, on_pod = np.ones(jobs), np.ones(jobs)
    for j in range(jobs):
        begin, end = indptr[j], indptr[j + 1]
        several = pod_of[rack[begin]] != pod_of[rack[end - 1]]
        # A rack by itself asks nothing of the planes, and most jobs have all of them.
        if end - begin < 2 or _has_all(rack[begin:end], pod_of, rack_alive, pod_alive, several):
            continue
        count, least = 0, spines
        for p in range(planes):
            up = True
            for k in range(begin, end):
                if not rack_alive[rack[k], p]:
                    up = False
                    break
            paths = spines
            if up and several:
                paths = 0
                for s in range(spines):
                    path = True
                    for k in range(begin, end):
                        if k == begin or pod_of[rack[k]] != pod_of[rack[k - 1]]:
                            path = path and pod_alive[pod_of[rack[k]], p, s]
                    paths += path
            if up and paths > 0:
                count += 1
                least = min(least, paths)
        on_rack[j] = planes / count if count > 0 else 0.0
        on_pod[j] = on_rack[j] * spines / least if several else on_rack[j]
    return on_rack, on_pod


@njit(cache=True)
def beside_thin(
    indptr: Ints, place: Ints, crosses: Mask, pod_of: Ints, rack_lost: Mask, pod_lost: Mask
) -> Mask:
    """Which jobs have fewer trunks than all, or share a rack with one that has.

    Parameters
    ----------
    indptr, place : ndarray of int
        Parts of each job.
    crosses : ndarray of bool
        Whether it lies in several pods.
    pod_of : ndarray of int
        Pod of each rack.
    rack_lost, pod_lost : ndarray of bool
        Racks and pods whose trunks are not all up; racks no further than any pod is open.
    """
    marked = np.zeros(pod_of.size, np.bool_)
    for j in range(crosses.size):
        thin = False
        for k in range(indptr[j], indptr[j + 1]):
            thin = thin or rack_lost[place[k]] or (crosses[j] and pod_lost[pod_of[place[k]]])
        for k in range(indptr[j], indptr[j + 1] if thin else indptr[j]):
            marked[place[k]] = True
    found = np.zeros(crosses.size, np.bool_)
    for j in range(crosses.size):
        for k in range(indptr[j], indptr[j + 1]):
            found[j] = found[j] or marked[place[k]]
    return found


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
        if waits[j] == 0.0:
            shared[j] = by_itself[j] = 1.0
        elif rate[j] > 0.0:
            shared[j] = 1 / (1 - waits[j] + waits[j] * line[j] / rate[j])
            by_itself[j] = 1 / (1 - waits[j] + waits[j] * line[j] / alone[j])
        for k in range(indptr[j], indptr[j + 1]):
            sent = lanes[k] * rate[j]
            peak[row[k]] += sent
            if rate[j] > 0.0:
                mean[row[k]] += sent * min(waits[j] * line[j] / rate[j] * shared[j], 1.0)
    return shared, by_itself, peak, mean


@njit(cache=True)
def gathered(begin: Ints, end: Ints, rack: Ints, hosts: Ints) -> tuple[Ints, Ints, Ints]:
    """Parts that lie at *begin* to *end* of a store, side by side: pointers, racks, hosts."""
    indptr = np.zeros(begin.size + 1, np.int64)
    for j in range(begin.size):
        indptr[j + 1] = indptr[j] + end[j] - begin[j]
    its_rack, its_hosts = np.empty(indptr[-1], np.int64), np.empty(indptr[-1], np.int64)
    for j in range(begin.size):
        for k in range(begin[j], end[j]):
            at = indptr[j] + k - begin[j]
            its_rack[at], its_hosts[at] = rack[k], hosts[k]
    return indptr, its_rack, its_hosts


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
