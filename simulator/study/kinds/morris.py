"""Walks that move one input a step at a time."""

from simulator.laws.design import morris_design
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Morris
from simulator.study.inputs import Arm, check_ranges, moved


def plan(question: Question[Morris]) -> list[Arm]:
    """Return every step of every walk, in order."""
    part = question.part
    check_ranges(question, part.case)
    names = list(part.inputs)
    walks = morris_design(
        [0.0] * len(names), [1.0] * len(names), part.paths, question.file.plan.seed
    )
    return [
        moved(f"walk {k}, step {j}", question, part.case, dict(zip(names, point, strict=True)))
        for k, walk in enumerate(walks.tolist())
        for j, point in enumerate(walk)
    ]
