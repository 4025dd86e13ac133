"""Who needs whom: the supply graph of chips, their makers and what those rest on.

A chip needs logic *and* packaging *and* memory; memory comes from one maker
*or* another. So a node has groups of inputs: across groups all are needed,
inside a group suppliers stand in for each other. Path algorithms see only the
"or" and are wrong here, but for goods of a single kind (:func:`minimum_cut`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import networkx as nx


@dataclass(frozen=True)
class Source:
    """One supplier inside a group of substitutes.

    Attributes
    ----------
    supplier : str
        Id of the node that supplies.
    share : float
        Part of the group's need it covers by plan; shares of a group sum to 1. [1]
    limit : float
        Most it may deliver to this group, such as what is qualified. [supplier's units per period]
    """

    supplier: str
    share: float = 1.0
    limit: float = math.inf


@dataclass(frozen=True)
class Group:
    """Suppliers of one input, any of which can stand in for another.

    Attributes
    ----------
    name : str
        The input, such as ``logic`` or ``hbm``.
    sources : tuple of Source
        Who supplies it.
    per_unit : float
        Supplier's units that go into one unit of the consumer, > 0.
    """

    name: str
    sources: tuple[Source, ...]
    per_unit: float = 1.0


@dataclass(frozen=True)
class Node:
    """A maker, site, chip or fleet that produces one thing.

    Attributes
    ----------
    id : str
        Stable name.
    capacity : float
        Most it produces in a period; infinite where other things bind. [own units per period]
    groups : tuple of Group
        Inputs, all of them needed.
    rests_on : mapping of str to str
        Nodes without which it stands still, though it consumes nothing of
        theirs, by the kind of tie: ``{"country": "taiwan"}``.
    """

    id: str
    capacity: float = math.inf
    groups: tuple[Group, ...] = ()
    rests_on: Mapping[str, str] = field(default_factory=dict)

    def needs(self) -> Iterable[str]:
        """Yield the ids this node needs or may need directly."""
        yield from self.rests_on.values()
        for group in self.groups:
            yield from (source.supplier for source in group.sources)


@dataclass(frozen=True)
class SupplyGraph:
    """Nodes whose needs form no cycle; checked when made.

    Attributes
    ----------
    nodes : mapping of str to Node
        By id, upstream before downstream.

    Raises
    ------
    ValueError
        If an id repeats or is unknown, a group is empty, its shares do not sum
        to 1, a number is out of bounds, or the needs run in a cycle, which is named.
    """

    nodes: Mapping[str, Node]

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> SupplyGraph:
        """Make the graph of *nodes*, in any order.

        Examples
        --------
        >>> chip = Node("chip", groups=(Group("logic", (Source("fab"),)),))
        >>> list(SupplyGraph.of([chip, Node("fab", 100.0)]).nodes)
        ['fab', 'chip']
        """
        listed = list(nodes)
        by_id = {node.id: node for node in listed}
        if len(by_id) < len(listed):
            ids = [node.id for node in listed]
            raise ValueError(f"ids repeat: {sorted({i for i in ids if ids.count(i) > 1})}")
        for node in listed:
            _check(node, by_id)
        needs = nx.DiGraph()
        needs.add_nodes_from(by_id)
        needs.add_edges_from((need, node.id) for node in listed for need in node.needs())
        try:
            order = list(nx.topological_sort(needs))
        except nx.NetworkXUnfeasible:
            cycle = [edge[0] for edge in nx.find_cycle(needs)]
            text = " -> ".join([*cycle, cycle[0]])
            raise ValueError(f"supply runs in a cycle: {text}") from None
        return cls({i: by_id[i] for i in order})


def _check(node: Node, known: Mapping[str, Node]) -> None:
    for need in node.needs():
        if need not in known:
            raise ValueError(f"{node.id} needs {need!r}, which is no node")
    if not node.capacity >= 0:
        raise ValueError(f"capacity of {node.id} must be >= 0, got {node.capacity}")
    for group in node.groups:
        where = f"{group.name} of {node.id}"
        whole = math.fsum(source.share for source in group.sources)
        if not math.isclose(whole, 1.0, abs_tol=1e-9) or any(s.share < 0 for s in group.sources):
            raise ValueError(f"shares in {where} must be >= 0 and sum to 1, got {whole}")
        if len({source.supplier for source in group.sources}) < len(group.sources):
            raise ValueError(f"a supplier repeats in {where}")
        if not group.per_unit > 0:
            raise ValueError(f"per_unit in {where} must be > 0, got {group.per_unit}")


def stands_on(graph: SupplyGraph, node_id: str) -> frozenset[str]:
    """Ids of what a node rests on, and what that rests on, itself included.

    The node works only as far as all of these do.
    """
    found: set[str] = set()
    waiting = [node_id]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting.extend(graph.nodes[here].rests_on.values())
    return frozenset(found)


def necessary_nodes(graph: SupplyGraph) -> dict[str, frozenset[str]]:
    """For each node, the nodes without any one of which it makes nothing.

    The dominators of an "and-or" graph: a need of any group is a need; a need
    inside a group is one only if every supplier there shares it. Sources with
    a plan share of zero count as substitutes all the same.

    Returns
    -------
    dict of str to frozenset of str
        The node itself included.
    """
    needed: dict[str, frozenset[str]] = {}
    for node_id, node in graph.nodes.items():
        must = {node_id}.union(*(needed[i] for i in node.rests_on.values()))
        for group in node.groups:
            must |= frozenset.intersection(*(needed[s.supplier] for s in group.sources))
        needed[node_id] = frozenset(must)
    return needed


def look_through_chain(
    graph: SupplyGraph, amounts: Mapping[str, float]
) -> dict[tuple[str, ...], dict[str, float]]:
    """Amounts of product that stand behind each upstream node, tier by tier.

    Complements are never summed: each chain of inputs has its own entry,
    named by its groups and ties from the product up, and inside an entry the
    suppliers are substitutes. Feed an entry's amounts to the laws of
    concentration.

    Parameters
    ----------
    graph : SupplyGraph
        Whose planned shares are followed.
    amounts : mapping of str to float
        Products in the fleet, on one basis. [any one unit]

    Returns
    -------
    dict
        ``{("hbm",): {"maker": amount, ...}, ("hbm", "country"): {...}, ...}``. [unit of amounts]

    Examples
    --------
    >>> chip = Node("chip", groups=(Group("hbm", (Source("a", 0.7), Source("b", 0.3))),))
    >>> look_through_chain(SupplyGraph.of([chip, Node("a"), Node("b")]), {"chip": 10.0})
    {('hbm',): {'a': 7.0, 'b': 3.0}}
    """
    found: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    waiting: list[tuple[tuple[str, ...], str, float]] = [((), p, a) for p, a in amounts.items()]
    while waiting:
        chain, node_id, amount = waiting.pop(0)
        node = graph.nodes[node_id]
        steps = [(tie, other, amount) for tie, other in node.rests_on.items()]
        steps += [(g.name, s.supplier, amount * s.share) for g in node.groups for s in g.sources]
        for name, other, part in steps:
            found[*chain, name][other] += part
            waiting.append(((*chain, name), other, part))
    return {chain: dict(entry) for chain, entry in found.items()}


@dataclass(frozen=True)
class Cut:
    """The cheapest set of arcs that parts source from sink.

    Attributes
    ----------
    capacity : float
        Sum over the cut: the most that can flow. [units per period]
    source_side : frozenset of str
        Nodes still reachable from the source.
    """

    capacity: float
    source_side: frozenset[str]


def minimum_cut(arcs: Iterable[tuple[str, str, float]], source: str, sink: str) -> Cut:
    """Most that flows from source to sink, and the arcs that bind it.

    Right only where all arcs carry one kind of goods in one unit; for several
    inputs a product use the laws of production.

    Parameters
    ----------
    arcs : iterable of (str, str, float)
        From, to, capacity; parallel arcs add up. [units per period]
    source, sink : str
        Ends of the flow.

    References
    ----------
    Ford and Fulkerson, Canadian Journal of Mathematics 8, 1956. doi:10.4153/CJM-1956-045-5

    Examples
    --------
    >>> minimum_cut([("s", "a", 3.0), ("a", "t", 2.0)], "s", "t").capacity
    2.0
    """
    network = nx.DiGraph()
    network.add_nodes_from((source, sink))
    for tail, head, capacity in arcs:
        old = network.edges[tail, head]["capacity"] if network.has_edge(tail, head) else 0.0
        network.add_edge(tail, head, capacity=old + capacity)
    value, (reachable, _) = nx.minimum_cut(network, source, sink)
    return Cut(float(value), frozenset(reachable))
