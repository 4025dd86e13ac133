"""Values in turn: one input at a time, or every combination."""

from itertools import product

from simulator.spec.study_file import Question
from simulator.spec.study_sections import Sweep
from simulator.study.inputs import Arm, as_given, set_to


def plan(question: Question[Sweep]) -> list[Arm]:
    """Return the case as it stands, and then with the values."""
    part = question.part
    base = as_given(part.case, question.file.given[part.case])
    if part.cross:
        grid = product(*(item.values for item in part.inputs.values()))
        points = [dict(zip(part.inputs, values, strict=True)) for values in grid]
    else:
        points = [{name: v} for name, item in part.inputs.items() for v in item.values]
    return [base, *(set_to(told(point), question, part.case, point) for point in points)]


def told(point: dict[str, object]) -> str:
    """Write where inputs stand.

    Examples
    --------
    >>> told({"growth": 1.4, "lead-time": "26 weeks"})
    'growth 1.4, lead-time 26 weeks'
    """
    return ", ".join(f"{name} {value}" for name, value in point.items())
