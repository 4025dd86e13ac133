"""Chips that hardly do what they are bought for: nothing runs on them, or they share its risks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from simulator.spec.faults import Loc
from simulator.spec.hardware import Chip
from simulator.spec.scenario import Scenario

Findings = Iterator[tuple[Loc, str]]


def _bought(scenario: Scenario) -> dict[str, Loc]:
    """Return each chip that is bought in the run, or may be, with where that is first said."""
    calendar, supply = scenario.horizon.calendar, scenario.supply
    found: dict[str, Loc] = {}
    for index, order in enumerate(supply.plan):
        if calendar.at(order.quarter) < calendar.horizon_s:
            found.setdefault(order.chip, ("supply", "plan", index, "chip"))
    if supply.buying.other is not None and supply.buying.rule in ("react_to_slips", "hedge"):
        found.setdefault(supply.buying.other, ("supply", "buying", "other"))
    if supply.programme is not None:
        for key in ("chip", "fallback"):
            chip = getattr(supply.programme, key)
            found.setdefault(chip, ("supply", "programme", key))
    return found


def unported(scenario: Scenario) -> Findings:
    """Yield each chip that is bought and runs nothing of what is asked."""
    ports = scenario.catalog.software.ports
    asked = sorted(
        {f for s in scenario.services.values() for f, part in s.families.items() if part}
    )
    for chip, loc in _bought(scenario).items() if asked else ():
        if not any(chip in ports.get(family, {}) for family in asked):
            yield (
                loc,
                f"no family runs on {chip!r}, for catalog.software.ports has no port to it of "
                f"{', '.join(asked)}: its racks stand idle",
            )


def unnamed_inputs(scenario: Scenario) -> Findings:
    """Yield each chip that is bought and lacks an input all others of its vendor name."""
    chips, supply = scenario.catalog.chips, scenario.supply
    if not (supply.shocks or supply.random_shocks or scenario.stops):
        return  # nothing befalls anybody's makers
    for name in _bought(scenario):
        others = [c for k, c in chips.items() if k != name and c.vendor == chips[name].vendor]
        if not others:
            continue
        common = set.intersection(*({*other.inputs} for other in others))
        lacking = sorted(kind for kind in common if not _names(scenario, chips[name], kind, others))
        if lacking:
            yield (
                ("catalog", "chips", name, "inputs"),
                f"names no {', '.join(lacking)}, which every other chip of "
                f"{chips[name].vendor!r} names: it hangs on no maker of these, and so looks less "
                "dependent than it is",
            )


def _names(scenario: Scenario, chip: Chip, kind: str, others: list[Chip]) -> bool:
    """Tell whether a chip names an input, be it under another name or from other makers.

    ``host-cpu-ip`` stands for ``host-cpu``; so does any input from a node of the same kind.
    """
    if any(f"{own}-".startswith(f"{kind}-") for own in chip.inputs):
        return True
    nodes = scenario.supply.nodes

    def kinds(of: Chip, name: str) -> set[str]:
        return {nodes[maker].kind for maker in of.inputs[name].shares}

    wanted = set.union(*(kinds(other, kind) for other in others))
    unlike = [own for own in chip.inputs if all(own not in other.inputs for other in others)]
    return any(kinds(chip, own) & wanted for own in unlike)


def same_plants(scenario: Scenario) -> Findings:
    """Yield where a chip bought instead of another hangs on the same plants."""
    buying = scenario.supply.buying
    if buying.other is None or buying.rule not in ("react_to_slips", "hedge"):
        return
    others = {order.chip for order in scenario.supply.plan} - {buying.other}
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for node in _plants(scenario.catalog.chips[buying.other]):
        sharers = [chip for chip in sorted(others) if node in _plants(scenario.catalog.chips[chip])]
        if sharers:
            alike[tuple(sharers)].append(node)
    told = [
        f"on {', '.join(nodes)} as {', '.join(sharers)} {'do' if len(sharers) > 1 else 'does'}"
        for sharers, nodes in alike.items()
    ]
    if told:
        message = f"{buying.rule} buys {buying.other}, which hangs {'; and '.join(told)}"
        yield ("supply", "buying", "other"), f"{message}: a stop there is felt by both"


def _plants(chip: Chip) -> list[str]:
    """Return the foundries, packaging lines and memory makers that have a share in a chip."""
    made = (chip.foundry, chip.packaging, chip.memory_makers)
    return list(dict.fromkeys(node for shares in made for node, part in shares.items() if part > 0))
