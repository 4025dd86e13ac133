"""A stop of some nodes, as a question says it."""

from dataclasses import replace
from typing import Any

from simulator.spec.faults import Fault, SpecError, fault, hint
from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Stop
from simulator.study.inputs import Arm
from simulator.study.runs import with_shock


def unseen(
    question: Question[Any],
    scenario: Scenario,
    quarter: str,
    longest_s: float,
    loc: tuple[str | int, ...] = (),
) -> list[Fault]:
    """Return a fault if a stop from a quarter on is over before a run, or begins after it."""
    calendar = scenario.horizon.calendar
    if -longest_s < calendar.at(quarter) < calendar.horizon_s:
        return []
    names = calendar.names()
    message = f"no run sees a stop from {quarter}: they go from {names[0]} to {names[-1]}"
    at = (*loc, "quarter")
    return [fault(question.place(*at), (question.kind, *at), message)]


def stopped(question: Question[Any], arm: Arm, part: Stop, loc: tuple[str | int, ...]) -> Arm:
    """Return an arm with nodes stopped together.

    Raises
    ------
    SpecError
        If a node is unknown, or no run sees the stop.
    """
    known = arm.scenario.supply.nodes
    found: list[Fault] = [
        fault(
            question.place(*loc, "nodes", k),
            (question.kind, *loc, "nodes", k),
            f"unknown node {node!r}{hint(node, known)}",
        )
        for k, node in enumerate(part.nodes)
        if node not in known
    ]
    found += unseen(question, arm.scenario, part.quarter, part.duration, loc)
    if found:
        raise SpecError(found)
    scenario = arm.scenario
    for node in part.nodes:
        scenario = with_shock(scenario, node, part.quarter, part.duration, part.severity)
    label = f"{arm.label}, stopped"
    return replace(arm, label=label, scenario=scenario, stopped=" + ".join(part.nodes))
