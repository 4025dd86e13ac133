"""From files to one validated scenario: base, includes, case, and changes on the command line.

Later wins: the scenario file with its includes, then the case, then ``--set``.
In a change mappings merge, everything else (lists, numbers, text, null)
replaces, and a key that ends in ``+`` extends a list::

    base: ../inhouse_pilot.yaml
    title: Two more quarters of H200 while the pilot runs
    change:
      supply:
        catch_up: {value: 0.3}
        plan+:
          - {chip: h200, quarter: 2025Q3, spend: 2 GUSD}
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simulator.spec import yamlfile
from simulator.spec.explain import explain
from simulator.spec.faults import Fault, Place, SpecError, dotted, fault, hint
from simulator.spec.layers import layers
from simulator.spec.located import Located, differences, locate, merge, put
from simulator.spec.references import faults as reference_faults
from simulator.spec.references import unknown_names
from simulator.spec.scenario import Scenario

__all__ = ["BASELINE", "Fault", "Given", "SpecError", "cases", "load", "scenario_of"]

#: Name of the scenario file itself among its cases.
BASELINE = "baseline"
_CHANGE = Place("change")


@dataclass(frozen=True)
class Given:
    """A scenario with where it came from."""

    scenario: Scenario
    """Validated, SI units inside."""
    case: str
    """Stem of the case file, or ``baseline``."""
    path: Path
    """The scenario file at the bottom."""
    changes: tuple[str, ...]
    """What differs from that file, one a value: ``key: old → new``, or ``key: new``."""
    effective: Located = field(repr=False, compare=False)
    """The tree that was validated, with the place of every value."""
    baseline: Located = field(repr=False, compare=False)
    """The tree of the scenario file alone."""

    @property
    def tree(self) -> dict[str, Any]:
        """The effective scenario as it would stand in one file, units as written."""
        return self.effective.plain()

    def change(self, changes: Mapping[str, object], place: Place = _CHANGE) -> Given:
        """Return this scenario with other values.

        Parameters
        ----------
        changes : mapping of str to object
            Dotted key, such as ``supply.catch_up.value`` or ``supply.plan.0.racks``,
            to what a file would say there: ``0.3``, ``"26 weeks"``, a list, a mapping,
            None. The rules are those of a case.
        place : Place
            Where the changes were stated, for faults.

        Raises
        ------
        SpecError
            If a key is unknown or the outcome is not a valid scenario.
        """
        found: list[Fault] = []
        tree = self.effective
        for key, value in changes.items():
            keys = _keys(key)
            if keys is None:
                found.append(fault(place, (), f"{key!r} is no dotted key"))
                continue
            try:
                tree = put(tree, keys, locate(value, place), found)
            except TypeError as reason:
                found.append(fault(place, keys, str(reason)))
        return _given(self.path, self.case, self.baseline, tree, found)

    def over(self, change: Located) -> Given:
        """Return this scenario with a located mapping of changes laid over it, as a case is."""
        found: list[Fault] = []
        tree = merge(self.effective, change, found)
        return _given(self.path, self.case, self.baseline, tree, found)

    def set(self, sets: Sequence[str]) -> Given:
        """Return this scenario with single changes ``key.path=value``, as :func:`load` has them."""
        found: list[Fault] = []
        tree = self.effective
        for text in sets:
            tree = _set(tree, text, found)
        return _given(self.path, self.case, self.baseline, tree, found)

    def to_yaml(self) -> str:
        """Return the effective scenario as one YAML file that loads to the same scenario."""
        return yamlfile.dump(self.tree)


def load(path: str | os.PathLike[str], case: str | None = None, sets: Sequence[str] = ()) -> Given:
    """Read a scenario, lay a case and single changes over it, and validate the whole.

    Parameters
    ----------
    path : path-like
        A scenario file, or a case file.
    case : str, optional
        Stem of a case file in the folder beside *path* that bears its name; or the
        path of one that lies elsewhere, ``mine/late.yaml``, whose ``base:`` leads to
        *path*; ``baseline`` or None for the file itself.
    sets : sequence of str
        Changes ``key.path=value``, the value as YAML.

    Raises
    ------
    SpecError
        With every fault that was found in all the files.
    """
    scenario = Path(os.path.normpath(path))
    file = scenario if case in {None, BASELINE} else _case_file(scenario, str(case))
    found: list[Fault] = []
    root, baseline, tree = layers(file, found)
    if file != scenario and root.resolve() != scenario.resolve():
        found.append(Fault(str(file), None, "base", f"leads to {root}, not to {scenario}"))
    at_home = file.parent.resolve() == _case_folder(scenario).resolve()
    if file != scenario and not at_home and file.stem in (BASELINE, *cases(scenario)):
        message = f"{scenario} has a case {file.stem!r} already; give the file another name"
        found.append(Fault(str(file), None, "", message))
    for text in sets:
        tree = _set(tree, text, found)
    name = BASELINE if root == file else file.stem
    return _given(root, name, baseline, tree, found)


def cases(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of a scenario's cases, sorted: the files in the folder of its name."""
    return sorted(file.stem for file in _case_folder(Path(path)).glob("*.yaml"))


def is_path(case: str) -> bool:
    """Tell whether a case is named by the path of its file, and not by a stem."""
    return case.endswith((".yaml", ".yml"))


def scenario_of(path: str | os.PathLike[str]) -> Path:
    """Return the scenario file a case file leads to; of a scenario file, itself.

    Raises
    ------
    SpecError
        If one of the files on the way cannot be read.
    """
    file, seen = Path(os.path.normpath(path)), set[Path]()
    named: yamlfile.Named | None = None
    while file not in seen:  # a circle is told by whoever loads it
        seen.add(file)
        base = yamlfile.read(file, named).child("base")
        if base is None or not isinstance(base.value, str):
            break
        named = yamlfile.Named(base.place, ("base",))
        file = Path(os.path.normpath(file.parent / base.value))
    return file


def _given(path: Path, case: str, baseline: Located, tree: Located, found: list[Fault]) -> Given:
    # A file without a folder of cases may be another's effective scenario, stop study and all.
    names = [BASELINE, *cases(path), case] if _case_folder(path).is_dir() else None
    try:
        scenario = Scenario.model_validate(tree.plain())
        references = reference_faults(scenario, names)
    except ValidationError as error:
        found = found + explain(error, Scenario, tree)
        references = unknown_names(tree.plain(), names)
    found = found + [fault(tree.place_of(loc), loc, message) for loc, message in references]
    if found:
        raise SpecError(_own_files_first(found, path, baseline))
    return Given(scenario, case, path, _told(baseline.plain(), tree.plain()), tree, baseline)


def _own_files_first(found: list[Fault], path: Path, baseline: Located) -> list[Fault]:
    """Order faults: of what is laid over the scenario file, of that file, of what it includes.

    A name misspelt in a planner's file is often missed in a catalogue's too; it is not there
    that it wants mending.
    """
    below = {*baseline.files()}
    rank = {str(path): 1} | {file: 2 for file in below if file != str(path)}
    return sorted(found, key=lambda f: rank.get(f.file, 0))


def _told(old: Any, new: Any) -> tuple[str, ...]:
    """Return what differs, one text a value; a title alone changes nothing."""
    return tuple(
        f"{dotted(loc)}: {_short(after)}"
        if before is None
        else f"{dotted(loc)}: {_short(before)} → {_short(after)}"
        for loc, before, after in differences(old, new)
        if loc != ("title",)
    )


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _case_folder(path: Path) -> Path:
    return path.parent / path.stem


def _case_file(path: Path, case: str) -> Path:
    if not path.is_file():
        return path  # reading it says what is wrong with it
    if is_path(case):
        return Path(os.path.normpath(case))
    known = cases(path)
    if case not in known:
        message = (
            f"has no case {case!r}{hint(case, [BASELINE, *known])}; "
            "a case file elsewhere is named by its path, with .yaml"
        )
        raise SpecError([Fault(str(path), None, "", message)])
    return _case_folder(path) / f"{case}.yaml"


def _keys(text: str) -> list[str] | None:
    keys = [key.strip() for key in text.split(".")]
    return keys if all(keys) else None


def _set(tree: Located, text: str, found: list[Fault]) -> Located:
    place = Place("--set")
    key, equals, value = text.partition("=")
    keys = _keys(key)
    if not equals or keys is None or not value.strip():
        message = f"{text!r} is not of the form key.path=value (write null for no value)"
        found.append(fault(place, (), message))
        return tree
    try:
        parsed = yamlfile.parse(value, place.file, None)
    except SpecError as error:
        found.extend(Fault(f.file, None, key.strip(), f.message) for f in error.faults)
        return tree
    return put(tree, keys, parsed, found)
