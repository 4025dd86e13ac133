"""What a study's cases and changes hardly mean, said before anything is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simulator.spec.faults import Fault, dotted, fault
from simulator.spec.loader import BASELINE
from simulator.spec.notices import meaningless, notices
from simulator.spec.notices_money import removed, waits
from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question, StudyFile
from simulator.study.inputs import Arm

Planned = Sequence[tuple[Question[Any], list[Arm]]]


def study_notices(file: StudyFile, planned: Planned) -> list[Fault]:
    """Return what is hardly meant: of each case, and of each change or hedge against its own.

    Parameters
    ----------
    file : StudyFile
    planned : sequence of (Question, list of Arm)
        Its sections with their runs.
    """
    baseline = file.given[BASELINE].scenario
    found: list[Fault] = []
    for given in file.given.values():
        found += notices(given, baseline)
    for question, arms in planned:
        if question.kind == "deltas":
            found += _apart(question, "changes", ((arm.label, arms[0], arm) for arm in arms[1:]))
        elif question.kind == "hedges":
            calm = {arm.label: arm for arm in arms if arm.stopped is None}
            pairs = (
                (str(arm.settings["hedge"]), calm[str(arm.settings["without"])], arm)
                for arm in calm.values()
                if arm.settings["hedge"]
            )
            found += _apart(question, "hedges", pairs)
    return list(dict.fromkeys(found))


def _apart(
    question: Question[Any], key: str, pairs: Iterable[tuple[str, Arm, Arm]]
) -> Iterable[Fault]:
    for name, before, after in pairs:
        place, loc = question.place(key, name), (question.kind, key, name)
        for message in _new(before.scenario, after.scenario):
            yield fault(place, loc, message)


def _new(before: Scenario, after: Scenario) -> Iterable[str]:
    """Yield what is hardly meant in one scenario, and was not said of the other."""
    if message := removed(before, after):
        yield message
    known = {message for _, message in meaningless(before)}
    for at, message in meaningless(after):
        if message not in known:
            yield f"{dotted(at)}: {message}"
    others = waits(before)
    known = {wait.message for wait in others}
    # From where the other's money ends, nobody is paid in this one either.
    ended = min((wait.quarter for wait in others if not wait.is_paid), default="9999Q4")
    for wait in waits(after):
        if wait.message not in known and wait.quarter < ended:
            yield f"{dotted(wait.loc)}: {wait.message}"
