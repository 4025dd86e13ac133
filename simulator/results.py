"""What came out of one replication: tables and a manifest, frozen, on disk.

A replication is a folder ``OUT/<hash>/rep-00000`` with one Parquet file a table
and a ``manifest.json``. It is written aside and renamed whole, so a folder of
that name is a finished replication and nothing else. Times are seconds since the
scenario's start; a state table (``fleet``, ``nodes``, ``programme``) is
right-continuous: a row holds from its time on. Time stamps, wall times and host
names live under the manifest's ``volatile`` only: equal tables are equal bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

MANIFEST = "manifest.json"
#: No replication takes so long to write. [s]
_ABANDONED_S = 3600.0

_TEXT, _REAL, _COUNT, _FLAG = pl.String(), pl.Float64(), pl.Int64(), pl.Boolean()
_Columns = dict[str, pl.DataType]


def _text(*names: str) -> _Columns:
    return dict.fromkeys(names, _TEXT)


def _real(*names: str) -> _Columns:
    return dict.fromkeys(names, _REAL)


def _count(*names: str) -> _Columns:
    return dict.fromkeys(names, _COUNT)


# A trailing "?" marks a column that may be null.
_TABLES: dict[str, _Columns] = {
    # work asked for, by the quarter it was submitted in; unserved: of jobs given up or not
    # started by the horizon
    "asked": _text("quarter", "service", "family")
    | _count("jobs")
    | _real("work_rce_s", "unserved_rce_s"),
    # what running jobs took from the fleet and gave, by the quarter it happened in
    "work": _text("quarter", "service", "family", "site", "chip")
    | _real("allocated_chip_s", "productive_chip_s", "productive_rce_s")
    | _real("lost_rce_s", "restart_chip_s"),
    # one row a job; chips is the gang asked for, in reference chips
    "jobs": _count("job_id")
    | _text("service", "family")
    | _count("chips")
    | _real("submit_s", "start_s?", "finish_s?")
    | _text("site?", "chip?")
    | _count("restarts")
    | _real("work_rce_s", "productive_rce_s", "lost_rce_s")
    | {"gave_up": _FLAG},
    # racks in service after each change
    "fleet": _real("t_s") | _text("site", "chip") | _count("racks", "chips") | _real("nameplate_w"),
    "fleet_quarter": _text("quarter", "site", "chip") | _real("in_service_chip_s", "down_chip_s"),
    # due_s is when the order lands if no shock touches it
    "orders": _text("order", "chip", "vendor", "cause")
    | _count("racks")
    | _real("price_usd", "wanted_s", "funded_s?", "due_s?", "landed_s?")
    | {"cancelled": _FLAG},
    "deliveries": _text("order", "site", "chip") | _count("racks") | _real("in_service_s"),
    # racks wanted and not in service, by what held them
    "waiting": _text("quarter", "chip", "cause") | _real("rack_s"),
    "energy": _text("quarter", "site", "chip") | _real("it_j", "facility_j", "usd"),
    "cost": _text("quarter", "basis", "category", "subject") | _real("usd"),
    "nodes": _real("t_s") | _text("node") | _real("health"),
    "programme": _real("t_s")
    | _text("state")
    | _real("performance?", "performance_measured?", "performance_per_watt_measured?"),
    # bandwidth between racks after each change: taken while runs exchange, and on average
    "links": _real("t_s")
    | _text("site", "fabric", "tier")
    | _count("bundles", "hot")
    | _real("capacity_b_per_s", "peak_b_per_s", "mean_b_per_s", "hottest"),
    # work a second that runs do not do for their fabric's sake, and for their neighbours'
    "contention": _real("t_s")
    | _text("site", "fabric")
    | _count("runs", "slowed")
    | _real("by_fabric_rce", "by_neighbours_rce", "down_share"),
    "outages": _real("t_s")
    | _text("site", "fabric", "kind", "element", "state")
    | _count("stopped"),
    "events": _real("t_s") | _text("kind", "subject", "detail"),
}

#: Words a column may hold where the set is closed.
VOCABULARY: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("orders", "cause"): frozenset(
            {"in_service", "plan", "react", "pilot", "ramp", "fallback"}
        ),
        ("outages", "state"): frozenset({"down", "up"}),
        ("waiting", "cause"): frozenset({"money", "supply", "power"}),
        ("cost", "basis"): frozenset({"cash", "accrual"}),
        ("cost", "category"): frozenset({"racks", "development", "energy", "facility"}),
        ("programme", "state"): frozenset(
            {
                *("design", "tapeout", "bring_up", "pilot_ordered", "pilot_in_service"),
                *("gate", "hold", "ramp", "cancel"),
            }
        ),
    }
)


def schemas() -> dict[str, pl.Schema]:
    """Return every table's columns and types, in order.

    Examples
    --------
    >>> schemas()["nodes"]
    Schema([('t_s', Float64), ('node', String), ('health', Float64)])
    """
    return {
        name: pl.Schema({column.removesuffix("?"): dtype for column, dtype in columns.items()})
        for name, columns in _TABLES.items()
    }


def nullable(name: str) -> frozenset[str]:
    """Return the columns of a table that may be null.

    Examples
    --------
    >>> sorted(nullable("jobs"))
    ['chip', 'finish_s', 'site', 'start_s']
    """
    return frozenset(c.removesuffix("?") for c in _TABLES[name] if c.endswith("?"))


def table(name: str, columns: Mapping[str, Any]) -> pl.DataFrame:
    """Build one table of the contract from sequences or arrays.

    Parameters
    ----------
    name : str
        Which table.
    columns : mapping of str to array_like, shape (rows,)
        In any order. ``None``, or NaN in a column that may be null, becomes null.

    Raises
    ------
    ValueError
        If the table is unknown or the columns are not those of the contract.

    Examples
    --------
    >>> table("nodes", {"node": ["tsmc"], "t_s": [0.0], "health": [1.0]}).row(0)
    (0.0, 'tsmc', 1.0)
    """
    if name not in _TABLES:
        raise ValueError(f"no table is called {name!r}; tables are {', '.join(_TABLES)}")
    schema = schemas()[name]
    if set(columns) != set(schema):
        missing, extra = sorted(set(schema) - set(columns)), sorted(set(columns) - set(schema))
        raise ValueError(f"table {name!r}: missing columns {missing}, unknown columns {extra}")
    frame = pl.DataFrame(
        {
            c: pl.Series(c, _plain(columns[c]), dtype=dtype, strict=True)
            for c, dtype in schema.items()
        }
    )
    may_be_null = [c for c in nullable(name) if schema[c] == _REAL]
    return frame.with_columns(pl.col(c).fill_nan(None) for c in may_be_null)


def _plain(values: Any) -> Any:
    # An object array of texts (labels[codes]) is not something polars casts strictly.
    is_labels = isinstance(values, np.ndarray) and values.dtype.kind in "OU"
    return values.tolist() if is_labels else values


def check(name: str, frame: pl.DataFrame) -> None:
    """Refuse a table that is not of the contract.

    Raises
    ------
    ValueError
        Naming the table and the column.
    """
    schema = schemas()[name]
    if frame.schema != schema:
        raise ValueError(f"table {name!r} has {frame.schema}, the contract says {schema}")
    may_be_null = nullable(name)
    for column, dtype in schema.items():
        values = frame[column]
        if column not in may_be_null and values.null_count():
            raise ValueError(f"table {name!r}: column {column!r} must not be null")
        if dtype == _REAL and values.is_nan().any():
            raise ValueError(f"table {name!r}: column {column!r} holds NaN")
        words = VOCABULARY.get((name, column))
        if words is not None and (strange := set(values.unique()) - words):
            raise ValueError(
                f"table {name!r}: column {column!r} holds {sorted(strange)}, not of {sorted(words)}"
            )


@dataclass(frozen=True)
class Result:
    """What one replication left behind.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        All tables of :func:`schemas`, possibly empty.
    manifest : mapping
        JSON-able; what differs between equal runs lies under ``volatile``.

    Raises
    ------
    ValueError
        If a table is missing, unknown or not of the contract.
    """

    tables: Mapping[str, pl.DataFrame]
    manifest: Mapping[str, Any]

    def __post_init__(self) -> None:
        if set(self.tables) != set(_TABLES):
            missing = sorted(set(_TABLES) - set(self.tables))
            extra = sorted(set(self.tables) - set(_TABLES))
            raise ValueError(f"missing tables {missing}, unknown tables {extra}")
        for name, frame in self.tables.items():
            check(name, frame)
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "manifest", MappingProxyType(dict(self.manifest)))

    def __reduce__(self) -> tuple[type[Result], tuple[dict[str, pl.DataFrame], dict[str, Any]]]:
        # Read-only views do not travel between processes; what they show does.
        return Result, (dict(self.tables), dict(self.manifest))


def replication_folder(out: Path, run_hash: str, replication: int) -> Path:
    """Return where a replication lives.

    Examples
    --------
    >>> replication_folder(Path("out"), "ab12", 3).as_posix()
    'out/ab12/rep-00003'
    """
    return out / run_hash / f"rep-{replication:05d}"


def write(result: Result, folder: Path) -> None:
    """Write a replication whole, or not at all.

    Everything goes to a folder beside *folder*, is flushed to the disk, and is then
    renamed. A full disk or an interrupt leaves no folder that looks finished.

    Parameters
    ----------
    result : Result
    folder : Path
        Where it shall be; an older one there is replaced.

    Raises
    ------
    OSError
        If the disk refuses; what was written aside is removed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        aside.chmod(0o755)  # mkdtemp's own mode would keep colleagues out of a shared folder
        for name, frame in result.tables.items():
            path = aside / f"{name}.parquet"
            # Compression and row groups fixed, so that equal tables are equal bytes.
            frame.write_parquet(
                path, compression="zstd", compression_level=3, row_group_size=262_144
            )
            _flush(path)
        text = json.dumps(dict(result.manifest), indent=1, allow_nan=False)
        (aside / MANIFEST).write_text(text + "\n", encoding="utf-8")
        _flush(aside / MANIFEST)
        _flush(aside)
        _put_in_place(aside, folder)
    except BaseException:  # an interrupt, too, must leave nothing behind
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _flush(folder.parent)


def _put_in_place(aside: Path, folder: Path) -> None:
    if folder.exists():
        # A folder cannot be renamed onto one that holds files.
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        folder.rename(old / "old")
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        aside.rename(folder)


def sweep(out: Path, run_hash: str) -> None:
    """Remove what writers that were killed left aside in a run's folder an hour ago or more."""
    for aside in (out / run_hash).glob(".rep-*"):
        if time.time() - aside.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(aside, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_complete(folder: Path, *, with_jobs: bool = False) -> bool:
    """Tell whether a folder holds a finished replication.

    Its manifest must be readable and every table present and not empty as a file.

    Parameters
    ----------
    folder : Path
    with_jobs : bool
        Whether its table of single jobs must have been kept, too.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if with_jobs and not manifest.get("jobs_kept", True):
            return False
        return all((folder / f"{name}.parquet").stat().st_size > 0 for name in _TABLES)
    except (OSError, ValueError):
        return False


def read(folder: Path) -> Result:
    """Read a replication back.

    Raises
    ------
    FileNotFoundError
        If the folder does not hold a finished replication.
    """
    if not is_complete(folder):
        raise FileNotFoundError(f"{folder}: no finished replication here")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Result({n: pl.read_parquet(folder / f"{n}.parquet") for n in _TABLES}, manifest)


def replications(out: Path, run_hash: str) -> list[int]:
    """Return the numbers of the finished replications of a run, in order."""
    folders = (out / run_hash).glob("rep-*")
    return sorted(int(f.name.removeprefix("rep-")) for f in folders if is_complete(f))


def scan(out: Path, run_hash: str, name: str, numbers: Sequence[int] | None = None) -> pl.LazyFrame:
    """Open one table over replications, read only as far as needed.

    Parameters
    ----------
    out : Path
        The study's folder.
    run_hash : str
        Which run of it.
    name : str
        Which table.
    numbers : sequence of int, optional
        Which replications, known to be finished; without it all that are.

    Returns
    -------
    LazyFrame
        The table's columns and ``replication``, first.

    Raises
    ------
    FileNotFoundError
        If no replication of the run is finished.
    """
    numbers = replications(out, run_hash) if numbers is None else numbers
    if not numbers:
        raise FileNotFoundError(f"{out / run_hash}: no finished replication here")
    return pl.concat(
        pl.scan_parquet(replication_folder(out, run_hash, number) / f"{name}.parquet").select(
            pl.lit(number, dtype=pl.Int64).alias("replication"), pl.all()
        )
        for number in numbers
    )
