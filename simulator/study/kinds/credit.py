"""Additions to the fleet: without them, and with them at demand that grows."""

from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Credit
from simulator.study.inputs import Arm, Settings, as_given
from simulator.study.kinds.stopping import stopped


def plan(question: Question[Credit]) -> list[Arm]:
    """Return, for each addition, the case without it, then that with it at each growth.

    Where the nameplate is another case's, that case comes last.

    Raises
    ------
    SpecError
        If a node that stops is unknown.
    """
    cases, arms = question.file.given, list[Arm]()
    for name, addition in question.part.additions.items():
        base = cases[addition.without]
        mine = [as_given(f"{name}: without", base, {"addition": name})]
        for growth in question.part.growth:
            given = cases[addition.given]
            settings: Settings = {"addition": name, "growth": growth}
            label = f"{name}: with, demand +{100 * growth:g} %"
            scenario = grown(given.scenario, growth)
            mine.append(Arm(label, given.case, scenario, given.changes, settings))
        if addition.stop is not None:
            loc = ("additions", name, "stop")
            mine = [stopped(question, arm, addition.stop, loc) for arm in mine]
        if addition.nameplate is not None:
            # Without the stop: the chip as it was bought.
            for role, case in (("none", addition.without), ("all", addition.nameplate)):
                settings = {"addition": name, "nameplate": role}
                mine.append(as_given(f"{name}: nameplate, {role} of it", cases[case], settings))
        arms += mine
    return arms


def grown(scenario: Scenario, growth: float) -> Scenario:
    """Return the scenario with every service's demand larger by a share."""
    if growth == 0:
        return scenario
    services = {}
    for key, service in scenario.services.items():
        demand = service.demand
        more = demand.model_copy(update={"value": demand.value * (1 + growth)})
        services[key] = service.model_copy(update={"demand": more})
    return scenario.model_copy(update={"services": services})
