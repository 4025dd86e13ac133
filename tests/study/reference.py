"""What a study file may say, as tables of Markdown read off the spec.

``python -m tests.study.reference`` writes them into ``docs/study_files.md``, each between its
marks, and leaves what is written around them as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

from analysis.metrics import METRICS
from simulator.spec.orders import Order
from simulator.spec.quantities import Dollars
from simulator.spec.study import KINDS, CaseName, OwnCase, StudyPlan
from simulator.spec.study_inputs import Input, Levels, Plain, Precision, Range, Replications
from simulator.spec.study_risk import Addition, Hedge, Stop
from simulator.spec.study_sections import Section
from tests.reference import Page, units_table
from tests.reference import written as written_into

DOCUMENT = Path(__file__).parents[2] / "docs" / "study_files.md"

#: Parts that are told in a table of their own.
PARTS = (Precision, Replications, OwnCase, Stop, Addition, Hedge, Levels, Range)
PAGE = Page(
    words=((CaseName, "name"), (Plain, "number or quantity"), (Dollars, "money, `20 MUSD`")),
    meant={
        **dict.fromkeys(("case", "against", "given", "without", "nameplate"), "case"),
        **dict.fromkeys(("outcome", "metric", "cost", "work", "risk"), "[metric](#metrics)"),
        "metrics": "list of [metrics](#metrics)",
        "cases": "list of cases",
        "change": "mapping, as of a case file",
    },
    plain=("text", "list of text", "mapping of dotted key to value"),
    titles={Levels: "inputs", Range: "inputs", Input: "inputs", OwnCase: "cases"},
)


def metrics_table() -> str:
    """Return the metrics a study may name."""
    rows = ["| metric | what it is | unit | more is |", "|---|---|---|---|"]
    rows += [f"| `{m.id}` | {m.label} | {m.unit} | {m.more_is} |" for m in METRICS]
    return "\n".join(rows)


def tables() -> dict[str, str]:
    """Return every table of the document by its mark."""
    found = {"study": _top(), "section": PAGE.table(Section), "metrics": metrics_table()}
    found["units"] = units_table()
    found |= {part.__name__.lower(): PAGE.table(part) for part in PARTS}
    found["purchases"] = PAGE.table(Order)
    kinds = get_type_hints(StudyPlan)
    for kind in KINDS:
        found[kind] = PAGE.table(_bare(kinds[kind]), without=Section)
    return found


def written(text: str) -> str:
    """Return the document with every table as the spec has it."""
    return written_into(text, tables())


def _top() -> str:
    """Return the keys of a study that are no kind of question."""
    lines = PAGE.table(StudyPlan).splitlines()
    return "\n".join(line for line in lines if not any(f"| `{k}` |" in line for k in KINDS))


def _bare(hint: Any) -> Any:
    return next((a for a in get_args(hint) if a is not type(None)), hint)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
