"""What a supply world tells, as rows: the pipeline, what is stranded, the gate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.uncertainty import (
    Estimate,
    mean_interval,
    paired_difference,
    proportion_interval,
)
from analysis.words import lasting
from simulator.spec.scenario import Scenario
from simulator.units import DAY_S
from simulator.world.accounts.fleet import stranded
from simulator.world.chain import Chain
from simulator.world.supply_world import SupplyWorld, read_supplies

Array = npt.NDArray[np.float64]

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


def pipeline_rows(
    worlds: Sequence[SupplyWorld], unstopped: Sequence[SupplyWorld] = ()
) -> list[dict[str, Any]]:
    """Mean worth of what waits for, or is in, each stage at each quarter's start. [MUSD].

    ``all``, ``all_low`` and ``all_high`` are of all stages together, with the interval of 95 %.

    Parameters
    ----------
    worlds : sequence of SupplyWorld
    unstopped : sequence of SupplyWorld, optional
        The same replications without the scenario's own shocks: ``without`` is what a stage
        holds in them, and ``held`` what all stages hold more than in them, in pairs, with
        its interval, and ``stop`` names the shocks. None where there are none.
    """
    scenario = worlds[0].scenario
    stop = _stop(scenario) if unstopped else None
    names = scenario.horizon.calendar.names()
    musd, before = _held(worlds), _held(unstopped) if unstopped else {}
    stages = [*musd, *(stage for stage in before if stage not in musd)]
    if not stages:
        return []
    none = np.zeros((len(worlds), len(names)))
    rows = []
    for q, quarter in enumerate(names):
        at_once = np.sum([musd.get(s, none)[:, q] for s in stages], axis=0)
        of_all: dict[str, Any] = _share("all", mean_interval(at_once, within=(0.0, np.inf)))
        of_all |= {"held": None, "held_low": None, "held_high": None}
        if unstopped:
            else_there = np.sum([before.get(s, none)[:, q] for s in stages], axis=0)
            of_all |= _share("held", paired_difference(at_once, else_there))
        for stage in stages:
            row: dict[str, Any] = {"quarter": quarter, "stage": stage}
            row["musd"] = float(musd.get(stage, none)[:, q].mean())
            there = before.get(stage, none)[:, q]
            row["without"] = float(there.mean()) if unstopped else None
            rows.append(row | of_all | {"stop": stop})
    return rows


def _stop(scenario: Scenario) -> str:
    """Name the shocks that the scenario itself has happen."""
    shocks = scenario.supply.shocks
    if len(shocks) > 1:
        return f"The {len(shocks)} shocks from {min(shock.quarter for shock in shocks)} on"
    (shock,) = shocks
    where = scenario.supply.nodes[shock.node].label if shock.node else shock.selector
    what = shock.kind.replace("_", " ").capitalize()
    part = "" if shock.severity == 1 else f" of {100 * shock.severity:.0f} %"
    length = lasting(shock.duration / DAY_S)
    return f"{what}{part} at {where} from {shock.quarter} for {length}"


def _held(worlds: Sequence[SupplyWorld]) -> dict[str, Array]:
    """Worth of what is in each stage at each quarter's start, by replication. [MUSD]."""
    edges = np.asarray(worlds[0].scenario.horizon.calendar.edges_s()[:-1])
    held: defaultdict[str, Array] = defaultdict(lambda: np.zeros((len(worlds), len(edges))))
    for k, world in enumerate(worlds):
        for name, begin_s, end_s, usd in _stays(world):
            held[name][k] += usd / 1e6 * ((begin_s <= edges) & (edges < end_s))
    return dict(held)


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
        marks = [("allocation", order.wanted_s), ("money", order.lacks_money_s)]
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
    what the scenario has it decide whatever is measured; then ``ramps`` has no interval.
    """
    programme = worlds[0].scenario.supply.programme
    if programme is None:
        return []
    outcomes = Counter(map(_outcome, worlds))
    wrong = sum(outcomes[pair] for pair in (("ramp", "cancel"), ("cancel", "ramp")))
    forced = programme.gate.forced
    of_all: dict[str, Any] = {"forced": forced} | _share("ramps", ramps(worlds))
    if forced is not None:  # no chance of the gate's, of which replications could be unsure
        of_all |= {"ramps_low": None, "ramps_high": None}
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
