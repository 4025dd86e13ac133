"""``siliconmix supply FILE``: who hangs on whom, what is on the way, what the gate decides."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Any

from rich.console import Console

from analysis.figures import style, supply_graph
from analysis.figures import supply as figures
from analysis.figures import supply_deliveries as came
from scenarios.supply_deliveries import delivery_rows
from scenarios.supply_graph import bought_shares, edge_rows, gate_meant, node_rows, stop_meant
from scenarios.supply_notes import catch_up_meant, gate_rules, promise_meant
from scenarios.supply_rows import gate_rows, pipeline_rows, ramps, runs, stranded_rows
from scenarios.supply_tell import Notes, tell
from simulator.spec.loader import Given
from simulator.world.chain import Chain

__all__ = ["describe_supply", "draw"]

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
    unstopped = []
    if given.scenario.supply.shocks:
        calm = given.change({"supply.shocks": []}).scenario
        unstopped = runs(Chain(calm), seed, replications)
    parts: dict[str, Rows] = {
        "dependency": graph,
        "pipeline": pipeline_rows(worlds, unstopped),
        "deliveries": delivery_rows(worlds),
        "stranded": stranded_rows(worlds),
        "gate": gate_rows(worlds),
    }
    programme = given.scenario.supply.programme
    decided = gate_meant(worlds, ramps(worlds)) if programme else ""
    notes = Notes(
        promise_meant(given.scenario),
        catch_up_meant(given.scenario),
        gate_rules(programme) if programme else "",
        f"{stop_meant(chain)} {decided}".strip(),
        _labels(given),
    )
    if json:
        for part, rows in parts.items():
            for row in rows:
                print(jsonlib.dumps({"part": part} | row))
    else:
        tell(console, parts, replications, notes)
    if out is not None:
        footer = (
            f"{given.scenario.title}. Case {given.case}{_changed(given)}, {replications} "
            f"replications, seed {seed}, "
            f"{given.scenario.horizon.start} and {given.scenario.horizon.quarters} quarters."
        )
        for path in draw(parts, out, notes, footer):
            err.print(f"Drawing: {path}")


def _changed(given: Given) -> str:
    """Say how many values differ from the scenario's file."""
    n = len(given.changes)
    return (
        f" ({n} value{'s differ' if n > 1 else ' differs'} from the scenario's file)" if n else ""
    )


def draw(parts: dict[str, Rows], out: Path, notes: Notes, footer: str) -> list[Path]:
    """Write each figure there is something to show in, as PNG and SVG, its table beside it.

    Parameters
    ----------
    parts : dict of str to list of dict
        Rows by the figure's name.
    out : Path
        Folder.
    notes : Notes
        How to read each.
    footer : str
        Scenario, case, replications, seed and horizon.
    """
    out.mkdir(parents=True, exist_ok=True)
    mean = "Mean over replications, [95 % interval of the mean]."
    tables = {name: figures.supply_table(rows) for name, rows in parts.items() if rows}
    left = came.shown(tables["deliveries"])[1] if "deliveries" in tables else []
    also = f" Also bought, in the table beside: {', '.join(left)}." if left else ""
    drawings = (
        ("dependency", supply_graph.dependency, (14.0, 9.0), f"{supply_graph.KEY} {notes.graph}"),
        ("pipeline", figures.pipeline, (9.0, 4.8), f"{mean} {notes.pipeline}"),
        ("deliveries", came.deliveries, (11.0, 6.4), f"{notes.deliveries}{also}"),
        ("gate", figures.gate_chances, (9.0, 3.4), notes.gate),
    )
    paths = []
    for name, function, size, note in drawings:
        if name not in tables:
            for end in ("png", "svg", "csv"):  # of another case, drawn here before
                (out / f"{name}.{end}").unlink(missing_ok=True)
            continue
        figure, ax = style.canvas(*size)
        function(tables[name], ax)
        tables[name].write_csv(out / f"{name}.csv")
        paths.append(style.save(figure, out / name, f"{note} {footer}")[0])
    return paths


def _labels(given: Given) -> dict[str, str]:
    catalog = given.scenario.catalog
    labels = {i: chip.label for i, chip in catalog.chips.items()}
    labels |= {i: family.label for i, family in catalog.families.items()}
    return labels | {"any": "(none of them runs)"}
