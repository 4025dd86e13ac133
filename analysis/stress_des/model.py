"""Sections 1 and 2 of the checklist: what the model is for, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis import metrics
from analysis.stress_des import supply
from analysis.words import listing, number
from simulator.units import DAY_S, WEEK_S

_FIDELITY = {
    "jobs": "every job is queued, placed as a gang, hit by host faults and restarted from its "
    "checkpoint",
    "fluid": "work flows to chips by a linear program every third of a quarter; single jobs do "
    "not wait",
}


def purpose(scenario: Mapping[str, Any], cases: Mapping[str, str]) -> list[str]:
    """Say what question the scenario asks."""
    horizon = scenario["horizon"]
    lines = [
        scenario["title"],
        f"For a capacity planner who decides what training silicon to buy, over "
        f"{horizon['quarters']} quarters from {horizon['start']}.",
    ]
    lines += [f"{name.replace('_', ' ')}: {title}" for name, title in cases.items()]
    return lines


def outputs() -> list[str]:
    """List the outputs and how each is defined."""
    lines = [f"{m.label} [{m.unit}]; more is {m.more_is}." for m in metrics.METRICS]
    return [
        "Work is counted in rce-days: days of the reference chip on the job's own family. "
        "Done = Σ over runs of productive work, what faults destroyed counted apart. Unserved = "
        "Σ work of jobs given up or not started by the horizon. Cost per unit = (accrued racks, "
        "facilities, energy, development, cancellation) ÷ work done. Owed = Σ worth of firm orders "
        "− paid. HHI = Σ (100 sᵢ)² over racks at their price.",
        *lines,
        "Each is taken replication by replication. Means carry Student's t interval, x̄ ± t S/√n; "
        "differences are paired over common random numbers, d̄ ± t S_d/√n; shares Wilson's; "
        "quantiles order statistics. An interval that holds zero is called not distinguishable.",
    ]


def aims(scenario: Mapping[str, Any], kinds: Sequence[str]) -> list[str]:
    """Say what is experimented with."""
    lines = [f"Questions asked: {listing(kind.replace('_', ' ') for kind in kinds)}."]
    stops = scenario.get("stops")
    if stops and stops.get("nodes"):
        lines.append(
            f"Forced stops, one a run: {listing(stops['nodes'])}, for {stops['quarters']} "
            f"quarter{'s' if stops['quarters'] > 1 else ''} from {stops['quarter']}."
        )
    return lines


def diagram() -> list[str]:
    """Draw how the parts hang together."""
    return [
        "plan → buying rule → orders ← share of what is scarce, money a quarter, vendor's queue",
        "order → wafer → packaging with memory → rack → shipping → dock; shocks → nodes → stages",
        "dock → install → burn-in → in service ← floor, energised power and network of a site",
        "racks of one chip at one site → pool of hosts; software of a family → its speed there",
        "services → jobs → queue → gang on one pool → done | fault → checkpoint → queue | given up",
        "design → tape-out (again) → bring-up → pilot → measurement → gate → ramp | hold | cancel",
        "reserve → the chip | the fallback, late; team → ports → families that run on a chip",
    ]


def base_logic(scenario: Mapping[str, Any]) -> list[str]:
    """Say how the base model runs."""
    policy = scenario.get("policy", {})
    fidelity = policy.get("fidelity", "jobs")
    return [
        f"Fidelity {fidelity}: {_FIDELITY.get(fidelity, fidelity)}.",
        *supply.logic(scenario["supply"]),
        "Between two events of the world the fleet's jobs advance by themselves, to the same "
        "instants.",
    ]


def scenario_logic(cases: Mapping[str, Sequence[str]]) -> list[str]:
    """Say what each case changes."""
    return [
        f"{name.replace('_', ' ')}: {'; '.join(changes) if changes else 'nothing'}"
        for name, changes in cases.items()
    ]


def algorithms(scenario: Mapping[str, Any]) -> list[str]:
    """Name the algorithms."""
    policy = scenario.get("policy", {})
    lines = [
        f"Queue discipline: {policy.get('discipline', 'not stated')}.",
        "Pool choice: least flexible chip first that fits and runs the family.",
        "Checkpoints at Young's interval √(2 C M), C the write time, M the gang's mean time "
        "between faults (Young, CACM 17(9), 1974).",
        "Demand: jobs by a Poisson process whose rate grows and swings by day and week, sizes by "
        "the services' mix, run times lognormal.",
        "Software: efficiency e(t) = e∞ − (e∞ − e₀) exp(−t/τ) from the quarter a port is ready.",
        *supply.algorithms(scenario["supply"]),
    ]
    return lines


def entities(scenario: Mapping[str, Any]) -> list[str]:
    """List what moves through the model."""
    services = scenario["services"]
    return [
        f"Jobs (gangs) of {len(services)} services: "
        f"{listing(s['label'] for s in services.values())}.",
        f"Racks of {len(scenario['catalog']['chips'])} kinds of chip, and their orders.",
    ]


def activities() -> list[str]:
    """List what takes time."""
    return [
        "Running a job: its work over the pool's rate for its family.",
        "Restarting after a fault, repairing a host: exponential repair, fixed restart.",
        "Stages of an order, from its vendor's queue to burn-in; shocks and recovery of nodes.",
        "Design, tape-outs, bring-up and the pilot's run; porting, and software's maturing.",
    ]


def resources(scenario: Mapping[str, Any]) -> list[str]:
    """List what is limited."""
    nodes, lines = scenario["supply"]["nodes"], []
    for site in scenario["sites"].values():
        watts = sum(phase["it_power"] for phase in site["phases"])
        racks = sum(phase.get("racks", 0) for phase in site["phases"])
        lines.append(
            f"{site['label']}: {number(watts / 1e6)} MW of critical IT power and floor for "
            f"{number(racks, 6)} racks once all {len(site['phases'])} phases are energised."
        )
    kinds: dict[str, list[str]] = {}
    for node in nodes.values():
        kinds.setdefault(node["kind"], []).append(node["label"])
    lines += [f"{kind.replace('_', ' ').capitalize()}: {listing(who)}." for kind, who in
              kinds.items()]  # fmt: skip
    team = (scenario["supply"].get("porting") or {}).get("engineers")
    people = [f"Porting team: {team} engineers."] if team else []
    return [*lines, *people, "Money: the budget's training share of each quarter."]


def queues(scenario: Mapping[str, Any]) -> list[str]:
    """List where things wait."""
    return [
        f"Jobs: one queue, discipline {scenario.get('policy', {}).get('discipline', '–')}; given "
        "up when their patience ends.",
        *supply.queues(scenario["supply"]),
    ]


def entry_and_exit(scenario: Mapping[str, Any]) -> list[str]:
    """Say how things come and go."""
    lines = ["Jobs come by each service's own process and leave done, given up, or unfinished."]
    for service in scenario["services"].values():
        if "demand" in service:
            lines.append(
                f"{service['label']}: {number(service['demand']['value'])} rce of work asked at "
                f"the start, × {number(service['growth_per_year']['value'])} a year; patience "
                f"{number(service['patience'] / DAY_S)} days."
            )
    shocks = scenario["supply"].get("shocks", [])
    lines += [
        f"Shock: {shock.get('node') or shock.get('tag') or shock.get('country')} loses "
        f"{number(100 * shock['severity'])} % from {shock['quarter']} for "
        f"{number(shock['duration'] / WEEK_S)} weeks."
        for shock in shocks
    ]
    random = scenario["supply"].get("random_shocks", [])
    lines += [
        f"Shocks of chance: {shock.get('node') or shock.get('tag') or shock.get('country')}, "
        f"{number(shock['per_year']['value'])} a year, median length "
        f"{number(shock['duration']['median'] / WEEK_S)} weeks."
        for shock in random
    ]
    return lines
