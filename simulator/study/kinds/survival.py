"""Each node stopped for longer and longer, beside how long it takes to come back."""

from simulator.spec.faults import SpecError, fault, hint
from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Survival
from simulator.study.inputs import Arm, Settings, as_given
from simulator.study.kinds.stopping import unseen
from simulator.study.runs import with_shock
from simulator.units import DAY_S


def plan(question: Question[Survival]) -> list[Arm]:
    """Return each case, and each node stopped for each duration.

    Raises
    ------
    SpecError
        If a node has no random shocks of its own, so that its time to recover is not known; or
        no run sees the stop.
    """
    part, arms = question.part, list[Arm]()
    for case in dict.fromkeys(part.cases):
        given = question.file.given[case]
        arms.append(as_given(case, given))
        if found := unseen(question, given.scenario, part.quarter, max(part.durations)):
            raise SpecError(found)
        for k, node in enumerate(part.nodes):
            recovers = _recovery(question, given.scenario, node, k)
            for duration_s in part.durations:
                days = duration_s / DAY_S
                scenario = with_shock(given.scenario, node, part.quarter, duration_s)
                label = f"{case}: {node} stopped {days:g} days"
                settings: Settings = {**recovers, "days": days}
                arms.append(Arm(label, case, scenario, given.changes, settings, node))
    return arms


def _recovery(
    question: Question[Survival], scenario: Scenario, node: str, k: int
) -> dict[str, float]:
    """Median and 90th percentile of a node's time to recover [days], and shocks a year."""
    own = [shock for shock in scenario.supply.random_shocks if shock.node == node]
    if not own:
        known = [shock.node for shock in scenario.supply.random_shocks if shock.node]
        message = f"node {node!r} has no random shocks of its own{hint(node, known)}"
        place = question.place("nodes", k)
        raise SpecError([fault(place, (question.kind, "nodes", k), message)])
    longest = max(own, key=lambda shock: shock.duration.p90)
    return {
        "recovery_median": longest.duration.median / DAY_S,
        "recovery_p90": longest.duration.p90 / DAY_S,
        "per_year": sum(shock.per_year.value for shock in own),
    }
