"""The files a planner hands in, whichever kind they are: what they hold, and whether it is good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill

from scenarios.studies import read_study
from simulator.spec import yamlfile
from simulator.spec.faults import Fault, SpecError, hint
from simulator.spec.file_kind import kind_of
from simulator.spec.loader import BASELINE, Given, load, scenario_of
from simulator.spec.loader import cases as cases_of
from simulator.spec.notices import notices
from simulator.spec.study_file import StudyFile
from simulator.spec.study_sections import BreakEven, Select
from simulator.study import plan_runs
from simulator.study.kinds import plan_all
from simulator.study.notices import Planned, study_notices


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


def load_one(file: Path, case: str | None, sets: list[str]) -> Given:
    """Load one case of a scenario, or of the scenario a study asks of, with the study's change.

    Parameters
    ----------
    file : Path
        A scenario, case or study file.
    case : str or None
        Its stem or path; of a study, the name of a case it asks of. None: as the file stands.
    sets : list of str
        Changes ``key.path=value``.

    Raises
    ------
    SpecError
        With every fault that was found.
    """
    if not file.is_file() or kind_of(yamlfile.read(file).value) != "study":
        return load(file, case, sets)
    given = read_study(file).given
    name = case or BASELINE
    if name not in given:
        message = f"asks of no case {name!r}{hint(name, given)}"
        raise SpecError([Fault(str(file), None, "", message)])
    return given[name].set(sets)


def _as_case(file: Path, scenario: Path) -> str:
    """Return what a case file is called: by its stem where it lies with the scenario's own."""
    at_home = file.parent.resolve() == (scenario.parent / scenario.stem).resolve()
    return file.stem if at_home else str(file)


def warnings_of(given: Mapping[str, Given]) -> Iterator[str]:
    """Yield what cases hardly mean, a line each."""
    said = dict.fromkeys(
        f for one in given.values() for f in notices(one, given[BASELINE].scenario)
    )
    yield from (f"warning: {notice}" for notice in said)


def check_file(file: Path, names: list[str] | None, sets: list[str]) -> Iterator[str]:
    """Yield what a scenario with its cases and changes, or a study, amounts to, a line each.

    Raises
    ------
    SpecError
        With every fault there is.
    """
    if kind_of(yamlfile.read(file).value) == "study":
        asked = {"--case": names, "--set": sets}
        why = "is of a scenario; a study names its cases and changes itself"
        if faults := [Fault(option, None, "", why) for option, told in asked.items() if told]:
            raise SpecError(faults)
        yield from _check_study(file)
        return
    cases = load_cases(file, names, sets)
    for name, given in cases.items():
        n = len(given.changes)
        differs = f", {n} value{'s differ' if n > 1 else ' differs'}" if n else ""
        yield f"{name}: good{differs}"
    yield from warnings_of(cases)


def folded(line: str, width: int) -> str:
    """Return a line folded to a terminal's width, what belongs to it indented.

    Examples
    --------
    >>> print(folded("file.yaml:3: supply.foo: unknown key; known are buying, catch_up", 40))
    file.yaml:3: supply.foo: unknown key;
        known are buying, catch_up
    """
    return fill(
        line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


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
    study = read_study(file)
    planned = plan_all(study)
    for kind, runs in runs_asked(study, planned):
        yield f"{kind}: good, {runs}"
    yield from (f"warning: {notice}" for notice in study_notices(study, planned))
    yield f"{file} is a study file; type: siliconmix study {file}"


def runs_asked(study: StudyFile, planned: Planned) -> Iterator[tuple[str, str]]:
    """Yield each question of a study with the runs it takes, in words."""
    rule = study.plan.replications
    for question, arms in planned:
        n = question.part.replications or rule.first
        kind = question.kind.replace("_", " ")
        if isinstance(question.part, Select):
            n = question.part.first
        grows = isinstance(question.part, BreakEven | Select) or (
            rule.precision is not None and question.part.replications is None
        )
        more = " to begin with" if grows else ""
        yield kind, f"{len(arms)} runs of {n} replications{more}"


def study_preface(study: StudyFile) -> Iterator[str]:
    """Yield the runs a study takes and what it hardly means, a line each.

    Raises
    ------
    SpecError
        With the faults of every question.
    """
    planned = plan_all(study)
    yield from (f"{kind}: {runs}" for kind, runs in runs_asked(study, planned))
    yield from (f"warning: {notice}" for notice in study_notices(study, planned))


def runs_of(given: Mapping[str, Given], replications: int) -> str:
    """Say how many runs cases make, and how many of them the scenario's stops add."""
    runs = plan_runs(given)
    stops = [run for run in runs if run.stopped is not None]
    cases = f"{len(given)} case{'s' if len(given) > 1 else ''}"
    whole = f"{len(runs)} runs of {replications} replication{'s' if replications > 1 else ''}"
    if not stops:
        return f"{cases}: {whole}"
    nodes, where = ({run.stopped for run in stops}, {run.case for run in stops})
    return (
        f"{cases}, and {len(stops)} runs that 'stops' adds ({len(nodes)} nodes, each stopped in "
        f"{', '.join(sorted(where))}): {whole}; --set stops=null leaves the stops out"
    )
