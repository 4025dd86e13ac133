"""A fabric as arrays: nodes that hold chips or switch, and full-duplex links between them.

An *endpoint* is the smallest thing a job is placed on (a host, or a whole scale-up domain) and
holds chips; a *switch* holds none. A link is a trunk: one edge, its capacity the same each way.
Names are paths such as ``pod0/rack3/host1``, so that a prefix names a rack, a pod or a site.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fabric", "Tier", "Wiring"]


@dataclass(frozen=True)
class Tier:
    """What the links of one tier have in common.

    Parameters
    ----------
    latency_s : float
        One way, of the link and the switch behind it. [s]
    mtbf_s : float
        Mean time between failures of one link; infinite where none is known. [s]
    mttr_s : float
        Mean time to repair. [s]
    """

    latency_s: float = 0.0
    mtbf_s: float = math.inf
    mttr_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Fabric:
    """Nodes and links of an interconnect; `N` nodes, `E` links.

    Parameters
    ----------
    nodes : tuple of str
        Names, unique; hierarchical with ``/``.
    chips : ndarray of int, shape (N,)
        Chips an endpoint holds, 0 for a switch. [chips]
    forwards : ndarray of bool, shape (N,)
        Whether others' traffic may pass through: switches, and the chips of a torus.
    tail, head : ndarray of int, shape (E,)
        The two ends of each link.
    capacity_b_per_s : ndarray, shape (E,)
        Each way. [B/s]
    lanes : ndarray, shape (E,)
        Parallel links of a trunk: the weight equal-cost multi-path gives it. [1]
    tier : ndarray of int, shape (E,)
        Index into `tiers`.
    tiers : tuple of str
        Names of the tiers, nearest the chips first.
    latency_s, mtbf_s, mttr_s : ndarray, shape (E,)
        As in `Tier`, link by link. [s]
    gateways : ndarray of int
        Nodes a backbone attaches to: the top layer.
    """

    nodes: tuple[str, ...]
    chips: NDArray[np.int64]
    forwards: NDArray[np.bool_]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    capacity_b_per_s: NDArray[np.float64]
    lanes: NDArray[np.float64]
    tier: NDArray[np.int64]
    tiers: tuple[str, ...]
    latency_s: NDArray[np.float64]
    mtbf_s: NDArray[np.float64]
    mttr_s: NDArray[np.float64]
    gateways: NDArray[np.int64]

    @property
    def endpoints(self) -> NDArray[np.int64]:
        """Nodes that hold chips, in order."""
        return np.flatnonzero(self.chips > 0)

    @property
    def switches(self) -> NDArray[np.int64]:
        """Nodes that hold none, in order."""
        return np.flatnonzero(self.chips == 0)

    def links_of(self, node: int) -> NDArray[np.int64]:
        """Return the links that end at *node*."""
        return np.flatnonzero((self.tail == node) | (self.head == node))

    def link_name(self, link: int) -> str:
        """Return the names of both ends, as ``a -- b``."""
        return f"{self.nodes[self.tail[link]]} -- {self.nodes[self.head[link]]}"

    def within(self, prefix: str) -> NDArray[np.int64]:
        """Return the endpoints whose name is *prefix* or lies below it."""
        below = prefix + "/"
        named = [self.nodes[k] == prefix or self.nodes[k].startswith(below) for k in self.endpoints]
        return self.endpoints[np.array(named, bool)]

    def groups(self, depth: int) -> tuple[list[str], NDArray[np.int64]]:
        """Return the distinct name prefixes of *depth* parts, and each endpoint's index in them."""
        names = ["/".join(self.nodes[k].split("/")[:depth]) for k in self.endpoints]
        order = {name: k for k, name in enumerate(dict.fromkeys(names))}
        return list(order), np.array([order[name] for name in names], np.int64)


@dataclass
class Wiring:
    """A fabric being wired: add nodes and links, then `done`.

    Examples
    --------
    >>> w = Wiring({"nic": Tier(latency_s=1e-6)})
    >>> switch, host = w.node("switch"), w.node("host", chips=8)
    >>> w.link(host, switch, 400e9, "nic")
    >>> w.done([switch]).capacity_b_per_s.tolist()
    [400000000000.0]
    """

    tiers: Mapping[str, Tier] = field(default_factory=dict)
    _nodes: dict[str, int] = field(default_factory=dict)
    _chips: list[int] = field(default_factory=list)
    _forwards: list[bool] = field(default_factory=list)
    _links: list[tuple[int, int, float, str, float, Tier]] = field(default_factory=list)

    def node(self, name: str, chips: int = 0, forwards: bool | None = None) -> int:
        """Add a node and return its index; a switch forwards, an endpoint does not unless told.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        if name in self._nodes:
            raise ValueError(f"node {name!r} is named twice")
        self._nodes[name] = len(self._nodes)
        self._chips.append(chips)
        self._forwards.append(chips == 0 if forwards is None else forwards)
        return self._nodes[name]

    def link(
        self,
        a: int,
        b: int,
        capacity_b_per_s: float,
        tier: str,
        lanes: float = 1.0,
        terms: Tier | None = None,
    ) -> None:
        """Join two nodes; *terms* where this link differs from its tier."""
        own = self.tiers.get(tier, Tier()) if terms is None else terms
        self._links.append((a, b, capacity_b_per_s, tier, lanes, own))

    def add(self, part: Fabric, prefix: str) -> int:
        """Copy a whole fabric in under *prefix*; return the offset of its node indices."""
        offset = len(self._nodes)
        for name, chips, forwards in zip(part.nodes, part.chips, part.forwards, strict=True):
            self.node(f"{prefix}/{name}", int(chips), bool(forwards))
        for k in range(part.tail.size):
            self.link(
                offset + int(part.tail[k]),
                offset + int(part.head[k]),
                float(part.capacity_b_per_s[k]),
                part.tiers[part.tier[k]],
                float(part.lanes[k]),
                Tier(float(part.latency_s[k]), float(part.mtbf_s[k]), float(part.mttr_s[k])),
            )
        return offset

    def done(self, gateways: Sequence[int]) -> Fabric:
        """Freeze into a `Fabric`; tiers in the order they were first used."""
        names = {name: k for k, name in enumerate(dict.fromkeys(row[3] for row in self._links))}
        terms = [row[5] for row in self._links]
        return Fabric(
            nodes=tuple(self._nodes),
            chips=np.array(self._chips, np.int64),
            forwards=np.array(self._forwards, bool),
            tail=np.array([row[0] for row in self._links], np.int64),
            head=np.array([row[1] for row in self._links], np.int64),
            capacity_b_per_s=np.array([row[2] for row in self._links], float),
            lanes=np.array([row[4] for row in self._links], float),
            tier=np.array([names[row[3]] for row in self._links], np.int64),
            tiers=tuple(names),
            latency_s=np.array([t.latency_s for t in terms], float),
            mtbf_s=np.array([t.mtbf_s for t in terms], float),
            mttr_s=np.array([t.mttr_s for t in terms], float),
            gateways=np.array(gateways, np.int64),
        )
