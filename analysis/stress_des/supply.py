"""The supply half of sections 2.1 to 2.5: from a scenario's supply, what happens to an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.words import listing, number
from simulator.units import WEEK_S

_RULES = {
    "plan_of_record": "each line in its quarter",
    "commit_early": "each line so much earlier that it lands with a chance of {service} by the "
    "date the median lead time gives",
    "react_to_slips": "each line in its quarter, and what is overdue is bought once more as "
    "{other}",
    "hedge": "{share} of each line's money goes to {other}",
}
_OVERLAPS = {
    "multiply": "what each leaves of a node multiplies",
    "worst": "the worst counts",
    "add": "losses add up, to at most all",
}


def logic(supply: Mapping[str, Any]) -> list[str]:
    """Say what happens to an order from wish to service."""
    buying = supply.get("buying") or {"rule": "plan_of_record"}
    rule = _RULES[buying["rule"]].format(
        service=number(buying.get("service", 0.9)),
        share=number(buying.get("share", 0.2)),
        other=buying.get("other"),
    )
    lines = [
        f"Orders are placed at quarters' starts, by the rule {buying['rule'].replace('_', ' ')}: "
        f"{rule}. Whole racks, in the plan's order; the programme's reserve behind it."
    ]
    if _scarce(supply) or _parts(supply):
        lines.append(
            "Where a chip needs a node of limited capacity, or its vendor accepts only a part, "
            "orders ask in a quarterly window, are shared out what there is, and the rest asks "
            "again in the next, before anything newer."
        )
    lines.append(
        "An order is paid from the money released by then, first come first served: the first "
        "that cannot be paid holds up those behind it; unspent money stays. "
        "Then it waits in its vendor's queue, and passes wafer, packaging, rack and shipping."
    )
    lines.append(
        "Each stage goes at the pace of the scarcest input it waits for; a stop holds what has "
        "not passed the stage, and nothing that has. What lands on the dock takes floor, power "
        "and network where it finds them, first come first served but whoever fits, is "
        "installed and burnt in, and is in service."
    )
    terms = supply.get("contracts") or {}
    if terms:
        lines.append(
            f"Contracts of {listing(terms)}: fewest racks of an order, a part paid with it and "
            "the rest before shipping, a part owed if it is called off, and until which stage it "
            "can be."
        )
    return lines


def algorithms(supply: Mapping[str, Any]) -> list[str]:
    """Name the algorithms of supply."""
    catch_up = (supply.get("catch_up") or {}).get("value", 0.0)
    lines = [
        "Lead times: lognormal; racks of one chip ordered in one quarter share their draw. A "
        "production clock by line: it loses while an input lacks, and makes it up at a spare rate "
        f"of {number(100 * catch_up)} %, never ahead of its plan.",
        "Inputs of different groups are complements, the scarcest counts; suppliers of one group "
        "substitute up to their limits, after the switching lag and once qualified; a node gives "
        "no more than all that it rests on, its country among them. Behind a stock of an input a "
        "stop is felt once that is gone; the supplier's spare rate fills it again.",
        "Shocks: Poisson or renewal, lengths lognormal, severities given or even in a range, "
        "from five years before the start, so that "
        "one may be under way; a step, or recovery evenly or exponentially in eight steps of equal "
        f"area; of those that overlap {_OVERLAPS[supply.get('overlap', 'multiply')]}.",
    ]
    if scarce := _scarce(supply):
        nodes = supply["nodes"]
        rules = {str(nodes[i].get("sharing", {}).get("rule", "pro_rata")) for i in scarce}
        lines.append(
            f"Sharing out of {listing(nodes[i]['label'] for i in scarce)}: "
            f"{listing(sorted(r.replace('_', ' ') for r in rules))} among our chips and other "
            "customers; a chip gets what its scarcest input gives, what that leaves is shared "
            "again, and grants are rounded to whole racks."
        )
    for vendor, queue in (supply.get("queues") or {}).items():
        waits = [
            f"{name.replace('_', ' ')} {number(state['wait'] / WEEK_S)} weeks"
            for name, state in queue["regimes"].items()
        ]
        lines.append(
            f"Queue of {vendor}: a Markov chain by quarter, at first "
            f"{queue['start'].replace('_', ' ')}; median wait by regime: {listing(waits)}."
        )
    porting = supply.get("porting")
    if porting:
        lines.append(
            f"Ports: {len(porting['tasks'])} tasks by a team of {porting['engineers']}; effort "
            "lognormal; who may start first is served first, and holds up those behind."
        )
    programme = supply.get("programme")
    if programme and "gate" in programme:
        lines += _gate(programme)
    return lines


def _gate(programme: Mapping[str, Any]) -> list[str]:
    gate, lines = programme["gate"], []
    silicon = programme.get("silicon")
    if silicon:
        chances = listing(number(p) for p in silicon["spin_success"])
        lines.append(
            f"Silicon: design from {silicon['start']}, tape-outs that work with a chance of "
            f"{chances}, then certainly; bring-up; lengths lognormal."
        )
    lines.append(
        "Pilot: true performance and power over target are drawn, lognormal; each measure is the "
        f"mean of {programme.get('measurements', 1)} measurements with a normal error."
    )
    rules = [
        f"performance ≥ {number(gate['min_performance'])}",
        f"performance per watt ≥ {number(gate['min_performance_per_watt'])}",
    ]
    if gate.get("min_yield"):
        rules.append(f"yield ≥ {number(gate['min_yield'])}")
    if gate.get("max_cost_of_work") is not None:
        rules.append(f"cost of a unit of work ≤ {number(gate['max_cost_of_work'])}")
    if gate.get("min_ported_share"):
        rules.append(f"ported part of the work asked ≥ {number(gate['min_ported_share'])}")
    forced = f"; forced: {gate['forced']}" if gate.get("forced") else ""
    hold = gate.get("hold")
    held = f", held once for {number(hold / WEEK_S)} weeks if one may yet be met" if hold else ""
    lines.append(
        f"Gate in {gate['quarter']}: ramp if each holds of target with a chance of "
        f"{number(gate.get('certainty', 0.5))} given the measurements: {listing(rules)}{held}; "
        f"else cancel{forced}. Without a pilot in service by "
        f"{gate.get('latest') or 'four quarters later'}: cancel."
    )
    return lines


def queues(supply: Mapping[str, Any]) -> list[str]:
    """List where orders, racks and ports wait."""
    places = ["for money, in the order they were placed"]
    if _scarce(supply) or _parts(supply):
        places.insert(0, "for an allocation, the oldest first")
    if supply.get("queues"):
        places.append("for a slot at their vendor")
    lines = [
        f"Orders: {listing(places)}. Racks: on the dock, first come first served but whoever "
        "fits, for floor, power and network."
    ]
    if supply.get("porting"):
        lines.append("Ports: for engineers, in the order of their dates.")
    return lines


def _scarce(supply: Mapping[str, Any]) -> list[str]:
    return sorted(i for i, node in supply.get("nodes", {}).items() if node.get("capacity"))


def _parts(supply: Mapping[str, Any]) -> bool:
    """Tell whether a vendor accepts only a part of what is asked in some regime."""
    queues = (supply.get("queues") or {}).values()
    return any(s.get("granted", 1.0) < 1 for q in queues for s in q["regimes"].values())
