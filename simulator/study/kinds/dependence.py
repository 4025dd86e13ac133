"""Groups of nodes stopped: each alone, and every combination of them."""

from itertools import combinations

from simulator.spec.faults import Fault, SpecError, fault, hint
from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Dependence
from simulator.study.inputs import Arm, as_given
from simulator.study.kinds.stopping import unseen
from simulator.study.runs import with_shock
from simulator.units import DAY_S


def plan(question: Question[Dependence]) -> list[Arm]:
    """Return the case, and each set of groups stopped, smaller sets first.

    Raises
    ------
    SpecError
        If a node is unknown, or stands in two groups, or no run sees the stop.
    """
    part = question.part
    given = question.file.given[part.case]
    _check(question, given.scenario)
    arms = [as_given(part.case, given, dict.fromkeys(part.groups, 0.0))]
    for size in range(1, len(part.groups) + 1):
        for chosen in combinations(part.groups, size):
            scenario = given.scenario
            for node in (node for group in chosen for node in part.groups[group]):
                scenario = with_shock(scenario, node, part.quarter, part.duration, part.severity)
            stopped = " + ".join(chosen)
            settings = {group: float(group in chosen) for group in part.groups}
            settings["days"] = part.duration / DAY_S
            label = f"{stopped} stopped"
            arms.append(Arm(label, part.case, scenario, given.changes, settings, stopped))
    return arms


def _check(question: Question[Dependence], scenario: Scenario) -> None:
    part, names = question.part, list(scenario.supply.nodes)
    found: list[Fault] = unseen(question, scenario, part.quarter, part.duration)
    group_of: dict[str, str] = {}
    for group, nodes in part.groups.items():
        for k, node in enumerate(nodes):
            loc = (question.kind, "groups", group, k)
            if node not in names:
                message = f"unknown node {node!r}{hint(node, names)}"
            elif node in group_of:
                message = f"node {node!r} stands in group {group_of[node]!r} already"
            else:
                group_of[node] = group
                continue
            found.append(fault(question.place("groups", group, k), loc, message))
    if found:
        raise SpecError(found)
