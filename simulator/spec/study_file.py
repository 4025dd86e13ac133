"""From a study file to one validated study, with every scenario it names."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from simulator.spec import yamlfile
from simulator.spec.explain import explain
from simulator.spec.faults import Fault, Loc, Place, SpecError, fault, file_hint, hint
from simulator.spec.file_kind import refuse_scenario
from simulator.spec.loader import BASELINE, Given, cases, is_path, load
from simulator.spec.located import Located, locate
from simulator.spec.study import KINDS, StudyPlan
from simulator.spec.study_metrics import Metrics
from simulator.spec.study_sections import Section

Part = TypeVar("Part", bound=Section, covariant=True)


@dataclass(frozen=True)
class StudyFile:
    """A study with the scenarios it is asked of."""

    plan: StudyPlan
    """Validated."""
    path: Path
    """The file."""
    given: Mapping[str, Given]
    """Every case it names, with the study's own change."""
    stated: Located
    """What the file says, with the place of every value."""

    def place(self, *loc: str | int) -> Place:
        """Return where a value was stated."""
        return self.stated.place_of(loc)


def load_study(
    path: str | os.PathLike[str], metrics: Collection[str], parted: Collection[str] = ()
) -> StudyFile:
    """Read a study file and every scenario it names.

    Parameters
    ----------
    path : path-like
    metrics : collection of str
        Names of the metrics there are.
    parted : collection of str
        Those that may be told of one service, one quarter or both: ``work_done.feed-ranking``.

    Raises
    ------
    SpecError
        With every fault that was found.
    """
    file = Path(os.path.normpath(path))
    own = yamlfile.read(file)
    refuse_scenario(file, own.value)
    return _study(own, file, metrics, parted)


def study_of(
    told: Mapping[str, object],
    metrics: Collection[str],
    path: str | os.PathLike[str] = "study",
    parted: Collection[str] = (),
) -> StudyFile:
    """Return the study that a mapping tells, as a file would; *path* is where it would lie."""
    file = Path(os.path.normpath(path))
    return _study(locate(told, Place(str(file))), file, metrics, parted)


def _study(
    own: Located, file: Path, metrics: Collection[str], parted: Collection[str]
) -> StudyFile:
    found: list[Fault] = []
    plan: StudyPlan | None = None
    try:
        plan = StudyPlan.model_validate(own.plain())
    except ValidationError as error:
        found += explain(error, StudyPlan, own)
    given = _scenarios(own, file, found)
    known = Metrics(metrics, parted, given[BASELINE].scenario if BASELINE in given else None)
    found += known.faults(own)
    if found or plan is None:
        raise SpecError(found)
    plan = plan.model_copy(update={"metrics": known.every(plan.metrics)})
    return StudyFile(plan, file, given, own)


def _scenarios(own: Located, file: Path, found: list[Fault]) -> dict[str, Given]:
    """Load the baseline and every case the sections name; tell the faults of all."""
    named = own.child("scenario")
    if named is None or not isinstance(named.value, str):
        return {}
    scenario = Path(os.path.normpath(file.parent / named.value))
    if not scenario.is_file():
        message = f"there is no file {scenario}{file_hint(scenario)}"
        found.append(fault(named.place, ("scenario",), message))
        return {}
    change = own.child("change")
    theirs = [BASELINE, *cases(scenario)]
    ours = _own_cases(own, file.parent, theirs, found)
    given: dict[str, Given] = {}
    whole = Located(BASELINE, named.place)
    for loc, case in [(("scenario",), whole), *_cases_named(own)]:
        name = case.value
        if name in given or not isinstance(name, str):
            continue
        if name in _stated_cases(own) and name not in ours:
            continue  # what is wrong with it is told where it is stated
        if name not in (known := [*theirs, *ours]):
            message = f"unknown case {name!r}{hint(name, known)}"
            if is_path(name):
                message += "; a case file elsewhere is given a name under 'cases'"
            found.append(fault(case.place, loc, message))
            continue
        base, more = ours.get(name, (name, None))
        try:
            one = load(scenario, base)
            for layer in (more, change):
                one = one.over(layer) if layer is not None and layer.is_mapping else one
            given[name] = replace(one, case=name)
        except SpecError as error:
            found += error.faults
    return given


def _own_cases(
    own: Located, folder: Path, theirs: list[str], found: list[Fault]
) -> dict[str, tuple[str, Located | None]]:
    """Return, by its name, what each of the study's own cases is made from, and its change."""
    ours: dict[str, tuple[str, Located | None]] = {}
    for name, item in _stated_cases(own).items():
        base = item.child("case")
        base_name = BASELINE if base is None else str(base.value)
        if name in theirs:
            message = f"is a case of the scenario already: {name!r}"
            found.append(fault(item.place, ("cases", str(name)), message))
        elif is_path(base_name) and base is not None:
            if (folder / base_name).is_file():
                ours[str(name)] = (str(folder / base_name), item.child("change"))
            else:
                lacking = Path(os.path.normpath(folder / base_name))
                message = f"there is no file {lacking}{file_hint(lacking)}"
                found.append(fault(base.place, ("cases", str(name), "case"), message))
        elif base is not None and base_name not in theirs:
            message = f"unknown case {base_name!r}{hint(base_name, theirs)}"
            found.append(fault(base.place, ("cases", str(name), "case"), message))
        else:
            ours[str(name)] = (base_name, item.child("change"))
    return ours


def _stated_cases(own: Located) -> Mapping[str, Located]:
    stated = own.child("cases")
    return stated.value if stated is not None and stated.is_mapping else {}


def _cases_named(own: Located) -> Iterator[tuple[Loc, Located]]:
    for kind in KINDS:
        for key in ("case", "against", "without", "cases"):
            named = own.at((kind, key))
            if named is not None and named.is_list:
                yield from (((kind, key, k), item) for k, item in enumerate(named.value))
            elif named is not None:
                yield (kind, key), named

    for kind, many, keys in _CASES_IN:
        items = own.at((kind, many))
        for name, item in items.value.items() if items is not None and items.is_mapping else ():
            for key in keys:
                if named := item.child(key):
                    yield (kind, many, str(name), key), named


#: Sections whose parts name cases.
_CASES_IN = (
    ("credit", "additions", ("given", "without", "nameplate")),
    ("hedges", "hedges", ("given", "without")),
)


@dataclass(frozen=True)
class Question(Generic[Part]):
    """One section of a study, and what it is asked of."""

    kind: str
    """Name of the section."""
    part: Part
    """What it says."""
    file: StudyFile
    """Where it stands."""

    def place(self, *loc: str | int) -> Place:
        """Return where a value of the section was stated."""
        return self.file.place(self.kind, *loc)


def questions(file: StudyFile) -> list[Question[Any]]:
    """Return the sections of a study, in order."""
    return [Question(kind, part, file) for kind, part in file.plan.sections.items()]
