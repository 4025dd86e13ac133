"""``siliconmix replay``: a job log, a cluster file, a discipline; start times out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.table import Table

from simulator.spec import yamlfile
from simulator.spec.faults import Fault, SpecError, hint
from simulator.world.replay import REPLAYED, Replayed, ReplayPool, replayed

#: Columns a log must have.
COLUMNS = ("job_id", "submit_s", "duration_s", "gpus")


def replay_file(trace: Path, cluster: Path, discipline: str, out: Path) -> Table:
    """Replay a log file and write it with start, finish and pool.

    Raises
    ------
    SpecError
        With every fault of the log, the cluster file and the discipline.
    """
    faults: list[Fault] = []
    if discipline not in REPLAYED:
        names = ", ".join(REPLAYED)
        text = f"{discipline!r} is not one of {names}{hint(discipline, REPLAYED)}"
        faults.append(Fault("--discipline", None, "", text))
    log = _read_log(trace, faults)
    pools = _read_cluster(cluster, faults)
    if faults or log is None:
        raise SpecError(faults)
    log = log.sort("submit_s", "job_id")
    wide = max(pool.hosts * pool.chips_per_host for pool in pools.values())
    # A gang that fits nowhere would block the line for ever; it is told and set aside.
    ran = log.filter(pl.col("gpus") <= wide)
    whole = replayed(
        np.arange(len(ran)),
        ran["submit_s"],
        ran["duration_s"],
        ran["gpus"],
        pools=tuple(pools.values()),
        discipline=discipline,
    )
    found = whole.jobs
    names = np.array([*pools, None], dtype=object)[found["pool"]]
    starts = ran.select("job_id").with_columns(
        pl.Series("start_s", found["start_s"]).fill_nan(None),
        pl.Series("finish_s", found["finish_s"]).fill_nan(None),
        pl.Series("pool", names.tolist(), dtype=pl.String),
    )
    table = log.join(starts, on="job_id", how="left", maintain_order="left")
    table.write_csv(out)
    gpus = sum(pool.hosts * pool.chips_per_host for pool in pools.values())
    return _summary(table, gpus, discipline, whole)


def _read_log(path: Path, faults: list[Fault]) -> pl.DataFrame | None:
    try:
        log = pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), None, "", f"not a CSV table: {str(error).splitlines()[0]}"))
        return None
    missing = [name for name in COLUMNS if name not in log.columns]
    for name in missing:
        text = f"no column {name!r}{hint(name, log.columns)}; columns are {', '.join(log.columns)}"
        faults.append(Fault(str(path), 1, name, text))
    if missing:
        return None
    if log["job_id"].is_duplicated().any():
        twice = log.filter(pl.col("job_id").is_duplicated())["job_id"][0]
        faults.append(Fault(str(path), None, "job_id", f"{str(twice)!r} is there more than once"))
    numbers = log.with_columns(
        pl.col("submit_s", "duration_s").cast(pl.Float64, strict=False),
        pl.col("gpus").cast(pl.Int64, strict=False),
    )
    bounds = {"submit_s": -np.inf, "duration_s": 0, "gpus": 1}
    for name, least in bounds.items():
        good = numbers[name].is_not_null() & (numbers[name] >= least)
        if name != "gpus":
            good &= numbers[name].is_finite()
        bad = np.flatnonzero(~good.fill_null(False).to_numpy())
        if bad.size:
            value = log[name][int(bad[0])]
            text = f"{str(value)!r} is not a number >= {least:g}; {bad.size} rows like it"
            faults.append(Fault(str(path), int(bad[0]) + 2, name, text))
    return None if faults else numbers


def _read_cluster(path: Path, faults: list[Fault]) -> dict[str, ReplayPool]:
    """Read ``pools: {NAME: {gpus: N, gpus_per_host: M}}``."""
    try:
        tree = yamlfile.read(path)
    except SpecError as error:
        faults += error.faults
        return {}
    plain = tree.plain()
    listed = plain.get("pools") if isinstance(plain, dict) else None
    if not isinstance(listed, dict) or not listed:
        text = "must hold 'pools: {NAME: {gpus: 640, gpus_per_host: 8}}'"
        faults.append(Fault(str(path), 1, "pools", text))
        return {}
    pools = {}
    for name, given in listed.items():
        wrong = _pool_fault(given)
        if wrong is None:
            per_host = given.get("gpus_per_host", 1)
            pools[str(name)] = ReplayPool(given["gpus"] // per_host, per_host)
        else:
            line = tree.place_of(("pools", name)).line
            faults.append(Fault(str(path), line, f"pools.{name}", wrong))
    return pools


def _pool_fault(given: Any) -> str | None:
    """Return what is wrong with a pool, or None."""
    if not isinstance(given, dict) or "gpus" not in given:
        return "must be a mapping such as {gpus: 640, gpus_per_host: 8}"
    for key, value in given.items():
        if key not in ("gpus", "gpus_per_host"):
            return f"unknown key {key!r}{hint(key, ('gpus', 'gpus_per_host'))}"
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            return f"{key} must be a whole number of at least 1, found {value!r}"
    if given["gpus"] % given.get("gpus_per_host", 1):
        return f"{given['gpus']} gpus are no whole number of hosts of {given['gpus_per_host']}"
    return None


def _summary(table: pl.DataFrame, gpus: int, discipline: str, whole: Replayed) -> Table:
    """Waits, completion times, utilisation and fragmentation, for the terminal."""
    ran = table.filter(pl.col("start_s").is_not_null())
    wait = ran["start_s"] - ran["submit_s"]
    took = ran["finish_s"] - ran["submit_s"]
    rows = Table(title=f"{len(table):,} jobs on {gpus:,} GPUs, {discipline}")
    for name in ("", "mean", "P50", "P95", "max"):
        rows.add_column(name, justify="left" if not name else "right")
    for label, values in (("wait, h", wait / 3600), ("completion, h", took / 3600)):
        if len(values):
            numbers = (values.mean(), values.median(), values.quantile(0.95), values.max())
            rows.add_row(label, *(f"{number:,.2f}" for number in numbers))  # type: ignore[str-bytes-safe]
    if len(ran):
        first, last = table["submit_s"].min(), ran["finish_s"].max()
        busy = (ran["duration_s"] * ran["gpus"]).sum() / (gpus * (last - first))  # type: ignore[operator]
        rows.add_row("utilisation", f"{busy:.1%}", "", "", "")
        # Where hosts are shared, some of their GPUs idle beside a job.
        if whole.idle > 0:
            rows.add_row("GPUs idle on hosts in part use", f"{whole.idle:,.1f}", "", "", "")
            text = "of these, of no use to a job of the log"
            rows.add_row(text, f"{whole.stranded:,.1f}", "", "", "")
    if len(ran) < len(table):
        rows.add_row("fit no pool", f"{len(table) - len(ran):,} jobs", "", "", "")
    return rows
