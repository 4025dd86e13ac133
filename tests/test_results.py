"""Results on disk: whole or not at all, equal bytes for equal tables, the contract kept."""

from __future__ import annotations

import errno
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from simulator import results


def some_tables() -> dict[str, pl.DataFrame]:
    tables = {name: pl.DataFrame(schema=schema) for name, schema in results.schemas().items()}
    tables["nodes"] = results.table(
        "nodes", {"t_s": [0.0, 5.0], "node": ["tsmc", "tsmc"], "health": [1.0, 0.25]}
    )
    return tables


def a_result(**manifest: Any) -> results.Result:
    return results.Result(some_tables(), {"seed": 0, **manifest})


def jobs_columns(rows: int) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    labels = np.array(["feed", "ads"], dtype=object)
    return {
        "job_id": np.arange(rows),
        "service": labels[rng.integers(0, 2, rows)],
        "family": ["dlrm"] * rows,
        "chips": rng.integers(1, 64, rows),
        "submit_s": rng.random(rows),
        "start_s": np.where(rng.random(rows) < 0.5, np.nan, 3.0),
        "finish_s": np.full(rows, np.nan),
        "site": [None] * rows,
        "chip": np.array(["h100", None] * (rows // 2), dtype=object),
        "restarts": np.zeros(rows, int),
        "work_rce_s": rng.random(rows),
        "productive_rce_s": rng.random(rows),
        "lost_rce_s": np.zeros(rows),
        "gave_up": np.zeros(rows, bool),
    }


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    result = a_result(case="baseline")
    folder = results.replication_folder(tmp_path, "ab", 0)
    results.write(result, folder)
    back = results.read(folder)
    assert back.manifest == {"seed": 0, "case": "baseline"}
    for name, frame in result.tables.items():
        assert_frame_equal(back.tables[name], frame)


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        tables = some_tables() | {"jobs": results.table("jobs", jobs_columns(5000))}
        results.write(results.Result(tables, {}), tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_nan_becomes_null_only_where_null_is_allowed() -> None:
    jobs = results.table("jobs", jobs_columns(100))
    assert 0 < jobs["start_s"].null_count() < 100
    assert jobs["chip"].null_count() == 50
    bad = jobs_columns(2) | {"submit_s": [0.0, float("nan")]}
    with pytest.raises(ValueError, match="'submit_s' holds NaN"):
        results.check("jobs", results.table("jobs", bad))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("jobs"), r"missing tables \['jobs'\]"),
        (lambda t: t.update(strange=pl.DataFrame()), r"unknown tables \['strange'\]"),
        (lambda t: t.update(nodes=pl.DataFrame({"t_s": [0]})), "the contract says"),
        (
            lambda t: t.update(
                waiting=results.table(
                    "waiting",
                    {"quarter": ["2025Q1"], "chip": ["h"], "cause": ["love"], "rack_s": [1.0]},
                )
            ),
            "'love'",
        ),
    ],
)
def test_tables_off_the_contract_are_refused(change: Any, message: str) -> None:
    tables = some_tables()
    change(tables)
    with pytest.raises(ValueError, match=message):
        results.Result(tables, {})


def test_wrong_columns_are_named() -> None:
    with pytest.raises(ValueError, match=r"\['health'\], unknown columns \['well'\]"):
        results.table("nodes", {"t_s": [], "node": [], "well": []})


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", range(0, 13, 4))
def test_a_full_disk_or_an_interrupt_leaves_nothing_that_looks_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, after: int
) -> None:
    calls = 0
    whole = pl.DataFrame.write_parquet

    def failing(self: pl.DataFrame, path: Path, **options: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            Path(path).write_bytes(b"PAR1")  # half a file
            raise fault
        whole(self, path, **options)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", failing)
    folder = tmp_path / "rep-00000"
    with pytest.raises(type(fault)):
        results.write(a_result(), folder)
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    results.write(a_result(), folder)
    assert results.is_complete(folder)


def test_writing_again_replaces(tmp_path: Path) -> None:
    folder = tmp_path / "rep-00000"
    (folder / "debris").mkdir(parents=True)
    results.write(a_result(seed=1), folder)
    results.write(a_result(seed=2), folder)
    assert results.read(folder).manifest["seed"] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["rep-00000"]


def test_half_folders_are_not_complete(tmp_path: Path) -> None:
    folder = tmp_path / "rep-00000"
    assert not results.is_complete(folder)
    results.write(a_result(), folder)
    assert results.is_complete(folder)
    (folder / "jobs.parquet").write_bytes(b"")
    assert not results.is_complete(folder)
    results.write(a_result(), folder)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    assert not results.is_complete(folder)
    with pytest.raises(FileNotFoundError, match="no finished replication"):
        results.read(folder)


def test_scan_adds_the_replication_and_skips_unfinished(tmp_path: Path) -> None:
    for number in (0, 2):
        results.write(a_result(), results.replication_folder(tmp_path, "ab", number))
    results.replication_folder(tmp_path, "ab", 1).mkdir()
    frame = results.scan(tmp_path, "ab", "nodes").collect()
    assert frame.columns[0] == "replication"
    assert frame["replication"].to_list() == [0, 0, 2, 2]
    with pytest.raises(FileNotFoundError):
        results.scan(tmp_path, "cd", "nodes")


def test_a_result_is_frozen_and_travels_between_processes() -> None:
    result = a_result()
    with pytest.raises(TypeError):
        result.tables["jobs"] = pl.DataFrame()  # type: ignore[index]
    back = pickle.loads(pickle.dumps(result))
    assert_frame_equal(back.tables["nodes"], result.tables["nodes"])


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        results.write(a_result(x=float("nan")), tmp_path / "rep-00000")
    assert list(tmp_path.iterdir()) == []
    results.write(a_result(b=1, a=2), tmp_path / "rep-00000")
    text = (tmp_path / "rep-00000" / "manifest.json").read_text(encoding="utf-8")
    assert list(json.loads(text)) == ["seed", "b", "a"]


def test_a_replication_without_its_jobs_does_not_serve_who_needs_them(tmp_path: Path):
    folder = results.replication_folder(tmp_path, "ab12", 0)
    results.write(a_result(jobs_kept=False), folder)
    assert results.is_complete(folder)
    assert not results.is_complete(folder, with_jobs=True)
    results.write(a_result(jobs_kept=True), folder)
    assert results.is_complete(folder, with_jobs=True)


def test_only_what_was_left_aside_long_ago_is_swept(tmp_path: Path):
    folder = results.replication_folder(tmp_path, "ab12", 0)
    results.write(a_result(), folder)
    old, fresh = (folder.parent / f".rep-00000.{name}" for name in ("old", "fresh"))
    old.mkdir()
    fresh.mkdir()
    os.utime(old, (0, 0))
    results.sweep(tmp_path, "ab12")
    assert (old.exists(), fresh.exists(), results.is_complete(folder)) == (False, True, True)
