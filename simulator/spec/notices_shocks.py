"""Shocks that change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.spec.faults import Loc
from simulator.spec.scenario import Scenario
from simulator.spec.shocks import Hit

Findings = Iterator[tuple[Loc, str]]


def late_shocks(scenario: Scenario) -> Findings:
    """Yield path and message of each shock that begins after the run."""
    calendar = scenario.horizon.calendar
    for index, shock in enumerate(scenario.supply.shocks):
        if calendar.at(shock.quarter) >= calendar.horizon_s:
            message = f"{shock.quarter} is after the last quarter, {calendar.names()[-1]}"
            yield ("supply", "shocks", index, "quarter"), f"{message}: it never happens"


def surges(scenario: Scenario) -> Findings:
    """Yield path and message of each demand surge that hits nobody who has other customers."""
    nodes = scenario.supply.nodes
    feel = {i for i, n in nodes.items() if n.capacity and any(f.value for f in n.others.values())}
    sections: tuple[tuple[str, Sequence[Hit]], ...] = (
        ("shocks", scenario.supply.shocks),
        ("random_shocks", scenario.supply.random_shocks),
    )
    for section, shocks in sections:
        for index, shock in enumerate(shocks):
            hit = {i for i, n in nodes.items() if shock.hits(i, n.tags, n.country)}
            if shock.kind == "demand_surge" and not hit & feel:
                message = (
                    f"a demand surge raises what 'others' ask of a 'capacity': {shock.selector}"
                )
                yield ("supply", section, index), f"{message} has none, so nothing changes"
