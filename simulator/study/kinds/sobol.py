"""Saltelli's points for Sobol indices."""

from simulator.laws.design import sobol_design
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Sobol
from simulator.study.inputs import Arm, check_ranges, moved


def plan(question: Question[Sobol]) -> list[Arm]:
    """Return sample A, sample B, and A with each input from B, in order."""
    part = question.part
    check_ranges(question, part.case)
    names = list(part.inputs)
    blocks = sobol_design(
        [0.0] * len(names), [1.0] * len(names), part.samples, question.file.plan.seed
    )
    titles = ["A", "B", *(f"A with {name} of B" for name in names)]
    return [
        moved(f"{title}, {k}", question, part.case, dict(zip(names, point, strict=True)))
        for title, block in zip(titles, blocks.tolist(), strict=True)
        for k, point in enumerate(block)
    ]
