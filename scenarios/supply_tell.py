"""The supply page on the terminal: what comes, what is on the way, the gate, whom it hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from analysis.figures import supply as figures
from analysis.words import scale
from scenarios.supply_deliveries import ALL
from scenarios.supply_graph import TIERS

__all__ = ["Notes", "tell"]

Rows = Sequence[Mapping[str, Any]]
#: Chips that get a table of their own; and nodes of which the terminal tells.
_CHIPS, _NODES = 3, 10
#: Columns of deliveries, in order, and what the terminal calls them.
_COLUMNS = {
    "plan": "plan of\nrecord",
    "beyond_plan": "beyond\nplan",
    "programme": "pro-\ngramme",
    "ordered": "\nordered",
    "promised": "pro-\nmised",
    "share": "of it\nthere %",
    "share_95": "\n95 %",
    "landed": "\nlanded",
    "in_service": "in\nservice",
}


@dataclass(frozen=True)
class Notes:
    """Sentences that stand with the tables.

    Parameters
    ----------
    deliveries, pipeline, gate, graph : str
        How to read each.
    labels : mapping of str to str
        Of chips and families.
    """

    deliveries: str
    pipeline: str
    gate: str
    graph: str
    labels: Mapping[str, str]


def tell(console: Console, parts: Mapping[str, Rows], replications: int, notes: Notes) -> None:
    """Print what a supply world shows, the largest first where not all has room."""
    if parts["deliveries"]:
        _deliveries(console, parts["deliveries"], notes)
    if parts["pipeline"]:
        _pipeline(console, parts["pipeline"], replications, notes)
    else:
        console.print("Nothing is ordered.")
    if parts["stranded"]:
        console.print("Stranded, chips in service that a family does not run on, mean:")
        console.print(_stranded(parts["stranded"], notes.labels))
    for row in parts["gate"]:
        text = f"Gate: {figures.outcome_name(row['decision'], row['deserved'])}: "
        console.print(f"{text}{figures.chance(row, 'share', ('low', 'high'))}", soft_wrap=True)
    if parts["gate"]:
        console.print(notes.gate, soft_wrap=True)
    if parts["dependency"]:
        _nodes(console, parts["dependency"], notes)


def _deliveries(console: Console, rows: Rows, notes: Notes) -> None:
    chips: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        chips.setdefault(row["chip"], []).append(row)
    of_programme = {r["chip"] for r in rows if r["what"] == "programme" and r["racks"] > 0}
    single = [chip for chip in chips if chip != ALL]
    shown = [c for k, c in enumerate(single) if k < _CHIPS or c in of_programme]
    last = rows[-1]["quarter"]
    usd = [1e6 * row["musd"] for row in chips[ALL]]
    factor, unit = scale(usd, "USD")
    console.print(f"All chips, sums from the start to the quarter's end, {unit}:")
    console.print(_sums(chips[ALL], "musd", factor / 1e6, 1 if factor == 1e9 else 0))
    console.print(notes.deliveries, soft_wrap=True)
    for chip in shown:
        label = chips[chip][0]["label"]
        console.print(f"{label}, sums from the start to the quarter's end, racks:")
        console.print(_sums(chips[chip], "racks", 1.0, 0))
    rest = [chip for chip in single if chip not in shown]
    if rest:
        console.print(f"Smaller purchases, racks by the end of {last}:")
        ends = [row for chip in rest for row in chips[chip] if row["quarter"] == last]
        console.print(_sums(ends, "racks", 1.0, 0, first="label"))


def _sums(rows: Rows, unit: str, factor: float, places: int, first: str = "quarter") -> Table:
    """Return what was planned and what came, a row a quarter, or another column's value."""
    told: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        told.setdefault(row[first], {})[row["what"]] = row
    spare = [w for w in ("beyond_plan", "programme") if not any(t[w][unit] for t in told.values())]
    columns = {what: head for what, head in _COLUMNS.items() if what not in spare}
    table = _table(f"\n{first if first == 'quarter' else 'chip'}", *columns.values(), "\n10-90 %")
    for name, by_what in told.items():
        if not any(row[unit] for row in by_what.values()):
            continue
        kept = by_what["kept"]
        shown = {what: f"{row[unit] / factor:,.{places}f}" for what, row in by_what.items()}
        shown["share"] = "" if kept["share"] is None else f"{100 * kept['share']:.0f}"
        shown["share_95"] = _band(kept, "share") if shown["share"] else ""
        there = by_what["in_service"]
        ends = (f"{there[f'{unit}_{end}'] / factor:,.{places}f}" for end in ("low", "high"))
        table.add_row(name, *(shown[what] for what in columns), "-".join(ends))
    return table


def _pipeline(console: Console, rows: Rows, replications: int, notes: Notes) -> None:
    filled = {row["stage"] for row in rows if row["musd"] > 0}
    stages = [stage for stage in figures.STAGES if stage in filled]
    stopped = any(row["held"] is not None for row in rows)
    heads = [figures.STAGE_NAMES.get(stage, stage) for stage in stages]
    table = _table("quarter", *heads, *(["held by\nthe stop", "\n95 %"] if stopped else []))
    by_quarter: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by_quarter.setdefault(row["quarter"], {})[row["stage"]] = row
    for quarter, there in by_quarter.items():
        cells = [f"{there[s]['musd'] if s in there else 0.0:,.0f}" for s in stages]
        if stopped:
            row = next(iter(there.values()))
            band = f"{row['held_low']:,.0f}-{row['held_high']:,.0f}"
            cells += [f"{row['held']:,.0f}", band if isfinite(row["held_high"]) else ""]
        table.add_row(quarter, *cells)
    console.print(f"In the pipeline at the quarter's start, MUSD, mean of {replications}:")
    console.print(table)
    console.print(notes.pipeline, soft_wrap=True)


def _nodes(console: Console, rows: Rows, notes: Notes) -> None:
    nodes = [row for row in rows if row["what"] == "node" and row["kind"] != "chip"]
    nodes.sort(key=lambda row: (-row["loss"], -row["loss_at_once"], row["id"]))
    table = _table("node", "tier", "lost at once %", "over the stop %", "95 %")
    for row in nodes[:_NODES]:
        tier = TIERS[row["column"]][0]
        loss = (f"{100 * row['loss_at_once']:.0f}", f"{100 * row['loss']:.0f}")
        table.add_row(row["label"], tier, *loss, _band(row, "loss"))
    console.print("Share of purchases that cannot be made if a node stops.", notes.graph,
                  soft_wrap=True)  # fmt: skip
    console.print(table)
    if len(nodes) > _NODES:
        more = len(nodes) - _NODES
        console.print(f"{more} more nodes: --out DIR writes all to DIR/dependency.csv.")


def _band(row: Mapping[str, Any], name: str) -> str:
    """Return a percentage's interval; nothing where it has no width or one run gives none."""
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    if not isfinite(high) or f"{low:.0f}" == f"{high:.0f}":
        return ""
    return f"{low:.0f}-{high:.0f}"


def _stranded(rows: Rows, labels: Mapping[str, str]) -> Table:
    table = _table("chip", "family", "from", "to", "at most")
    spans: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        spans.setdefault((row["chip"], row["family"]), []).append(row)
    for (chip, family), told in sorted(spans.items()):
        most = max(row["chips"] for row in told)
        names = (labels.get(chip, chip), labels.get(family, family))
        table.add_row(*names, told[0]["quarter"], told[-1]["quarter"], f"{most:,.0f}")
    return table


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    for k, column in enumerate(columns):
        left = k == 0 or column in ("tier", "family")
        table.add_column(column, justify="left" if left else "right", no_wrap="\n" in column)
    return table
