"""Additions to the fleet: without them, and with them at demand that grows."""

from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Credit
from simulator.study.inputs import Arm, Settings, as_given


def plan(question: Question[Credit]) -> list[Arm]:
    """Return, for each addition, the case without it, then that with it at each growth."""
    cases, arms = question.file.given, list[Arm]()
    for name, addition in question.part.additions.items():
        base = cases[addition.without]
        arms.append(as_given(f"{name}: without", base, {"addition": name}))
        for growth in question.part.growth:
            given = cases[addition.given]
            settings: Settings = {"addition": name, "growth": growth}
            label = f"{name}: with, demand +{100 * growth:g} %"
            scenario = grown(given.scenario, growth)
            arms.append(Arm(label, given.case, scenario, given.changes, settings))
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
