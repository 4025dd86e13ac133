"""What a chip's supply keeps when nodes stand still: the graph alone, without time or chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
    stopped = frozenset(down)
    health: dict[str, float] = {}
    for node in chain.order:
        alive = not stopped & {*chain.foundations[node]}
        inputs = [need for base in chain.foundations[node] for need in chain.needs[base]]
        health[node] = float(alive) * _scarcest(inputs, health, switched)
    return {chip: _scarcest(chain.needs[chip], health, switched) for chip in chain.upstream}


def reached(chain: Chain, nodes: tuple[str, ...]) -> dict[str, float]:
    """Part of each chip that is made with what some nodes give, by planned shares. [1].

    Of several inputs the one that has most from them counts. Worked out once a scenario.
    """
    if nodes not in chain.reached:
        left = kept(chain, nodes, switched=False)
        chain.reached[nodes] = {chip: 1.0 - part for chip, part in left.items()}
    return chain.reached[nodes]


def _scarcest(needs: Iterable[Need], health: Mapping[str, float], switched: bool) -> float:
    parts = [
        float(
            group_health(
                [0.0],
                [[health[supplier]] for supplier in need.suppliers],
                need.shares,
                need.limits if switched else need.shares,
            )[0]
        )
        for need in needs
    ]
    return min(parts, default=1.0)


def passed_on(chain: Chain, weights: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Part of all planned purchases that stands behind each edge, consumer first. [1].

    Inputs are complements: each carries all of its consumer's part, split among
    substitutes. What comes to a node on two ways of one chip counts once, by
    the larger.

    Parameters
    ----------
    weights : mapping of str to float
        Planned purchases by chip, in any one unit.
    """
    total = sum(weights.values())
    edges: dict[tuple[str, str], float] = {}
    for chip, weight in sorted(weights.items()):
        amount = {chip: weight / total if total else 0.0}
        for here in reversed(list(chain.graph.nodes)):
            flows = dict.fromkeys(chain.ties.get(here, ()), amount.get(here, 0.0))
            for need in chain.needs[here]:
                for supplier, share in zip(need.suppliers, need.shares, strict=True):
                    part = amount.get(here, 0.0) * share
                    flows[supplier] = max(flows.get(supplier, 0.0), part)
            for supplier, flow in flows.items():
                if flow > 0:
                    edges[here, supplier] = edges.get((here, supplier), 0.0) + flow
                    amount[supplier] = max(amount.get(supplier, 0.0), flow)
    return edges
