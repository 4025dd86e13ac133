"""Sentences of the supply page: what is promised, how a stop is made up, the gate's rules."""

from __future__ import annotations

from analysis.words import listing, number
from simulator.spec.programme import Programme
from simulator.spec.scenario import Scenario

__all__ = ["catch_up_meant", "gate_rules", "promise_meant"]


def promise_meant(scenario: Scenario) -> str:
    """Say when a rack is promised, and of what the sums are means."""
    supply = scenario.supply
    queue = " behind the median wait of its vendor's queue when ordered" if supply.queues else ""
    told = (
        f"Promised: to be in service by then at the chip's median lead time{queue}, if nothing "
        "fails and sites have room; half of all orders may come sooner by luck. Of it there: in "
        "service; racks that come before they were promised count only in service. "
    )
    if supply.programme is not None:
        told += (
            "What the programme buys, and so what is ordered and promised, is what the gate decides"
            " in each run, in the mean. "
        )
    return f"{told}10-90 %: of runs."


def catch_up_meant(scenario: Scenario) -> str:
    """Say at what rate a line makes up what it lost in a stop."""
    figure = scenario.supply.catch_up
    ends = "" if figure.low is None else f", {_percent(figure.low)}-{_percent(figure.high or 0)} %"
    rate = f"supply.catch_up: {_percent(figure.value)} %, {figure.status}{ends}"
    if figure.value == 0:
        return f"No line makes up what it lost in a stop ({rate})."
    times = number(1 / figure.value)
    return (
        f"After a stop a line makes up what it lost by running above its plan ({rate}): a full "
        f"stop takes {times} times its length to be made up, and what is ordered since then waits "
        "behind it."
    )


def gate_rules(programme: Programme) -> str:
    """Say what meets and misses mean: every rule of the gate, on the true chip."""
    gate = programme.gate
    rules = [
        f"performance at least {number(gate.min_performance)} of target",
        f"performance per watt at least {number(gate.min_performance_per_watt)}",
    ]
    if gate.max_cost_of_work is not None:
        rules.append(f"cost of work at most {number(gate.max_cost_of_work)} of plan")
    if gate.min_yield > 0:
        rules.append(f"yield at least {number(gate.min_yield)} of target")
    if gate.min_ported_share > 0:
        rules.append(f"at least {_percent(gate.min_ported_share)} % of the work asked ported")
    told = (
        f"Meets, misses: whether the true chip, were it known, keeps all rules of the gate on the "
        f"day it is decided: {listing(rules)}."
    )
    if gate.forced is not None:
        told += " Forced: decided whatever is measured, on the gate's own date"
        if gate.hold > 0:
            told += (
                ", without the hold a free gate may take; less may be ported by then, so that more "
                "chips may miss a rule than where the gate is free"
            )
        told += "."
    return told


def _percent(share: float) -> str:
    return number(100 * share)
