"""What valid parts can still contradict: kinds of nodes, dates, and whether work can run at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.spec.faults import Loc
from simulator.spec.policy import AIMABLE, PREEMPTIBLE, SHARING
from simulator.spec.scenario import Scenario
from simulator.spec.sense_chain import CHECKS as chain_checks
from simulator.units import quarter_start

Findings = Iterator[tuple[Loc, str]]


def contradictions(scenario: Scenario) -> list[tuple[Loc, str]]:
    """Return path and message of each contradiction between parts of a scenario."""
    return [found for check in CHECKS for found in check(scenario)]


def _racks_hold_their_chip(scenario: Scenario) -> Findings:
    for chip, rack in scenario.catalog.racks.items():
        if rack.chip != chip:
            yield ("catalog", "racks", chip, "chip"), f"is {rack.chip!r} in the rack of {chip!r}"


def _nodes_are_of_their_kind(scenario: Scenario) -> Findings:
    nodes = scenario.supply.nodes
    for name, chip in scenario.catalog.chips.items():
        roles: tuple[tuple[str, tuple[str, ...], list[str]], ...] = (
            ("vendor", ("vendor", "design_partner"), [chip.vendor]),
            ("foundry", ("foundry",), list(chip.foundry)),
            ("packaging", ("packaging",), list(chip.packaging)),
            ("memory_makers", ("memory",), list(chip.memory_makers)),
        )
        for field, kinds, named in roles:
            for node in named:
                if node in nodes and nodes[node].kind not in kinds:
                    loc: Loc = ("catalog", "chips", name, field)
                    where = loc if field == "vendor" else (*loc, node)
                    yield where, f"node {node!r} is of kind {nodes[node].kind}, not {kinds[0]}"


def _programme_chips_are_of_their_kind(scenario: Scenario) -> Findings:
    programme, chips = scenario.supply.programme, scenario.catalog.chips
    if programme is None:
        return
    for field, kind in (("chip", "custom"), ("fallback", "gpu")):
        name = getattr(programme, field)
        if name in chips and chips[name].kind != kind:
            yield (
                ("supply", "programme", field),
                f"chip {name!r} is of kind {chips[name].kind}, not {kind}",
            )


def _ramped_families_have_ports(scenario: Scenario) -> Findings:
    programme, ports = scenario.supply.programme, scenario.catalog.software.ports
    if programme is None:
        return
    for index, family in enumerate(programme.ports_after_ramp):
        if programme.chip not in ports.get(family, {}):
            yield (
                ("supply", "programme", "ports_after_ramp", index),
                f"catalog.software.ports has no port of {family!r} to {programme.chip!r}",
            )


def _every_family_runs_somewhere(scenario: Scenario) -> Findings:
    supply, ports = scenario.supply, scenario.catalog.software.ports
    chips = {line.chip for line in supply.in_service} | {order.chip for order in supply.plan}
    if supply.programme is not None:
        chips |= {supply.programme.chip, supply.programme.fallback}
    for name, service in scenario.services.items():
        for family, share in service.families.items():
            if share > 0 and not chips & ports.get(family, {}).keys():
                yield (
                    ("services", name, "families", family),
                    f"no chip in service, planned or in pilot has a port of {family!r}",
                )


def _racks_find_cooling(scenario: Scenario) -> Findings:
    racks, sites = scenario.catalog.racks, scenario.sites
    offered = {kind for site in sites.values() for kind in site.cooling}
    for index, line in enumerate(scenario.supply.in_service):
        site, rack = sites.get(line.site), racks.get(line.chip)
        if site and rack and rack.cooling not in site.cooling:
            yield (
                ("supply", "in_service", index, "site"),
                f"{line.site!r} offers no {rack.cooling} cooling, which {line.chip!r} needs",
            )
    bought: list[tuple[tuple[str | int, ...], str]] = [
        (("supply", "plan", index, "chip"), order.chip)
        for index, order in enumerate(scenario.supply.plan)
    ]
    programme = scenario.supply.programme
    if programme is not None:
        bought.append((("supply", "programme", "chip"), programme.chip))
        bought.append((("supply", "programme", "fallback"), programme.fallback))
    for loc, chip in bought:
        rack = racks.get(chip)
        if rack and rack.cooling not in offered:
            yield loc, f"no site offers the {rack.cooling} cooling {chip!r} needs"


def _stock_finds_room(scenario: Scenario) -> Findings:
    """Racks that stand at the start fit the power and floor energised by then."""
    begin = quarter_start(scenario.horizon.start)
    room = {
        name: [phase for phase in site.phases if quarter_start(phase.quarter) <= begin]
        for name, site in scenario.sites.items()
    }
    floor = {name: sum(phase.racks for phase in phases) for name, phases in room.items()}
    power_w = {name: sum(phase.it_power for phase in phases) for name, phases in room.items()}
    for index, line in enumerate(scenario.supply.in_service):
        rack = scenario.catalog.racks.get(line.chip)
        if rack is None or line.site not in floor:
            continue
        floor[line.site] -= line.racks
        power_w[line.site] -= line.racks * rack.nameplate.value
        # A rounding error of a watt must not refuse a hall that is exactly full.
        if floor[line.site] < 0 or power_w[line.site] < -1:
            short = (
                f"{-floor[line.site]} racks"
                if floor[line.site] < 0
                else f"{-power_w[line.site] / 1e6:.3g} MW"
            )
            yield (
                ("supply", "in_service", index, "racks"),
                f"{line.site!r} lacks room for {short} of them in the phases energised "
                f"by {scenario.horizon.start}",
            )


def _dates_are_in_the_run(scenario: Scenario) -> Findings:
    start = scenario.horizon.start
    for loc, quarter in _dates(scenario):
        if quarter_start(quarter) < quarter_start(start):
            yield loc, f"{quarter} is before the start of the run, {start}"


def _dates(scenario: Scenario) -> Iterator[tuple[Loc, str]]:
    """Yield what happens in the run, by path and quarter; ports and phases may be older."""
    supply = scenario.supply
    for quarter in scenario.economics.budget:
        yield ("economics", "budget", quarter), quarter
    for index, shock in enumerate(supply.shocks):
        yield ("supply", "shocks", index, "quarter"), shock.quarter
    for index, line in enumerate(supply.retirements):
        yield ("supply", "retirements", index, "quarter"), line.quarter
    if supply.programme is not None:
        yield ("supply", "programme", "pilot_quarter"), supply.programme.pilot_quarter
        yield ("supply", "programme", "gate", "quarter"), supply.programme.gate.quarter
        for quarter in supply.programme.reserve:
            yield ("supply", "programme", "reserve", quarter), quarter
    if scenario.stops is not None:
        yield ("stops", "quarter"), scenario.stops.quarter


def _every_quarter_has_a_budget(scenario: Scenario) -> Findings:
    budget = scenario.economics.budget
    lacking = [name for name in scenario.horizon.calendar.names() if name not in budget]
    if lacking:
        quarters = lacking[0] if len(lacking) == 1 else f"{lacking[0]} to {lacking[-1]}"
        what = f"{len(lacking)} quarter(s) of the run without an entry, {quarters}"
        yield ("economics", "budget"), f"{what}; write 0 USD where there is no money"


def _stops_are_in_the_run(scenario: Scenario) -> Findings:
    stops, calendar = scenario.stops, scenario.horizon.calendar
    if stops is not None and calendar.at(stops.quarter) >= calendar.horizon_s:
        last = calendar.names()[-1]
        yield ("stops", "quarter"), f"{stops.quarter} is after the last quarter of the run, {last}"


def _gate_follows_pilot(scenario: Scenario) -> Findings:
    programme = scenario.supply.programme
    if programme is None:
        return
    pilot, gate = programme.pilot_quarter, programme.gate
    loc: Loc = ("supply", "programme", "gate")
    if quarter_start(gate.quarter) < quarter_start(pilot):
        message = f"{gate.quarter} is before the pilot is ordered, pilot_quarter {pilot}"
        yield (*loc, "quarter"), message
    elif quarter_start(gate.last) <= quarter_start(pilot):
        yield (*loc, "latest"), f"{gate.last} is not after the pilot is ordered, {pilot}"


def _network_covers_what_runs(scenario: Scenario) -> Findings:
    network, supply = scenario.network, scenario.supply
    if network is None:
        return
    if network.fidelity != "ideal" and scenario.policy.fidelity == "fluid":
        yield ("network", "fidelity"), "must be 'ideal' where policy.fidelity is 'fluid'"
    chips = {line.chip for line in supply.in_service} | {order.chip for order in supply.plan}
    if supply.programme is not None:
        chips |= {supply.programme.chip, supply.programme.fallback}
    # A chip that does not exist is told where it is named.
    chips &= scenario.catalog.chips.keys()
    alone = sorted(chip for chip in chips if network.fabric_of(chip) is None)
    if alone:
        yield ("network", "fabrics"), f"no fabric lists {', '.join(map(repr, alone))} in its chips"
    asked = {f for service in scenario.services.values() for f in service.families}
    silent = sorted(asked - network.exchanges.keys())
    if silent:
        yield ("network", "exchanges"), f"lacks the families {', '.join(map(repr, silent))}"
    if scenario.policy.placement == "cool_pod" and network.fidelity != "contended":
        yield ("policy", "placement"), "'cool_pod' needs network.fidelity 'contended'"
    if network.backbone is not None:
        unread = sorted(asked - network.backbone.reads.keys())
        if unread:
            at = ("network", "backbone", "reads")
            yield at, f"lacks the families {', '.join(map(repr, unread))}"
        for k, link in enumerate(network.backbone.links):
            if link.ends[0] == link.ends[1]:
                at_link = ("network", "backbone", "links", k, "ends")
                yield at_link, f"joins {link.ends[0]!r} to itself"


def _policy_goes_together(scenario: Scenario) -> Findings:
    policy = scenario.policy
    for field, plain, able in (
        ("preemption", "none", PREEMPTIBLE),
        ("aim", "least_flexible", AIMABLE),
    ):
        value = getattr(policy, field)
        if value != plain and policy.discipline not in able:
            known = ", ".join(able)
            yield ("policy", field), f"{value!r} goes with the disciplines {known} only"
    if policy.maintenance is not None and policy.fidelity == "fluid":
        yield ("policy", "maintenance"), "goes with policy.fidelity 'jobs' only"
    for field in ("weights", "quotas"):
        if getattr(policy, field) and policy.discipline not in SHARING:
            yield ("policy", field), f"go with the disciplines {', '.join(SHARING)} only"


#: Every check there is; each yields what it finds, or nothing.
CHECKS: tuple[Callable[[Scenario], Findings], ...] = (
    *chain_checks,
    _racks_hold_their_chip,
    _nodes_are_of_their_kind,
    _programme_chips_are_of_their_kind,
    _ramped_families_have_ports,
    _every_family_runs_somewhere,
    _racks_find_cooling,
    _stock_finds_room,
    _dates_are_in_the_run,
    _every_quarter_has_a_budget,
    _stops_are_in_the_run,
    _policy_goes_together,
    _gate_follows_pilot,
    _network_covers_what_runs,
)
