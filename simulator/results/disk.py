"""One replication on disk: tables and a manifest, frozen.

A replication is a folder ``OUT/<hash>/rep-00000`` with one Parquet file a table
and a ``manifest.json``. It is written aside and renamed whole, so a folder of
that name is a finished replication and nothing else. Time stamps, wall times and
host names live under the manifest's ``volatile`` only: equal tables are equal bytes.
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

import polars as pl

from simulator.results.contract import check, schemas

MANIFEST = "manifest.json"
#: No replication takes so long to write. [s]
_ABANDONED_S = 3600.0


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
        if set(self.tables) != set(schemas()):
            missing = sorted(set(schemas()) - set(self.tables))
            extra = sorted(set(self.tables) - set(schemas()))
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
        (aside / MANIFEST).write_text(_manifest_text(result.manifest), encoding="utf-8")
        _flush(aside / MANIFEST)
        _flush(aside)
        _put_in_place(aside, folder)
    except BaseException:  # an interrupt, too, must leave nothing behind
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _flush(folder.parent)


def _manifest_text(manifest: Mapping[str, Any]) -> str:
    # A line a key: indented to the depth it takes ten times as long to write.
    lines = (f" {json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in manifest.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


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
        return all((folder / f"{name}.parquet").stat().st_size > 0 for name in schemas())
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
    return Result({n: pl.read_parquet(folder / f"{n}.parquet") for n in schemas()}, manifest)


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
