"""Alternatives whose cost, work and risk are set against each other."""

from itertools import product

from simulator.spec.study_file import Question
from simulator.spec.study_sections import Frontier
from simulator.study.inputs import Arm, as_given, set_to
from simulator.study.kinds.sweep import told


def plan(question: Question[Frontier]) -> list[Arm]:
    """Return each case, with each combination of the inputs' values if there are any."""
    part = question.part
    cases = list(dict.fromkeys(part.cases))
    if not part.inputs:
        return [as_given(case, question.file.given[case]) for case in cases]
    grid = list(product(*(item.values for item in part.inputs.values())))
    return [
        set_to(f"{case}, {told(point)}", question, case, point)
        for case in cases
        for point in (dict(zip(part.inputs, values, strict=True)) for values in grid)
    ]
