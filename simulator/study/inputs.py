"""Inputs of a study: from a part of a range to what a scenario file would say there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from simulator.spec.faults import Fault, SpecError, fault, hint
from simulator.spec.loader import Given
from simulator.spec.quantities import between, split, times
from simulator.spec.scenario import Scenario
from simulator.spec.study_file import Question
from simulator.spec.study_inputs import Input, Levels, Range
from simulator.spec.study_sections import BreakEven, Ranged, Section, Valued
from simulator.study.runs import Run

#: Keys of a figure or spread that are of one unit, and scale together.
_SCALED = ("value", "low", "high", "median", "p90")

#: Where each input stands: a number in the input's own unit, or a text.
Settings = Mapping[str, float | str]


@dataclass(frozen=True)
class Arm:
    """One run of a study, with the place it has in it."""

    label: str
    """Its name within the section."""
    case: str
    """The case it was made from."""
    scenario: Scenario
    changes: tuple[str, ...]
    """What differs from the scenario file."""
    settings: Settings
    """Where the inputs stand."""
    stopped: str | None = None
    """The node that is stopped."""

    def run(self, *, jobs: bool) -> Run:
        """Return it as a run, with or without the table of single jobs."""
        return Run(self.case, self.scenario, self.changes, self.stopped, jobs)


def as_given(label: str, given: Given, settings: Settings | None = None) -> Arm:
    """Return a scenario as an arm."""
    return Arm(label, given.case, given.scenario, given.changes, settings or {})


def moved(
    label: str, question: Question[Ranged | BreakEven], case: str, shares: Mapping[str, float]
) -> Arm:
    """Return a case with inputs somewhere in their ranges.

    Parameters
    ----------
    label : str
    question : Question
    case : str
    shares : mapping of str to float
        By input: 0 at its low end, 1 at its high end. [1]

    Raises
    ------
    SpecError
        If the outcome is no valid scenario.
    """
    given, settings = question.file.given[case], {}
    for name, share in shares.items():
        item, loc = ranges(question.part)[name]
        value = None if item.low is None else _within(question, loc, item, share)
        given = _lay(given, question, loc, item, value, share)
        settings[name] = float(share) if value is None else position(value)
    return replace(as_given(label, given, settings), case=case)


def set_to(label: str, question: Question[Valued], case: str, values: Mapping[str, Any]) -> Arm:
    """Return a case with inputs set to values of their lists."""
    given, settings = question.file.given[case], {}
    for name, value in values.items():
        item = question.part.inputs[name]
        given = _lay(given, question, ("inputs", name), item, value, 0.0)
        settings[name] = position(value)
    return replace(as_given(label, given, settings), case=case)


def ranges(part: Ranged | BreakEven) -> dict[str, tuple[Range, tuple[str, ...]]]:
    """Return each range a section moves an input over, and where in the section it stands."""
    if isinstance(part, BreakEven):
        return {part.name: (part.input, ("input",))}
    return {name: (item, ("inputs", name)) for name, item in part.inputs.items()}


def check_ranges(question: Question[Ranged | BreakEven], case: str) -> None:
    """Refuse inputs that cannot be moved, all of them at once.

    Raises
    ------
    SpecError
        With the faults of every input at either end.
    """
    found: list[Fault] = []
    for name in ranges(question.part):
        for share in (0.0, 1.0):
            try:
                moved(name, question, case, {name: share})
            except SpecError as error:
                found += error.faults
    if found:
        raise SpecError(found)


def position(value: object) -> float | str:
    """Return where a value lies on an axis: its number, in its own unit, or the text itself."""
    if isinstance(value, str):
        try:
            return split(value)[0]
        except ValueError:
            return value
    return float(value)  # type: ignore[arg-type]


def unit_of(item: Input) -> str:
    """Return the unit an input's positions are in."""
    if item.factor:
        return "× as it stands"
    first = item.values[0] if isinstance(item, Levels) else getattr(item, "low", None)
    if first is None:
        return "part of its range"
    try:
        return split(first)[1] if isinstance(first, str) else ""
    except ValueError:
        return ""


def _within(
    question: Question[Section], loc: tuple[str, ...], item: Range, share: float
) -> float | str:
    try:
        return between(item.low, item.high, share)
    except ValueError as reason:
        raise SpecError([fault(question.place(*loc), (question.kind, *loc), str(reason))]) from None


def _lay(
    given: Given,
    question: Question[Section],
    loc: tuple[str, ...],
    item: Input,
    value: Any,
    share: float,
) -> Given:
    place = question.place(*loc, "key")
    tree = given.tree
    try:
        changes = {key: _new(_at(tree, key), item, value, share) for key in _keys(tree, item.key)}
    except ValueError as reason:
        raise SpecError([fault(place, (question.kind, *loc), str(reason))]) from None
    return given.change(changes, place)


def _new(old: Any, item: Input, value: Any, share: float) -> Any:
    """Return what stands at a key when its input is at *value*, or in its own range."""
    if value is None:
        if not isinstance(old, dict) or old.get("low") is None or old.get("high") is None:
            raise ValueError(f"{item.key} has no range of its own; add 'low' and 'high'")
        value = between(old["low"], old["high"], share)
    elif item.factor:
        return _scaled(old, float(value), item.whole)
    if item.whole:
        value = round(value)
    return {"value": value} if isinstance(old, dict) and "value" in old else value


def _scaled(old: Any, factor: float, whole: bool) -> Any:
    if isinstance(old, dict):
        there = {k: v for k, v in old.items() if k in _SCALED and v is not None}
        if there:
            return {key: times(value, factor) for key, value in there.items()}
    new = times(old, factor)
    return round(new) if whole and not isinstance(new, str) else new


def _at(tree: Any, key: str) -> Any:
    for step in key.split("."):
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree


def _keys(tree: Any, pattern: str) -> Iterator[str]:
    """Yield each dotted key a pattern means; refuse one that means nothing."""
    found = list(_walk(tree, pattern.split("."), ()))
    if not found:
        raise ValueError(f"{pattern} names nothing{_nearest(tree, pattern.split('.'))}")
    yield from found


def _walk(tree: Any, steps: list[str], above: tuple[str, ...]) -> Iterator[str]:
    if not steps:
        yield ".".join(above)
        return
    for key, child in _children(tree):
        if fnmatchcase(key, steps[0]):
            yield from _walk(child, steps[1:], (*above, key))


def _children(tree: Any) -> list[tuple[str, Any]]:
    if isinstance(tree, dict):
        return list(tree.items())
    return [(str(k), v) for k, v in enumerate(tree)] if isinstance(tree, list) else []


def _nearest(tree: Any, steps: list[str]) -> str:
    """Tell where a key goes astray and what is nearest there."""
    for step in steps:
        here = dict(_children(tree))
        key = next((key for key in here if fnmatchcase(key, step)), None)
        if key is None:
            return f" at {step!r}{hint(step, here)}"
        tree = here[key]
    return ""
