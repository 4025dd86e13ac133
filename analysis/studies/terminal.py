"""What a study found, for a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.studies import FINDINGS, TABLES, Answers
from analysis.studies.shown import shown

#: A table longer than this is cut; the whole is on disk.
_LONGEST = 24


def answers_text(answers: Answers) -> RenderableType:
    """Return every finding with its table, for a rich console."""
    parts: list[RenderableType] = [Text(answers.title, style="bold")]
    for kind, section in answers.sections.items():
        table = TABLES[kind](section)
        heads, rows = shown(section, table)
        parts.append(Text(f"\n{FINDINGS[kind](section, table)}.", style="bold"))
        drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
        for k, head in enumerate(heads):
            drawn.add_column(head, justify="left" if k == 0 else "right", overflow="fold")
        for cells in rows[:_LONGEST]:
            drawn.add_row(*cells)
        parts.append(drawn)
        if len(rows) > _LONGEST:
            parts.append(Text(f"… and {len(rows) - _LONGEST} more rows", style="dim"))
    parts.append(
        Text(
            "Square brackets: 95 % intervals. Differences are paired over common random numbers. "
            "n.d.: not distinguishable from zero.",
            style="dim",
        )
    )
    return Group(*parts)
