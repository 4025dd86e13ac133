"""Appends what happens, when it happens: rows of tables, never samples by a clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

Columns = dict[str, list[Any]]
#: One line of a run's story: when, what, to whom, and more of it.
Line = tuple[float, str, str, str]
EVENT = ("t_s", "kind", "subject", "detail")


class Recorder:
    """Columns of facts by table.

    Parameters
    ----------
    tables : mapping of str to iterable of str, optional
        Tables that are there even if nothing is written in them.

    Invariant: all columns of a table have one length, and within a table the
    rows stand in the order in which they happened.

    Examples
    --------
    >>> record = Recorder()
    >>> record("nodes", t_s=0.0, node="fab", health=1.0)
    >>> record.tables["nodes"]["health"]
    [1.0]
    """

    def __init__(self, tables: Mapping[str, Iterable[str]] = MappingProxyType({})) -> None:
        self._tables: defaultdict[str, Columns] = defaultdict(dict)
        for name, columns in tables.items():
            self._tables[name] = {column: [] for column in columns}
        #: Cells that are in no column yet, row after row, with their names, by table.
        self._waiting: dict[str, tuple[tuple[str, ...], list[Any]]] = {}
        #: Appends one line to the story of the run.
        self.tell: Callable[[Line], None] = self.writer("events", EVENT)

    @property
    def tables(self) -> Mapping[str, Columns]:
        """All that is recorded, by table."""
        for table, (names, cells) in self._waiting.items():
            for k, name in enumerate(names):
                self._tables[table][name] += cells[k :: len(names)]
            cells.clear()
        return self._tables

    def writer(self, table: str, names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], None]:
        """Return what appends a row, in the order of *names*, to a table written by it alone.

        For tables of many rows in runs of milliseconds: columns are cut from all cells at once.
        """
        columns = self._tables[table]
        columns.update({name: columns.get(name, []) for name in names})
        return self._waiting.setdefault(table, (names, []))[1].extend

    def __call__(self, table: str, /, **row: Any) -> None:
        """Append one row to *table*."""
        columns = self._tables[table]
        if not columns:
            columns.update({name: [] for name in row})
        for name, value in row.items():
            columns[name].append(value)

    def columns(self, table: str, **columns: list[Any]) -> None:
        """Append many rows to *table*, column by column."""
        for name, values in columns.items():
            self._tables[table].setdefault(name, []).extend(values)

    def event(self, t_s: float, kind: str, subject: str, detail: str = "") -> None:
        """Append one line to the story of the run."""
        self.tell((t_s, kind, subject, detail))
