"""What a supply world tells, as rows: the graph, the pipeline, deliveries, the gate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.uncertainty import proportion_interval
from simulator.spec.scenario import Scenario
from simulator.world.accounts.fleet import stranded
from simulator.world.chain import Chain
from simulator.world.fragility import kept, passed_on
from simulator.world.promises import service_s
from simulator.world.supply_world import SupplyWorld, read_supplies

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


def runs(chain: Chain, seed: int, replications: int) -> list[SupplyWorld]:
    """Run the supply half of some replications."""
    return read_supplies(chain, seed, replications, lambda world: world)


def planned_usd(scenario: Scenario) -> dict[str, float]:
    """Planned purchases by chip, the programme's reserve among them. [USD]."""
    usd: defaultdict[str, float] = defaultdict(float)
    for line in scenario.supply.plan:
        price = scenario.catalog.racks[line.chip].price.value
        usd[line.chip] += line.spend if line.spend is not None else (line.racks or 0) * price
    programme = scenario.supply.programme
    if programme is not None:
        usd[programme.chip] += sum(programme.reserve.values())
    return {chip: value for chip, value in sorted(usd.items()) if value > 0}


def node_rows(chain: Chain, weights: Mapping[str, float]) -> list[dict[str, Any]]:
    """Each node and chip with its tier and what of planned purchases is lost if it fails."""
    nodes, chips = chain.scenario.supply.nodes, chain.scenario.catalog.chips
    total = sum(weights.values())
    used = set(weights) | {i for chip in weights for i in chain.upstream[chip]}
    rows = []
    for i in [i for i in chain.graph.nodes if i in used]:
        spec = nodes.get(i)
        kind, label = ("chip", chips[i].label) if spec is None else (spec.kind, spec.label)
        column = next((k for k, (_, kinds) in enumerate(TIERS) if kind in kinds), _OTHER)
        lost = {}
        for name, switched in (("loss_at_once", False), ("loss", True)):
            left = kept(chain, [i], switched=switched)
            part = sum(usd * (1 - left[chip]) for chip, usd in weights.items()) / total
            lost[name] = weights.get(i, 0.0) / total if spec is None else part
        row = {"what": "node", "id": i, "label": label, "kind": kind, "column": column}
        rows.append(row | {"tier": TIERS[column][0], "other": None, "share": None} | lost)
    return rows


def edge_rows(chain: Chain, weights: Mapping[str, float]) -> list[dict[str, Any]]:
    """Each edge, supplier and consumer, with the share of planned purchases behind it."""
    return [
        {"what": "edge", "id": supplier, "other": consumer, "share": share}
        for (consumer, supplier), share in passed_on(chain, weights).items()
    ]


def pipeline_rows(worlds: Sequence[SupplyWorld]) -> list[dict[str, Any]]:
    """Mean worth of what waits for, or is in, each stage at each quarter's start. [MUSD]."""
    calendar = worlds[0].scenario.horizon.calendar
    edges = np.asarray(calendar.edges_s()[:-1])
    held: defaultdict[str, Any] = defaultdict(lambda: np.zeros(len(edges)))
    for world in worlds:
        for name, begin_s, end_s, usd in _stays(world):
            held[name] += usd * ((begin_s <= edges) & (edges < end_s))
    return [
        {"quarter": quarter, "stage": stage, "musd": float(held[stage][k]) / len(worlds) / 1e6}
        for k, quarter in enumerate(calendar.names())
        for stage in held
    ]


def _stays(world: SupplyWorld) -> list[tuple[str, float, float, float]]:
    """Return each stay of part of an order in a stage: stage, begin, end [s], worth [USD]."""
    arrived: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    told = world.record.tables["deliveries"]
    for order, racks, t in zip(told["order"], told["racks"], told["in_service_s"], strict=True):
        arrived[order].append((t, racks))
    stays = []
    for order in world.supply.orders:
        if order.cause == "in_service":
            continue
        over = np.inf if order.cancelled_s is None else order.cancelled_s
        usd = order.racks * order.price_usd
        marks = [("allocation", order.wanted_s), ("money", order.granted_s)]
        marks.append(("queue", order.funded_s))
        made = [(stage, t) for stage, t in order.entered() if stage != "ship"]
        marks += [*made, ("money", order.owing_s)]
        marks += [(stage, t) for stage, t in order.entered() if stage == "ship"]
        marks.append(("dock and install", order.landed_s))
        known = [(name, t) for name, t in marks if t is not None]
        ends = [t for _, t in known[1:]] + [over]
        stays += [
            (name, begin, min(end, over), usd)
            for (name, begin), end in zip(known[:-1], ends, strict=False)
        ]
        last, begin = known[-1]
        if last != "dock and install":
            stays.append((last, begin, over, usd))
            continue
        for t, racks in arrived[order.name]:
            stays.append((last, begin, t, racks * order.price_usd))
        left = order.racks - sum(racks for _, racks in arrived[order.name])
        stays.append((last, begin, np.inf, left * order.price_usd))
    return stays


def delivery_rows(worlds: Sequence[SupplyWorld]) -> list[dict[str, Any]]:
    """Sums by quarter's end of racks ordered, due and in service, at price. [MUSD].

    Due are racks by what can be reckoned with when they are wanted: the median lead time
    behind the median wait of the vendor's queue. A cancelled order counts until then.
    """
    scenario = worlds[0].scenario
    leads = scenario.supply.lead_times
    calendar = scenario.horizon.calendar
    edges = np.asarray(calendar.edges_s()[1:])
    price = {chip: rack.price.value / 1e6 for chip, rack in scenario.catalog.racks.items()}
    sums = {name: np.zeros((len(worlds), len(edges))) for name in ("ordered", "due", "came")}
    for k, world in enumerate(worlds):
        for order in world.supply.orders:
            if order.cause == "in_service":
                continue
            over_s = np.inf if order.cancelled_s is None else order.cancelled_s
            worth = order.racks * price[order.chip] * (edges <= over_s)
            due_s = service_s(order, leads[order.chip], world.market)
            sums["ordered"][k] += worth * (order.wanted_s < edges)
            sums["due"][k] += worth * (due_s < edges)
        told = world.record.tables["deliveries"]
        for name, chip, racks, t in zip(
            *(told[c] for c in ("order", "chip", "racks", "in_service_s")), strict=True
        ):
            if not name.startswith("in-service/"):
                sums["came"][k] += racks * price[chip] * (t < edges)
    low, high = np.quantile(sums["came"], (0.1, 0.9), axis=0)
    return [
        {
            "quarter": quarter,
            "ordered": float(sums["ordered"][:, q].mean()),
            "due": float(sums["due"][:, q].mean()),
            "mean": float(sums["came"][:, q].mean()),
            "low": float(low[q]),
            "high": float(high[q]),
        }
        for q, quarter in enumerate(calendar.names())
    ]


def stranded_rows(worlds: Sequence[SupplyWorld]) -> list[dict[str, Any]]:
    """Mean chips in service in each quarter that a family that asks for work does not run on.

    Family "any": chips that none of them runs on. Empty where nobody asks for training, or
    nothing is stranded.
    """
    scenario = worlds[0].scenario
    calendar = scenario.horizon.calendar
    span_s = dict(zip(calendar.names(), np.diff(calendar.edges_s()), strict=True))
    chips: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for world in worlds:
        told = stranded(scenario, world.record.tables["fleet"], world.runs_from_s)
        for quarter, chip, family, chip_s in zip(*told.values(), strict=True):
            chips[quarter, chip, family or "any"] += chip_s / span_s[quarter] / len(worlds)
    return [
        {"quarter": quarter, "chip": chip, "family": family, "chips": float(n)}
        for (quarter, chip, family), n in sorted(chips.items())
    ]


def gate_rows(worlds: Sequence[SupplyWorld]) -> list[dict[str, Any]]:
    """How often the gate decides what, and what the true chip would have got; empty if none."""
    spec = worlds[0].scenario.supply.programme
    if spec is None:
        return []
    outcomes: Counter[tuple[str, str]] = Counter()
    for world in worlds:
        states = world.record.tables["programme"]["state"]
        decision = next((s for s in states if s in ("ramp", "cancel")), "none")
        deserved = world.programme.deserves or "none"
        outcomes[decision, deserved] += 1
    rows = []
    for (decision, deserved), hits in sorted(outcomes.items(), reverse=True):
        band = proportion_interval(hits, len(worlds))
        rows.append(
            {
                "decision": decision,
                "deserved": deserved,
                "share": hits / len(worlds),
                "low": band.low,
                "high": band.high,
            }
        )
    return rows
