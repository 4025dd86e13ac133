"""What a supply graph can deliver, whole or with nodes removed.

Inputs of different groups are complements (a chip needs each), suppliers of
one group are substitutes up to their limits, and what is scarce goes where
it is worth most. Being a linear program, output never rises when a node fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from simulator.laws.arrays import Array
from simulator.laws.dependency import SupplyGraph, stands_on
from simulator.laws.linear_program import least_cost


@dataclass(frozen=True)
class Delivery:
    """What came out of a supply graph in one period.

    Attributes
    ----------
    served : mapping of str to float
        By product, at most its demand. Where products are worth the same and
        share what is scarce, the split is one of several; the value is not. [product units]
    value : float
        Sum of served times worth. [worth]
    marginal : mapping of str to float
        Value gained per unit of capacity added to a node; 0 where it does not bind.
    """

    served: Mapping[str, float]
    value: float
    marginal: Mapping[str, float]

    @property
    def binding(self) -> tuple[str, ...]:
        """Nodes whose capacity limits the value, the most valuable first."""
        scarce = [i for i, gain in self.marginal.items() if gain > 1e-9]
        return tuple(sorted(scarce, key=lambda i: -self.marginal[i]))


class Production:
    """The linear program of a supply graph and the demand put to it.

    Parameters
    ----------
    graph : SupplyGraph
        Nodes, capacities, needs.
    demand : mapping of str to float
        Wanted of each product, >= 0. [product units per period]
    worth : mapping of str to float, optional
        Value of one unit of each product; 1 where not named.

    Raises
    ------
    ValueError
        If a product is no node, or its demand is negative.
    """

    def __init__(
        self,
        graph: SupplyGraph,
        demand: Mapping[str, float],
        worth: Mapping[str, float] | None = None,
    ) -> None:
        for product, amount in demand.items():
            if product not in graph.nodes:
                raise ValueError(f"{product!r} is demanded but is no node")
            if not amount >= 0:
                raise ValueError(f"demand of {product} must be >= 0, got {amount}")
        self.graph = graph
        self.demand = dict(demand)
        self._ids = list(graph.nodes)
        groups = (group for node in graph.nodes.values() for group in node.groups)
        self._makers = {source.supplier for group in groups for source in group.sources} | {*demand}
        self._foundations = {i: stands_on(graph, i) for i in self._ids}
        self._limits: list[float] = []
        self._rows = self._balances()
        worths = [(worth or {}).get(product, 1.0) for product in self.demand]
        others = self._rows.shape[1] - len(worths)
        self._cost = -np.array([0.0] * others + worths)

    def _balances(self) -> Array:
        # Columns: output of each node, each delivery, served of each product.
        # Rows, all <= 0: needs less deliveries for each group, then
        # deliveries and served less output for each node.
        at = {node_id: k for k, node_id in enumerate(self._ids)}
        entries: list[tuple[int, int, float]] = []
        groups = [(i, group) for i in self._ids for group in self.graph.nodes[i].groups]
        column = len(at)
        for row, (consumer, group) in enumerate(groups):
            entries.append((row, at[consumer], group.per_unit))
            for source in group.sources:
                entries.append((row, column, -1.0))
                entries.append((len(groups) + at[source.supplier], column, 1.0))
                self._limits.append(source.limit)
                column += 1
        for node_id, k in at.items():
            entries.append((len(groups) + k, k, -1.0))
            if node_id in self.demand:
                entries.append((len(groups) + k, column + list(self.demand).index(node_id), 1.0))
        balances = np.zeros((len(groups) + len(at), column + len(self.demand)))
        for row, column, value in entries:
            balances[row, column] = value
        return balances

    def _capacity(self, node_id: str, health: Mapping[str, float]) -> float:
        # Troubles of different nodes multiply, each counted once however many
        # ties lead to it.
        share = math.prod(health.get(i, 1.0) for i in self._foundations[node_id])
        capacity = self.graph.nodes[node_id].capacity
        # A country or a licence makes nothing; what rests on it is cut instead.
        if math.isinf(capacity) and 0 < share < 1 and node_id in self._makers:
            raise ValueError(f"{node_id} has no capacity of which health {share:g} could be part")
        return 0.0 if share == 0 else capacity * share

    def deliver(self, health: Mapping[str, float] | None = None) -> Delivery:
        """Return the best the graph can do in one period.

        Parameters
        ----------
        health : mapping of str to float, optional
            Part of each node that works, in [0, 1]; whole where not named. [1]

        Raises
        ------
        ValueError
            If a health is out of bounds or names no node, or is partial for a
            node without a capacity of its own.
        """
        health = health or {}
        for node_id, share in health.items():
            if node_id not in self.graph.nodes or not 0 <= share <= 1:
                raise ValueError(f"health of {node_id!r} must be in [0, 1] of a node, got {share}")
        capacity = [self._capacity(i, health) for i in self._ids]
        upper = [*capacity, *self._limits, *self.demand.values()]
        answer = least_cost(self._cost, self._rows, np.zeros(len(self._rows)), upper)
        served = answer.x[len(upper) - len(self.demand) :]
        gains = answer.gain_of_most[: len(capacity)]
        return Delivery(
            dict(zip(self.demand, map(float, served), strict=True)),
            -answer.cost,
            dict(zip(self._ids, map(float, gains), strict=True)),
        )

    def loss(self, removed: Iterable[str]) -> float:
        """Value lost when all of *removed* stand still, >= 0. [worth]"""
        whole = self.deliver().value
        return max(0.0, whole - self.deliver(dict.fromkeys(removed, 0.0)).value)


def n_minus_1(production: Production) -> dict[str, float]:
    """Value lost when each node alone stands still. [worth]

    The supply is N-1 secure where all of these are 0.
    """
    whole = production.deliver().value
    ids = production.graph.nodes
    return {i: max(0.0, whole - production.deliver({i: 0.0}).value) for i in ids}


def minimal_cut_sets(
    production: Production,
    least_loss: float,
    *,
    size: int = 3,
    among: Iterable[str] | None = None,
) -> list[frozenset[str]]:
    """Smallest sets of nodes whose joint failure loses at least *least_loss*.

    Tries all sets up to *size*, smallest first, and leaves out those that hold
    a set already found; meant for some thirty nodes.

    Parameters
    ----------
    production : Production
        The supply and its demand.
    least_loss : float
        Loss that counts, > 0. [worth]
    size : int
        Largest set tried, >= 1.
    among : iterable of str, optional
        Nodes that may fail; all by default.

    Returns
    -------
    list of frozenset of str
        By size, then by name.
    """
    if not least_loss > 0 or size < 1:
        raise ValueError(f"least_loss must be > 0 and size >= 1, got {least_loss} and {size}")
    candidates = sorted(production.graph.nodes if among is None else among)
    whole = production.deliver().value
    # The solver leaves a last few bits in a loss that equals the bound.
    bound = least_loss * (1 - 1e-9)
    found: list[frozenset[str]] = []
    for k in range(1, size + 1):
        for nodes in combinations(candidates, k):
            tried = frozenset(nodes)
            if any(cut <= tried for cut in found):
                continue
            if whole - production.deliver(dict.fromkeys(nodes, 0.0)).value >= bound:
                found.append(tried)
    return found
