"""The pages of a folder of results: of its cases, of one study, or of all its studies."""

from __future__ import annotations

import json
from pathlib import Path

from analysis.report import report
from analysis.studies import open_answers
from analysis.studies.page import write_study_page
from simulator.spec.faults import Fault, SpecError

_INDEX = "study.json"


def write_pages(folder: Path) -> list[Path]:
    """Write the page of the cases that were run into a folder or, if none was, of its studies.

    Parameters
    ----------
    folder : Path
        What ``--out`` named, or ``DIR/studies/NAME``.

    Returns
    -------
    list of Path

    Raises
    ------
    FileNotFoundError
        If there is nothing finished.
    SpecError
        If what lies there is no study.
    OSError
        If a page cannot be written.
    """
    try:
        return _written(folder)
    except ValueError as reason:
        raise SpecError([Fault(str(folder), None, "", str(reason))]) from None


def studies_in(folder: Path) -> list[str]:
    """Return the names of the studies answered in a folder of results."""
    return [path.parent.name for path in sorted(folder.glob(f"studies/*/{_INDEX}"))]


def _written(folder: Path) -> list[Path]:
    if _is_a_study(folder):
        return [write_study_page(open_answers(folder))]
    names = studies_in(folder)
    if names and not (folder / _INDEX).is_file():
        return [write_study_page(open_answers(folder / "studies" / name)) for name in names]
    return [report(folder)]


def _is_a_study(folder: Path) -> bool:
    """Tell whether a folder is that of a study's answers, not of a run of cases."""
    try:
        told = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and "sections" in told
