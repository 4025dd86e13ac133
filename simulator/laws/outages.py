"""What one failed link or switch does: which columns it slows and which it cuts.

Only columns whose routes use what failed are compiled anew: the others' shortest paths are still
there, still the shortest, and still as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from simulator.laws.fabric import Fabric
from simulator.laws.maxmin import max_min_rates
from simulator.laws.paths import Flows, Routes, capacity_of
from simulator.laws.traffic import replace_columns

__all__ = ["Outage", "dead_link", "dead_switch", "reroute", "single_outages"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Outage:
    """The fabric with some links down.

    Parameters
    ----------
    name : str
        What failed.
    tier : str
        Tier of the failed link, or ``switch``.
    incidence : scipy.sparse.csc_array, shape (2 E, columns)
        Routes over what is left; a cut column is empty.
    rate_b_per_s : ndarray, shape (columns,)
        Rate of each column, 0 where cut. [B/s]
    hurt : ndarray of int
        Columns that run, slower than before.
    cut : ndarray of int
        Columns of which some flow has no path.
    """

    name: str
    tier: str
    incidence: sp.csc_array
    rate_b_per_s: NDArray[np.float64]
    hurt: NDArray[np.int64]
    cut: NDArray[np.int64]


def dead_link(fabric: Fabric, link: int) -> Mask:
    """Return the mask of links that are down when *link* is."""
    dead = np.zeros(fabric.tail.size, bool)
    dead[link] = True
    return dead


def dead_switch(fabric: Fabric, node: int) -> Mask:
    """Return the mask of links that are down when *node* is."""
    return (fabric.tail == node) | (fabric.head == node)


def reroute(
    fabric: Fabric, flows: Flows, incidence: sp.csc_array, dead: Mask
) -> tuple[sp.csc_array, Mask]:
    """Compile again the columns that used a *dead* link.

    Parameters
    ----------
    fabric : Fabric
        All links.
    flows : Flows
        All flows.
    incidence : scipy.sparse.csc_array, shape (2 E, columns)
        Their routes while all links were alive.
    dead : ndarray of bool, shape (E,)
        Links that are down.

    Returns
    -------
    incidence : scipy.sparse.csc_array, shape (2 E, columns)
        Routes over the live links; a cut column is empty.
    cut : ndarray of bool, shape (columns,)
        Columns of which some flow has no path.
    """
    uses = np.r_[dead, dead][incidence.indices]
    column = np.repeat(np.arange(flows.columns), np.diff(incidence.indptr))
    touched = np.bincount(column[uses], minlength=flows.columns) > 0
    fresh, cut = Routes(fabric, dead).incidence(flows.of(touched))
    if cut.any():
        fresh = replace_columns(fresh, sp.csc_array(fresh.shape), cut)
    return replace_columns(incidence, fresh, touched), cut


def _broken(
    fabric: Fabric, links: Iterable[int], switches: Iterable[int]
) -> Iterator[tuple[str, str, Mask]]:
    """Name, tier and dead links of each failure in turn."""
    for link in links:
        yield fabric.link_name(link), fabric.tiers[fabric.tier[link]], dead_link(fabric, link)
    for node in switches:
        yield fabric.nodes[node], "switch", dead_switch(fabric, node)


def single_outages(
    fabric: Fabric,
    flows: Flows,
    incidence: sp.csc_array,
    *,
    links: Iterable[int] = (),
    switches: Iterable[int] = (),
    weight: ArrayLike = 1.0,
    limit_b_per_s: ArrayLike = np.inf,
) -> Iterator[Outage]:
    """Fail each of *links* and *switches* in turn and share the rest max-min fairly.

    Parameters
    ----------
    fabric, flows, incidence
        As in `reroute`.
    links, switches : iterable of int
        What fails, one at a time.
    weight, limit_b_per_s : array_like, shape (columns,) or ()
        As in `max_min_rates`: weights [1] and limits [B/s] of the columns.

    Yields
    ------
    Outage
        In the order given, links first.
    """
    whole = max_min_rates(incidence, capacity_of(fabric), weight, limit_b_per_s)
    for name, tier, dead in _broken(fabric, links, switches):
        routes, cut = reroute(fabric, flows, incidence, dead)
        rate = max_min_rates(routes, capacity_of(fabric, dead), weight, limit_b_per_s)
        rate[cut] = 0.0
        hurt = ~cut & (rate < whole * (1 - 1e-9))
        yield Outage(name, tier, routes, rate, np.flatnonzero(hurt), np.flatnonzero(cut))
