"""What is wrong with a file, said so that a planner can mend it: where, which key, what else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

#: Keys and list positions from the top of a scenario to one value in it.
Loc = tuple[str | int, ...]

#: How alike two names must be for one to be a slip of the other: two letters of eight may differ,
#: and of a short name one.
_ALIKE, _ALIKE_SHORT = 0.75, 0.65
_SHORT = 4
_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Place:
    """Where a value was stated: a file and its line, or what else stated it, without a line."""

    file: str
    """File as it was named by the user, or ``--set``, or ``change``."""
    line: int | None = None
    """Line, from 1."""

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong."""

    file: str
    """File that states it."""
    line: int | None
    """Line in the file, from 1; None if the fault has none."""
    key: str
    """Dotted key from the top of the scenario; empty for the file as a whole."""
    message: str
    """What is wrong and what would be right."""
    hides: bool = field(default=False, compare=False)
    """Whether later checks could not be run for it, so that more may show once it is mended."""

    def __str__(self) -> str:
        subject = f"{self.key}: " if self.key else ""
        return f"{Place(self.file, self.line)}: {subject}{self.message}"


class SpecError(Exception):
    """Files that do not make a scenario; says every fault that was found, one a line.

    File by file, in the order in which the files come, and down each file.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        unique = dict.fromkeys(faults)
        files = {name: k for k, name in enumerate(dict.fromkeys(f.file for f in unique))}
        self.faults: list[Fault] = sorted(unique, key=lambda f: (files[f.file], f.line or 0, f.key))
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def hiding(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults that keep later checks from being run."""
    return [replace(fault, hides=True) for fault in faults]


def fault(place: Place, loc: Sequence[str | int], message: str) -> Fault:
    """Return the fault of the value at *loc*, which was stated at *place*."""
    return Fault(place.file, place.line, dotted(loc), " ".join(message.split()))


def dotted(loc: Sequence[str | int]) -> str:
    """Write a path as a dotted key.

    Examples
    --------
    >>> dotted(("supply", "plan", 0, "chip"))
    'supply.plan.0.chip'
    """
    return ".".join(map(str, loc))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the known name that *name* is a slip or a part of, or None.

    Examples
    --------
    >>> nearest("plann", ["plan", "nodes"]), nearest("cowos", ["tsmc-cowos", "amkor"])
    ('plan', 'tsmc-cowos')
    >>> nearest("second_line", ["baseline", "buy_only"]) is None
    True
    """
    by_lower = {known.lower(): known for known in names}
    asked = name.lower()
    alike = _ALIKE if len(asked) > _SHORT else _ALIKE_SHORT
    close = get_close_matches(asked, by_lower, n=1, cutoff=alike)
    if not close:
        words = {*_WORD.split(asked)} - {""}
        holding = [
            known
            for known in by_lower
            if words and (known.startswith(asked) or words <= {*_WORD.split(known)})
        ]
        close = get_close_matches(asked, holding, n=1, cutoff=0)
    return by_lower[close[0]] if close else None


def hint(name: str, names: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the nearest one, or all there are.

    Examples
    --------
    >>> hint("plann", ["plan", "nodes"])
    "; did you mean 'plan'?"
    >>> hint("x", ["plan", "nodes"])
    '; known are nodes, plan'
    """
    known = sorted(names)
    close = nearest(name, known)
    if close is not None:
        return f"; did you mean {close!r}?"
    return f"; known are {', '.join(known)}" if known else "; there are none"


def file_hint(path: Path) -> str:
    """Return the end of a message about a file that is missing: one beside it of nearly its name.

    Examples
    --------
    >>> file_hint(Path("no/such/folder/plan.yaml"))
    ''
    """
    there = {p.stem: p.name for p in path.parent.glob("*.yaml")} if path.parent.is_dir() else {}
    close = nearest(path.stem, there)
    return f"; did you mean {there[close]!r}?" if close is not None else ""
