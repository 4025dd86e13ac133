"""Sections 3 to 6 of the checklist: data, experiment, implementation, access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.assumptions import assumptions, counts
from analysis.words import listing, number


def sources(scenario: Mapping[str, Any]) -> list[str]:
    """List who says so, each once."""
    found = dict.fromkeys(_sources(scenario))
    told = counts(scenario)
    return [
        f"{told['measured']} figures measured, {told['published']} published, "
        f"{told['assumed']} assumed; each with its source beside it in the scenario.",
        *found,
    ]


def _sources(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("source"), str):
            date = f", {node['date']}" if node.get("date") else ""
            yield f"{node['source']}{date}"
        for child in node.values():
            yield from _sources(child)
    elif isinstance(node, list):
        for child in node:
            yield from _sources(child)


def preprocessing() -> list[str]:
    """Say what is done to the data."""
    return [
        "Quantities are read with their units and held in SI; quarters become seconds since the "
        "start; two quantiles fix each lognormal spread. Nothing is smoothed or fitted at run time."
    ]


def inputs(scenario: Mapping[str, Any]) -> list[str]:
    """List the inputs that are drawn or set, by part."""
    supply, lines = scenario["supply"], []
    for chip, lead in supply.get("lead_times", {}).items():
        total = lead.get("total")
        if total:
            lines.append(
                f"Lead time of {chip}: lognormal, median {number(total['median'] / 604800)} weeks, "
                f"nine in ten within {number(total['p90'] / 604800)}."
            )
    programme = supply.get("programme")
    if programme and "performance" in programme:
        for name in ("performance", "energy"):
            spread = programme[name]
            lines.append(
                f"Pilot's {name} over target: lognormal, median {number(spread['median'])}, nine "
                f"in ten within {number(spread['p90'])}."
            )
    budget = scenario.get("economics", {}).get("budget", {})
    if budget:
        lines.append(
            f"Budget: {number(sum(budget.values()) / 1e9)} GUSD in {len(budget)} quarters, of "
            "which the training share buys racks."
        )
    plan = supply.get("plan", [])
    if plan:
        chips = dict.fromkeys(order["chip"] for order in plan)
        lines.append(f"Plan of record: {len(plan)} orders of {listing(chips)}.")
    return lines or ["As the scenario states."]


def assumed(scenario: Mapping[str, Any]) -> list[str]:
    """List what is assumed, with ranges."""
    return [f"{a.path}: {a.value} ({a.low} to {a.high}); {a.source}" for a in assumptions(scenario)]


def initialisation(scenario: Mapping[str, Any]) -> list[str]:
    """Say in which state a run begins."""
    standing = scenario["supply"].get("in_service", [])
    racks = sum(stock["racks"] for stock in standing)
    return [
        "A planning study is terminating: a given fleet, a fixed horizon, no warm-up to cut.",
        f"{number(racks, 6)} racks stand at the start; jobs in progress are drawn from the "
        "stationary mix, shocks of chance from five years before, so one may be under way.",
    ]


def run_length(scenario: Mapping[str, Any]) -> list[str]:
    """Say how long a run is."""
    horizon = scenario["horizon"]
    span = f"{horizon['quarters']} quarters from {horizon['start']}"
    return [f"{span}; what is due later is not seen."]


def estimation(replications: str, seed: int) -> list[str]:
    """Say how outputs are estimated."""
    return [
        f"{replications}, seed {seed}. All cases share their luck (common random numbers).",
        "Means with Student's t; differences paired; selection by Kim and Nelson (2001) on paired "
        "differences; sensitivity on one set of replications, indices with bootstrap intervals; "
        "rare stops forced, not waited for.",
    ]


def software(versions: Mapping[str, str], commit: str) -> list[str]:
    """Name the software."""
    used = listing(f"{name} {version}" for name, version in versions.items())
    return [f"siliconmix at {commit}; {used}."]


def sampling(seed: int) -> list[str]:
    """Say how random numbers are made and shared out."""
    return [
        f"PCG64 of NumPy, one stream a purpose: SeedSequence({seed}, spawn_key=(replication, "
        "CRC-32 of the stream's id)). A stream belongs to one service, pool, order or node, so a "
        "case that adds one moves no other's draws, and equal replications of two cases differ by "
        "their cause only."
    ]


def events() -> list[str]:
    """Say how events are ordered."""
    return [
        "Next event, SimPy; the fleet's jobs advance in one compiled call up to the next event of "
        "the world, exactly. At equal times: completions, capacity changes, arrivals, scheduling. "
        "An event at the horizon is not processed; integrals are closed there."
    ]


def hardware(machine: str) -> list[str]:
    """Say what it ran on."""
    return [machine]


def access() -> list[str]:
    """Say where the code is."""
    return [
        "The code is this repository, under the MIT licence; the hash in each run's folder covers "
        "scenario, seed, code and versions, so a run can be made again to the last bit."
    ]
