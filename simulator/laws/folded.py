"""A Clos folded along its planes: a job's load on the trunks of racks and pods, in closed form.

The trunks of a rack to the planes of its pod are alike, and so are those of a pod to the spines:
spread evenly over them, a job loads all alike, and the bundle is as good as one link. What leaves
a rack or a pod enters others in the same measure, so one direction speaks for both. A rack or pod
is then a row, a job a column, and no path is walked. A graph of the same fabric, its flows and
its multi-path routes give the same rates (`simulator.laws.paths`); this is what a world of a
million chips can afford.

Where trunks or switches are down, a job uses the planes that are alive for *all* of its racks, in
equal parts, and in each of them the spines alive for all of its pods, as collectives that keep a
channel to a plane do. Routers that choose plane by plane for every pair can only do better, and by
little while few are down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from simulator.laws.folded_faults_kernel import thinned
from simulator.laws.folded_kernel import columns
from simulator.laws.maxmin_kernel import filled, own_limit

__all__ = [
    "Alive",
    "Parts",
    "Senders",
    "Shared",
    "crossings",
    "share_trunks",
    "spread_parts",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Parts(NamedTuple):
    """Where jobs lie, as compressed rows; the racks of a job in ascending order."""

    indptr: Ints
    """First part of each job, and the end; each has one. Shape (J + 1,)."""
    rack: Ints
    """Rack of each part."""
    hosts: Ints
    """Hosts the job has there. [hosts]"""


class Senders(NamedTuple):
    """What jobs send; each of shape (J,) or ()."""

    chips_per_host: ArrayLike
    """Lanes of a host. [chips]"""
    replica_hosts: ArrayLike
    """Hosts of one copy of the model. [hosts]"""
    all_to_all: ArrayLike
    """Share of the traffic that goes from all to all, the rest in rings of equals. [1]"""
    line_b_per_s: ArrayLike
    """Of a lane into the fabric. [B/s]"""


class Shared(NamedTuple):
    """What jobs get of a fabric."""

    rate_b_per_s: Floats
    """Of a lane, all jobs together. Shape (J,)."""
    alone_b_per_s: Floats
    """Of a lane, each job by itself. Shape (J,)."""
    cut: Mask
    """Jobs with parts that no plane joins. Shape (J,)."""
    indptr: Ints
    """First entry of each job, and the end. Shape (J + 1,)."""
    row: Ints
    """Bundle of each entry: racks, then pods after all racks; pods alone if the racks' are left
    out."""
    lanes: Floats
    """Lanes of the job on it, as `crossings` counts them. [1]"""


class Alive(NamedTuple):
    """What of a folded Clos is up."""

    rack: Mask
    """Rack to plane, with the switches at both ends. Shape (racks, planes)."""
    pod: Mask
    """Pod to spine, with the switches at both ends. Shape (pods, planes, spines)."""


def spread_parts(hosts: int, pods: int, hosts_per_rack: int, racks: int) -> Parts:
    """Where a gang lies that is spread over so many pods and no more racks than it needs.

    Parameters
    ----------
    hosts : int
        Of the gang. [hosts]
    pods : int
        It lies in, as evenly as can be; each holds its part. [1]
    hosts_per_rack, racks : int
        Of a rack [hosts] and of a pod [racks].

    Examples
    --------
    >>> lies = spread_parts(7, 2, 2, 4)
    >>> lies.rack.tolist(), lies.hosts.tolist()
    ([0, 1, 4, 5], [2, 2, 2, 1])
    """
    in_pod = np.full(pods, hosts // pods)
    in_pod[: hosts % pods] += 1
    rack = [q * racks + r for q in range(pods) for r in range(-(-in_pod[q] // hosts_per_rack))]
    left = [min(hosts_per_rack, in_pod[r // racks] - hosts_per_rack * (r % racks)) for r in rack]
    return Parts(np.array([0, len(rack)]), np.array(rack, np.int64), np.array(left, np.int64))


def crossings(
    parts: Parts,
    senders: Senders,
    pod_of: Ints,
    pods: int,
    alive: Alive | None = None,
    *,
    above_racks: bool = True,
) -> tuple[sp.csc_array, Mask]:
    """Lanes of each job on each rack's and each pod's bundle of trunks.

    Parameters
    ----------
    parts : Parts
        Where the jobs lie.
    senders : Senders
        What they send.
    pod_of : ndarray of int, shape (racks,)
        Pod of each rack.
    pods : int
        Pods. [1]
    alive : Alive, optional
        What is up; all by default.
    above_racks : bool
        Whether to count the bundles of racks too; where these carry all that hosts can send and
        nothing is down, they are never filled and change no rate.

    Returns
    -------
    lanes : scipy.sparse.csc_array, shape (racks + pods, J)
        Traffic over a bundle per unit of a lane's rate, counted up where only some of its trunks
        carry it, so that the bundle's whole capacity is what it may fill. [1]
    cut : ndarray of bool, shape (J,)
        Jobs with parts that no plane joins; their columns are empty.

    Examples
    --------
    Two hosts of eight chips in each of two pods, all to all:

    >>> two = Parts(np.array([0, 2]), np.array([0, 4]), np.array([2, 2]))
    >>> lanes, cut = crossings(two, Senders(8, 1, 1.0, 50e9), np.repeat([0, 1], 4), 2)
    >>> lanes.toarray()[[0, 4, 8, 9], 0].round(2).tolist(), cut.tolist()
    ([10.67, 10.67, 10.67, 10.67], [False])
    """
    racks = pod_of.size
    indptr, row, lanes, cut = _columns(parts, senders, pod_of, alive, above_racks)
    shape = (racks + pods, cut.size)
    return sp.csc_array((lanes, row + racks * (not above_racks), indptr), shape=shape), cut


def share_trunks(
    parts: Parts,
    senders: Senders,
    pod_of: Ints,
    capacity_b_per_s: Floats,
    alive: Alive | None = None,
    *,
    above_racks: bool = True,
) -> Shared:
    """Share the trunks among jobs, max-min fairly by lane.

    Parameters
    ----------
    parts, senders, pod_of, alive, above_racks
        As in `crossings`.
    capacity_b_per_s : ndarray, shape (racks + pods,)
        Of each bundle, whole. [B/s]

    Examples
    --------
    Two jobs over two pods of two racks, whose trunks to the spine carry half of what hosts send:

    >>> both = Parts(np.array([0, 2, 4]), np.array([0, 2, 1, 3]), np.array([1, 1, 1, 1]))
    >>> capacity = np.array([400e9] * 6)
    >>> shared = share_trunks(both, Senders(8, 1, 1.0, 50e9), np.repeat([0, 1], 2), capacity)
    >>> (shared.alone_b_per_s / 1e9).tolist(), (shared.rate_b_per_s / 1e9).tolist()
    ([50.0, 50.0], [25.0, 25.0])
    """
    racks = pod_of.size
    found = _columns(parts, senders, pod_of, alive, above_racks)
    indptr, row, lanes, cut = found
    capacity = capacity_b_per_s if above_racks else capacity_b_per_s[racks:]
    limit = _each(senders.line_b_per_s, cut.size)
    alone = own_limit(indptr, row, lanes, capacity, limit)
    rate = filled(indptr, row, lanes, capacity, np.ones(cut.size), alone)
    if alive is not None:
        rate[cut] = alone[cut] = 0.0
    return Shared(rate, alone, cut, indptr, row, lanes)


def _columns(
    parts: Parts, senders: Senders, pod_of: Ints, alive: Alive | None, above_racks: bool
) -> tuple[Ints, Ints, Floats, Mask]:
    """Entries of each job by bundle, compressed by job, and who is cut."""
    jobs = parts.indptr.size - 1
    begin, end = parts.indptr[:-1], parts.indptr[1:]
    on_rack = on_pod = np.ones(jobs)
    cut = np.zeros(jobs, bool)
    if alive is not None and jobs:
        several = end - begin > 1
        on_rack, on_pod = thinned(begin, end, parts.rack, several, pod_of, alive.rack, alive.pod)
        cut = on_rack == 0.0
    chips, shift, share, _ = (_each(value, jobs) for value in senders)
    where = begin, end, parts.rack, parts.hosts, pod_of
    counted = np.ones(pod_of.size * above_racks, bool)
    return *columns(*where, chips, shift, share, on_rack, on_pod, counted), cut


def _each(value: ArrayLike, jobs: int) -> Floats:
    """A figure of each job, where it may be one for all."""
    array = np.asarray(value, float)
    return array if array.ndim else np.full(jobs, array)
