"""What a chip's supply keeps when nodes stand still: the graph alone, without time or chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from simulator.laws.arrays import Array
from simulator.laws.recovery import group_health
from simulator.world.chain import Chain, Need


def kept(chain: Chain, down: Iterable[str], *, switched: bool = True) -> dict[str, float]:
    """Part of each chip's planned output that is left while some nodes stand still. [1].

    Parameters
    ----------
    chain : Chain
    down : iterable of str
        Nodes that give nothing.
    switched : bool
        Whether substitutes cover up to their limits, as they do after their
        switching lag and once qualified; or only their planned shares.
    """
    left = _kept(chain, down, [0.0], switched=switched)
    return {chip: float(part[0]) for chip, part in left.items()}


def lost_over(chain: Chain, down: Iterable[str], begin_s: float, end_s: float) -> dict[str, float]:
    """Mean part of each chip's planned output that a stop of some nodes takes. [1].

    Stocks apart. Substitutes cover up to their limits after their switching lag,
    and from when they are qualified.

    Parameters
    ----------
    chain : Chain
    down : iterable of str
        Nodes that give nothing.
    begin_s, end_s : float
        From when until when. [s]
    """
    changes = {begin_s + lag for lag in chain.switch_lags_s} | chain.qualified_s
    t_s = [begin_s, *sorted(t for t in changes if begin_s < t < end_s)]
    spans_s = np.diff([*t_s, end_s])
    left = _kept(chain, down, t_s, timed=True)
    return {chip: float((1.0 - part) @ spans_s) / (end_s - begin_s) for chip, part in left.items()}


def _kept(
    chain: Chain,
    down: Iterable[str],
    t_s: Sequence[float],
    *,
    switched: bool = True,
    timed: bool = False,
) -> dict[str, Array]:
    """Part of each chip's output left from each time on, of a stop that begins with the first."""
    stopped, ones = frozenset(down), np.ones(len(t_s))
    health: dict[str, Array] = {}

    def scarcest(needs: Iterable[Need]) -> Array:
        least = ones
        for need in needs:
            parts = [health[supplier] for supplier in need.suppliers]
            limits = need.limits if switched else need.shares
            when = (need.lag_s, need.qualified_s) if timed else ()
            least = np.minimum(least, group_health(t_s, parts, need.shares, limits, *when))
        return least

    for node in chain.order:
        inputs = [need for base in chain.foundations[node] for need in chain.needs[base]]
        stands = stopped.isdisjoint(chain.foundations[node])
        health[node] = scarcest(inputs) if stands else 0.0 * ones
    return {chip: scarcest(chain.needs[chip]) for chip in chain.upstream}


def reached(chain: Chain, nodes: tuple[str, ...]) -> dict[str, float]:
    """Part of each chip that is made with what some nodes give, by planned shares. [1].

    Of several inputs the one that has most from them counts. Worked out once a scenario.
    """
    if nodes not in chain.reached:
        left = kept(chain, nodes, switched=False)
        chain.reached[nodes] = {chip: 1.0 - part for chip, part in left.items()}
    return chain.reached[nodes]


def passed_on(chain: Chain, weights: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Part of all planned purchases that stands behind each edge, consumer first. [1].

    Behind a node stands what would be lost at once without it; of that each of its
    inputs, which are complements, carries all, split among substitutes by planned share.

    Parameters
    ----------
    weights : mapping of str to float
        Planned purchases by chip, in any one unit.
    """
    total = sum(weights.values())
    edges: dict[tuple[str, str], float] = {}
    for here in chain.graph.nodes:
        if here in chain.upstream:
            amount = weights.get(here, 0.0)
        else:
            parts = reached(chain, (here,))
            amount = sum(weight * parts[chip] for chip, weight in weights.items())
        flows = dict.fromkeys(chain.ties.get(here, ()), 1.0)
        for need in chain.needs[here]:
            for supplier, share in zip(need.suppliers, need.shares, strict=True):
                flows[supplier] = max(flows.get(supplier, 0.0), share)
        for supplier, share in flows.items():
            if amount * share > 0:
                edges[here, supplier] = amount * share / total
    return edges
