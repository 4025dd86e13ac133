"""Parameters drawn outside, luck inside."""

from simulator.laws.design import unit_points
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Nested
from simulator.study.inputs import Arm, as_given, check_ranges, moved


def plan(question: Question[Nested]) -> list[Arm]:
    """Return the case as it stands, then at every draw of the parameters."""
    part = question.part
    check_ranges(question, part.case)
    points = unit_points(len(part.inputs), part.draws, "latin-hypercube", question.file.plan.seed)
    draws = [
        moved(f"draw {k}", question, part.case, dict(zip(part.inputs, point, strict=True)))
        for k, point in enumerate(points.tolist())
    ]
    return [as_given(part.case, question.file.given[part.case]), *draws]
