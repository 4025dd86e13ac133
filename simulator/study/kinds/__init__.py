"""Kinds of question: each module turns a section of a study into the runs that answer it."""

from collections.abc import Callable, Mapping
from typing import Any

from simulator.spec.faults import Fault, SpecError
from simulator.spec.study_file import Question, StudyFile, questions
from simulator.study.inputs import Arm
from simulator.study.kinds import (
    break_even,
    credit,
    deltas,
    dependence,
    design,
    frontier,
    hedges,
    importance,
    morris,
    nested,
    pilot,
    portfolio,
    rare,
    select,
    sobol,
    stress,
    survival,
    sweep,
    tornado,
)

#: By kind: from the section to its runs; of a search, those it begins with.
PLANS: Mapping[str, Callable[[Question[Any]], list[Arm]]] = {
    "portfolio": portfolio.plan,
    "deltas": deltas.plan,
    "sweep": sweep.plan,
    "stress": stress.plan,
    "dependence": dependence.plan,
    "importance": importance.plan,
    "credit": credit.plan,
    "survival": survival.plan,
    "pilot": pilot.plan,
    "hedges": hedges.plan,
    "design": design.plan,
    "frontier": frontier.plan,
    "tornado": tornado.plan,
    "morris": morris.plan,
    "sobol": sobol.plan,
    "nested": nested.plan,
    "rare": rare.plan,
    "break_even": break_even.plan,
    "select": select.plan,
}


def plan_all(file: StudyFile) -> list[tuple[Question[Any], list[Arm]]]:
    """Return every section of a study with its runs.

    Raises
    ------
    SpecError
        With the faults of all sections.
    """
    planned, found = [], list[Fault]()
    for question in questions(file):
        try:
            planned.append((question, PLANS[question.kind](question)))
        except SpecError as error:
            found += error.faults
    if found:
        raise SpecError(found)
    return planned
