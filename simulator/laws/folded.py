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

from simulator.laws.maxmin import max_min_rates
from simulator.laws.traffic import alone_b_per_s

__all__ = [
    "Alive",
    "Parts",
    "Senders",
    "Shared",
    "crossings",
    "exchanged_out",
    "share_trunks",
    "shifted_out",
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
    lanes: sp.csc_array
    """As `crossings` counts them, of the rows in `bundle` only. Shape (bundles, J)."""
    bundle: Ints
    """Racks, then pods after all racks."""


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


def exchanged_out(part: ArrayLike, whole: ArrayLike) -> Floats:
    """Hosts' worth of traffic that leaves a part of a job that exchanges all to all.

    Parameters
    ----------
    part, whole : array_like
        Hosts in the part and in the job. [hosts]

    Examples
    --------
    Half of four hosts: each sends two thirds of what it sends to the other half.

    >>> exchanged_out(2, 4).round(3).item()
    1.333
    """
    inside, size = np.asarray(part, float), np.asarray(whole, float)
    return np.asarray(inside * (size - inside) / np.maximum(size - 1, 1))


def shifted_out(part: ArrayLike, whole: ArrayLike, shift: ArrayLike) -> Floats:
    """Hosts' worth of traffic that leaves a part of a job that reduces in rings of equals.

    A replica of the model takes *shift* hosts side by side, and each host sends to its equal in
    the next replica; the last replica sends to the first.

    Parameters
    ----------
    part, whole : array_like
        Hosts in the part, side by side, and in the job. [hosts]
    shift : array_like
        Hosts of a replica; taken as at least 1 and less than the job. [hosts]

    Examples
    --------
    A plain ring leaves half a job by one host; replicas of two hosts, by two:

    >>> shifted_out(4, 8, [1, 2]).tolist()
    [1.0, 2.0]
    """
    inside, size = np.asarray(part, float), np.asarray(whole, float)
    step = np.clip(np.asarray(shift, float), 1, np.maximum(size - 1, 1))
    ahead, behind = np.maximum(inside - step, 0), np.maximum(inside - (size - step), 0)
    return np.asarray(np.maximum(inside - ahead - behind, 0))


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
    jobs, racks = parts.indptr.size - 1, pod_of.size
    spread = [np.broadcast_to(x, jobs) for x in senders[:3]]
    job = np.repeat(np.arange(jobs), np.diff(parts.indptr))
    # Parts of one job in one pod lie side by side: where a group begins.
    at_pod = pod_of[parts.rack]
    begins = np.flatnonzero(np.r_[True, (np.diff(at_pod) != 0) | (np.diff(job) != 0)][: job.size])
    group_job, group_pod = job[begins], at_pod[begins]
    in_group = np.add.reduceat(parts.hosts, begins) if begins.size else begins
    whole = np.bincount(job, parts.hosts, jobs)
    up_rack, up_pod, cut = _thinned(parts, job, group_job, group_pod, alive, jobs)
    owner, part, thin, row = group_job, in_group, up_pod[group_job], racks + group_pod
    if above_racks:
        owner, part = np.r_[job, owner], np.r_[parts.hosts, part]
        thin, row = np.r_[up_rack[job], thin], np.r_[parts.rack, row]
    chips, shift, share = (x[owner] for x in spread)
    size = whole[owner]
    out = share * exchanged_out(part, size) + (1 - share) * shifted_out(part, size, shift)
    lanes = chips * out * thin
    keep = (lanes > 0) & ~cut[owner]
    shape = (racks + pods, jobs)
    return sp.csc_array((lanes[keep], (row[keep], owner[keep])), shape=shape), cut


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
    pods = capacity_b_per_s.size - pod_of.size
    lanes, cut = crossings(parts, senders, pod_of, pods, alive, above_racks=above_racks)
    bundle, row = np.unique(lanes.indices, return_inverse=True)
    lanes = sp.csc_array((lanes.data, row, lanes.indptr), shape=(bundle.size, cut.size))
    capacity = capacity_b_per_s[bundle]
    rate = max_min_rates(lanes, capacity, limit_b_per_s=senders.line_b_per_s)
    alone = np.minimum(alone_b_per_s(lanes, capacity), senders.line_b_per_s)
    rate[cut] = alone[cut] = 0.0
    return Shared(rate, alone, cut, lanes, bundle.astype(np.int64))


def _thinned(
    parts: Parts, job: Ints, group_job: Ints, group_pod: Ints, alive: Alive | None, jobs: int
) -> tuple[Floats, Floats, Mask]:
    """By how much fewer trunks each job has, of racks and of pods, and whether it has none."""
    cut = np.zeros(jobs, bool)
    if alive is None or not job.size:
        return np.ones(jobs), np.ones(jobs), cut
    planes, spines = alive.pod.shape[1:]
    groups = np.bincount(group_job, minlength=jobs)
    plane = np.logical_and.reduceat(alive.rack[parts.rack], parts.indptr[:-1], axis=0)
    first = np.searchsorted(group_job, np.arange(jobs))
    path = np.logical_and.reduceat(alive.pod[group_pod], first, axis=0)
    several = groups > 1
    spine = np.where(several[:, None], path.sum(axis=2), max(spines, 1))
    # A rack by itself asks nothing of the planes.
    alone = np.diff(parts.indptr) < 2
    usable = (plane & (spine > 0)) | alone[:, None]
    count = usable.sum(axis=1)
    cut = count == 0
    least = np.where(usable, spine, np.iinfo(np.int64).max).min(axis=1)
    on_rack = planes / np.maximum(count, 1)
    on_pod = np.where(several & ~cut, on_rack * spines / np.maximum(least, 1), 1.0)
    return on_rack, on_pod, cut
