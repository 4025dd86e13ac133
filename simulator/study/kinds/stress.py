"""Each node stopped for each length of time, in each case."""

from simulator.spec.faults import Fault, SpecError, fault, hint
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Stress
from simulator.study.inputs import Arm, as_given
from simulator.study.kinds.stopping import unseen
from simulator.study.runs import with_shock
from simulator.units import DAY_S


def plan(question: Question[Stress]) -> list[Arm]:
    """Return each case, and each node stopped for each duration.

    Raises
    ------
    SpecError
        If a node is unknown, none is left to stop, or no run sees the stop.
    """
    part = question.part
    arms = []
    for case in dict.fromkeys(part.cases):
        given = question.file.given[case]
        whole = as_given(case, given)
        arms.append(whole)
        for node in _nodes(question, part, case):
            for duration_s in part.durations:
                settings = {"days": duration_s / DAY_S}
                label = f"{case}: {node} stopped {settings['days']:g} days"
                scenario = with_shock(given.scenario, node, part.quarter, duration_s, part.severity)
                arms.append(Arm(label, case, scenario, given.changes, settings, node))
    return arms


def _nodes(question: Question[Stress], part: Stress, case: str) -> list[str]:
    scenario = question.file.given[case].scenario
    known = scenario.supply.nodes
    wanted = list(known) if part.nodes is None else part.nodes
    found: list[Fault] = unseen(question, scenario, part.quarter, max(part.durations))
    for k, node in enumerate(wanted):
        if node not in known:
            place = question.place("nodes", k)
            message = f"unknown node {node!r}{hint(node, known)}"
            found.append(fault(place, (question.kind, "nodes", k), message))
    if found:
        raise SpecError(found)
    nodes = [n for n in wanted if part.kinds is None or known[n].kind in part.kinds]
    if not nodes:
        place = question.place("kinds")
        raise SpecError([fault(place, (question.kind, "kinds"), f"{case} has no such node")])
    return nodes
