"""What a reader of one table must know beside it, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from analysis import words
from analysis.measures.money import NOT_FIRM, NOT_PAID
from analysis.studies import hedges
from analysis.studies.record import Section

#: Kinds whose tables have a column a metric.
_COMPARED = ("portfolio", "deltas", "sweep")
_OF_METRICS = {
    "owed": NOT_PAID,
    "pending": NOT_FIRM,
    "work_per_kusd": "Work by a thousand USD: work done over what is paid and owed, replication "
    "by replication.",
}


def notes(section: Section, cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the notes of a section's table as it is shown.

    Parameters
    ----------
    section : Section
    cells : sequence of rows of str
        The table's cells, without its head.
    """
    found = [words.explained(cell for row in cells for cell in row)]
    if section.kind in _COMPARED:
        found += [_OF_METRICS.get(metric.id, "") for metric in section.metrics]
    if section.kind == "hedges":
        found.append(hedges.BY_THE_DOLLAR)
    return [_sentence(text) for text in found if text]


def warnings(section: Section) -> list[str]:
    """Return what a section asks and hardly means, seen from its runs."""
    return hedges.warnings(section) if section.kind == "hedges" else []


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
