"""``siliconmix supply FILE``: who hangs on whom, what is on the way, what the gate decides."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.figures import style
from analysis.figures import supply as figures
from scenarios.supply_rows import (
    TIERS,
    delivery_rows,
    edge_rows,
    gate_rows,
    node_rows,
    pipeline_rows,
    planned_usd,
    runs,
    stranded_rows,
)
from simulator.spec.loader import Given
from simulator.world.chain import Chain

__all__ = ["describe_supply"]

Rows = list[dict[str, Any]]


def describe_supply(
    given: Given, replications: int, seed: int, json: bool = False, out: Path | None = None
) -> None:
    """Run a scenario's supply without jobs and tell, or draw, what it shows.

    Parameters
    ----------
    given : Given
    replications, seed : int
        Of the supply world; the graph itself has no chance in it.
    json : bool
        One object a line on standard output instead of tables.
    out : Path, optional
        Folder for the four figures and the tables behind them.
    """
    console, err = Console(), Console(stderr=True, highlight=False)
    chain = Chain(given.scenario)
    weights = planned_usd(given.scenario)
    graph = node_rows(chain, weights) + edge_rows(chain, weights) if weights else []
    worlds = runs(chain, seed, replications)
    parts: dict[str, Rows] = {
        "dependency": graph,
        "pipeline": pipeline_rows(worlds),
        "deliveries": delivery_rows(worlds),
        "stranded": stranded_rows(worlds),
        "gate": gate_rows(worlds),
    }
    if json:
        for part, rows in parts.items():
            for row in rows:
                print(jsonlib.dumps({"part": part} | row))
    else:
        _tell(console, parts, replications)
    if out is not None:
        footer = (
            f"{given.scenario.title}. {given.case}, {replications} replications, seed {seed}, "
            f"{given.scenario.horizon.start} and {given.scenario.horizon.quarters} quarters."
        )
        for path in draw(parts, out, footer):
            err.print(f"Drawing: {path}")


def draw(parts: dict[str, Rows], out: Path, footer: str) -> list[Path]:
    """Write each figure as PNG and SVG with its table beside it."""
    out.mkdir(parents=True, exist_ok=True)
    graph = (
        "Width: share of planned purchases behind the edge. Percentage and colour: share that "
        "cannot be made if the node stops, once substitutes cover up to their limits; of a chip, "
        "its own share. "
    )
    due = "Due: if nothing fails and sites have room. "
    rightly = "Rightly: what the true chip would get by all rules of the gate, were it known. "
    drawings = (
        ("dependency", figures.dependency, (13.0, 8.6), graph),
        ("pipeline", figures.pipeline, (9.0, 4.6), "Mean over replications. "),
        ("deliveries", figures.deliveries, (9.0, 4.6), due),
        ("gate", figures.gate_chances, (9.0, 3.0), rightly),
    )
    paths = []
    for name, function, size, note in drawings:
        table = figures.supply_table(parts[name])
        figure, ax = style.canvas(*size)
        function(table, ax)
        table.write_csv(out / f"{name}.csv")
        paths.append(style.save(figure, out / name, note + footer)[0])
    return paths


def _tell(console: Console, parts: dict[str, Rows], replications: int) -> None:
    nodes = [row for row in parts["dependency"] if row["what"] == "node" and row["kind"] != "chip"]
    nodes.sort(key=lambda row: (-row["loss"], -row["loss_at_once"], row["id"]))
    table = _table("node", "tier", "lost at once %", "lost after switching %")
    for row in nodes:
        tier = TIERS[row["column"]][0]
        loss = (f"{100 * row['loss_at_once']:.0f}", f"{100 * row['loss']:.0f}")
        table.add_row(row["label"], tier, *loss)
    console.print("Share of planned purchases that cannot be made if a node stops:")
    console.print(table)
    filled = {row["stage"] for row in parts["pipeline"] if row["musd"] > 0}
    stages = [stage for stage in figures.STAGES if stage in filled]
    table = _table("quarter", *stages)
    for quarter, values in _by_quarter(parts["pipeline"]).items():
        table.add_row(quarter, *(f"{values.get(s, 0.0):,.0f}" for s in stages))
    console.print(f"In the pipeline at the quarter's start, MUSD, mean of {replications}:")
    console.print(table)
    table = _table("quarter", "ordered", "due", "in service", "10 %", "90 %")
    for row in parts["deliveries"]:
        names = ("ordered", "due", "mean", "low", "high")
        table.add_row(row["quarter"], *(f"{row[name]:,.0f}" for name in names))
    console.print("Racks by the quarter's end, sum since the start, MUSD:")
    console.print(table)
    if parts["stranded"]:
        console.print("Stranded, chips in service that a family does not run on, mean:")
        console.print(_stranded(parts["stranded"]))
    for row in parts["gate"]:
        band = f"{100 * row['share']:.0f} % ({100 * row['low']:.0f}-{100 * row['high']:.0f})"
        console.print(f"Gate: {row['decision']}, deserved {row['deserved']}: {band}")


def _stranded(rows: Rows) -> Table:
    table = _table("chip", "family", "from", "to", "at most")
    spans: dict[tuple[str, str], Rows] = {}
    for row in rows:
        spans.setdefault((row["chip"], row["family"]), []).append(row)
    for (chip, family), told in sorted(spans.items()):
        most = max(row["chips"] for row in told)
        table.add_row(chip, family, told[0]["quarter"], told[-1]["quarter"], f"{most:,.0f}")
    return table


def _by_quarter(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["quarter"], {})[row["stage"]] = row["musd"]
    return found


def _table(*columns: str) -> Table:
    table = Table()
    for k, column in enumerate(columns):
        table.add_column(column, justify="left" if k == 0 or column == "tier" else "right")
    return table
