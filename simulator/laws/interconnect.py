"""The interconnect as a graph: read a user's own, check it, find what it hangs on.

The one home of networkx for fabrics. A user's graph is GraphML or node-link JSON; a node with
``chips`` is an endpoint, a link has ``capacity_b_per_s`` each way.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx
import numpy as np

from simulator.laws.fabric import Fabric, Tier, Wiring

__all__ = [
    "FabricError",
    "faults",
    "from_graph",
    "graph",
    "read_graph",
    "single_points",
]

_NODE_KEYS = ("chips", "forwards")
_LINK_KEYS = ("capacity_b_per_s", "tier", "latency_s", "lanes", "mtbf_s", "mttr_s")
#: Top-level keys of node-link JSON; networkx writes the last three.
_TOP_KEYS = ("nodes", "edges", "links", "directed", "multigraph", "graph")


class FabricError(ValueError):
    """A graph that is no fabric; its text names the file and every fault, one a line."""

    def __init__(self, where: str, found: list[str]) -> None:
        self.where, self.found = where, found
        super().__init__("\n".join(f"{where}: {fault}" for fault in found))


def graph(fabric: Fabric) -> nx.Graph:
    """Return the fabric as a networkx graph, with the keys `from_graph` reads."""
    out = nx.Graph()
    for k, name in enumerate(fabric.nodes):
        out.add_node(name, chips=int(fabric.chips[k]), forwards=bool(fabric.forwards[k]))
    for k in range(fabric.tail.size):
        out.add_edge(
            fabric.nodes[fabric.tail[k]],
            fabric.nodes[fabric.head[k]],
            capacity_b_per_s=float(fabric.capacity_b_per_s[k]),
            tier=fabric.tiers[fabric.tier[k]],
            latency_s=float(fabric.latency_s[k]),
            lanes=float(fabric.lanes[k]),
            mtbf_s=float(fabric.mtbf_s[k]),
            mttr_s=float(fabric.mttr_s[k]),
        )
    return out


def _unknown(keys: Mapping[str, Any], known: tuple[str, ...], at: str) -> list[str]:
    found = []
    for key in keys:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(known)}"
            found.append(f"{at}: unknown key {key!r}; {hint}")
    return found


def _top_layer(network: nx.Graph) -> list[Any]:
    """Nodes farthest from any endpoint: where a backbone would attach."""
    ends = {name for name, row in network.nodes(data=True) if row.get("chips", 0)}
    if not ends:
        return []
    hops = nx.multi_source_dijkstra_path_length(network, ends, weight=None)
    return [name for name in network if hops.get(name) == max(hops.values())]


def _number(
    row: Mapping[str, Any], key: str, default: float, at: str, found: list[str], *, above: bool
) -> float:
    """Return a figure of *row*, or note what is wrong with it; *above*: zero is wrong too."""
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        found.append(f"{at}: {key} must be a number, got {value!r}")
        return 1.0
    bound = "> 0" if above else ">= 0"
    if not (value > 0 if above else value >= 0):
        found.append(f"{at}: {key} must be {bound}, got {value:g}")
        return 1.0
    return float(value)


def from_graph(network: nx.Graph, where: str = "graph") -> Fabric:
    """Return the fabric a networkx graph describes.

    Parameters
    ----------
    network : networkx.Graph
        Undirected, without parallel links. Node keys: ``chips`` (default 0: a switch),
        ``forwards`` (default: switches only). Link keys: ``capacity_b_per_s`` (needed), ``tier``,
        ``latency_s``, ``lanes``, ``mtbf_s``, ``mttr_s``.
    where : str
        What to call it in messages.

    Raises
    ------
    FabricError
        With every fault: unknown keys, figures out of range, loops, a graph not connected, no
        endpoint.

    Examples
    --------
    >>> pair = nx.Graph()
    >>> pair.add_nodes_from(["a", "b"], chips=8)
    >>> pair.add_edge("a", "b", capacity_gbps=400)
    >>> from_graph(pair)
    Traceback (most recent call last):
        ...
    simulator.laws.interconnect.FabricError: graph: link 'a' -- 'b': unknown key 'capacity_gbps'; \
did you mean 'capacity_b_per_s'?
    graph: link 'a' -- 'b': capacity_b_per_s is missing
    """
    if network.is_directed() or network.is_multigraph():
        kind = "directed" if network.is_directed() else "with parallel links"
        raise FabricError(where, [f"is {kind}; links are undirected trunks, one for each pair"])
    found: list[str] = []
    wiring, index = Wiring(), {}
    for name, row in network.nodes(data=True):
        at = f"node {name!r}"
        found += _unknown(row, _NODE_KEYS, at)
        chips = _number(row, "chips", 0, at, found, above=False)
        if chips != int(min(chips, 2**53)):
            found.append(f"{at}: chips must be a whole number, got {chips:g}")
        forwards = row.get("forwards")
        if forwards is not None and not isinstance(forwards, bool):
            found.append(f"{at}: forwards must be true or false, got {forwards!r}")
        index[name] = wiring.node(str(name), int(min(chips, 2**53)), forwards)
    for a, b, row in network.edges(data=True):
        at = f"link {a!r} -- {b!r}"
        found += _unknown(row, _LINK_KEYS, at)
        if a == b:
            found.append(f"{at}: joins a node to itself")
        if "capacity_b_per_s" not in row:
            found.append(f"{at}: capacity_b_per_s is missing")
        capacity = _number(row, "capacity_b_per_s", 1, at, found, above=True)
        lanes = _number(row, "lanes", 1, at, found, above=True)
        terms = Tier(
            _number(row, "latency_s", 0, at, found, above=False),
            _number(row, "mtbf_s", math.inf, at, found, above=True),
            _number(row, "mttr_s", 0, at, found, above=False),
        )
        if math.isinf(capacity):
            found.append(f"{at}: capacity_b_per_s must be finite")
        wiring.link(index[a], index[b], capacity, str(row.get("tier", "link")), lanes, terms)
    if not found:
        fabric = wiring.done([index[name] for name in _top_layer(network)])
        found = faults(fabric)
    if found:
        raise FabricError(where, found)
    return fabric


def faults(fabric: Fabric) -> list[str]:
    """Say what is wrong with a fabric; nothing, if nothing is.

    Examples
    --------
    >>> w = Wiring()
    >>> a, b, c = (w.node(name, chips=1) for name in "abc")
    >>> w.link(a, b, 0.0, "link")
    >>> faults(w.done([]))
    ["link 'a -- b': capacity_b_per_s must be > 0, got 0", "not connected: 'c' cannot reach 'a'"]
    """
    found = [
        f"link {fabric.link_name(k)!r}: capacity_b_per_s must be > 0, "
        f"got {fabric.capacity_b_per_s[k]:g}"
        for k in np.flatnonzero(~(fabric.capacity_b_per_s > 0)).tolist()
    ]
    if not fabric.endpoints.size:
        return [*found, "no node has chips, so nothing can be placed on it"]
    network = graph(fabric)
    first = fabric.nodes[fabric.endpoints[0]]
    reached = nx.node_connected_component(network, first)
    lost = [name for name in fabric.nodes if name not in reached]
    if lost:
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        found.append(f"not connected: {lost[0]!r}{more} cannot reach {first!r}")
    return found


def read_graph(path: Path) -> Fabric:
    """Read a user's own fabric from GraphML or node-link JSON, by the name's ending.

    Raises
    ------
    FabricError
        If the file is missing, unreadable, malformed, or describes no fabric.
    """
    where = str(path)
    try:
        if path.suffix == ".graphml":
            return from_graph(nx.read_graphml(path), where)
        if path.suffix == ".json":
            return from_graph(_node_link(json.loads(path.read_text("utf-8")), where), where)
    except FabricError:
        raise
    except OSError as fault:
        raise FabricError(where, [fault.strerror or str(fault)]) from None
    except (ParseError, json.JSONDecodeError, UnicodeDecodeError, nx.NetworkXError) as fault:
        raise FabricError(where, [f"is not {path.suffix[1:]}: {fault}"]) from None
    raise FabricError(where, [f"ends in {path.suffix!r}; valid are .graphml and .json"])


def _node_link(data: object, where: str) -> nx.Graph:
    """Build the graph of ``{"nodes": [{"id": …}], "edges": [{"source": …, "target": …}]}``."""
    if not isinstance(data, dict):
        raise FabricError(where, ["must be an object with the keys 'nodes' and 'edges'"])
    found = _unknown(dict(data), _TOP_KEYS, "top level")
    found += [f"{key!r} must be false" for key in ("directed", "multigraph") if data.get(key)]
    rows = {"nodes": data.get("nodes"), "edges": data.get("edges", data.get("links"))}
    for key, value in rows.items():
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise FabricError(where, [*found, f"{key!r} must be a list of objects"])
    out = nx.Graph()
    for k, row in enumerate(rows["nodes"] or []):
        name = row.get("id")
        if name is None or str(name) in out:
            found.append(f"nodes[{k}]: " + ("id is missing" if name is None else f"{name!r} twice"))
            continue
        out.add_node(str(name), **{key: value for key, value in row.items() if key != "id"})
    for k, row in enumerate(rows["edges"] or []):
        ends = [str(row.get(end)) for end in ("source", "target")]
        for end, name in zip(("source", "target"), ends, strict=True):
            if name not in out:
                near = difflib.get_close_matches(name, list(out), 1, 0.4)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                found.append(f"edges[{k}]: {end} {name!r} is no node{hint}")
        if out.has_edge(*ends):
            found.append(f"edges[{k}]: {ends[0]!r} -- {ends[1]!r} is given twice")
        if all(name in out for name in ends):
            out.add_edge(*ends, **{k: v for k, v in row.items() if k not in ("source", "target")})
    if found:
        raise FabricError(where, found)
    return out


def single_points(fabric: Fabric) -> list[str]:
    """Name the switches without which some endpoints cannot reach others, in order of name."""
    cuts = set(nx.articulation_points(graph(fabric)))
    return sorted(fabric.nodes[k] for k in fabric.switches if fabric.nodes[k] in cuts)
