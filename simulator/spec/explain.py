"""Says in a planner's words what pydantic found: the line, the value, what would be right."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simulator.spec import slips
from simulator.spec.faults import Fault, Loc, fault, hiding, hint, nearest
from simulator.spec.located import Located

#: Marks the error of a mapping's key in pydantic's paths.
_KEY = "[key]"
_ID_FORM = "is not an id; ids are lower-case words joined by '-', such as 'h100-sxm'"
_TORN = "a comma between braces begins a new key; write the number with a decimal point"
#: What is left of a number after its comma, such as ``5 GUSD``.
_REST = re.compile(r"\d+\s*(?!Q[1-4]$)[A-Za-z%/ ]*")
#: pydantic's type of error → what the value should have been.
_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "above {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "below {lt:g}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "too_short": "a list of at least {min_length}",
}


def explain(error: ValidationError, model: type[BaseModel], tree: Located) -> list[Fault]:
    """Return every fault of *tree*, which was refused as a *model*."""
    details: list[Any] = error.errors(include_url=False)
    missing: dict[Loc, list[str]] = {}
    faults: list[Fault] = []
    for detail in details:
        loc: Loc = tuple(part for part in detail["loc"] if part != _KEY)
        if _is_torn(tree, loc):
            faults.append(fault(tree.place_of(loc), loc, _TORN))
        elif detail["type"] == "missing":
            missing.setdefault(loc[:-1], []).append(str(loc[-1]))
        else:
            faults.append(fault(tree.place_of(loc), loc, _message(detail, loc, model)))
    for loc, keys in missing.items():
        faults.extend(_missing(loc, keys, model, tree))
    return hiding(faults)


def _is_torn(tree: Located, loc: Loc) -> bool:
    """Tell whether a key is the rest of a number that a comma cut in two: ``{a: 40,5 GUSD}``."""
    at = tree.at(loc)
    is_bare = at is not None and at.value is None
    return is_bare and isinstance(loc[-1], str) and _REST.fullmatch(loc[-1]) is not None


def _missing(loc: Loc, keys: list[str], model: type[BaseModel], tree: Located) -> Iterator[Fault]:
    owner = _model_at(model, loc)
    fields = owner.model_fields if owner else {}
    required = [name for name, field in fields.items() if field.is_required()]
    siblings = _siblings(tree, loc)
    # An entry that lacks most of what it needs is likely a misspelt name of its neighbour.
    if siblings and 2 * len(keys) > len(required) > 1:
        close = nearest(str(loc[-1]), siblings)
        meant = f"; did you mean {close!r}?" if close else ""
        yield fault(tree.place_of(loc), loc, f"lacks {', '.join(keys)}{meant}")
        return
    for key in keys:
        described = fields[key].description if key in fields else None
        about = f" ({described.rstrip('.')})" if described else ""
        yield fault(tree.place_of(loc), (*loc, key), f"is missing{about}")


def _siblings(tree: Located, loc: Loc) -> list[str]:
    """Return the other keys of the mapping that holds the entry at *loc*."""
    at: Located | None = tree
    for key in loc[:-1]:
        at = at.child(key) if at else None
    if at is None or not at.is_mapping or not loc:
        return []
    return [key for key in at.value if key != loc[-1]]


def _message(detail: Any, loc: Loc, model: type[BaseModel]) -> str:
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        owner = _model_at(model, loc[:-1])
        return f"unknown key{hint(str(loc[-1]), owner.model_fields if owner else ())}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"{show(found)} is not one of {context['expected']}{_close(model, loc, found)}"
    if kind == "string_pattern_mismatch" and context["pattern"] == r"^[A-Z]{2}$":
        return f"must be two capital letters of ISO 3166, such as TW, found {show(found)}"
    if kind == "string_pattern_mismatch" and "a-z0-9" in context["pattern"]:
        return f"{show(found)} {_ID_FORM}{_as_id(found)}"
    if kind in {"model_type", "model_attributes_type", "dataclass_type"}:
        owner = _model_at(model, loc)
        keys = f" with keys {', '.join(owner.model_fields)}" if owner else ""
        return f"must be a mapping{keys}, found {show(found)}{_meant(found, loc)}"
    if kind == "list_type":
        return f"must be a list{_list_form(model, loc, found)}, found {show(found)}"
    if kind in _WANTED:
        wanted = _WANTED[kind].format(**context)
        return f"must be {wanted}, found {show(found)}{_meant(found, loc)}"
    return f"{detail['msg']}, found {show(found)}"


def _meant(found: object, loc: Loc) -> str:
    """Return what a text was likely meant to be where a number is wanted."""
    if not isinstance(found, str):
        return ""
    share = slips.percent(found)
    if share is not None and "growth_per_year" in loc:
        return f"; growth is a factor: {found} more a year is {1 + share:g}"
    meant = slips.number(found)
    return f"; {meant}" if meant else ""


def _as_id(found: object) -> str:
    """Return what a name would be as an id: ``SK hynix`` is ``sk-hynix``."""
    name = re.sub(r"[^a-z0-9]+", "-", str(found).lower()).strip("-")
    return f"; written as one: {name!r}" if name else ""


def _list_form(model: type[BaseModel], loc: Loc, found: object) -> str:
    """Show how a list of names or numbers would be written, of what was found."""
    items = get_args(_annotation_at(model, loc))
    if not items or _bare(items[0]) not in {str, float, int} or found in (None, {}, ""):
        return ""
    names = [found]
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        names = lists[0] if len(lists) == len(found) == 1 else list(found)
    return f" such as [{', '.join(map(str, names))}]"


def _close(model: type[BaseModel], loc: Loc, found: object) -> str:
    names = [n for n in _literals(_annotation_at(model, loc)) if isinstance(n, str)]
    close = nearest(found, names) if isinstance(found, str) else None
    return f"; did you mean {close!r}?" if close else ""


def show(value: object) -> str:
    """Return a found value as short text."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _bare(annotation: Any) -> Any:
    """Strip what wraps a type: ``Annotated`` and ``| None``."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in {Union, types.UnionType}:
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation


def _annotation_at(model: type[BaseModel], loc: Loc) -> Any:
    at: Any = model
    for key in loc:
        at = _bare(at)
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = at.model_fields.get(str(key))
            at = field.annotation if field else None
        elif get_origin(at) in {dict, list}:
            at = get_args(at)[-1]
        else:
            return None
    return _bare(at)


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    at = _annotation_at(model, loc)
    return at if isinstance(at, type) and issubclass(at, BaseModel) else None


def _literals(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()
