"""Wide-area links between sites: over them runs read data that their own site does not store.

A run reads as fast as its chips take it in. What is read at a site beyond what it stores comes
from the nearest sites that do, over all shortest paths alike; reads share the links max-min fairly
by chip, and a run goes as fast as it is fed. Gangs never lie in two sites.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.fabric import Wiring
from simulator.laws.maxmin import max_min_rates
from simulator.laws.paths import Flows, Routes, both_ways, capacity_of
from simulator.spec.network import Backbone as BackboneSpec

__all__ = ["Backbone"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Backbone:
    """The links between sites and who reads what over them.

    Invariant: routes are those over the links that no fault holds down.

    Parameters
    ----------
    spec : simulator.spec.network.Backbone
    sites : sequence of str
    families : sequence of str
        Family of each job class.
    """

    def __init__(self, spec: BackboneSpec, sites: Sequence[str], families: Sequence[str]) -> None:
        self.name = "all/backbone"
        self.spec = spec
        self.version = 0
        self._families = list(spec.reads)
        self.sites = list(sites)
        #: Of each job class: its family's place, and what a chip reads. [B/s]
        self.family = np.array([self._families.index(f) for f in families], np.int64)
        self.reads_b_per_s = np.array([spec.reads[f].rate.value for f in families])
        wiring = Wiring()
        nodes = {site: wiring.node(site, chips=1, forwards=True) for site in self.sites}
        for link in spec.links:
            a, b = (nodes[end] for end in link.ends)
            wiring.link(a, b, link.bandwidth.value, "site")
        self._fabric = wiring.done([])
        self._faults = np.zeros(len(spec.links), np.int16)
        self._look()

    def column(self, site: ArrayLike, kind: Ints) -> Ints:
        """Number of what runs of some classes read at sites."""
        return np.asarray(np.asarray(site) * len(self._families) + self.family[kind], np.int64)

    @property
    def families(self) -> int:
        """How many families read."""
        return len(self._families)

    @property
    def columns(self) -> int:
        """Pairs of site and family."""
        return len(self.sites) * len(self._families)

    def fed(self, site: str) -> Mask:
        """Which job classes a site can feed: it stores their data or is joined to one that does."""
        return np.asarray(
            self.reached[self.column(self.sites.index(site), np.arange(self.family.size))]
        )

    def wanted_b_per_s(self, column: Ints, reads_b_per_s: Floats) -> Floats:
        """Add up what runs read, by column. Shape (columns,)."""
        return np.bincount(column, reads_b_per_s, self.columns).astype(np.float64)

    def share(self, wanted_b_per_s: Floats) -> tuple[Floats, Floats]:
        """Share the links among what is wanted.

        Parameters
        ----------
        wanted_b_per_s : ndarray, shape (columns,)

        Returns
        -------
        share : ndarray, shape (columns,)
            Of what is wanted: 1 where the site stores it, 0 where nothing joins it. [1]
        load_b_per_s : ndarray, shape (2 links,)
            Each way.
        """
        share = np.where(self.reached, 1.0, 0.0)
        wants = np.flatnonzero((wanted_b_per_s > 0) & self.away & (share > 0))
        load = np.zeros(self.counted_b_per_s.size)
        if wants.size:
            load = np.asarray(self.routes @ np.where(share > 0, wanted_b_per_s, 0.0))
            if (load > self.counted_b_per_s).any():
                routes, wanted = self.routes[:, wants], wanted_b_per_s[wants]
                rate = max_min_rates(routes, self.counted_b_per_s, wanted, wanted)
                share[wants] = rate / wanted
                load = np.asarray(routes @ rate)
        return share, load

    # As a plant: to its record and to what makes it fail.

    @property
    def opened(self) -> int:
        """Whether there is anything to tell of."""
        return len(self.spec.links)

    @property
    def capacity_b_per_s(self) -> Floats:
        """Of each link each way, all being well."""
        return both_ways(self._fabric.capacity_b_per_s)

    @property
    def counted_b_per_s(self) -> Floats:
        """Of each link each way, now."""
        return self._capacity

    def spans(self) -> dict[str, slice]:
        """Links by tier."""
        return {"site": slice(0, 2 * len(self.spec.links))}

    def bundle(self, row: int) -> str:
        """Return the name of one direction of a link."""
        a, b = self.spec.links[row % len(self.spec.links)].ends
        return f"{a} → {b}" if row < len(self.spec.links) else f"{b} → {a}"

    def lost_share(self) -> float:
        """Share of the links that are down. [1]"""
        return float((self._faults > 0).mean())

    def count(self, kind: str) -> int:
        """How many of a kind stand: only links between sites do."""
        assert kind == "site-link"
        return len(self.spec.links)

    def element(self, kind: str, number: int) -> str:
        """Return the name of one of a kind."""
        assert kind == "site-link"
        return " -- ".join(self.spec.links[number].ends)

    def fail(self, kind: str, number: int) -> None:
        """Take down one of a kind, by its number in `count`."""
        assert kind == "site-link"
        self._faults[number] += 1
        self._look()

    def repair(self, kind: str, number: int) -> None:
        """End one fault of what `fail` took down.

        Raises
        ------
        ValueError
            If it is not down.
        """
        if self._faults[number] < 1:
            raise ValueError(f"{self.element(kind, number)} is not down")
        self._faults[number] -= 1
        self._look()

    def _look(self) -> None:
        """Bring routes up to date after a change."""
        self.version += 1
        dead = self._faults > 0
        self._capacity = capacity_of(self._fabric, dead)
        hops = self._hops(dead)
        away = np.zeros((len(self.sites), len(self._families)), bool)
        reached = np.ones_like(away)
        source, target, amount, column = [], [], [], []
        for f, family in enumerate(self._families):
            stores = [self.sites.index(site) for site in self.spec.reads[family].stored]
            for s in range(len(self.sites)):
                away[s, f] = s not in stores
                near = hops[stores, s].min()
                reached[s, f] = np.isfinite(near)
                nearest = [k for k in stores if hops[k, s] == near and away[s, f]]
                for k in nearest if np.isfinite(near) else []:
                    source.append(k)
                    target.append(s)
                    amount.append(1 / len(nearest))
                    column.append(s * len(self._families) + f)
        self.away, self.reached = away.ravel(), reached.ravel()
        ends = np.array([source, target], np.int64)
        belongs = np.array(column, np.int64)
        flows = Flows(ends[0], ends[1], np.array(amount, float), belongs, self.columns)
        self.routes, _ = Routes(self._fabric, dead).incidence(flows)

    def _hops(self, dead: Mask) -> Floats:
        """Links between each two sites over those alive; inf: nothing joins them."""
        n = len(self.sites)
        hops = np.where(np.eye(n, dtype=bool), 0.0, np.inf)
        for k in np.flatnonzero(~dead).tolist():
            a, b = int(self._fabric.tail[k]), int(self._fabric.head[k])
            hops[a, b] = hops[b, a] = 1.0
        for k in range(n):
            hops = np.minimum(hops, hops[:, k, None] + hops[None, k, :])
        return hops
