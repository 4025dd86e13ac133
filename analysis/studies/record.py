"""A study's numbers on disk: one table of all its runs, and what each run answers.

``DIR/studies/<name>/results.parquet`` has one row a section, run and replication;
``study.json`` beside it names the questions. The runs' own tables stay where all runs
are, by hash, so that studies share them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import metrics
from analysis.estimates import settled
from analysis.metrics import Metric
from analysis.study_reader import BASELINE, Study
from analysis.uncertainty import PairedDifference, mean_interval, paired_difference
from simulator import results

INDEX = "study.json"
TABLE = "results.parquet"


class Measured:
    """Metrics of runs, each replication read once.

    Parameters
    ----------
    out : Path
        Folder of results.
    wanted : collection of str
        Which metrics.
    """

    def __init__(self, out: Path, wanted: Collection[str]) -> None:
        self.out = out
        self.wanted = metrics.ordered(wanted)
        self._read: dict[str, pl.DataFrame] = {}

    def frame(self, run: str, n: int) -> pl.DataFrame:
        """Return ``replication`` and the metrics of the first *n*; those that failed are absent."""
        have = self._read.get(run)
        known = set() if have is None else set(have["replication"])
        new = [k for k in range(n) if k not in known and self._is_there(run, k)]
        if new:
            study = Study(self.out, "", 0, n, {BASELINE: run}, {}, "", tuple(new))
            more = metrics.numbers(study, wanted=self.wanted)
            have = more if have is None else pl.concat([have, more]).sort("replication")
            self._read[run] = have
        if have is None:
            schema = {"replication": pl.Int64} | dict.fromkeys(self.wanted, pl.Float64)
            return pl.DataFrame(schema=schema)
        return have.filter(pl.col("replication") < n)

    def outcome(self, metric: str, run: str, n: int) -> npt.NDArray[np.float64]:
        """Return one number a replication; NaN where it failed or has no such number."""
        found = self.frame(run, n)
        values = np.full(n, np.nan)
        values[found["replication"].to_numpy()] = found[metric].fill_null(np.nan).to_numpy()
        return values

    def _is_there(self, run: str, replication: int) -> bool:
        return results.is_complete(results.replication_folder(self.out, run, replication))


def write_record(folder: Path, index: Mapping[str, Any], measured: Measured) -> None:
    """Write a study's index and its one table, the same bytes for the same study."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for kind, section in index["sections"].items():
        for arm in section["arms"]:
            frame = measured.frame(arm["run"], arm["replications"])
            parts.append(
                frame.select(
                    pl.lit(kind).alias("section"),
                    pl.lit(arm["label"]).alias("arm"),
                    pl.lit(arm["case"]).alias("case"),
                    pl.lit(arm["stopped"], dtype=pl.String).alias("stopped"),
                    pl.lit(json.dumps(arm["settings"])).alias("settings"),
                    pl.lit(arm["run"]).alias("run"),
                    "replication",
                    *measured.wanted,
                )
            )
    table = pl.concat(parts)
    aside = folder / f".{TABLE}.part"
    table.write_parquet(aside, compression="zstd", compression_level=3, row_group_size=262_144)
    aside.replace(folder / TABLE)
    aside = folder / f".{INDEX}.part"
    aside.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    aside.replace(folder / INDEX)


@dataclass(frozen=True)
class Arm:
    """One run of a section."""

    label: str
    case: str
    stopped: str | None
    settings: Mapping[str, Any]
    changes: tuple[str, ...]
    run: str
    replications: int


@dataclass(frozen=True)
class Section:
    """One kind of question with its runs."""

    kind: str
    says: Mapping[str, Any]
    """What the study file says, in SI units."""
    inputs: Mapping[str, str]
    """Unit of each input."""
    arms: tuple[Arm, ...]
    outcome: Metric
    """What the question is about."""
    metrics: tuple[Metric, ...]
    rows: pl.DataFrame = field(repr=False)
    nodes: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Labels of nodes, by id."""

    def named(self, node: str) -> str:
        """Return what a node is called; its id where two are called alike, or none is known."""
        label = self.nodes.get(node, node)
        return label if [*self.nodes.values()].count(label) < 2 else node

    def labelled(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return a table with its nodes by their labels, to be read."""
        if "node" not in table.columns:
            return table
        told = [None if node is None else self.named(node) for node in table["node"]]
        return table.with_columns(node=pl.Series(told, dtype=pl.String))

    def sample(self, arm: Arm, metric: str | None = None) -> pl.DataFrame:
        """Return ``replication, x`` of one arm, without those that have no such number."""
        mine = self.rows.filter(pl.col("arm") == arm.label)
        return mine.select("replication", x=metric or self.outcome.id).drop_nulls()

    def difference(
        self, arm: Arm, other: Arm, metric: str | None = None
    ) -> PairedDifference | None:
        """Return the paired difference of two arms; None without a shared replication."""
        one, two = self.sample(arm, metric), self.sample(other, metric)
        both = one.join(two, on="replication", suffix="_other").sort("replication")
        if both.is_empty():
            return None
        other_x = both["x_other"].to_numpy()
        return paired_difference(settled(both["x"].to_numpy(), other_x), other_x)

    def means(self, metric: str | None = None) -> list[float]:
        """Return the mean of each arm, in order; NaN if it has no number."""
        found = [self.sample(arm, metric)["x"] for arm in self.arms]
        return [mean_interval(x.to_numpy()).mean if len(x) else np.nan for x in found]


@dataclass(frozen=True)
class Answers:
    """A finished study."""

    folder: Path
    out: Path
    title: str
    study_file: str
    scenario_file: str
    seed: int
    outcome: Metric
    sections: Mapping[str, Section]
    notices: tuple[str, ...] = ()
    """What the study says and hardly means."""

    @property
    def missing(self) -> int:
        """Replications that failed."""
        wanted = sum(arm.replications for s in self.sections.values() for arm in s.arms)
        return wanted - sum(s.rows.height for s in self.sections.values())


def open_answers(folder: Path | str) -> Answers:
    """Open a finished study.

    Parameters
    ----------
    folder : Path or str
        ``DIR/studies/<name>``.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If its index cannot be read.
    """
    home = Path(folder)
    if not (home / INDEX).is_file() or not (home / TABLE).is_file():
        raise FileNotFoundError(f"{home}: no finished study here")
    rows = pl.read_parquet(home / TABLE)
    try:
        told = json.loads((home / INDEX).read_text(encoding="utf-8"))
        labels = told.get("labels", {})
        services = labels.get("services", {})
        outcome = metrics.by_name(told["outcome"], services)
        shown = tuple(metrics.by_name(name, services) for name in told["metrics"])
        sections = {
            kind: Section(
                kind,
                part["says"],
                part["inputs"],
                _arms(part["arms"]),
                outcome,
                shown,
                rows.filter(pl.col("section") == kind),
                labels.get("nodes", {}),
            )
            for kind, part in told["sections"].items()
        }
        names = (told["title"], told["study_file"], told["scenario_file"], told["seed"])
    except (ValueError, KeyError, TypeError) as reason:
        raise ValueError(f"{home / INDEX}: not the description of a study: {reason}") from reason
    said = tuple(told.get("notices", ()))
    return Answers(home, home.parent.parent, *names, outcome, sections, said)


def _arms(told: Sequence[Mapping[str, Any]]) -> tuple[Arm, ...]:
    return tuple(Arm(**{**arm, "changes": tuple(arm["changes"])}) for arm in told)
