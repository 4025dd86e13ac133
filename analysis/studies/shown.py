"""A study's tables as text: a value with its interval in one cell, in units that read well."""

from __future__ import annotations

import polars as pl

from analysis import words
from analysis.studies.record import Section
from analysis.uncertainty import Estimate

#: Heads and rows of cells.
Shown = tuple[list[str], list[list[str]]]

#: Columns in the unit of the section's outcome.
_OUTCOME = {
    *("mean", "difference", "at_low", "at_high", "base", "swing", "mean_absolute", "spread"),
}
#: Columns in a unit of their own.
_OWN = {
    **dict.fromkeys(("carried", "nameplate", "unserved_without", "calm", "stopped"), "rce-days"),
    **dict.fromkeys(("stated", "in_runs"), "USD"),
}
#: Columns that say how two runs differ; a sign leads them, and a mark is behind what is not told.
_APART = {
    *("difference", "at_low", "at_high", "calm", "stopped", "calm_per_kusd", "stopped_per_kusd"),
    *("in_runs", "birnbaum", "mended"),
}
#: Metrics that a page has room for beside each other.
_BESIDE = 6
#: What is smaller, in the shown unit, is a sum's last bits.
_NOTHING = 1e-6
_HEADS = {
    "arm": "Run",
    "case": "Case",
    "node": "Node",
    "days": "Stopped for",
    "difference": "Difference",
    "at_low": "At low",
    "at_high": "At high",
    "mean": "Mean",
    "mean_absolute": "Mean size of effect",
    "spread": "Spread of effect",
    "correlation": "Rank correlation",
    "is_base": "As it stands",
    "beaten_by": "Beaten by",
    "groups": "Stopped",
    "size": "Groups",
    "loss": "Work lost [%]",
    "attributed": "Part when all stop [%]",
    "exposure": "Exposure index",
    "beyond_parts": "Beyond the sum of its parts [%]",
    "is_minimal_cut": "Minimal cut",
    "unavailability": "Part of time down",
    "birnbaum": "Failed for good, less perfect [points]",
    "mended": "Gained if perfect [points]",
    "fussell_vesely": "Fussell–Vesely",
    "achievement_worth": "Risk achievement worth",
    "reduction_worth": "Risk reduction worth",
    "share": "Firm part of nameplate [%]",
    "carried": "Demand carried",
    "unserved_without": "Unserved without it",
    "survives": "Survived [days]",
    "at_least": "Or longer",
    "recovery_median": "Half of stops end within [days]",
    "recovery_p90": "Nine in ten end within [days]",
    "outlasts": "Chance to outlast it",
    "per_year": "Stops a year",
    "calm": "Work added, nothing stops",
    "stopped": "Work added, stopped",
    "stated": "Cost as you state it",
    "in_runs": "Cost in the runs",
    "calm_per_kusd": "By a thousand USD, nothing stops [rce-days]",
    "stopped_per_kusd": "By a thousand USD, stopped [rce-days]",
}


def shown(section: Section, table: pl.DataFrame) -> Shown:
    """Write a section's table as text."""
    if "metric" in table.columns:
        return _compared(section, table)
    if "quantity" in table.columns:
        return ["", "Value"], [_quantity(row) for row in table.iter_rows(named=True)]
    table = section.labelled(table)
    columns = [c for c in table.columns if not _is_bound(c, table.columns)]
    if "difference" in columns:  # whose sign and mark say as much
        columns = [c for c in columns if c != "verdict"]
    scales = {c: _scale(section, table, c) for c in columns}
    heads = [_head(section, c, scales[c][1]) for c in columns]
    rows = [
        [_cell(row, c, scales[c][0], table.columns) for c in columns]
        for row in table.iter_rows(named=True)
    ]
    return heads, rows


def _quantity(row: dict[str, object]) -> list[str]:
    value = _estimate(row, "value", "low", "high")
    return [str(row["quantity"]), words.amount(value, str(row["unit"])) if value else "–"]


def _is_bound(column: str, columns: list[str]) -> bool:
    stem, _, end = column.rpartition("_")
    if end in ("low", "high") and stem in columns and f"{stem}_low" in columns:
        return True
    return column in ("low", "high") and bool({"mean", "correlation", "difference"} & {*columns})


def _bounds(column: str, columns: list[str]) -> tuple[str, str] | None:
    if f"{column}_low" in columns:
        return f"{column}_low", f"{column}_high"
    owners = [c for c in ("mean_absolute", "mean", "correlation", "difference") if c in columns]
    if "low" in columns and owners and column == owners[0]:
        return "low", "high"
    return None


def _scale(section: Section, table: pl.DataFrame, column: str) -> tuple[float, str]:
    if table[column].dtype != pl.Float64:
        return 1.0, ""
    if column in _OUTCOME:
        return words.scale(table[column].to_list(), section.outcome.unit)
    if column in _OWN:
        return words.scale(table[column].to_list(), _OWN[column])
    if column in ("cost", "work", "risk"):
        unit = next(m.unit for m in section.metrics if m.id == section.says[column])
        return words.scale(table[column].to_list(), unit)
    return 1.0, ""


def _head(section: Section, column: str, unit: str) -> str:
    if column == "x":
        name = section.says["name"]
        unit = section.inputs[name]
        return f"{name} [{unit}]" if unit else str(name)
    if column in ("cost", "work", "risk"):
        label = next(m.label for m in section.metrics if m.id == section.says[column])
        return f"{label} [{unit}]"
    head = _HEADS.get(column, column.replace("_", " ").capitalize())
    return f"{head} [{unit}]" if unit else head


def _cell(row: dict[str, object], column: str, factor: float, columns: list[str]) -> str:
    value = row[column]
    ends = _bounds(column, columns)
    if isinstance(value, float) and ends is not None:
        low, high = (row[end] for end in ends)
        if isinstance(low, float) and isinstance(high, float):
            known = Estimate(value, low, high, 2, 0.95)
            if max(abs(v) for v in (value, low, high)) < _NOTHING * factor:
                return words.EXACTLY_NONE if column in _APART else "0"
            if column in _APART:
                return words.difference(known, factor)
            return words.interval(known, factor)
    if column == "hedge":
        return str(value).replace("-", " ")
    if column == "days" and isinstance(value, float):
        return words.lasting(value)
    if column == "verdict":
        return _short(str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return words.number(value / factor)
    return "–" if value in (None, "") else str(value)


def _short(verdict: str) -> str:
    if verdict.startswith("not distinguishable"):
        return words.NOT_TOLD
    return words.EXACTLY_NONE if verdict.startswith("exactly zero") else verdict


def _compared(section: Section, table: pl.DataFrame) -> Shown:
    """Arms as rows, metrics as columns: the level, and below it the paired difference.

    More metrics than fit beside each other are rows, if there are fewer arms.
    """
    heads, scales = ["Run"], {}
    for metric in section.metrics:
        means = table.filter(pl.col("metric") == metric.id)["mean"].to_list()
        scales[metric.id], unit = words.scale(means, metric.unit)
        heads.append(f"{metric.label} [{unit}]")
    rows = []
    for arm in section.arms:
        mine = {
            row["metric"]: row
            for row in table.filter(pl.col("arm") == arm.label).iter_rows(named=True)
        }
        cells = [arm.label.replace("_", " ")]
        for metric in section.metrics:
            cells.append(_level(mine.get(metric.id), scales[metric.id]))
        rows.append(cells)
    if len(section.metrics) > max(_BESIDE, len(section.arms)):
        turned = [list(line) for line in zip(heads, *rows, strict=True)]
        return ["", *turned[0][1:]], turned[1:]
    return heads, rows


def _level(row: dict[str, object] | None, factor: float) -> str:
    if row is None:
        return "–"
    level = _estimate(row, "mean", "low", "high")
    text = words.interval(level, factor) if level else "–"
    apart = _estimate(row, "difference", "difference_low", "difference_high")
    return text if apart is None else f"{text}; {words.difference(apart, factor)}"


def _estimate(row: dict[str, object], *names: str) -> Estimate | None:
    mean, low, high = (row[name] for name in names)
    if isinstance(mean, float) and isinstance(low, float) and isinstance(high, float):
        return Estimate(mean, low, high, 2, 0.95)
    return None
