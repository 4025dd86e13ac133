"""Rare shocks by strata: as many as come within the horizon, none, one, ... or more."""

from dataclasses import replace

from simulator.laws.rare import strata_weights
from simulator.spec.faults import SpecError, fault
from simulator.spec.study_file import Question
from simulator.spec.study_sections import Rare
from simulator.study.inputs import Arm, as_given
from simulator.units import YEAR_S


def plan(question: Question[Rare]) -> list[Arm]:
    """Return the case with each number of shocks; ``weight`` is the stratum's chance.

    Raises
    ------
    SpecError
        If no Poisson shock may happen in the case.
    """
    part = question.part
    given = question.file.given[part.case]
    supply = given.scenario.supply
    rate = sum(s.per_year.value for s in supply.random_shocks if s.arrival == "poisson")
    if rate == 0:
        message = f"{part.case} has no Poisson shocks of chance (supply.random_shocks)"
        raise SpecError([fault(question.place("case"), (question.kind, "case"), message)])
    expected = rate * given.scenario.horizon.calendar.horizon_s / YEAR_S
    arms = []
    for number, weight in enumerate(strata_weights(expected, part.most).tolist()):
        more = number == part.most
        count = {"shocks": number, "or_more": more}
        drawn = given.change({"supply.shock_count": count}, question.place("most"))
        label = f"{number} or more shocks" if more else f"{number} shocks"
        settings = {"shocks": float(number), "weight": weight}
        arms.append(replace(as_given(label, drawn, settings), case=part.case))
    return arms
