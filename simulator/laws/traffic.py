"""A job's collectives as flows between its parts, and what shared links do to its step.

A column is a phase of a job: flows that keep step with the slowest of them, as those of a
collective do, so that none holds bandwidth its job cannot use. Its rate is that of a *lane* [B/s]:
what one network card sends in that phase. Max-min fairness over such columns gives lanes that share
a bottleneck equal bandwidth (times their weight), as fair queues give flows, and a phase that
needs little is served in full. A job goes as fast as its worst-served phase lets it (`job_rates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from simulator.laws.fabric import Fabric
from simulator.laws.paths import Flows, both_ways

__all__ = [
    "Traffic",
    "all_to_all",
    "alone_b_per_s",
    "gather_columns",
    "hierarchical",
    "job_rates",
    "replace_columns",
    "ring",
    "slowdown",
    "tier_utilisation",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Traffic(NamedTuple):
    """Flows of one phase of a job."""

    source: Ints
    """Node each comes from."""
    target: Ints
    """Node each goes to."""
    amount: Floats
    """Traffic per unit of a lane's rate. [1]"""
    share: float = 1.0
    """What the phase sends of all that the busiest lane of the job sends. [1]"""


def _silent(share: float) -> Traffic:
    return Traffic(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), share)


def ring(parts: Ints, lanes: float) -> Traffic:
    """Ring all-reduce (also all-gather, reduce-scatter) over a job's parts, in their order.

    Parameters
    ----------
    parts : ndarray of int
        Endpoints, neighbours in the ring in this order; sorted by rack and pod, the ring crosses
        each boundary once each way round.
    lanes : float
        Parallel rings: chips of an endpoint, each with its own network card. [1]

    Examples
    --------
    >>> ring(np.array([4, 7, 9]), 8).target.tolist()
    [7, 9, 4]
    """
    if parts.size < 2:
        return _silent(1.0)
    return Traffic(parts, np.roll(parts, -1), np.full(parts.size, float(lanes)))


def all_to_all(parts: Ints, chips: ArrayLike) -> Traffic:
    """Uniform exchange between all chips of a job: experts, embedding tables.

    Parameters
    ----------
    parts : ndarray of int, shape (P,)
        Endpoints.
    chips : array_like, shape (P,) or ()
        Chips the job has on each. [chips]

    Examples
    --------
    >>> all_to_all(np.array([0, 1, 2]), 8).amount.tolist()
    [4.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    """
    held = np.broadcast_to(np.asarray(chips, float), parts.shape)
    if parts.size < 2:
        return _silent(1.0)
    i, j = np.nonzero(~np.eye(parts.size, dtype=bool))
    # A chip of the smallest part sends to the most others: it is the one that sends 1.
    return Traffic(parts[i], parts[j], held[i] * held[j] / (held.sum() - held.min()))


def hierarchical(parts: Ints, group: Ints, lanes: float) -> tuple[Traffic, Traffic]:
    """All-reduce in two levels: rings inside each group, then across groups on shards.

    A lane of a group of ``m`` parts sends ``2 (m-1)/m`` of its bytes inside and ``2 (G-1)/(G m)``
    across ``G`` groups. With unequal groups the shards are as many as the smallest has parts.

    Parameters
    ----------
    parts : ndarray of int, shape (P,)
        Endpoints.
    group : ndarray of int, shape (P,)
        Rack, pod or site each is in.
    lanes : float
        Chips of an endpoint. [1]

    Returns
    -------
    inside, across : Traffic
        Two phases; their shares sum to 1 (to 0 with a single part).

    Examples
    --------
    Two groups of two send 1/2 inside and 1/4 across: 2/3 and 1/3 of all.

    >>> inside, across = hierarchical(np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1]), 8)
    >>> across.target.tolist(), round(across.share, 3)
    ([2, 0, 3, 1], 0.333)
    """
    members = [parts[group == name] for name in dict.fromkeys(group.tolist())]
    shards = min(m.size for m in members)
    within = max((m.size - 1) / m.size for m in members)
    beyond = (len(members) - 1) / len(members) / shards
    total = (within + beyond) or 1.0
    peers = [np.array([m[k] for m in members]) for k in range(shards)]
    return (
        _joined([ring(m, lanes) for m in members], within / total),
        _joined([ring(row, lanes) for row in peers], beyond / total),
    )


def _joined(rings: Sequence[Traffic], share: float) -> Traffic:
    source, target, amount = (
        np.concatenate(part) for part in zip(*(r[:3] for r in rings), strict=True)
    )
    return Traffic(source, target, amount, share)


def gather_columns(phases: Sequence[Traffic]) -> Flows:
    """Return the flows of all *phases*, one column each in their order."""
    sizes = [phase.source.size for phase in phases]
    all_of = _joined([_silent(0.0), *phases], 0.0)
    column = np.repeat(np.arange(len(phases)), sizes)
    return Flows(all_of.source, all_of.target, all_of.amount, column, len(phases))


def job_rates(
    rate_b_per_s: ArrayLike, share: ArrayLike, job: ArrayLike, line_b_per_s: ArrayLike
) -> Floats:
    """Rate at which the busiest lane of each job sends, over all its phases. [B/s]

    Parameters
    ----------
    rate_b_per_s : array_like, shape (columns,)
        Of each phase; to have no phase take what its job cannot use, shared under the limit of
        its share of the line rate. [B/s]
    share : array_like, shape (columns,)
        What the phase sends of all that a lane sends, >= 0. [1]
    job : array_like of int, shape (columns,)
        Job of each phase, in ``range(jobs)``.
    line_b_per_s : array_like, shape (jobs,)
        Line rate of a lane: what a job has at most. [B/s]

    Examples
    --------
    A job sends 1 % of its bytes across pods. At half the line rate inside it goes at half speed; a
    hundredth of the line rate across is enough:

    >>> job_rates([25.0, 0.5], [0.99, 0.01], [0, 0], [50.0]).round(2).tolist()
    [25.25]
    """
    rate, part = np.asarray(rate_b_per_s, float), np.asarray(share, float)
    best = np.array(line_b_per_s, float)
    sends = part > 0
    np.minimum.at(best, np.asarray(job)[sends], rate[sends] / part[sends])
    return best


def replace_columns(
    base: sp.csc_array, fresh: sp.csc_array, chosen: NDArray[np.bool_]
) -> sp.csc_array:
    """Return *base* with its *chosen* columns taken from *fresh*.

    Examples
    --------
    >>> a, b = sp.csc_array([[1.0, 2.0]]), sp.csc_array([[3.0, 4.0]])
    >>> replace_columns(a, b, np.array([False, True])).toarray().tolist()
    [[1.0, 4.0]]
    """
    size = np.where(chosen, np.diff(fresh.indptr), np.diff(base.indptr))
    indptr = np.concatenate([[0], np.cumsum(size)])
    old, new = ~np.repeat(chosen, np.diff(base.indptr)), np.repeat(chosen, np.diff(fresh.indptr))
    to_new = np.repeat(chosen, size)
    indices, data = np.empty(indptr[-1], np.int64), np.empty(indptr[-1])
    indices[to_new], indices[~to_new] = fresh.indices[new], base.indices[old]
    data[to_new], data[~to_new] = fresh.data[new], base.data[old]
    return sp.csc_array((data, indices, indptr), shape=base.shape)


def alone_b_per_s(incidence: sp.csc_array, capacity_b_per_s: ArrayLike) -> Floats:
    """Rate of each column with the fabric to itself: its narrowest link. [B/s]

    Examples
    --------
    >>> alone_b_per_s(sp.csc_array([[1.0, 0.0], [0.5, 0.0]]), [10.0, 2.0]).tolist()
    [4.0, inf]
    """
    best = np.full(incidence.shape[1], np.inf)
    filled = np.flatnonzero(np.diff(incidence.indptr))
    if filled.size:
        each = np.asarray(capacity_b_per_s, float)[incidence.indices] / incidence.data
        best[filled] = np.minimum.reduceat(each, incidence.indptr[filled])
    return best


def slowdown(
    alone_b_per_s: ArrayLike,
    shared_b_per_s: ArrayLike,
    communication_share: ArrayLike,
    window_share: ArrayLike = 0.0,
) -> Floats:
    """Step time with shared links over step time with the links to itself. [1]

    Parameters
    ----------
    alone_b_per_s, shared_b_per_s : array_like
        Rate of the job's chips alone and sharing; no rate at all is an endless step. [B/s]
    communication_share : array_like
        Time of scale-out communication over step time, alone. [1]
    window_share : array_like
        Time of other work that can run meanwhile over step time, alone. [1]

    Returns
    -------
    ndarray
        ``1 + max(0, k c - w) - max(0, c - w)``, with ``k`` the ratio of the rates.

    Examples
    --------
    A quarter of the step communicates; at half the rate that takes a quarter more, unless hidden:

    >>> slowdown(50e9, 25e9, 0.25).item(), slowdown(50e9, 25e9, 0.25, 0.5).item()
    (1.25, 1.0)
    """
    alone, shared = np.asarray(alone_b_per_s, float), np.asarray(shared_b_per_s, float)
    share, window = np.asarray(communication_share, float), np.asarray(window_share, float)
    alone, shared, share, window = np.broadcast_arrays(alone, shared, share, window)
    # A job that does not cross the fabric has infinite rates and is not stretched.
    stretch = np.where(np.isinf(shared), 1.0, np.inf)
    np.divide(alone, shared, out=stretch, where=(shared > 0) & np.isfinite(shared))
    taken = np.multiply(stretch, share, out=np.zeros(share.shape), where=share > 0)
    return 1 + np.maximum(0.0, taken - window) - np.maximum(0.0, share - window)


def tier_utilisation(
    fabric: Fabric, incidence: sp.csc_array, rate_b_per_s: ArrayLike
) -> tuple[Floats, Floats]:
    """Load over capacity of each direction of each link, and its mean by tier.

    Parameters
    ----------
    fabric : Fabric
        The links.
    incidence : scipy.sparse.csc_array, shape (2 E, columns)
        Traffic per unit of rate. [1]
    rate_b_per_s : array_like, shape (columns,)
        Finite rates. [B/s]

    Returns
    -------
    links : ndarray, shape (2 E,)
        Utilisation of each direction. [1]
    tiers : ndarray, shape (tiers,)
        Load over capacity of all links of a tier. [1]
    """
    crossing = np.where(np.diff(incidence.indptr) > 0, np.asarray(rate_b_per_s, float), 0.0)
    load, capacity = incidence @ crossing, both_ways(fabric.capacity_b_per_s)
    tier, count = np.r_[fabric.tier, fabric.tier], len(fabric.tiers)
    by_tier = np.bincount(tier, load, count) / np.bincount(tier, capacity, count)
    return load / capacity, by_tier
