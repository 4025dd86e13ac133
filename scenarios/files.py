"""The files a planner hands in, whichever kind they are: what they hold, and whether it is good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenarios.studies import read_study
from simulator.spec import yamlfile
from simulator.spec.faults import Fault, SpecError
from simulator.spec.file_kind import kind_of
from simulator.spec.loader import BASELINE, Given, load, scenario_of
from simulator.spec.loader import cases as cases_of
from simulator.study.kinds import plan_all


def load_cases(file: Path, names: list[str] | None, sets: list[str]) -> dict[str, Given]:
    """Load the baseline and the named cases, or all; tell the faults of all at once.

    Parameters
    ----------
    file : Path
        A scenario file; or a case file, which is loaded beside the scenario it leads to.
    names : list of str or None
        Stems, or paths of case files elsewhere.
    sets : list of str
        Changes ``key.path=value`` to each.

    Raises
    ------
    SpecError
        With the faults of every file.
    """
    scenario = scenario_of(file)
    if scenario != file and scenario.is_file():
        names = [_as_case(file, scenario), *(names or [])]
    elif names is None:
        names = cases_of(file)
    given: dict[str, Given] = {}
    faults = []
    for name in dict.fromkeys([BASELINE, *names]):
        try:
            one = load(scenario, name, sets)
            given[BASELINE if name == BASELINE else one.case] = one
        except SpecError as error:
            faults += [f for f in error.faults if f not in faults]
    if faults:
        raise SpecError(faults)
    return given


def _as_case(file: Path, scenario: Path) -> str:
    """Return what a case file is called: by its stem where it lies with the scenario's own."""
    at_home = file.parent.resolve() == (scenario.parent / scenario.stem).resolve()
    return file.stem if at_home else str(file)


def check_file(file: Path, names: list[str] | None) -> Iterator[str]:
    """Yield what a scenario with its cases, or a study, amounts to, a line each.

    Raises
    ------
    SpecError
        With every fault there is.
    """
    if kind_of(yamlfile.read(file).value) == "study":
        yield from _check_study(file)
        return
    for name, given in load_cases(file, names, []).items():
        changes = len(given.changes)
        yield f"{name}: good" + (f", {changes} values differ" if changes else "")


def results_folder(out: Path) -> Path:
    """Return a folder of results as it was named.

    Raises
    ------
    SpecError
        If a file is in its place.
    """
    if out.is_file():
        raise SpecError([Fault(str(out), None, "", "is a file; results go to and lie in a folder")])
    return out


def _check_study(file: Path) -> Iterator[str]:
    asked = read_study(file)
    for question, arms in plan_all(asked):
        rule = asked.plan.replications
        n = question.part.replications or rule.first
        kind = question.kind.replace("_", " ")
        more = " to begin with" if kind in ("break even", "select") or rule.precision else ""
        yield f"{kind}: good, {len(arms)} runs of {n} replications{more}"
    yield f"{file} is a study file; type: siliconmix study {file}"
