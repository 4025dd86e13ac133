"""Each node that may fail, once never failing and once failed for good."""

from __future__ import annotations

from math import exp, log, prod
from statistics import NormalDist

from simulator.laws.shocks import none_active, none_active_without_overlap
from simulator.spec.faults import SpecError, fault, hint
from simulator.spec.scenario import Scenario
from simulator.spec.shocks import RandomShocks
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Importance
from simulator.study.inputs import Arm, Settings, as_given
from simulator.study.runs import with_shock
from simulator.units import YEAR_S

_Z90 = NormalDist().inv_cdf(0.9)


def plan(question: Question[Importance]) -> list[Arm]:
    """Return the case, and each node perfect and failed.

    Raises
    ------
    SpecError
        If a node has no random shocks of its own, or none has any.
    """
    part = question.part
    given = question.file.given[part.case]
    arms = [as_given(part.case, given, {"state": "as it is"})]
    for node in _nodes(question, given.scenario):
        settings: Settings = {"node": node, "unavailability": unavailability(given.scenario, node)}
        for state, scenario in (
            ("perfect", without_luck_of(given.scenario, node)),
            ("failed", failed(given.scenario, node)),
        ):
            says = {**settings, "state": state}
            arms.append(Arm(f"{node} {state}", part.case, scenario, given.changes, says))
    return arms


def _nodes(question: Question[Importance], scenario: Scenario) -> list[str]:
    may_fail = list(dict.fromkeys(r.node for r in scenario.supply.random_shocks if r.node))
    if not may_fail:
        message = f"{question.part.case} has no random shocks of single nodes"
        raise SpecError([fault(question.place(), (question.kind,), message)])
    wanted = question.part.nodes or may_fail
    found = [
        fault(
            question.place("nodes", k),
            (question.kind, "nodes", k),
            f"node {node!r} has no random shocks of its own{hint(node, may_fail)}",
        )
        for k, node in enumerate(wanted)
        if node not in may_fail
    ]
    if found:
        raise SpecError(found)
    return wanted


def without_luck_of(scenario: Scenario, node: str) -> Scenario:
    """Return the scenario in which a node has no shocks of its own; common causes stay."""
    supply = scenario.supply
    left = [shock for shock in supply.random_shocks if shock.node != node]
    return scenario.model_copy(update={"supply": supply.model_copy(update={"random_shocks": left})})


def failed(scenario: Scenario, node: str) -> Scenario:
    """Return the scenario in which a node makes nothing from the start to the horizon."""
    horizon = scenario.horizon
    return with_shock(scenario, node, horizon.start, horizon.calendar.horizon_s)


def unavailability(scenario: Scenario, node: str) -> float:
    """Chance that a node's own shocks have hold of it, whatever they take. [1]

    From the stated rates and lengths: shocks that overlap are an M/G/∞ queue, those that
    begin only after recovery alternate with it.
    """
    own = [shock for shock in scenario.supply.random_shocks if shock.node == node]
    return 1.0 - prod(_untouched(shock) for shock in own)


def _untouched(shock: RandomShocks) -> float:
    sigma = log(shock.duration.p90 / shock.duration.median) / _Z90
    mean_s = shock.duration.median * exp(sigma**2 / 2)
    law = none_active if shock.arrival == "poisson" else none_active_without_overlap
    return law(shock.per_year.value / YEAR_S, mean_s)
