"""A tree of plain values in which each remembers where it was stated.

Merging moves values together with their places, so that a fault found in the
effective scenario still points to the line that caused it.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.spec.faults import Fault, Loc, Place, fault, hint

#: A key of a change that ends so extends a list and does not replace it.
EXTEND = "+"


@dataclass(frozen=True)
class Located:
    """A value and its place; a mapping or list holds values that have their own."""

    value: Any
    """A mapping of text to `Located`, a list of `Located`, or a scalar."""
    place: Place
    """Where it was stated; of a mapping, where it was stated or changed last."""

    @property
    def is_mapping(self) -> bool:
        """Whether it holds values by key."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether it holds values by position."""
        return isinstance(self.value, list)

    def plain(self) -> Any:
        """Return the value without places: dicts, lists and scalars, all new."""
        if self.is_mapping:
            return {key: child.plain() for key, child in self.value.items()}
        if self.is_list:
            return [child.plain() for child in self.value]
        return self.value

    def files(self) -> Iterator[str]:
        """Yield the file of every value, some more than once."""
        yield self.place.file
        below = self.value.values() if self.is_mapping else self.value if self.is_list else ()
        for child in below:
            yield from child.files()

    def child(self, key: str | int) -> Located | None:
        """Return the value at one key or position, or None."""
        if self.is_mapping:
            return self.value.get(key)
        if self.is_list and str(key).isdecimal() and int(key) < len(self.value):
            return self.value[int(key)]
        return None

    def at(self, loc: Iterable[str | int]) -> Located | None:
        """Return the value at a path, or None."""
        here: Located | None = self
        for key in loc:
            here = None if here is None else here.child(key)
        return here

    def place_of(self, loc: Sequence[str | int]) -> Place:
        """Return the place of the value at *loc*, or of what should hold it."""
        at = self
        for key in loc:
            below = at.child(key)
            if below is None:
                break
            at = below
        return at.place


def locate(value: object, place: Place) -> Located:
    """Return a plain Python value as a tree in which all is stated at *place*.

    Raises
    ------
    TypeError
        If it holds anything that a file could not say.
    """
    if isinstance(value, Mapping):
        return Located({str(k): locate(v, place) for k, v in value.items()}, place)
    if isinstance(value, list | tuple):
        return Located([locate(item, place) for item in value], place)
    if value is None or isinstance(value, bool | str):
        return Located(value, place)
    # Numbers of numpy come from sampled designs; the specs are strict and take Python's.
    if isinstance(value, numbers.Integral):
        return Located(int(value), place)
    if isinstance(value, numbers.Real):
        return Located(float(value), place)
    raise TypeError(f"{value!r} is no text, number, list or mapping")


def unite(one: Located, other: Located, faults: list[Fault], loc: Loc = ()) -> Located:
    """Join two trees that may share mappings; what both state is a fault that names both places."""
    if not (one.is_mapping and other.is_mapping):
        faults.append(fault(other.place, loc, f"is stated already in {one.place}; state it once"))
        return one
    united = dict(one.value)
    for key, theirs in other.value.items():
        ours = united.get(key)
        united[key] = theirs if ours is None else unite(ours, theirs, faults, (*loc, key))
    return Located(united, one.place)


def merge(base: Located | None, change: Located, faults: list[Fault], loc: Loc = ()) -> Located:
    """Lay a change over a base: mappings merge, all else replaces, ``key+`` extends a list."""
    if not change.is_mapping:
        return change
    merged: dict[str, Located] = {}
    if base is not None and base.is_mapping:
        merged = dict(base.value)
    # Extensions last, so that the order of the keys in the file does not matter.
    for key in sorted(change.value, key=lambda k: k.endswith(EXTEND)):
        over, below = change.value[key], (*loc, key)
        if key.endswith(EXTEND):
            name = key.removesuffix(EXTEND)
            merged[name] = _extended(merged.get(name), over, faults, below)
        else:
            merged[key] = merge(merged.get(key), over, faults, below)
    return Located(merged, change.place)


def _extended(base: Located | None, more: Located, faults: list[Fault], loc: Loc) -> Located:
    if not more.is_list:
        faults.append(fault(more.place, loc, f"a key that ends in {EXTEND!r} needs a list"))
        return base or more
    if base is None or base.value is None:
        return more
    if not base.is_list:
        faults.append(fault(more.place, loc, f"what stands in {base.place} is no list to extend"))
        return base
    return Located([*base.value, *more.value], more.place)


def put(
    tree: Located, keys: Sequence[str], value: Located, faults: list[Fault], loc: Loc = ()
) -> Located:
    """Lay *value* over what stands at the dotted *keys*, by the rules of `merge`.

    The way there must exist, so that a misspelt key is a fault where it was
    misspelt; the last key may be new. A number counts in a list from 0.
    """
    key, rest = keys[0], keys[1:]
    if not rest and tree.is_mapping:
        return merge(tree, Located({key: value}, value.place), faults, loc)
    below = tree.child(key)
    if below is None:
        faults.append(fault(value.place, (*loc, key), _nothing_there(tree, key)))
        return tree
    path = (*loc, key)
    new = put(below, rest, value, faults, path) if rest else merge(below, value, faults, path)
    if tree.is_list:
        items = list(tree.value)
        items[int(key)] = new
        return Located(items, tree.place)
    return Located({**tree.value, key: new}, value.place)


def _nothing_there(tree: Located, key: str) -> str:
    if tree.is_mapping:
        return f"unknown key{hint(key, tree.value)}"
    if tree.is_list:
        return f"the list has {len(tree.value)} items, counted from 0"
    return f"{tree.value!r} holds no further keys"


def differences(old: Any, new: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any, Any]]:
    """Yield path, old and new value of each place where two plain trees differ; None is absent."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(k for k in new if k not in old)]:
            yield from differences(old.get(key), new.get(key), (*loc, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) <= len(new):
        for index, before in enumerate(old):
            yield from differences(before, new[index], (*loc, index))
        if len(old) < len(new):
            yield (*loc[:-1], f"{loc[-1]}{EXTEND}"), None, new[len(old) :]
    elif type(old) is not type(new) or old != new:
        yield loc, old, new
