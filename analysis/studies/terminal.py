"""What a study found, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.studies import FINDINGS, TABLES, Answers, dependence
from analysis.studies.notes import notes, warnings
from analysis.studies.shown import shown

#: A table longer than this is cut; the whole is on disk.
_LONGEST = 40
#: Kinds whose rows grow as powers of two, with the order in which they are read, and how far.
_IN_BRIEF = {"dependence": dependence.in_brief}
_BRIEF = 12
#: Lines a head may take, and cells between two columns.
_HEAD_LINES, _GAP = 4, 3
_REPLICATIONS = "Replications"
#: Heads of columns that name a row, where they lead.
_NAMES = ("", "Run", "Case", "Node", "Stopped for", "Input")


def answers_text(answers: Answers) -> RenderableType:
    """Return every finding with its table, for a rich console."""
    parts: list[RenderableType] = [Text(answers.title, style="bold")]
    for kind, section in answers.sections.items():
        table = TABLES[kind](section)
        parts.append(Text(f"\n{FINDINGS[kind](section, table)}.", style="bold"))
        longest = _BRIEF if kind in _IN_BRIEF else _LONGEST
        if kind in _IN_BRIEF and table.height > longest:
            table = _IN_BRIEF[kind](table)
        heads, rows, note = _once(*shown(section, table))
        told = [note, *notes(section, rows)] if note else notes(section, rows)
        parts += [Fitted(heads, rows[:longest]), Text(" ".join(told), style="dim")]
        parts += [Text(said) for said in warnings(section)]
        if len(rows) > longest:
            where = answers.folder / "report" / "index.html"
            parts.append(Text(f"… and {len(rows) - longest} more rows: {where}", style="dim"))
    parts.append(
        Text(
            "\nSquare brackets: 95 % intervals. Differences are paired over common random numbers.",
            style="dim",
        )
    )
    return Group(*parts)


def _once(heads: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]], str]:
    """Say once how many replications there were, where all rows rest on as many."""
    if _REPLICATIONS not in heads:
        return heads, rows, ""
    at = heads.index(_REPLICATIONS)
    counts = {row[at] for row in rows}
    if len(counts) != 1:
        return heads, rows, ""
    less = [[*row[:at], *row[at + 1 :]] for row in rows]
    return [*heads[:at], *heads[at + 1 :]], less, f"Each over {counts.pop()} replications."


@dataclass(frozen=True)
class Fitted:
    """A table that breaks no cell: columns that do not fit go below, behind the same names.

    The first column names the rows, with any that follow under a head of names.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        """Draw as many tables as the width asks for."""
        widths = [self._width(k) for k in range(len(self.heads))]
        names = len(list(takewhile(_NAMES.__contains__, self.heads))) or 1
        # Names may break between words.
        widths[0] = min(widths[0], max(2 * options.max_width // 5, _longest_word(self._column(0))))
        for columns in fitting(widths, options.max_width, names):
            drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
            for k in columns:
                drawn.add_column(
                    Text(self.heads[k]),  # as text: square brackets are no markup
                    justify="left" if k < names else "right",
                    width=widths[k],
                    overflow="fold",
                )
            for cells in self.rows:
                drawn.add_row(*(Text(cells[k]) for k in columns))
            yield drawn

    def _width(self, column: int) -> int:
        head = self.heads[column]
        cells = max((len(cell) for cell in self._column(column)), default=1)
        return max(_longest_word([head]), -(-len(head) // _HEAD_LINES), cells, 1)

    def _column(self, column: int) -> list[str]:
        return [row[column] for row in self.rows]


def _longest_word(texts: Sequence[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=1)


def fitting(widths: Sequence[int], most: int, names: int = 1) -> list[list[int]]:
    """Deal columns out to tables no wider than *most*, the first *names* columns to each.

    A column too wide for any stands alone beside them.

    Examples
    --------
    >>> fitting([10, 20, 20, 20], 60)
    [[0, 1, 2], [0, 3]]
    >>> fitting([10], 60)
    [[0]]
    """
    leading = [*range(min(names, len(widths)))]
    if len(widths) <= names:
        return [leading]
    tables: list[list[int]] = []
    left = -1
    for column, width in enumerate(widths[names:], start=names):
        if left < width + _GAP or not tables:
            tables.append([*leading])
            left = most - sum(widths[:names]) - _GAP * names
        tables[-1].append(column)
        left -= width + _GAP
    return tables
