"""The page leadership reads: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from analysis import comparison, metrics
from analysis.answers import answers, choices
from analysis.assumptions import assumptions, counts
from analysis.estimates import of_row
from analysis.figures import Drawn, draw_all
from analysis.measures.money import NOT_FIRM, NOT_PAID
from analysis.measures.network import was_shared
from analysis.stress_des import Facts, checklist
from analysis.study_reader import BASELINE, Study, open_study
from analysis.summary import summary_text
from analysis.views.risk import work_lost_by_stop
from analysis.words import difference, explained, interval, listing, scale

__all__ = ["report", "summary_text"]

_MONEY = "Money"
#: The comparison, in tables that fit a printed page.
_TABLES = (
    (
        "Work",
        (
            *("work_asked", "work_done", "unserved", "under_way", "unserved_share"),
            *("wait_p50", "wait_p95"),
        ),
    ),
    ("Fleet and energy", ("chips_at_end", "power_at_end", "energy")),
    (_MONEY, ("capital", "owed", "pending", "cancelling", "unit_cost", "work_per_kusd")),
    (
        "Use of chips and dependence",
        (
            "allocated",
            "busy",
            "productive",
            "hhi_vendor_stock",
            "hhi_vendor_flow",
            "hhi_foundry_stock",
            "hhi_foundry_flow",
        ),
    ),
)

#: What a shortage of chips betters by itself: in a case that suffers one it is no merit.
_BETTER_WHEN_SHORT = frozenset({"unit_cost", "productive", "work_per_kusd"})
#: What is said under a table.
_NOTES = {
    _MONEY: f"{NOT_PAID} {NOT_FIRM} Work by a thousand USD: of cash and what is owed; work that "
    "the fleet of the start does is in it."
}


@dataclass(frozen=True)
class Cell:
    """A level, the difference from the baseline, and what the difference means."""

    level: str
    difference: str
    tone: str


def report(out: Path | str) -> Path:
    """Write a study's report.

    Parameters
    ----------
    out : Path or str
        Folder of the study. Gets ``report/index.html`` and, under ``report/figures``,
        each figure as PNG and SVG beside the table behind it.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    FileNotFoundError
        If there is no finished study.
    OSError
        If the folder cannot be written.
    """
    study = open_study(out)
    folder = study.out / "report"
    figures = draw_all(study, folder / "figures")
    summary = comparison.summary(study)
    by_service = comparison.summary(study, [f"work_done.{key}" for key in study.things("services")])
    summary = pl.concat([summary, by_service])
    summary.write_csv(folder / "summary.csv")
    page = folder / "index.html"
    page.write_text(_render(study, summary, figures), encoding="utf-8")
    return page


def _render(study: Study, summary: pl.DataFrame, figures: Sequence[Drawn]) -> str:
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    quarters = study.calendar().names()
    manifest, scenario = study.manifest(), study.scenarios[BASELINE]
    tables = [
        (title, *_comparison(study, summary, metrics.known(study, ids))) for title, ids in _TABLES
    ] + _service_table(study, summary)
    return environment.get_template("report.html").render(
        study=study,
        quarters=quarters,
        answers=answers(study, summary),
        tables=tables,
        notes=_NOTES,
        not_told=explained(
            cell.difference for _, _, rows in tables for _, cells in rows for cell in cells
        ),
        fluid=not study.queues_jobs(),
        notices=_notices(study),
        stops=(stops := _stop_table(study)),
        stop_not_told=explained(cell for _, cells in stops for cell in cells),
        stop=scenario.get("stops"),
        shared=was_shared(study),
        cases=_cases(study),
        figures=[(figure, _embedded(figure.svg)) for figure in figures],
        manifest=manifest,
        counts=counts(scenario),
        assumptions=assumptions(scenario),
        checklist=checklist(scenario, _facts(study)),
    )


def _facts(study: Study) -> Facts:
    manifest, cases = study.manifest(), _cases(study)
    kinds = ["cases", *(["forced stops"] if study.stops else [])]
    return Facts(
        f"{study.replications} replications of each run",
        study.seed,
        manifest["versions"],
        manifest["commit"],
        titles={label: title for label, title, _ in cases},
        changes={label: changes for label, _, changes in cases},
        kinds=kinds,
    )


def _service_table(
    study: Study, summary: pl.DataFrame
) -> list[tuple[str, list[tuple[str, str]], list[tuple[str, list[Cell]]]]]:
    """Return the work done of each service, the services as columns; nothing without any."""
    labels = comparison.labels_of_services(study)
    if not labels:
        return []
    heads, rows = _comparison(study, summary, [f"work_done.{key}" for key in labels])
    named = [(label, unit) for label, (_, unit) in zip(labels.values(), heads, strict=True)]
    return [("Training work done, by service", named, rows)]


def _comparison(
    study: Study, summary: pl.DataFrame, ids: Sequence[str]
) -> tuple[list[tuple[str, str]], list[tuple[str, list[Cell]]]]:
    """Return a table's heads (label, unit) and its rows (case, cells)."""
    heads, factors = [], {}
    for metric in (metrics.by_name(key) for key in ids):
        means = summary.filter(pl.col("metric") == metric.id)["mean"].to_list()
        factors[metric.id], unit = scale(means, metric.unit)
        heads.append((metric.label, unit))
    rows = []
    open_cases = choices(study)
    for case, thing in study.things("cases").items():
        at = {r["metric"]: r for r in summary.filter(pl.col("case") == case).to_dicts()}
        is_short = case not in open_cases or at["work_done"]["verdict"] == "lower"
        judged = [key for key in ids if not (is_short and key in _BETTER_WHEN_SHORT)]
        rows.append((thing.label, [_cell(at[key], factors[key], key in judged) for key in ids]))
    return heads, rows


def _cell(row: dict[str, Any], factor: float, is_judged: bool) -> Cell:
    level, delta = comparison.row_estimate(row), comparison.row_estimate(row, "difference")
    shown = _unbroken(interval(level, factor)) if level else "–"
    if row["case"] == BASELINE or delta is None:
        return Cell(shown, "", "")
    told = _unbroken(difference(delta, factor))
    if not delta.distinguishable():
        return Cell(shown, told, "")
    good_when_more = {"better": True, "worse": False}.get(metrics.by_name(row["metric"]).more_is)
    tone = ""
    if is_judged and good_when_more is not None:
        tone = "good" if (delta.mean > 0) == good_when_more else "bad"
    return Cell(shown, told, tone)


def _unbroken(text: str) -> str:
    # A narrow column may break a line before the bracket, not inside it.
    return text.replace(", ", ",\u00a0").replace("] %", "]\u00a0%")


def _stop_table(study: Study) -> list[tuple[str, list[str]]]:
    losses = work_lost_by_stop(study)
    worst = losses.group_by("node", "label").agg(pl.col("lost").max()).sort("lost", descending=True)
    rows = []
    for node, label, _ in worst.iter_rows():
        cells = []
        for case in study.stops:
            found = losses.filter((pl.col("node") == node) & (pl.col("case") == case)).to_dicts()
            cells.append(_loss(found[0]) if found else "")
        rows.append((label, cells))
    return rows


def _loss(row: dict[str, Any]) -> str:
    loss = of_row(row, "lost_share", row["replications"])
    return _unbroken(difference(loss, unit="%", sign=False))


def _notices(study: Study) -> list[str]:
    """Return what cases hardly mean, said once with the cases it is said of."""
    said: dict[str, list[str]] = {}
    for case, thing in study.things("cases").items():
        for notice in study.notices.get(case, ()):
            said.setdefault(notice, []).append(thing.label)
    return [f"{listing(labels)}: {notice}" for notice, labels in said.items()]


def _cases(study: Study) -> list[tuple[str, str, list[str]]]:
    """Return each case's label, its question and what it changes."""
    found = []
    for case, thing in study.things("cases").items():
        manifest = study.manifest(case)
        # A case equal to another shares its run, and so its manifest.
        changes = list(manifest["changes"]) if manifest["case"] == case else []
        found.append((thing.label, study.scenarios[case]["title"], changes))
    return found


def _embedded(svg: Path) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.read_bytes()).decode("ascii")
