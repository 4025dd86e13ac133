"""Cases side by side, each against the first."""

from simulator.spec.study_file import Question
from simulator.spec.study_sections import Portfolio
from simulator.study.inputs import Arm, as_given


def plan(question: Question[Portfolio]) -> list[Arm]:
    """Return the cases."""
    part = question.part
    return [as_given(case, question.file.given[case]) for case in dict.fromkeys(part.cases)]
