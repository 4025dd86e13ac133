"""What a supply chain's parts can contradict: selectors, cycles, suppliers, dates of orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from simulator.spec.chain import Terms
from simulator.spec.faults import Loc, hint
from simulator.spec.scenario import Scenario
from simulator.spec.shocks import Hit
from simulator.units import quarter_start

Findings = Iterator[tuple[Loc, str]]


def _shocks_hit_something(scenario: Scenario) -> Findings:
    supply = scenario.supply
    tags = {tag for node in supply.nodes.values() for tag in node.tags}
    countries = {node.country for node in supply.nodes.values()}
    both: tuple[tuple[str, Sequence[Hit]], ...] = (
        ("shocks", supply.shocks),
        ("random_shocks", supply.random_shocks),
    )
    for section, shocks in both:
        for index, shock in enumerate(shocks):
            at: Loc = ("supply", section, index)
            if shock.tag is not None and shock.tag not in tags:
                yield (*at, "tag"), f"no node bears the tag {shock.tag!r}{hint(shock.tag, tags)}"
            if shock.country is not None and shock.country not in countries:
                yield (*at, "country"), f"no node stands in {shock.country!r}"


def _streams_of_shocks_differ(scenario: Scenario) -> Findings:
    seen: set[str] = set()
    for index, random in enumerate(scenario.supply.random_shocks):
        if random.stream in seen:
            message = f"a second stream of shocks is named {random.stream!r}; give it an 'id'"
            yield ("supply", "random_shocks", index), message
        seen.add(random.stream)


def _names_are_not_shared(scenario: Scenario) -> Findings:
    for name in sorted(scenario.supply.nodes.keys() & scenario.catalog.chips.keys()):
        yield ("supply", "nodes", name), f"{name!r} is also a chip; give the node another name"


def _needs_form_no_cycle(scenario: Scenario) -> Findings:
    nodes = scenario.supply.nodes
    ended: set[str] = set()

    def cycle_from(name: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if name in path:
            return (*path[path.index(name) :], name)
        if name in ended or name not in nodes:
            return ()
        needs = [i for given in nodes[name].inputs.values() for i in given.shares]
        for other in [*needs, *nodes[name].rests_on.values()]:
            if found := cycle_from(other, (*path, name)):
                return found
        ended.add(name)
        return ()

    for name in sorted(nodes):
        if cycle := cycle_from(name, ()):
            yield ("supply", "nodes", cycle[0]), f"supply runs in a cycle: {' -> '.join(cycle)}"
            return


def _second_sources_are_suppliers(scenario: Scenario) -> Findings:
    def strangers(terms: Terms, suppliers: set[str], field: str, loc: Loc) -> Findings:
        for key in ("limits", "qualified"):
            for node in sorted({*getattr(terms, key)} - suppliers):
                message = f"{node!r} is no supplier of {field}; write its share, 0 if it has none"
                yield (*loc, key, node), message

    for chip_id, chip in scenario.catalog.chips.items():
        named = {
            "vendor": {chip.vendor},
            "foundry": {*chip.foundry},
            "packaging": {*chip.packaging},
            "memory_makers": {*chip.memory_makers},
        }
        at: Loc = ("catalog", "chips", chip_id)
        for field, terms in chip.terms.items():
            yield from strangers(terms, named[field], field, (*at, "terms", field))
        for name, given in chip.inputs.items():
            yield from strangers(given, {*given.shares}, name, (*at, "inputs", name))
    for node_id, node in scenario.supply.nodes.items():
        for name, given in node.inputs.items():
            loc: Loc = ("supply", "nodes", node_id, "inputs", name)
            yield from strangers(given, {*given.shares}, name, loc)


def _orders_can_be_cancelled(scenario: Scenario) -> Findings:
    for index, order in enumerate(scenario.supply.plan):
        if order.cancel is not None and quarter_start(order.cancel) < quarter_start(order.quarter):
            loc: Loc = ("supply", "plan", index, "cancel")
            yield loc, f"{order.cancel} is before the order, {order.quarter}"


def _ports_are_described_and_staffed(scenario: Scenario) -> Findings:
    porting, ports = scenario.supply.porting, scenario.catalog.software.ports
    seen: set[tuple[str, str]] = set()
    for index, task in enumerate(porting.tasks if porting is not None else ()):
        loc: Loc = ("supply", "porting", "tasks", index)
        if task.chip not in ports.get(task.family, {}):
            message = f"catalog.software.ports has no port of {task.family!r} to {task.chip!r}"
            yield (*loc, "family"), message
        if (task.family, task.chip) in seen:
            yield loc, f"{task.family!r} is ported to {task.chip!r} already"
        seen.add((task.family, task.chip))
        if porting is not None and task.engineers > porting.engineers:
            message = f"{task.engineers} engineers, but the team has {porting.engineers}"
            yield (*loc, "engineers"), message


#: Every check there is; each yields what it finds, or nothing.
CHECKS: tuple[Callable[[Scenario], Findings], ...] = (
    _shocks_hit_something,
    _streams_of_shocks_differ,
    _names_are_not_shared,
    _needs_form_no_cycle,
    _second_sources_are_suppliers,
    _orders_can_be_cancelled,
    _ports_are_described_and_staffed,
)
