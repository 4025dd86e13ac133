"""What a supply world tells, as rows: the pipeline, deliveries, what is stranded, the gate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.uncertainty import Estimate, mean_interval, proportion_interval
from simulator.world.accounts.fleet import stranded
from simulator.world.chain import Chain
from simulator.world.promises import service_s
from simulator.world.supply_world import SupplyWorld, read_supplies

#: What the gate decides of a chip that deserves it or not, in the order it is told.
_GATE = [
    ("ramp", "ramp"),
    ("ramp", "cancel"),
    ("cancel", "cancel"),
    ("cancel", "ramp"),
    ("cancel", "none"),
    ("none", "ramp"),
    ("none", "cancel"),
    ("none", "none"),
]


def runs(chain: Chain, seed: int, replications: int) -> list[SupplyWorld]:
    """Run the supply half of some replications."""
    return read_supplies(chain, seed, replications, lambda world: world)


def pipeline_rows(worlds: Sequence[SupplyWorld]) -> list[dict[str, Any]]:
    """Mean worth of what waits for, or is in, each stage at each quarter's start. [MUSD].

    ``all``, ``all_low`` and ``all_high`` are of all stages together, with the interval of 95 %.
    """
    calendar = worlds[0].scenario.horizon.calendar
    edges = np.asarray(calendar.edges_s()[:-1])
    held: defaultdict[str, Any] = defaultdict(lambda: np.zeros((len(worlds), len(edges))))
    for k, world in enumerate(worlds):
        for name, begin_s, end_s, usd in _stays(world):
            held[name][k] += usd / 1e6 * ((begin_s <= edges) & (edges < end_s))
    if not held:
        return []
    rows = []
    for q, quarter in enumerate(calendar.names()):
        at_once = np.sum([musd[:, q] for musd in held.values()], axis=0)
        every = mean_interval(at_once, within=(0.0, np.inf))
        for stage, musd in held.items():
            row = {"quarter": quarter, "stage": stage, "musd": float(musd[:, q].mean())}
            rows.append(row | {"all": every.mean, "all_low": every.low, "all_high": every.high})
    return rows


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
    """Sums by quarter's end of racks ordered, due and in service, at what they cost. [MUSD].

    Due are racks by what can be reckoned with when they are wanted: the median lead time
    behind the median wait of the vendor's queue. A cancelled order counts until then.
    ``of_due`` is in service over due [1], both as means, with the interval of 95 %; None
    while nothing is due.
    """
    scenario = worlds[0].scenario
    leads = scenario.supply.lead_times
    calendar = scenario.horizon.calendar
    edges = np.asarray(calendar.edges_s()[1:])
    sums = {name: np.zeros((len(worlds), len(edges))) for name in ("ordered", "due", "came")}
    for k, world in enumerate(worlds):
        for order in world.supply.orders:
            if order.cause == "in_service":
                continue
            over_s = np.inf if order.cancelled_s is None else order.cancelled_s
            worth = order.worth_usd / 1e6 * (edges <= over_s)
            due_s = service_s(order, leads[order.chip], world.market)
            sums["ordered"][k] += worth * (order.wanted_s < edges)
            sums["due"][k] += worth * (due_s < edges)
        told = world.record.tables["deliveries"]
        price = {o.name: o.price_usd / 1e6 for o in world.supply.orders if o.cause != "in_service"}
        for name, racks, t in zip(
            *(told[c] for c in ("order", "racks", "in_service_s")), strict=True
        ):
            if name in price:
                sums["came"][k] += racks * price[name] * (t < edges)
    low, high = np.quantile(sums["came"], (0.1, 0.9), axis=0)
    parts = [_ratio(came, due) for came, due in zip(sums["came"].T, sums["due"].T, strict=True)]
    return [
        {
            "quarter": quarter,
            "ordered": float(sums["ordered"][:, q].mean()),
            "due": float(sums["due"][:, q].mean()),
            "mean": float(sums["came"][:, q].mean()),
            "low": float(low[q]),
            "high": float(high[q]),
            "of_due": part.mean if part else None,
            "of_due_low": part.low if part else None,
            "of_due_high": part.high if part else None,
        }
        for (q, quarter), part in zip(enumerate(calendar.names()), parts, strict=True)
    ]


def _ratio(top: Any, bottom: Any) -> Estimate | None:
    """Return the ratio of two means over replications and its interval; None over nothing.

    What varies in it, to the first order, is the mean of each replication's ``top - ratio bottom``.
    """
    if not bottom.any():
        return None
    ratio = top.mean() / bottom.mean()
    return mean_interval(ratio + (top - ratio * bottom) / bottom.mean(), within=(0.0, np.inf))


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
    """How often the gate decides what, and what the true chip would have got; empty if none.

    Shares of the replications with Wilson's interval of 95 %; ``ramps`` and ``errs`` are how often
    it ramps at all, and decides otherwise than it would of the true chip. [1]. ``forced`` is
    what the scenario has it decide whatever is measured.
    """
    programme = worlds[0].scenario.supply.programme
    if programme is None:
        return []
    outcomes = Counter(map(_outcome, worlds))
    wrong = sum(outcomes[pair] for pair in (("ramp", "cancel"), ("cancel", "ramp")))
    of_all: dict[str, Any] = {"forced": programme.gate.forced}
    of_all |= _share("ramps", ramps(worlds))
    of_all |= _share("errs", proportion_interval(wrong, len(worlds)))
    rows = []
    for (decision, deserved), hits in sorted(outcomes.items(), key=lambda kv: _GATE.index(kv[0])):
        row: dict[str, Any] = {"decision": decision, "deserved": deserved}
        told = proportion_interval(hits, len(worlds))
        rows.append(row | {"share": told.mean, "low": told.low, "high": told.high} | of_all)
    return rows


def ramps(worlds: Sequence[SupplyWorld]) -> Estimate:
    """How often the gate ramps the chip, with Wilson's interval of 95 %. [1]."""
    hits = sum(_outcome(world)[0] == "ramp" for world in worlds)
    return proportion_interval(hits, len(worlds))


def _outcome(world: SupplyWorld) -> tuple[str, str]:
    states = world.record.tables["programme"]["state"]
    decision = next((s for s in states if s in ("ramp", "cancel")), "none")
    return decision, world.programme.deserves or "none"


def _share(name: str, told: Estimate) -> dict[str, float]:
    return {name: told.mean, f"{name}_low": told.low, f"{name}_high": told.high}
