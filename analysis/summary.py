"""The comparison a planner reads on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Group, RenderableType
from rich.text import Text

from analysis import comparison, metrics, words
from analysis.estimates import of_row
from analysis.measures.money import NOT_PAID
from analysis.studies.terminal import Fitted
from analysis.study_reader import BASELINE, Study, open_study
from analysis.views.risk import work_lost_by_stop

#: Tables of the cases: metric and heading.
_WORK = (
    ("work_done", "Work done"),
    ("unserved_share", "Unserved"),
    ("wait_p95", "Wait P95"),
)
_MONEY = (
    ("capital", "Cash"),
    ("owed", "Owed at the end"),
    ("unit_cost", "Unit cost"),
    ("work_per_kusd", "Work by a thousand USD"),
)
_MEANS = (
    ("power_at_end", "Power"),
    ("productive", "Productive"),
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
    tables = [_cases(opened, table, columns) for columns in (_WORK, _MONEY, _MEANS)]
    parts: list[RenderableType] = [Text(opened.title, style="bold"), *tables]
    if opened.stops:
        stops = _stops(opened)
        tables.append(stops)
        parts += [_stop_title(opened), stops]
    mark = words.explained(cell for shown in tables for row in shown.rows for cell in row)
    notes = (
        f"Square brackets: 95 % intervals over {opened.replications} replications. Against the "
        "baseline, and of stops: paired differences.",
        f"{mark}." if mark else "",
        NOT_PAID,
        "Work by a thousand USD: of cash and what is owed.",
        "HHI on flow: what went into service within the horizon.",
    )
    parts.append(Text(" ".join(filter(None, notes)), style="dim"))
    return Group(*parts)


def _cases(study: Study, table: pl.DataFrame, columns: Sequence[tuple[str, str]]) -> Fitted:
    heads, scales = ["Case"], {}
    there = metrics.known(study, (metric for metric, _ in columns))
    columns = [column for column in columns if column[0] in there]
    for metric, heading in columns:
        means = table.filter(pl.col("metric") == metric)["mean"].to_list()
        scales[metric], unit = words.scale(means, metrics.BY_ID[metric].unit)
        heads.append(f"{heading} [{_short(unit)}]")
        if metric == "work_done":
            heads.append("vs base [%]")
    rows = []
    for name, mine in table.group_by("case", maintain_order=True):
        at = {row["metric"]: row for row in mine.iter_rows(named=True)}
        cells = [study.things("cases")[str(name[0])].label]
        for metric, _ in columns:
            cells.append(_level(at[metric], scales[metric]))
            if metric == "work_done":
                cells.append(_relative(at[metric]))
        rows.append(cells)
    return Fitted(heads, rows)


def _short(unit: str) -> str:
    return unit.replace("million ", "M ").replace("thousand ", "k ").replace("billion ", "G ")


def _level(row: dict[str, Any], factor: float) -> str:
    estimate = comparison.row_estimate(row)
    return "–" if estimate is None else words.interval(estimate, factor)


def _relative(row: dict[str, Any]) -> str:
    """Write a paired difference in percent of the baseline's mean."""
    delta = comparison.row_estimate(row, "difference")
    if row["case"] == BASELINE or delta is None:
        return ""
    base = (row["mean"] - delta.mean) / 100
    return words.difference(delta, base) if base > 0 or delta.mean == 0 else "–"


def _stop_title(study: Study) -> Text:
    stop = next(s["stops"] for s in study.scenarios.values() if s.get("stops"))
    quarters = "a quarter" if stop["quarters"] == 1 else f"{stop['quarters']} quarters"
    return Text(
        f"Work lost when a node stops for {quarters} from {stop['quarter']} "
        "[% of the case's own work]",
        style="bold",
    )


def _stops(study: Study) -> Fitted:
    losses = work_lost_by_stop(study)
    cases = list(study.stops)
    heads = ["Node", *(study.things("cases")[case].label for case in cases)]
    worst = losses.group_by("node", "label").agg(pl.col("lost").max()).sort("lost", descending=True)
    rows = []
    for node, label, _ in worst.iter_rows():
        cells = [label]
        for case in cases:
            found = losses.filter((pl.col("node") == node) & (pl.col("case") == case)).to_dicts()
            cells.append(_loss(found[0]) if found else "")
        rows.append(cells)
    return Fitted(heads, rows)


def _loss(row: dict[str, Any]) -> str:
    return words.difference(of_row(row, "lost_share", row["replications"]), sign=False)
