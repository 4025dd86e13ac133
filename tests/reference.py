"""Tables of Markdown read off the spec, for the pages that tell what a file may say."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.spec import base, quantities
from simulator.spec.base import Count, Date, Figure, Id, Quarter, Ratio, Share, Shares, Spread
from simulator.spec.quantities import DIMENSIONS, Dollars, PositiveSeconds, Seconds, parse, split

#: Quantities as the spec names them → their dimension.
_DIMENSION_OF = (
    (PositiveSeconds, "time"),
    (Seconds, "time"),
    (Dollars, "money"),
    (quantities.Watts, "power"),
    (quantities.Joules, "energy"),
    (quantities.Bytes, "bytes"),
    (quantities.BytesPerSecond, "bandwidth"),
    (quantities.FlopPerSecond, "compute rate"),
    (quantities.DollarsPerJoule, "energy price"),
    (quantities.DollarsPerWatt, "power price"),
    (quantities.ReferenceChips, "work rate"),
    (quantities.ReferenceWork, "work"),
)
#: Types that have a name of their own in a file, in words.
_WORDS = (
    *((kind, f"{name}, `{DIMENSIONS[name][1]}`") for kind, name in _DIMENSION_OF),
    (Quarter, "quarter, `2026Q1`"),
    (Share, "share, 0 to 1"),
    (Ratio, "number above 0"),
    (Count, "whole number, from 0"),
    (Date, "date, `2025` or `2025-03`"),
    (Shares, "shares by id that sum to 1"),
    (Id, "id"),
)
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}


@dataclass(frozen=True)
class Page:
    """How the types of a spec are told on one page."""

    words: tuple[tuple[Any, str], ...] = ()
    """Types in words, before those all pages share."""
    meant: Mapping[str, str] = field(default_factory=dict)
    """Plain texts that mean something of their own, by key."""
    plain: tuple[str, ...] = ("text", "list of text")
    """What a type must be in words for its key to say more."""
    titles: Mapping[type[BaseModel], str] = field(default_factory=dict)
    """Headings of models' tables that are not their names."""
    id_is: str = "name"
    """What the keys of a mapping by id are called: names of one's own, or ids of the catalogue."""

    def table(self, model: type[BaseModel], without: type[BaseModel] | None = None) -> str:
        """Return the keys of a model as a table; those it shares with *without* are left out."""
        hints = get_type_hints(model, include_extras=True)
        rows = ["| key | value | default | what it says |", "|---|---|---|---|"]
        for name, of in model.model_fields.items():
            if without is not None and name in without.model_fields:
                continue
            about, unit = _about(of)
            bounds = "" if self._has_words(hints[name]) else _bounds(of)
            value = self._meant(name, hints[name]) + bounds + (f" [{unit}]" if unit else "")
            rows.append(f"| `{name}` | {value} | {_default(of, hints[name])} | {about} |")
        return "\n".join(rows)

    def title(self, model: type[BaseModel]) -> str:
        """Return the heading above a model's table."""
        return self.titles.get(model, model.__name__.lower())

    def _meant(self, name: str, hint: Any) -> str:
        told = self._worded(hint)
        return self.meant.get(name, told) if told in self.plain else told

    def _has_words(self, hint: Any) -> bool:
        return any(hint == known for known, _ in (*self.words, *_WORDS))

    def _worded(self, hint: Any) -> str:
        for known, words in (*self.words, *_WORDS):
            if hint == known:
                return words
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._worded(inner[0])
        if origin in (Union, types.UnionType):
            told = [self._worded(a) for a in inner if a is not type(None)]
            return " or ".join(told)
        if origin is list:
            return f"list of {self._worded(inner[0])}"
        if origin is dict:
            return f"mapping of {self._mapped(*inner)}"
        if origin is Literal:
            return ", ".join(f"`{name}`" for name in inner)
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return self._part(hint)
        return _PLAIN[hint]

    def _mapped(self, key: Any, value: Any) -> str:
        if value is Any:
            return "dotted key to value"
        if get_origin(key) is Literal:
            told = self._worded(key).replace("`, `", "` or `")
        else:
            told = {Quarter: "quarter", Id: self.id_is}.get(key, "name")
        return f"{told} to {self._worded(value)}"

    def _part(self, model: type[BaseModel]) -> str:
        made = model.__pydantic_generic_metadata__
        if made["origin"] in (base.Figure, base.Spread):
            name = {Figure: "figure", Spread: "spread"}[made["origin"]]
            return f"[{name}](#{name}s): {self._worded(made['args'][0])}"
        title = self.title(model)
        return f"mapping, see [{title}](#{title.replace(' ', '-')})"


def units_table() -> str:
    """Return the dimensions quantities have in files."""
    rows = ["| dimension | for example | inside |", "|---|---|---|"]
    rows += [f"| {name} | `{example}` | {unit} |" for name, (unit, example) in DIMENSIONS.items()]
    return "\n".join(rows)


def written(text: str, tables: Mapping[str, str]) -> str:
    """Return a page with every table as the spec has it, each between its marks.

    Raises
    ------
    ValueError
        If the page has no place for a table, or several.
    """
    for mark, rows in tables.items():
        block = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.S)
        if len(block.findall(text)) != 1:
            raise ValueError(f"the page needs one pair of marks {mark!r}")
        text = block.sub(lambda found, rows=rows: f"{found[1]}{rows}\n{found[2]}", text)  # type: ignore[misc]
    return text


def _about(of: FieldInfo) -> tuple[str, str]:
    """Return what a field's doc says, and its unit, which stands last in brackets."""
    text = " ".join((of.description or "").replace("``", "`").split())
    told = re.fullmatch(r"(.*?)\s*\[([^]]+)\]", text)
    about, unit = (told[1], told[2]) if told else (text, "")
    return about, "" if unit == "1" else unit


def _default(of: FieldInfo, hint: Any) -> str:
    if of.is_required():
        return "needed"
    value = of.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_unset=True)
    if value is None or value in ({}, []):
        return "–"
    dimension = _dimension(hint)
    if dimension is not None:
        return f"`{_as_quantity(value, dimension)}`"
    return f"`{json.dumps(value)}`".replace('"', "")


def _dimension(hint: Any) -> str | None:
    """Return the dimension of a quantity, or of each of a list of them."""
    of = get_args(hint)[0] if get_origin(hint) is list else hint
    return next((name for kind, name in _DIMENSION_OF if of == kind), None)


def _as_quantity(value: Any, dimension: str) -> str:
    """Write what stands inside in SI as a file would, in the unit of the dimension's example."""
    if isinstance(value, list):
        return f"[{', '.join(_as_quantity(item, dimension) for item in value)}]"
    unit = split(DIMENSIONS[dimension][1])[1]
    return "0" if value == 0 else f"{value / parse(f'1 {unit}', dimension):g} {unit}"


def _bounds(of: FieldInfo) -> str:
    """Return what a number or the length of a list or mapping is bound to."""
    signs = {"ge": "from {}", "gt": "above {}", "le": "up to {}", "lt": "below {}",
             "min_length": "{} or more", "max_length": "{} at most"}  # fmt: skip
    is_text = of.annotation is str
    found = [
        text.format(f"{getattr(rule, sign):g}")
        for rule in of.metadata
        for sign, text in signs.items()
        if hasattr(rule, sign)
        and getattr(rule, sign) is not None
        and not (is_text and "length" in sign)
        and not (sign == "min_length" and getattr(rule, sign) == 1)
    ]
    return f", {', '.join(found)}" if found else ""
