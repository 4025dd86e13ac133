"""Files laid over one another: a scenario with what it includes, and the cases over it.

A scenario file may say ``include:`` with a list of files, whose mappings are
joined under the keys they state. A case file says ``base:``, a ``title:`` if it
likes, and ``change:`` with what differs.
"""

from __future__ import annotations

import os
from pathlib import Path

from simulator.spec import yamlfile
from simulator.spec.faults import Fault, Place, SpecError, fault, hint
from simulator.spec.file_kind import kind_of, refuse_study
from simulator.spec.located import Located, merge, unite

_CASE_KEYS = ("base", "title", "change")


def layers(
    file: Path,
    found: list[Fault],
    named: yamlfile.Named | None = None,
    above: tuple[Path, ...] = (),
) -> tuple[Path, Located, Located]:
    """Return the scenario file at the bottom, its tree, and the tree with the cases over it.

    Parameters
    ----------
    file : Path
        A scenario or case file, its path normalised.
    found : list of Fault
        Gains what is wrong and yet leaves a tree.
    named : Named, optional
        Where another file names it.
    above : tuple of Path
        The cases that led here.

    Raises
    ------
    SpecError
        If a file cannot be read, is a study file, or the bases run in a circle.
    """
    if file in above:
        cycle = " → ".join(map(str, [*above[above.index(file) :], file]))
        place = named.place if named else Place(str(file))
        raise SpecError([fault(place, ("base",), f"runs in a circle: {cycle}")])
    own = yamlfile.read(file, named)
    refuse_study(file, own.value)
    if "change" in own.value and kind_of(own.value) is None:
        message = "is missing: a case names the scenario it changes, from where it lies"
        raise SpecError([fault(own.place, ("base",), message)])
    if "base" not in own.value:
        tree = _with_includes(file, own, found)
        return file, tree, tree
    base = own.value["base"]
    change = _change_of(own, found)
    if not isinstance(base.value, str):
        raise SpecError([*found, fault(base.place, ("base",), "must name a file")])
    try:
        asked = yamlfile.Named(base.place, ("base",))
        root, baseline, tree = layers(_beside(file, base.value), found, asked, (*above, file))
    except SpecError as error:
        raise SpecError([*found, *error.faults]) from None
    return root, baseline, merge(tree, change, found)


def _change_of(own: Located, found: list[Fault]) -> Located:
    """Return what a case file changes, its title among it."""
    for key in own.value.keys() - set(_CASE_KEYS):
        place = own.value[key].place
        found.append(fault(place, (key,), f"unknown key of a case{hint(key, _CASE_KEYS)}"))
    change = own.value.get("change")
    if change is None or not change.is_mapping:
        place = own.place if change is None else change.place
        found.append(fault(place, ("change",), "a case needs a mapping of what differs"))
        return Located({}, own.place)
    if "title" not in own.value:
        return change
    return Located({**change.value, "title": own.value["title"]}, change.place)


def _with_includes(file: Path, own: Located, found: list[Fault]) -> Located:
    tree = Located({k: v for k, v in own.value.items() if k != "include"}, own.place)
    listed = own.value.get("include")
    if listed is None:
        return tree
    if not listed.is_list:
        found.append(fault(listed.place, ("include",), "must be a list of files"))
        return tree
    unread: list[Fault] = []
    for index, item in enumerate(listed.value):
        if not isinstance(item.value, str):
            unread.append(fault(item.place, ("include", index), "must name a file"))
            continue
        try:
            asked = yamlfile.Named(item.place, ("include", index))
            part = yamlfile.read(_beside(file, item.value), asked)
        except SpecError as error:
            unread.extend(error.faults)
            continue
        tree = unite(tree, part, found)
    if unread:  # all that an unread file states would be reported as missing
        raise SpecError([*found, *unread])
    return tree


def _beside(file: Path, name: str) -> Path:
    return Path(os.path.normpath(file.parent / name))
