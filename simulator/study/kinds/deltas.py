"""One change at a time against one case, then some of them together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.spec.faults import Fault, SpecError, fault, hint
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Deltas
from simulator.study.inputs import Arm, as_given


def plan(question: Question[Deltas]) -> list[Arm]:
    """Return the case, each change alone, and those made together.

    Raises
    ------
    SpecError
        With the faults of every change.
    """
    part = question.part
    arms = [as_given(part.case, question.file.given[part.case])]
    found: list[Fault] = []
    for name, changes in part.changes.items():
        try:
            arms.append(_changed(question, part.case, name, changes, ("changes", name)))
        except SpecError as error:
            found += error.faults
    for name, parts in part.together.items():
        loc = ("together", name)
        unknown = [p for p in parts if p not in part.changes]
        found += [
            fault(question.place(*loc), (question.kind, *loc),
                  f"unknown change {p!r}{hint(p, part.changes)}")
            for p in unknown
        ]  # fmt: skip
        if not (unknown or found):
            joined = {key: value for p in parts for key, value in part.changes[p].items()}
            arms.append(_changed(question, part.case, name, joined, loc))
    if found:
        raise SpecError(found)
    return arms


def _changed(
    question: Question[Deltas],
    case: str,
    name: str,
    changes: Mapping[str, Any],
    loc: tuple[str, ...],
) -> Arm:
    given = question.file.given[case].change(changes, question.place(*loc))
    return replace(as_given(name, given), case=case)
