"""SQL over a folder of results: one view a table, with case and replication in every row."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from simulator import results
from simulator.spec.faults import hint

#: A run that a case makes as it stands is called by the case.
_NAMED_BY = 'arm <> "case", study, section, arm'

#: What reads and does nothing else; DuckDB takes a PIVOT apart into several steps.
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)


class QueryError(Exception):
    """A query that cannot be answered, with what would be right."""


def query(sql: str, out: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answer a query over every finished run in a folder.

    Views: each table of a run with ``case``, ``stopped``, ``run`` and ``replication`` in
    front; ``runs`` (``study, section, arm, case, stopped, run``: what each run answers);
    ``results`` (``study`` and the metrics of its runs).

    Parameters
    ----------
    sql : str
    out : Path
        Folder of results.

    Returns
    -------
    columns : list of str
    rows : list of tuple

    Raises
    ------
    QueryError
        If there is nothing to ask, or the query is not understood or does more than read.
    """
    if not any(out.glob(f"*/rep-*/{results.MANIFEST}")):
        raise QueryError(f"{out}: no finished run here")
    with duckdb.connect(":memory:") as base:
        base.execute("SET TimeZone = 'UTC'")
        # A name that is no view is unknown, and never some variable of this program.
        base.execute("SET python_enable_replacements = false")
        _views(base, out)
        try:
            _refuse_writing(base, sql)
            found = base.execute(sql)
            columns = [d[0] for d in found.description or ()]
            return columns, found.fetchall()
        except duckdb.Error as reason:
            raise QueryError(_explained(base, str(reason))) from None


def _views(base: duckdb.DuckDBPyConnection, out: Path) -> None:
    base.execute(
        "CREATE TABLE runs (study VARCHAR, section VARCHAR, arm VARCHAR, "
        '"case" VARCHAR, stopped VARCHAR, run VARCHAR)'
    )
    rows = list(_runs(out))
    if rows:
        base.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", rows)
    # A run has one name where its tables are read: the cases' own, or a study's.
    base.execute(
        'CREATE TABLE named AS SELECT DISTINCT "case", stopped, run FROM runs WHERE study IS NULL '
        f"UNION ALL SELECT first(arm ORDER BY {_NAMED_BY}), "
        f"first(stopped ORDER BY {_NAMED_BY}), run FROM runs "
        "WHERE run NOT IN (SELECT run FROM runs WHERE study IS NULL) GROUP BY run"
    )
    for table in results.schemas():
        pattern = str(out / "*" / "rep-*" / f"{table}.parquet").replace("'", "''")
        base.execute(
            f'CREATE VIEW "{table}" AS SELECT named."case", named.stopped, named.run, '
            "CAST(regexp_extract(filename, 'rep-(\\d+)', 1) AS INTEGER) AS replication, "
            "found.* EXCLUDE (filename) "
            f"FROM read_parquet('{pattern}', filename = true, union_by_name = true) AS found "
            "JOIN named ON named.run = regexp_extract(filename, '([^/\\\\]+)[/\\\\]rep-\\d+', 1)"
        )
    if any(out.glob("studies/*/results.parquet")):
        pattern = str(out / "studies" / "*" / "results.parquet").replace("'", "''")
        base.execute(
            "CREATE VIEW results AS SELECT "
            "regexp_extract(filename, 'studies[/\\\\]([^/\\\\]+)', 1) AS study, "
            "found.* EXCLUDE (filename) FROM "
            f"read_parquet('{pattern}', filename = true, union_by_name = true) AS found"
        )


def _runs(out: Path) -> Iterator[tuple[str | None, ...]]:
    """Yield what each run answers: of the cases in the folder, then of every study."""
    path = out / "study.json"
    if path.is_file():
        told = json.loads(path.read_text(encoding="utf-8"))
        for case, run in told["cases"].items():
            yield None, None, None, case, None, run
        for case, nodes in told["stops"].items():
            for node, run in nodes.items():
                # Its own name, so that a sum by case does not count it to the case.
                yield None, None, None, f"{case}, {node} stopped", node, run
    for path in sorted(out.glob("studies/*/study.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        for section, part in told["sections"].items():
            for arm in part["arms"]:
                yield (
                    *(path.parent.name, section, arm["label"]),
                    *(arm["case"], arm["stopped"], arm["run"]),
                )


def _refuse_writing(base: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse what is not one statement that reads; results stay as they were written."""
    kinds = [statement.type for statement in base.extract_statements(sql)]
    if len(kinds) != 1 or kinds[0] not in _READING:
        said = ", then ".join(kind.name for kind in kinds) or "nothing"
        raise QueryError(f"a query is one statement that reads, such as SELECT; this is {said}")


def _explained(base: duckdb.DuckDBPyConnection, reason: str) -> str:
    """Say what DuckDB said in a planner's words, with the nearest name there is."""
    first = reason.split("\n", 1)[0].strip()
    if missing := re.search(r"Table with name \"?([^\s\"!]+)", first):
        there = base.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return f"there is no table {missing[1]!r}{hint(missing[1], [row[0] for row in there])}"
    if missing := re.search(r"column \"([^\"]+)\" not found|column named \"([^\"]+)\"", first):
        name = missing[1] or missing[2]
        found = base.execute("SELECT DISTINCT column_name FROM information_schema.columns")
        columns = [row[0] for row in found.fetchall()]
        if name in columns:
            return f"there is no column {name!r} in the table asked, only in others"
        return f"there is no column {name!r}{hint(name, columns)}"
    return first


def tell(columns: list[str], rows: list[tuple[Any, ...]], form: str) -> None:
    """Write what was found to standard output.

    Parameters
    ----------
    columns : list of str
    rows : list of tuple
    form : {'json', 'csv'}
        One object a line, or comma-separated with a head.
    """
    if form == "json":
        for row in rows:
            line = dict(zip(columns, row, strict=True))
            sys.stdout.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
