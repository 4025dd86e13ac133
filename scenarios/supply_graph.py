"""Whom purchases hang on, as rows: what each node and edge carries, and what is lost without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.uncertainty import Estimate, mean_interval
from simulator.units import WEEK_S
from simulator.world.chain import Chain
from simulator.world.fragility import lost_over, passed_on, reached
from simulator.world.supply_world import SupplyWorld

#: One number a replication.
Sample = npt.NDArray[np.float64]

#: Kinds of nodes by how far upstream they stand.
TIERS = (
    ("Country", ("country",)),
    ("Material", ("material", "ip", "equipment")),
    ("Foundry, substrate", ("foundry", "substrate")),
    ("Memory, packaging", ("memory", "packaging")),
    ("Vendor, rack, parts", ()),
    ("Chip", ("chip",)),
)
_OTHER = 4


def bought_shares(worlds: Sequence[SupplyWorld]) -> dict[str, Sample]:
    """Part of what each replication pays for, and does not call off, that is for each chip. [1].

    By money. The gate has decided in each, so the in-house chip counts as often as it
    ramps, and the fallback as often as it does not; buying rules have been followed.
    Replications that buy nothing are left out; empty if none buys anything.
    """
    usd: dict[str, Sample] = {}
    for k, world in enumerate(worlds):
        for order in world.supply.orders:
            bought = order.funded_s is not None and order.cancelled_s is None
            if bought and order.cause != "in_service":
                usd.setdefault(order.chip, np.zeros(len(worlds)))[k] += order.worth_usd
    total = sum(usd.values(), np.zeros(len(worlds)))
    buys = total > 0
    return {chip: paid[buys] / total[buys] for chip, paid in sorted(usd.items()) if any(paid)}


def node_rows(chain: Chain, shares: Mapping[str, Sample]) -> list[dict[str, Any]]:
    """Each node and chip with its tier and what of purchases is lost if it fails.

    Of a chip: what of purchases it is. ``loss`` over a stop of the whole horizon, in which
    substitutes come to cover up to their limits, ``loss_at_once`` before they do; means over
    the replications, with the interval of 95 %. [1]
    """
    nodes, chips = chain.scenario.supply.nodes, chain.scenario.catalog.chips
    used = set(shares) | {i for chip in shares for i in chain.upstream[chip]}
    rows = []
    for i in [i for i in chain.graph.nodes if i in used]:
        spec = nodes.get(i)
        kind, label = ("chip", chips[i].label) if spec is None else (spec.kind, spec.label)
        column = next((k for k, (_, kinds) in enumerate(TIERS) if kind in kinds), _OTHER)
        row = {"what": "node", "id": i, "label": label, "kind": kind, "column": column}
        row |= {"tier": TIERS[column][0], "other": None, "share": None}
        for name, switched in (("loss_at_once", False), ("loss", True)):
            lost = shares[i] if spec is None else _lost(chain, i, shares, switched=switched)
            told = mean_interval(lost, within=(0.0, 1.0))
            row |= {name: told.mean, f"{name}_low": told.low, f"{name}_high": told.high}
        rows.append(row)
    return rows


def _lost(chain: Chain, node: str, shares: Mapping[str, Sample], *, switched: bool) -> Sample:
    if switched:
        lost = lost_over(chain, [node], 0.0, chain.scenario.horizon.calendar.horizon_s)
    else:
        lost = reached(chain, (node,))
    parts = [share * lost[chip] for chip, share in shares.items()]
    return np.clip(np.sum(parts, axis=0), 0.0, 1.0)


def edge_rows(chain: Chain, shares: Mapping[str, Sample]) -> list[dict[str, Any]]:
    """Each edge, supplier and consumer, with the mean share of purchases behind it."""
    weights = {chip: float(share.mean()) for chip, share in shares.items()}
    return [
        {"what": "edge", "id": supplier, "other": consumer, "share": share}
        for (consumer, supplier), share in passed_on(chain, weights).items()
    ]


def stop_meant(chain: Chain) -> str:
    """Say from when on, and how long, a node stands still whose loss is told."""
    calendar = chain.scenario.horizon.calendar
    first, last = calendar.names()[0], calendar.names()[-1]
    lag_s = max(chain.switch_lags_s, default=0.0)
    lags = f" {lag_s / WEEK_S:.0f} weeks into it at the latest" if lag_s else ""
    return (
        f"The node stands still from {first} to the end of {last}, without stocks: what is lost "
        f"over all that time. Substitutes that are qualified cover up to their limits{lags}."
    )


def gate_meant(worlds: Sequence[SupplyWorld], ramps: Estimate | None) -> str:
    """Say how the in-house chip is counted; nothing without a programme."""
    spec = worlds[0].scenario.supply.programme
    if spec is None or ramps is None:
        return ""
    chips = worlds[0].scenario.catalog.chips
    own, instead = chips[spec.chip].label, chips[spec.fallback].label
    if spec.gate.forced is not None:
        often = f"{own} ramps in {100 * ramps.mean:.0f} % of runs, as the case forces it"
    else:
        often = (
            f"{own} is counted as often as its gate ramps it, {100 * ramps.mean:.0f} "
            f"[{100 * ramps.low:.0f}, {100 * ramps.high:.0f}] %"
        )
    return f"{often}; where it is cancelled the money buys {instead}."
