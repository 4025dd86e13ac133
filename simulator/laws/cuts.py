"""What a fabric can carry, and how far it is: least cuts, bisection, hop counts, latency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from simulator.laws.fabric import Fabric
from simulator.laws.paths import Routes

__all__ = ["Survey", "cut_b_per_s", "survey"]

#: Endpoints whose hop counts are taken in full; of more, evenly spaced ones.
_HOP_TARGETS = 512
#: Steps of the answer's bound that capacities are counted in. scipy's flows are 32-bit, and a
#: link's capacity (at most twice the bound) plus a flow on it (at most the bound) must fit.
_STEPS = 2**29


def cut_b_per_s(fabric: Fabric, left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Least capacity of links that separates two sets of endpoints. [B/s]

    Maximum flow on capacities rounded down to a part in 2^29 of the answer's bound; the cut it
    finds is then summed in full precision.

    Parameters
    ----------
    fabric : Fabric
        The links.
    left, right : ndarray of int
        Disjoint, not empty.

    Examples
    --------
    >>> from simulator.laws.topologies import fat_tree
    >>> tree = fat_tree(4, 1e9)
    >>> cut_b_per_s(tree, tree.endpoints[:8], tree.endpoints[8:])
    8000000000.0
    """
    n = len(fabric.nodes)
    capacity = fabric.capacity_b_per_s
    egress = np.bincount(fabric.tail, capacity, n) + np.bincount(fabric.head, capacity, n)
    unit = min(egress[left].sum(), egress[right].sum()) / _STEPS
    whole = np.floor(np.minimum(np.r_[capacity, capacity] / unit, 2 * _STEPS)).astype(np.int32)
    # Twice what an endpoint's links carry: these arcs of the source and sink never bind.
    room = np.ceil(np.minimum(2 * egress / unit, 2 * _STEPS)).astype(np.int32)
    ends = np.full(left.size, n), np.full(right.size, n + 1)
    start = np.r_[fabric.tail, fabric.head, ends[0], right]
    stop = np.r_[fabric.head, fabric.tail, left, ends[1]]
    amount = np.r_[whole, room[left], room[right]]
    network = sp.csr_array((amount, (start, stop)), shape=(n + 2, n + 2))
    left_over = sp.csr_array(network - maximum_flow(network, n, n + 1).flow)
    left_over.data[left_over.data < 0] = 0
    left_over.eliminate_zeros()
    side = np.zeros(n + 2, bool)
    side[breadth_first_order(left_over, n, return_predecessors=False)] = True
    return float(capacity[side[fabric.tail] != side[fabric.head]].sum())


@dataclass(frozen=True)
class Survey:
    """What a fabric amounts to.

    Parameters
    ----------
    chips, endpoints, switches, links : int
        Counts. [1]
    bisection_b_per_s : float
        Least cut between the first and second half of the endpoints, one way; 0 with one. [B/s]
    bisection_share : float
        Of what the smaller half's endpoints can send at once. [1]
    hops : mapping
        Pairs of endpoints by links on their shortest path. [1]
    hops_sampled : bool
        Whether those pairs are a sample.
    latency_s, most_latency_s : float
        Of those pairs, one way over links and switches, mean and largest; 0 with one. [s]
    tiers : tuple of (name, links, capacity each way [B/s])
        Nearest the chips first.
    """

    chips: int
    endpoints: int
    switches: int
    links: int
    bisection_b_per_s: float
    bisection_share: float
    hops: Mapping[int, int]
    hops_sampled: bool
    latency_s: float
    most_latency_s: float
    tiers: tuple[tuple[str, int, float], ...]

    @property
    def mean_hops(self) -> float:
        """Mean links between two endpoints. [1]"""
        return sum(h * n for h, n in self.hops.items()) / max(1, sum(self.hops.values()))


def survey(fabric: Fabric) -> Survey:
    """Count a fabric's parts, its bisection between halves in order, its hops and its latency.

    Examples
    --------
    >>> from simulator.laws.topologies import fat_tree
    >>> seen = survey(fat_tree(4, 1e9))
    >>> seen.bisection_share, dict(seen.hops)
    (1.0, {2: 16, 4: 32, 6: 192})
    """
    ends = fabric.endpoints
    halves = ends[: ends.size // 2], ends[ends.size // 2 :]
    bisection = cut_b_per_s(fabric, *halves) if halves[0].size else 0.0
    n, capacity = len(fabric.nodes), fabric.capacity_b_per_s
    egress = np.bincount(fabric.tail, capacity, n) + np.bincount(fabric.head, capacity, n)
    offered = min(egress[half].sum() for half in halves)
    sampled = ends.size > _HOP_TARGETS
    pick = np.linspace(0, ends.size - 1, min(ends.size, _HOP_TARGETS)).astype(int)
    routes = Routes(fabric)
    lengths = routes.hops(ends, ends[pick])
    count = np.bincount(lengths[lengths > 0])
    mean_s, most_s = _latency_s(routes, ends[pick])
    return Survey(
        chips=int(fabric.chips.sum()),
        endpoints=ends.size,
        switches=fabric.switches.size,
        links=fabric.tail.size,
        bisection_b_per_s=bisection,
        bisection_share=bisection / float(offered) if offered else 0.0,
        hops={int(h): int(count[h]) for h in np.flatnonzero(count)},
        hops_sampled=sampled,
        latency_s=mean_s,
        most_latency_s=most_s,
        tiers=tuple(
            (name, int((fabric.tier == k).sum()), float(capacity[fabric.tier == k].sum()))
            for k, name in enumerate(fabric.tiers)
        ),
    )


def _latency_s(routes: Routes, targets: NDArray[np.int64]) -> tuple[float, float]:
    """Mean and largest latency between each endpoint and each of some others. [s]"""
    fabric, ends = routes.fabric, routes.fabric.endpoints
    # Most fabrics state none, and large ones take their time.
    if ends.size < 2 or not fabric.latency_s.any():
        return 0.0, 0.0
    total_s = most_s = 0.0
    for target in targets.tolist():
        # The target itself adds nothing to either.
        each = routes.latency_s(target)[ends]
        total_s, most_s = total_s + float(each.sum()), max(most_s, float(each.max()))
    return total_s / (targets.size * (ends.size - 1)), most_s
