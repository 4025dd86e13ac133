"""The gate as it decides, and both of its branches forced."""

from dataclasses import replace

from simulator.spec.faults import SpecError, fault
from simulator.spec.study_file import Question
from simulator.spec.study_risk import Pilot
from simulator.study.inputs import Arm, as_given


def plan(question: Question[Pilot]) -> list[Arm]:
    """Return the case, its gate forced to ramp and to cancel, and the case without a pilot.

    Raises
    ------
    SpecError
        If the case has no programme, or decides its gate beforehand.
    """
    part = question.part
    given = question.file.given[part.case]
    programme = given.scenario.supply.programme
    if programme is None or programme.gate.forced is not None:
        why = "no programme" if programme is None else "a gate that is forced already"
        place = question.place("case")
        message = f"case {part.case!r} has {why}"
        raise SpecError([fault(place, (question.kind, "case"), message)])
    rack = given.scenario.catalog.racks[programme.chip]
    spent = programme.development.value + programme.pilot_racks * rack.price.value
    arms = [as_given("the gate decides", given, {"branch": "gate", "pilot_usd": spent})]
    for branch in ("ramp", "cancel"):
        change = {"supply.programme.gate.forced": branch}
        forced = as_given(
            f"forced to {branch}", given.change(change, question.place()), {"branch": branch}
        )
        arms.append(replace(forced, case=part.case))
    without = question.file.given[part.without]
    return [*arms, as_given("no pilot", without, {"branch": "none"})]
