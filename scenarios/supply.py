"""``siliconmix supply FILE``: who hangs on whom, what is on the way, what the gate decides."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.figures import style
from analysis.figures import supply as figures
from scenarios.supply_graph import (
    TIERS,
    bought_shares,
    edge_rows,
    gate_meant,
    node_rows,
    stop_meant,
)
from scenarios.supply_rows import (
    delivery_rows,
    gate_rows,
    pipeline_rows,
    ramps,
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
    worlds = runs(chain, seed, replications)
    shares = bought_shares(worlds)
    graph = node_rows(chain, shares) + edge_rows(chain, shares) if shares else []
    programme = given.scenario.supply.programme
    decided = gate_meant(worlds, ramps(worlds)) if programme else ""
    meant = f"{stop_meant(chain)} {decided}".strip()
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
        _tell(console, parts, replications, meant, _labels(given))
    if out is not None:
        footer = (
            f"{given.scenario.title}. Case {given.case}{_changed(given)}, {replications} "
            f"replications, seed {seed}, "
            f"{given.scenario.horizon.start} and {given.scenario.horizon.quarters} quarters."
        )
        for path in draw(parts, out, meant, footer):
            err.print(f"Drawing: {path}")


def _changed(given: Given) -> str:
    """Say how many values differ from the scenario's file."""
    n = len(given.changes)
    return (
        f" ({n} value{'s differ' if n > 1 else ' differs'} from the scenario's file)" if n else ""
    )


def draw(parts: dict[str, Rows], out: Path, meant: str, footer: str) -> list[Path]:
    """Write each figure there is something to show in, as PNG and SVG, its table beside it.

    Parameters
    ----------
    parts : dict of str to list of dict
        Rows by the figure's name.
    out : Path
        Folder.
    meant : str
        What stop the graph tells the loss of, and how the in-house chip counts.
    footer : str
        Scenario, case, replications, seed and horizon.
    """
    out.mkdir(parents=True, exist_ok=True)
    graph = (
        "Width: share of purchases behind the edge. Colour and percentage: share of purchases that "
        "cannot be made if the node stops; of a chip, its own share. "
    )
    mean = "Mean over replications, [95 % interval of the mean]. "
    due = f"Due: if nothing fails and sites have room. {mean}"
    rightly = "Rightly: what the true chip would get by all rules of the gate, were it known. "
    drawings = (
        ("dependency", figures.dependency, (13.0, 8.8), f"{graph}{meant} "),
        ("pipeline", figures.pipeline, (9.0, 4.6), mean),
        ("deliveries", figures.deliveries, (9.0, 4.6), due),
        ("gate", figures.gate_chances, (9.0, 3.0), rightly),
    )
    paths = []
    for name, function, size, note in drawings:
        if not parts[name]:
            for end in ("png", "svg", "csv"):  # of another case, drawn here before
                (out / f"{name}.{end}").unlink(missing_ok=True)
            continue
        table = figures.supply_table(parts[name])
        figure, ax = style.canvas(*size)
        function(table, ax)
        table.write_csv(out / f"{name}.csv")
        paths.append(style.save(figure, out / name, note + footer)[0])
    return paths


def _tell(
    console: Console,
    parts: dict[str, Rows],
    replications: int,
    meant: str,
    labels: Mapping[str, str],
) -> None:
    nodes = [row for row in parts["dependency"] if row["what"] == "node" and row["kind"] != "chip"]
    nodes.sort(key=lambda row: (-row["loss"], -row["loss_at_once"], row["id"]))
    table = _table("node", "tier", "lost at once %", "lost after switching %", "95 %")
    for row in nodes:
        tier = TIERS[row["column"]][0]
        loss = (f"{100 * row['loss_at_once']:.0f}", f"{100 * row['loss']:.0f}")
        table.add_row(row["label"], tier, *loss, _band(row, "loss"))
    console.print("Share of purchases that cannot be made if a node stops.", meant, soft_wrap=True)
    console.print(table)
    filled = {row["stage"] for row in parts["pipeline"] if row["musd"] > 0}
    stages = [stage for stage in figures.STAGES if stage in filled]
    table = _table("quarter", *(figures.STAGE_NAMES.get(stage, stage) for stage in stages))
    for quarter, values in _by_quarter(parts["pipeline"]).items():
        table.add_row(quarter, *(f"{values.get(s, 0.0):,.0f}" for s in stages))
    console.print(f"In the pipeline at the quarter's start, MUSD, mean of {replications}:")
    console.print(table)
    table = _table("quarter", "ordered", "due", "in service", "10 %", "90 %", "of due %", "95 %")
    for row in parts["deliveries"]:
        names = ("ordered", "due", "mean", "low", "high")
        part = "" if row["of_due"] is None else f"{100 * row['of_due']:.0f}"
        told = (part, _band(row, "of_due") if part else "")
        table.add_row(row["quarter"], *(f"{row[name]:,.0f}" for name in names), *told)
    console.print("Racks by the quarter's end, sum since the start, MUSD:")
    console.print(table)
    if parts["stranded"]:
        console.print("Stranded, chips in service that a family does not run on, mean:")
        console.print(_stranded(parts["stranded"], labels))
    for row in parts["gate"]:
        band = f"{100 * row['share']:.0f} % ({100 * row['low']:.0f}-{100 * row['high']:.0f})"
        console.print(f"Gate: {figures.outcome_name(row['decision'], row['deserved'])}: {band}")


def _band(row: Mapping[str, Any], name: str) -> str:
    """Return a percentage's interval; nothing where it has no width or one run gives none."""
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    if not isfinite(high) or f"{low:.0f}" == f"{high:.0f}":
        return ""
    return f"{low:.0f}-{high:.0f}"


def _labels(given: Given) -> dict[str, str]:
    catalog = given.scenario.catalog
    labels = {i: chip.label for i, chip in catalog.chips.items()}
    labels |= {i: family.label for i, family in catalog.families.items()}
    return labels | {"any": "(none of them runs)"}


def _stranded(rows: Rows, labels: Mapping[str, str]) -> Table:
    table = _table("chip", "family", "from", "to", "at most")
    spans: dict[tuple[str, str], Rows] = {}
    for row in rows:
        spans.setdefault((row["chip"], row["family"]), []).append(row)
    for (chip, family), told in sorted(spans.items()):
        most = max(row["chips"] for row in told)
        names = (labels.get(chip, chip), labels.get(family, family))
        table.add_row(*names, told[0]["quarter"], told[-1]["quarter"], f"{most:,.0f}")
    return table


def _by_quarter(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["quarter"], {})[row["stage"]] = row["musd"]
    return found


def _table(*columns: str) -> Table:
    table = Table()
    for k, column in enumerate(columns):
        table.add_column(
            column, justify="left" if k == 0 or column in ("tier", "family") else "right"
        )
    return table
