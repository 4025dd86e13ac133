"""Equal-cost multi-path routes of a fabric, compiled to a sparse matrix of links by columns.

Traffic is a fluid. At every node it splits over the next hops that lie on a shortest path to its
destination, in proportion to their lanes, as routers do that hash flows over equal-cost paths;
hashing's luck is left out. A column of the matrix is whatever the caller sums over: one flow, or
all flows of a job. Row ``k`` is link ``k`` from tail to head, row ``E + k`` the way back.

Peers walk shortest paths pair by pair; here all commodities advance one hop at a time together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from simulator.laws.fabric import Fabric

__all__ = ["Flows", "Routes", "both_ways", "capacity_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Distance of what cannot be reached. [hops]
_FAR = np.int16(32_000)
#: Commodities (column and destination) that advance together: bounds the memory of one step.
_BATCH = 512
#: Destinations whose distances are searched together.
_SEARCH = 128


@dataclass(frozen=True, eq=False)
class Flows:
    """Directed flows between nodes, each belonging to a column.

    Parameters
    ----------
    source, target : ndarray of int, shape (F,)
        Nodes; flows from a node to itself use no link.
    amount : ndarray, shape (F,)
        Traffic of the flow for each unit of its column's rate. [1]
    column : ndarray of int, shape (F,)
        Column of each flow, in ``range(columns)``.
    columns : int
        Number of columns.
    """

    source: Ints
    target: Ints
    amount: Floats
    column: Ints
    columns: int

    def of(self, chosen: NDArray[np.bool_]) -> Flows:
        """Return the flows of the *chosen* columns; the others are left without any."""
        keep = chosen[self.column]
        return Flows(
            self.source[keep], self.target[keep], self.amount[keep], self.column[keep], self.columns
        )


def both_ways(per_link: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a figure per link as one per direction, the rows of the matrix."""
    return np.concatenate([per_link, per_link])


def capacity_of(fabric: Fabric, dead: NDArray[np.bool_] | None = None) -> Floats:
    """Capacity of each direction, 0 where the link is *dead*. [B/s], shape (2 E,)."""
    capacity = fabric.capacity_b_per_s
    return both_ways(capacity if dead is None else np.where(dead, 0.0, capacity))


class Routes:
    """Shortest-path routes over the links that are alive; distances are kept once searched.

    Invariant: row ``r`` of the kept distances is the hop count from every node that forwards to
    the destinations whose set of live neighbours has number ``r``. Endpoints on one switch share
    a row, so the store grows with racks and not with chips.

    Parameters
    ----------
    fabric : Fabric
        Nodes and links.
    dead : ndarray of bool, shape (E,), optional
        Links that are down; none by default.
    """

    def __init__(self, fabric: Fabric, dead: NDArray[np.bool_] | None = None) -> None:
        self.fabric = fabric
        links = fabric.tail.size
        live = np.arange(links) if dead is None else np.flatnonzero(~dead)
        start = np.concatenate([fabric.tail[live], fabric.head[live]])
        order = np.argsort(start, kind="stable")
        self._link = np.concatenate([live, links + live])[order]
        self._next = np.concatenate([fabric.head[live], fabric.tail[live]])[order]
        degree = np.bincount(start, minlength=len(fabric.nodes))
        self._first = np.concatenate([[0], np.cumsum(degree)])
        self._lanes = both_ways(fabric.lanes)
        # Distances are kept for forwarding nodes only: others are never passed through.
        self._inner = np.flatnonzero(fabric.forwards)
        self._at = np.full(len(fabric.nodes), -1)
        self._at[self._inner] = np.arange(self._inner.size)
        between = (self._at[fabric.tail[live]] >= 0) & (self._at[fabric.head[live]] >= 0)
        a = self._at[fabric.tail[live[between]]]
        b = self._at[fabric.head[live[between]]]
        n = self._inner.size
        ones = np.ones(2 * a.size, np.float32)
        self._adjacent = sp.csr_array((ones, (np.r_[a, b], np.r_[b, a])), shape=(n, n))
        self._row_of: dict[bytes, int] = {}
        self._kept = np.empty((0, n), np.int16)

    def _neighbours(self, node: int) -> Ints:
        """Nodes one live hop from *node*, sorted."""
        return np.unique(self._next[self._first[node] : self._first[node + 1]])

    def _rows(self, targets: Ints) -> Ints:
        """Row of kept distances for each target, searching those not kept yet."""
        rows = np.empty(targets.size, np.int64)
        new: list[Ints] = []
        for k, target in enumerate(targets.tolist()):
            around = self._neighbours(target)
            key = around.tobytes()
            if key not in self._row_of:
                self._row_of[key] = len(self._row_of)
                new.append(around)
            rows[k] = self._row_of[key]
        found = [self._search(new[k : k + _SEARCH]) for k in range(0, len(new), _SEARCH)]
        if found:
            self._kept = np.concatenate([self._kept, *found])
        return rows

    def _search(self, around: list[Ints]) -> NDArray[np.int16]:
        """Breadth-first hop counts of forwarding nodes, one row per set of neighbours."""
        hops = np.full((self._inner.size, len(around)), _FAR, np.int16)
        for k, nodes in enumerate(around):
            inner = self._at[nodes]
            hops[inner[inner >= 0], k] = 1
        step = 1
        front = (hops == 1).astype(np.float32)
        while front.any():
            step += 1
            reached = (self._adjacent @ front > 0) & (hops == _FAR)
            hops[reached] = step
            front = reached.astype(np.float32)
        return hops.T

    def incidence(self, flows: Flows) -> tuple[sp.csc_array, NDArray[np.bool_]]:
        """Traffic on each direction of each link for each unit of a column's rate.

        Parameters
        ----------
        flows : Flows
            What is sent from where to where.

        Returns
        -------
        matrix : scipy.sparse.csc_array, shape (2 E, columns)
            Traffic per unit of rate. [1]
        cut : ndarray of bool, shape (columns,)
            Columns of which some flow has no path left; their entries mean nothing.

        Examples
        --------
        >>> from simulator.laws.topologies import scale_up_domain
        >>> pair = scale_up_domain(2, 2, 100e9)
        >>> one = Flows(*map(np.array, ([0], [1], [1.0], [0])), columns=1)
        >>> Routes(pair).incidence(one)[0].toarray().ravel()[:4].tolist()
        [0.5, 0.5, 0.0, 0.0]
        """
        size = (2 * self.fabric.tail.size, flows.columns)
        cut = np.zeros(flows.columns, bool)
        moving = (flows.source != flows.target) & (flows.amount > 0)
        nodes = len(self.fabric.nodes)
        keys, commodity = np.unique(
            flows.column[moving] * nodes + flows.target[moving], return_inverse=True
        )
        column, target = keys // nodes, keys % nodes
        goals, which = np.unique(target, return_inverse=True)
        row = self._rows(goals)[which]
        parts: list[sp.csc_array] = []
        source, amount = flows.source[moving], flows.amount[moving]
        by_commodity = np.argsort(commodity, kind="stable")
        edges = np.searchsorted(commodity[by_commodity], np.arange(0, keys.size + _BATCH, _BATCH))
        for low, high in pairwise(edges.tolist()):
            here = by_commodity[low:high]
            state = (commodity[here], source[here], amount[here])
            parts.append(self._spread(state, column, target, row, size, cut))
        total = sum(parts, sp.csc_array(size))
        return sp.csc_array(total), cut

    def _spread(
        self,
        state: tuple[Ints, Ints, Floats],
        column: Ints,
        target: Ints,
        row: Ints,
        size: tuple[int, int],
        cut: NDArray[np.bool_],
    ) -> sp.csc_array:
        """Advance a batch of commodities hop by hop until all have arrived."""
        nodes = len(self.fabric.nodes)
        commodity, node, amount = state
        links: list[Ints] = []
        columns: list[Ints] = []
        loads: list[Floats] = []
        while node.size:
            ways = self._first[node + 1] - self._first[node]
            cut[column[commodity[ways == 0]]] = True
            commodity, node, amount, ways = (x[ways > 0] for x in (commodity, node, amount, ways))
            if not node.size:
                break
            begin = np.cumsum(ways) - ways
            slot = np.arange(ways.sum()) + np.repeat(self._first[node] - begin, ways)
            ahead, link = self._next[slot], self._link[slot]
            owner = np.repeat(np.arange(node.size), ways)
            goal = commodity[owner]
            inner = self._at[ahead]
            hops = np.where(inner >= 0, self._kept[row[goal], inner], _FAR)
            hops[ahead == target[goal]] = 0
            nearest = np.minimum.reduceat(hops, begin)
            cut[column[commodity[nearest >= _FAR]]] = True
            on = (hops == nearest[owner]) & (hops < _FAR)
            owner, ahead, link, goal = owner[on], ahead[on], link[on], goal[on]
            lanes = self._lanes[link]
            total = np.bincount(owner, lanes, minlength=node.size)
            share = amount[owner] * lanes / total[owner]
            links.append(link)
            columns.append(column[goal])
            loads.append(share)
            going = ahead != target[goal]
            places, where = np.unique(goal[going] * nodes + ahead[going], return_inverse=True)
            commodity, node = places // nodes, places % nodes
            amount = np.bincount(where, share[going], places.size).astype(float)
        if not links:
            return sp.csc_array(size)
        at = (np.concatenate(links), np.concatenate(columns))
        return sp.csc_array((np.concatenate(loads), at), shape=size)

    def hops(self, sources: Ints, targets: Ints) -> NDArray[np.int64]:
        """Links on a shortest path between each source and each target, -1 where there is none.

        Parameters
        ----------
        sources, targets : ndarray of int
            Nodes.

        Returns
        -------
        ndarray of int, shape (targets, sources)

        Examples
        --------
        >>> from simulator.laws.topologies import fat_tree
        >>> tree = fat_tree(4, 1e9)
        >>> ends = tree.endpoints
        >>> Routes(tree).hops(ends[:1], ends[[0, 1, 2, 4]]).ravel().tolist()
        [0, 2, 4, 6]
        """
        rows = self._rows(targets)
        found = np.full((targets.size, sources.size), int(_FAR), np.int64)
        for k, source in enumerate(sources.tolist()):
            around = self._neighbours(source)
            inner = self._at[around]
            if (inner >= 0).any():
                found[:, k] = self._kept[np.ix_(rows, inner[inner >= 0])].min(axis=1) + 1
            found[np.isin(targets, around), k] = 1
            found[targets == source, k] = 0
        return np.where(found >= _FAR, -1, found)

    def latency_s(self, target: int) -> Floats:
        """Latency of what each node sends to one, the mean over its equal-cost shortest paths.

        Parameters
        ----------
        target : int
            Node.

        Returns
        -------
        ndarray, shape (N,)
            One way, paths weighed as traffic splits over them; infinite where there is none. [s]

        Examples
        --------
        A tree whose cards take 1 us, trunks to racks 2 us and to the spine 5 us:

        >>> from simulator.laws.fabric import Tier
        >>> from simulator.laws.topologies import fat_tree
        >>> terms = {tier: Tier(us * 1e-6) for tier, us in (("nic", 1), ("rack", 2), ("pod", 5))}
        >>> tree = fat_tree(4, 1e9, tiers=terms)
        >>> ends = tree.endpoints
        >>> (Routes(tree).latency_s(ends[0])[ends[[0, 1, 2, 4]]] * 1e6).round(6).tolist()
        [0.0, 2.0, 6.0, 16.0]
        """
        found = np.full(len(self.fabric.nodes), np.inf)
        found[target] = 0.0
        front = np.array([target])
        per_link = both_ways(self.fabric.latency_s)
        while front.size:
            ways = self._first[front + 1] - self._first[front]
            slot = np.arange(ways.sum()) + np.repeat(
                self._first[front] - np.cumsum(ways) + ways, ways
            )
            behind, link, ahead = self._next[slot], self._link[slot], np.repeat(front, ways)
            new = np.isinf(found[behind])
            behind, link, ahead = behind[new], link[new], ahead[new]
            nodes, where = np.unique(behind, return_inverse=True)
            lanes = self._lanes[link]
            each = np.bincount(where, lanes * (found[ahead] + per_link[link]), nodes.size)
            found[nodes] = each / np.bincount(where, lanes, nodes.size)
            front = nodes[self.fabric.forwards[nodes]]
        return found
