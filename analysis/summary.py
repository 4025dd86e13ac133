"""The comparison a planner reads on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis import comparison, metrics
from analysis.study_reader import BASELINE, Study, open_study
from analysis.views.risk import work_lost_by_stop
from analysis.words import number, scale, signed

#: Two tables narrow enough for a terminal of eighty columns: metric and heading.
_WORK = (
    ("work_done", "Work done"),
    ("unserved_share", "Unserved"),
    ("wait_p95", "Wait P95"),
    ("productive", "Productive"),
)
_MEANS = (
    ("power_at_end", "Power"),
    ("capital", "Cash"),
    ("unit_cost", "Unit cost"),
    ("hhi_vendor_flow", "Vendor HHI"),
    ("hhi_foundry_flow", "Foundry HHI"),
)


def summary_text(study: Study | Path | str) -> RenderableType:
    """Return the summary of a study, for a rich console.

    Parameters
    ----------
    study : Study, Path or str
        A study, or its folder.
    """
    opened = study if isinstance(study, Study) else open_study(study)
    table = comparison.summary(opened)
    parts: list[RenderableType] = [
        Text(opened.title, style="bold"),
        _cases(opened, table, _WORK),
        _cases(opened, table, _MEANS),
    ]
    if opened.stops:
        parts += _stops(opened)
    parts.append(
        Text(
            f"Mean and half width of its 95 % interval over {opened.replications} replications. "
            "Against the baseline: paired differences. n.d.: not distinguishable from zero with "
            "so many replications. HHI on flow: what went into service within the horizon.",
            style="dim",
        )
    )
    return Group(*parts)


def _cases(study: Study, table: pl.DataFrame, columns: Sequence[tuple[str, str]]) -> Table:
    shown = _plain_table()
    shown.add_column("Case", overflow="fold")
    scales = {}
    there = metrics.known(study, (metric for metric, _ in columns))
    columns = [column for column in columns if column[0] in there]
    for metric, heading in columns:
        means = table.filter(pl.col("metric") == metric)["mean"].to_list()
        scales[metric], unit = scale(means, metrics.BY_ID[metric].unit)
        shown.add_column(f"{heading}\n{_short(unit)}", justify="right")
        if metric == "work_done":
            shown.add_column("vs base\n%", justify="right")
    for name, rows in table.group_by("case", maintain_order=True):
        at = {row["metric"]: row for row in rows.iter_rows(named=True)}
        cells = [study.things("cases")[str(name[0])].label]
        for metric, _ in columns:
            cells.append(_level(at[metric], scales[metric]))
            if metric == "work_done":
                cells.append(_relative(at[metric]))
        shown.add_row(*cells)
    return shown


def _plain_table() -> Table:
    return Table(box=SIMPLE_HEAD, pad_edge=False)


def _short(unit: str) -> str:
    return unit.replace("million ", "M ").replace("thousand ", "k ").replace("billion ", "G ")


def _level(row: dict[str, Any], factor: float) -> str:
    estimate = comparison.row_estimate(row)
    if estimate is None:
        return "–"
    if estimate.n < 2 or estimate.half_width == 0:
        return number(estimate.mean / factor)
    return f"{number(estimate.mean / factor)} ±{number(estimate.half_width / factor, 2)}"


def _relative(row: dict[str, Any]) -> str:
    """Write a paired difference in percent of the baseline's mean."""
    delta = comparison.row_estimate(row, "difference")
    if row["case"] == BASELINE or delta is None:
        return ""
    base = row["mean"] - delta.mean
    if delta.low == delta.high == 0:
        return "0"
    if not delta.distinguishable() or base == 0:
        return "n.d."
    per_cent = 100 / base
    return f"{signed(delta.mean * per_cent, 2)} ±{number(delta.half_width * per_cent, 2)}"


def _stops(study: Study) -> list[RenderableType]:
    losses = work_lost_by_stop(study)
    stop = next(s["stops"] for s in study.scenarios.values() if s.get("stops"))
    cases = list(study.stops)
    quarters = "a quarter" if stop["quarters"] == 1 else f"{stop['quarters']} quarters"
    title = Text(
        f"Work lost when a node stops for {quarters} from {stop['quarter']} "
        "[% of the case's own work]",
        style="bold",
    )
    shown = _plain_table()
    shown.add_column("Node")
    for case in cases:
        shown.add_column(study.things("cases")[case].label, justify="right")
    worst = losses.group_by("node", "label").agg(pl.col("lost").max()).sort("lost", descending=True)
    for node, label, _ in worst.iter_rows():
        cells = [label]
        for case in cases:
            found = losses.filter((pl.col("node") == node) & (pl.col("case") == case)).to_dicts()
            cells.append(_loss(found[0]) if found else "")
        shown.add_row(*cells)
    return [title, shown]


def _loss(row: dict[str, Any]) -> str:
    if row["lost_low"] == row["lost_high"] == 0:
        return "0"
    if row["verdict"] not in ("higher", "lower"):
        return "n.d."
    half = (row["lost_share_high"] - row["lost_share_low"]) / 2
    if half == 0:
        return number(row["lost_share"])
    return f"{number(row['lost_share'])} ±{number(half, 2)}"
