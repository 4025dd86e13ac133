"""Points spread over ranges, by Latin hypercube or Sobol's sequence."""

from simulator.laws.design import unit_points
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Design
from simulator.study.inputs import Arm, check_ranges, moved


def plan(question: Question[Design]) -> list[Arm]:
    """Return the case at every point of the design."""
    part = question.part
    check_ranges(question, part.case)
    points = unit_points(len(part.inputs), part.points, part.sampler, question.file.plan.seed)
    return [
        moved(f"point {k}", question, part.case, dict(zip(part.inputs, point, strict=True)))
        for k, point in enumerate(points.tolist())
    ]
