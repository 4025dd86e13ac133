"""Which kind of file a YAML file is: a scenario, a case over one, or a study that asks of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from simulator.spec.faults import Fault, SpecError
from simulator.spec.scenario import Scenario
from simulator.spec.study import KINDS, StudyPlan

Kind = Literal["scenario", "case", "study"]

#: Where each kind of file is described.
_STUDIES_TOLD_IN = "docs/study_files.md"
_OF_SCENARIOS = {*Scenario.model_fields, "include"} - {*StudyPlan.model_fields}
_OF_STUDIES = {"scenario", "replications", *KINDS} - {*Scenario.model_fields}


def kind_of(top: Collection[str]) -> Kind | None:
    """Return what a file is by the keys at its top; None if they do not tell.

    Examples
    --------
    >>> kind_of(["title", "scenario", "replications", "stress"])
    'study'
    >>> kind_of(["base", "change"]), kind_of(["include", "horizon"]), kind_of(["title"])
    ('case', 'scenario', None)
    """
    keys = set(top)
    if "scenario" in keys or (keys & _OF_STUDIES and not keys & _OF_SCENARIOS):
        return "study"
    if "base" in keys:
        return "case"
    return "scenario" if keys & _OF_SCENARIOS else None


def refuse_study(file: Path, top: Mapping[str, Any]) -> None:
    """Refuse a study file where a scenario or a case is wanted.

    Raises
    ------
    SpecError
        Naming the command that answers it.
    """
    if kind_of(top) == "study":
        asks = [name for name in KINDS if name in top]
        what = f", which asks {', '.join(asks)} of a scenario" if asks else ""
        message = f"this is a study file{what}; type: siliconmix study {file}"
        raise SpecError([Fault(str(file), None, "", message)])


def refuse_scenario(file: Path, top: Mapping[str, Any]) -> None:
    """Refuse a scenario or case file where a study is wanted.

    Raises
    ------
    SpecError
        Naming the command that runs it, and what a study file would say.
    """
    kind = kind_of(top)
    if kind in ("scenario", "case"):
        message = (
            f"this is a {kind} file, not a study; type: siliconmix run {file}; "
            f"or write a study file that names it, 'scenario: {file.name}' ({_STUDIES_TOLD_IN})"
        )
        raise SpecError([Fault(str(file), None, "", message)])
