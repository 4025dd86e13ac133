"""What a study file may say, as tables of Markdown read off the spec.

``python -m tests.study.reference`` writes them into ``docs/study_files.md``, each between its
marks, and leaves what is written around them as it is.
"""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from analysis.metrics import METRICS
from simulator.spec import study, study_inputs, study_risk, study_sections
from simulator.spec.base import Count, Id, Quarter, Ratio, Share
from simulator.spec.orders import Order
from simulator.spec.quantities import DIMENSIONS, Dollars, PositiveSeconds
from simulator.spec.study import KINDS, CaseName, OwnCase, StudyPlan
from simulator.spec.study_inputs import Input, Levels, Plain, Precision, Range, Replications
from simulator.spec.study_risk import Addition, Hedge, Stop
from simulator.spec.study_sections import Section

DOCUMENT = Path(__file__).parents[2] / "docs" / "study_files.md"

#: Types that have a name of their own in a file, in words.
WORDS = (
    (PositiveSeconds, "time, `26 weeks`"),
    (Dollars, "money, `20 MUSD`"),
    (Quarter, "quarter, `2026Q1`"),
    (Share, "share, 0 to 1"),
    (Ratio, "number above 0"),
    (Count, "whole number, from 0"),
    (CaseName, "name"),
    (Id, "id"),
    (Plain, "number or quantity"),
)
#: Parts that are told in a table of their own.
PARTS = (Precision, Replications, OwnCase, Stop, Addition, Hedge, Levels, Range)
_MODULES = (study, study_inputs, study_risk, study_sections)


def table(model: type[BaseModel], without: type[BaseModel] | None = None) -> str:
    """Return the keys of a model as a table; those it shares with *without* are told there."""
    hints = get_type_hints(model, _names(), include_extras=True)
    rows = ["| key | value | default | what it says |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if without is not None and name in without.model_fields:
            continue
        about, unit = _about(field)
        bounds = "" if any(hints[name] == known for known, _ in WORDS) else _bounds(field)
        value = _meant(name, hints[name]) + bounds + (f" [{unit}]" if unit else "")
        rows.append(f"| `{name}` | {value} | {_default(field)} | {about} |")
    return "\n".join(rows)


def metrics_table() -> str:
    """Return the metrics a study may name."""
    rows = ["| metric | what it is | unit | more is |", "|---|---|---|---|"]
    rows += [f"| `{m.id}` | {m.label} | {m.unit} | {m.more_is} |" for m in METRICS]
    return "\n".join(rows)


def units_table() -> str:
    """Return the dimensions quantities have in files."""
    rows = ["| dimension | for example | inside |", "|---|---|---|"]
    rows += [f"| {name} | `{example}` | {unit} |" for name, (unit, example) in DIMENSIONS.items()]
    return "\n".join(rows)


def tables() -> dict[str, str]:
    """Return every table of the document by its mark."""
    found = {"study": _top(), "section": table(Section), "metrics": metrics_table()}
    found["units"] = units_table()
    found |= {part.__name__.lower(): table(part) for part in PARTS}
    found["levels"] = table(Levels)
    found["purchases"] = table(Order)
    kinds = get_type_hints(StudyPlan, _names())
    for kind in KINDS:
        found[kind] = table(_bare(kinds[kind]), without=Section)
    return found


def _top() -> str:
    """Return the keys of a study that are no kind of question."""
    lines = table(StudyPlan).splitlines()
    return "\n".join(line for line in lines if not any(f"| `{k}` |" in line for k in KINDS))


def written(text: str) -> str:
    """Return the document with every table as the spec has it."""
    for mark, rows in tables().items():
        block = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.S)
        if len(block.findall(text)) != 1:
            raise ValueError(f"{DOCUMENT} needs one pair of marks {mark!r}")
        text = block.sub(lambda found, rows=rows: f"{found[1]}{rows}\n{found[2]}", text)  # type: ignore[misc]
    return text


def _names() -> dict[str, Any]:
    return {name: value for module in _MODULES for name, value in vars(module).items()}


def _about(field: FieldInfo) -> tuple[str, str]:
    """Return what a field's doc says, and its unit, which stands last in brackets."""
    text = " ".join((field.description or "").replace("``", "`").split())
    told = re.fullmatch(r"(.*?)\s*\[([^]]+)\]", text)
    about, unit = (told[1], told[2]) if told else (text, "")
    return about, "" if unit == "1" else unit


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None or value == {}:
        return "–"
    return f"`{json.dumps(value)}`".replace('"', "")


#: Texts and mappings that mean something of their own, by key.
_MEANT = {
    **dict.fromkeys(("case", "against", "given", "without", "nameplate"), "case"),
    **dict.fromkeys(("outcome", "metric", "cost", "work", "risk"), "[metric](#metrics)"),
    "metrics": "list of [metrics](#metrics)",
    "cases": "list of cases",
    "change": "mapping, as of a case file",
}


def _meant(name: str, hint: Any) -> str:
    told = _worded(hint)
    plain = ("text", "list of text", "mapping of dotted key to value")
    return _MEANT.get(name, told) if told in plain else told


def _bounds(field: FieldInfo) -> str:
    """Return what a number or the length of a list or mapping is bound to."""
    signs = {"ge": "from {}", "gt": "above {}", "le": "up to {}", "lt": "below {}",
             "min_length": "{} or more", "max_length": "{} at most"}  # fmt: skip
    is_text = field.annotation is str
    found = [
        text.format(f"{getattr(rule, sign):g}")
        for rule in field.metadata
        for sign, text in signs.items()
        if hasattr(rule, sign)
        and getattr(rule, sign) is not None
        and not (is_text and "length" in sign)
        and not (sign == "min_length" and getattr(rule, sign) == 1)
    ]
    return f", {', '.join(found)}" if found else ""


def _worded(hint: Any) -> str:
    for known, words in WORDS:
        if hint == known:
            return words
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _worded(inner[0])
    if origin in (Union, types.UnionType):
        return _worded(next(a for a in inner if a is not type(None)))
    if origin is list:
        return f"list of {_worded(inner[0])}"
    if origin is dict:
        key, value = ("dotted key", "value") if inner[1] is Any else ("name", _worded(inner[1]))
        return f"mapping of {key} to {value}"
    if origin is Literal:
        return ", ".join(f"`{name}`" for name in inner)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"mapping, see [{_title(hint)}](#{_title(hint)})"
    return {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}[hint]


def _title(model: type[BaseModel]) -> str:
    names = {Levels: "inputs", Range: "inputs", Input: "inputs", OwnCase: "cases"}
    return names.get(model, model.__name__.lower())


def _bare(hint: Any) -> Any:
    return next((a for a in get_args(hint) if a is not type(None)), hint)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
