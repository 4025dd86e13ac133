"""Each input at either end of its range, the others as they stand."""

from simulator.spec.study_file import Question
from simulator.spec.study_sections import Tornado
from simulator.study.inputs import Arm, as_given, check_ranges, moved


def plan(question: Question[Tornado]) -> list[Arm]:
    """Return the case, then low and high of each input."""
    part = question.part
    check_ranges(question, part.case)
    ends = [
        moved(f"{name} {end}", question, part.case, {name: share})
        for name in part.inputs
        for end, share in (("low", 0.0), ("high", 1.0))
    ]
    return [as_given(part.case, question.file.given[part.case]), *ends]
