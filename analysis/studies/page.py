"""A study's page: its question, what was found, every figure and table in one HTML file."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from analysis.figures.catalogue import Drawn
from analysis.figures.study_plates import draw_answer
from analysis.stress_des import Facts, Item, checklist, markdown
from analysis.studies import FINDINGS, TABLES, Answers
from analysis.studies.notes import notes, warnings
from analysis.studies.shown import Shown, shown
from simulator import results


@dataclass(frozen=True)
class Part:
    """One section of the page."""

    kind: str
    finding: str
    figure: Drawn
    image: str
    table: Shown
    notes: list[str]


def write_study_page(answers: Answers) -> Path:
    """Write a study's page, its figures and their tables under ``report``; return the page.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = answers.folder / "report"
    parts = []
    for kind, section in answers.sections.items():
        table = TABLES[kind](section)
        table.write_parquet(answers.folder / f"{kind}.parquet", compression="zstd")
        figure = draw_answer(answers, kind, table, folder / "figures")
        image = base64.b64encode(figure.svg.read_bytes()).decode("ascii")
        found = FINDINGS[kind](section, table)
        heads, rows = shown(section, table)
        whole = heads, [[_unbroken(cell) for cell in row] for row in rows]
        name = kind.replace("_", " ")
        parts.append(Part(name, found, figure, image, whole, notes(section, rows)))
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = folder / "index.html"
    items = _checklist(answers)
    text = environment.get_template("study.html").render(
        answers=answers,
        notices=[*answers.notices, *(w for s in answers.sections.values() for w in warnings(s))],
        parts=parts,
        checklist=items,
    )
    (folder / "stress-des.md").write_text(markdown(answers.title, items), encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    return page


def _unbroken(cell: str) -> str:
    # A narrow column may break a line before the bracket, not inside it.
    return re.sub(r"\[[^]]*\]", lambda found: found[0].replace(" ", "\u00a0"), cell)


def _checklist(answers: Answers) -> list[Item]:
    arms = [arm for section in answers.sections.values() for arm in section.arms]
    told = next(
        (results.replication_folder(answers.out, arm.run, k) / results.MANIFEST
         for arm in arms for k in results.replications(answers.out, arm.run)),
        None,
    )  # fmt: skip
    if told is None:
        return []
    manifest = json.loads(told.read_text(encoding="utf-8"))
    counts = sorted({arm.replications for arm in arms})
    said = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    facts = Facts(
        f"{said} replications of each of {len({arm.run for arm in arms})} runs",
        answers.seed,
        manifest["versions"],
        manifest["commit"],
        titles={"Asked": answers.title},
        changes={arm.label: arm.changes for arm in arms if arm.changes},
        kinds=list(answers.sections),
    )
    # A scenario's own stops belong to its runs of cases; a study stops what its questions name.
    return checklist(manifest["scenario"] | {"stops": None}, facts)
