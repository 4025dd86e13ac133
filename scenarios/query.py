"""SQL over a folder of results: one view a table, with case and replication in every row."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from simulator import results
from simulator.spec.faults import hint, nearest

#: A run that a case makes as it stands is called by the case.
_NAMED_BY = 'arm <> "case", study, section, arm'

#: What reads and does nothing else; DuckDB takes a PIVOT apart into several steps.
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)


class QueryError(Exception):
    """A query that cannot be answered, with what would be right."""


def query(
    sql: str, out: Path, warn: Callable[[str], None] = lambda said: None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answer a query over every finished run in a folder.

    Views: each table of a run with ``case``, ``stopped``, ``run`` and ``replication`` in
    front; ``runs`` (``study, section, arm, case, stopped, run``: what each run answers);
    ``results`` (``study`` and the metrics of its runs).

    Parameters
    ----------
    sql : str
    out : Path
        Folder of results.
    warn : callable, optional
        Called with what the query says and hardly means.

    Returns
    -------
    columns : list of str
    rows : list of tuple

    Raises
    ------
    QueryError
        If there is nothing to ask, or the query is not understood or does more than read.
    """
    with _opened(out) as base:
        try:
            _refuse_writing(base, sql)
            found = base.execute(sql)
            columns = [d[0] for d in found.description or ()]
            rows = found.fetchall()
            if said := added_up(base, sql):
                warn(said)
            return columns, rows
        except duckdb.Error as reason:
            raise QueryError(_explained(base, sql, str(reason))) from None


def tables(out: Path) -> list[tuple[str, str]]:
    """Return what may be asked of a folder: each table with its columns in a text.

    Raises
    ------
    QueryError
        If there is nothing to ask.
    """
    with _opened(out) as base:
        return [(name, _columns(base, name)) for name in _tables(base)]


@contextmanager
def _opened(out: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not any(out.glob(f"*/rep-*/{results.MANIFEST}")):
        raise QueryError(f"{out}: no finished run here")
    with duckdb.connect(":memory:") as base:
        base.execute("SET TimeZone = 'UTC'")
        # A name that is no view is unknown, and never some variable of this program.
        base.execute("SET python_enable_replacements = false")
        _views(base, out)
        yield base


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


def _tables(base: duckdb.DuckDBPyConnection) -> list[str]:
    found = base.execute("SELECT table_name FROM information_schema.tables").fetchall()
    return sorted(row[0] for row in found if row[0] != "named")


def _columns(base: duckdb.DuckDBPyConnection, table: str) -> str:
    found = base.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = ? "
        "ORDER BY ordinal_position",
        [table],
    )
    names = [row[0] for row in found.fetchall()]
    words = base.execute(
        "SELECT keyword_name FROM duckdb_keywords() "
        "WHERE keyword_category IN ('reserved', 'type_function')"
    ).fetchall()
    # In quotes where SQL would read it otherwise.
    taken = {word for (word,) in words}
    plain = [bool(re.fullmatch(r"[a-z_][a-z0-9_]*", name)) and name not in taken for name in names]
    return ", ".join(n if p else f'"{n}"' for n, p in zip(names, plain, strict=True))


def added_up(base: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Say that a query adds the rows of several cases, if it does; empty if not.

    It does if it sums a table of runs and nowhere names the case or the run.
    """
    nodes = _parsed(base, sql)
    functions = {node["function_name"] for node in nodes if node.get("class") == "FUNCTION"}
    named = {node["column_names"][-1] for node in nodes if node.get("class") == "COLUMN_REF"}
    asked = [table for table in _named_in(nodes) if table in results.schemas()]
    if "sum" not in functions or named & {"case", "run"} or not asked:
        return ""
    cases = base.execute('SELECT DISTINCT "case" FROM named ORDER BY 1').fetchall()
    if len(cases) < 2:
        return ""
    return (
        f"{', '.join(asked)} holds {len(cases)} cases, and this sum adds them all: name "
        f'"case", as in WHERE "case" = \'{cases[0][0]}\' or GROUP BY "case"'
    )


def _parsed(base: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """Return the nodes of a query's syntax tree; none of what is no plain SELECT."""
    (told,) = base.execute("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [sql]).fetchall()[0]
    return [*_nodes(json.loads(told))]


def _named_in(nodes: list[dict[str, Any]]) -> list[str]:
    return sorted({str(n["table_name"]) for n in nodes if n.get("type") == "BASE_TABLE"})


def _nodes(told: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a query's syntax tree."""
    if isinstance(told, dict):
        yield told
    for part in told.values() if isinstance(told, dict) else told:
        if isinstance(part, dict | list):
            yield from _nodes(part)


def _explained(base: duckdb.DuckDBPyConnection, sql: str, reason: str) -> str:
    """Say what DuckDB said in a planner's words, with the nearest name there is."""
    first = reason.split("\n", 1)[0].strip()
    if missing := re.search(r"Table with name \"?([^\s\"!]+)", first):
        there = _tables(base)
        return f"there is no table {missing[1]!r}{hint(missing[1], there)}"
    if missing := re.search(r"column \"([^\"]+)\" not found|column named \"([^\"]+)\"", first):
        name = missing[1] or missing[2]
        asked = [table for table in _named_in(_parsed(base, sql)) if table in _tables(base)]
        of = base.execute(
            "SELECT DISTINCT column_name, table_name FROM information_schema.columns"
        ).fetchall()
        near = nearest(name, [column for column, table in of if table in asked or not asked])
        elsewhere = sorted(table for column, table in of if column == name and table != "named")
        where = f"; did you mean {near!r}?" if near else ""
        where = f", only in {', '.join(elsewhere)}" if elsewhere else where
        listed = "".join(f" ({table} has {_columns(base, table)})" for table in asked)
        return f"there is no column {name!r}{where}{listed}"
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
