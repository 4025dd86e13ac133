"""Appends what happens, when it happens: rows of tables, never samples by a clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

Columns = dict[str, list[Any]]


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
        self.tables: defaultdict[str, Columns] = defaultdict(dict)
        for name, columns in tables.items():
            self.tables[name] = {column: [] for column in columns}
        events = self.tables["events"]
        self._event_columns = [
            events.setdefault(name, []) for name in ("t_s", "kind", "subject", "detail")
        ]

    def __call__(self, table: str, /, **row: Any) -> None:
        """Append one row to *table*."""
        columns = self.tables[table]
        if not columns:
            columns.update({name: [] for name in row})
        for name, value in row.items():
            columns[name].append(value)

    def rows(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append many rows to *table*, each in the order of *names*."""
        columns = self.tables[table]
        for name, values in zip(names, zip(*rows, strict=True), strict=False):
            columns.setdefault(name, []).extend(values)

    def event(self, t_s: float, kind: str, subject: str, detail: str = "") -> None:
        """Append one line to the story of the run."""
        # Thousands of lines in a run of milliseconds: no mapping is built for each.
        times, kinds, subjects, details = self._event_columns
        times.append(t_s)
        kinds.append(kind)
        subjects.append(subject)
        details.append(detail)
