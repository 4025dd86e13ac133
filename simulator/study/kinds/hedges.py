"""Hedges and what they are held against, each with and without the stop."""

from dataclasses import replace

from simulator.spec.loader import Given
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Hedge, Hedges
from simulator.study.inputs import Arm, Settings, as_given
from simulator.study.kinds.stopping import stopped


def plan(question: Question[Hedges]) -> list[Arm]:
    """Return each case a hedge is held against, and each hedge, calm and stopped.

    Raises
    ------
    SpecError
        If a node or key is unknown.
    """
    part, cases = question.part, question.file.given
    arms: list[Arm] = []
    for case in dict.fromkeys(h.without or part.case for h in part.hedges.values()):
        arms += _both(question, as_given(f"without: {case}", cases[case], {"hedge": ""}))
    for name, hedge in part.hedges.items():
        without = hedge.without or part.case
        settings: Settings = {"hedge": name, "without": f"without: {without}"}
        arm = as_given(f"with {name}", _hedged(question, name, hedge, cases[without]), settings)
        arms += _both(question, replace(arm, case=hedge.given or without))
    return arms


def _hedged(question: Question[Hedges], name: str, hedge: Hedge, without: Given) -> Given:
    if hedge.given is not None:
        return question.file.given[hedge.given]
    return without.change(hedge.changes or {}, question.place("hedges", name))


def _both(question: Question[Hedges], arm: Arm) -> list[Arm]:
    """Return an arm as it is, and with the stop."""
    calm = replace(arm, settings={**arm.settings, "is_stopped": 0.0})
    hit = stopped(question, arm, question.part.stop, ("stop",))
    return [calm, replace(hit, settings={**arm.settings, "is_stopped": 1.0})]
