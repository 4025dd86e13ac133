"""A study on disk: which cases were run, where their tables lie, what was given.

The folder holds ``study.json`` and, by hash, one folder a run. Nothing here runs
a model; a study can be opened on another machine, years later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from simulator import results
from simulator.units import Calendar

#: The scenario file itself, without any case's change.
BASELINE = "baseline"


@dataclass(frozen=True)
class Thing:
    """How a thing of the catalogue is shown: one label and one place in every palette."""

    id: str
    label: str
    rank: int


@dataclass(frozen=True)
class Study:
    """A finished study: one baseline, its cases and its forced stops.

    Parameters
    ----------
    out : Path
        Folder of the study.
    title : str
        The question in words.
    seed : int
    replications : int
        Replications of every run; the same numbers share their luck.
    cases : mapping of str to str
        Run of each case, baseline first.
    stops : mapping of str to mapping of str to str
        By case and stopped node, the run in which it stops.
    scenario_file : str
    only : tuple of int, optional
        Which of them to read, where some failed; without it all.
    notices : mapping of str to list of str
        What each case says and hardly means, as it was said before the runs.
    """

    out: Path
    title: str
    seed: int
    replications: int
    cases: Mapping[str, str]
    stops: Mapping[str, Mapping[str, str]]
    scenario_file: str
    only: tuple[int, ...] | None = None
    notices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def numbers(self) -> Sequence[int]:
        """Numbers of the replications that are read."""
        return range(self.replications) if self.only is None else self.only

    def run(self, case: str = BASELINE, node: str | None = None) -> str:
        """Return the hash of a case's run, or of the one in which *node* stops."""
        return self.cases[case] if node is None else self.stops[case][node]

    def scan(self, table: str, case: str = BASELINE, node: str | None = None) -> pl.LazyFrame:
        """Open a table of a run over all replications, with a ``replication`` column."""
        return results.scan(self.out, self.run(case, node), table, self.numbers)

    def manifest(self, case: str = BASELINE) -> Mapping[str, Any]:
        """Return the manifest of a case's first replication."""
        folder = results.replication_folder(self.out, self.run(case), self.numbers[0])
        manifest = json.loads((folder / results.MANIFEST).read_text(encoding="utf-8"))
        return dict(manifest)

    @cached_property
    def scenarios(self) -> Mapping[str, Mapping[str, Any]]:
        """The effective scenario of every case, in SI units."""
        return {case: self.manifest(case)["scenario"] for case in self.cases}

    def calendar(self, case: str = BASELINE) -> Calendar:
        """Return the calendar of a case."""
        horizon = self.scenarios[case]["horizon"]
        return Calendar(horizon["start"], horizon["quarters"])

    def queues_jobs(self, case: str = BASELINE) -> bool:
        """Tell whether a case queued single jobs; the fluid fidelity knows none, and no waits."""
        policy = self.scenarios[case].get("policy", {})
        return bool(policy.get("fidelity", "jobs") == "jobs")

    def things(self, kind: str) -> dict[str, Thing]:
        """Return what can be shown, in the order of the catalogue; chips of no case come last.

        Parameters
        ----------
        kind : {'chips', 'services', 'sites', 'nodes', 'families', 'cases'}
        """
        if kind == "cases":
            return {
                case: Thing(case, case.replace("_", " "), rank)
                for rank, case in enumerate(self.cases)
            }
        labels: dict[str, str] = {}
        for scenario in self.scenarios.values():
            for key, spec in _shelf(scenario, kind).items():
                labels.setdefault(key, spec["label"])
        if kind == "chips":  # those a case has or buys first: there are more than colours
            used = {chip for scenario in self.scenarios.values() for chip in _chips_of(scenario)}
            labels = {key: labels[key] for key in sorted(labels, key=lambda key: key not in used)}
        return {key: Thing(key, label, rank) for rank, (key, label) in enumerate(labels.items())}

    def named(self, frame: pl.DataFrame, kind: str, column: str) -> pl.DataFrame:
        """Add ``label`` and ``rank`` of the things a column names, sorted by rank."""
        things = self.things(kind).values()
        key = pl.DataFrame(
            [(t.id, t.label, t.rank) for t in things],
            schema={column: pl.String, "label": pl.String, "rank": pl.Int64},
            orient="row",
        )
        return frame.join(key, on=column, how="left").sort("rank", maintain_order=True)


def _shelf(scenario: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    if kind in ("chips", "families"):
        shelf: Mapping[str, Any] = scenario["catalog"][kind]
    elif kind == "nodes":
        shelf = scenario["supply"]["nodes"]
    else:
        shelf = scenario[kind]
    return shelf


def _chips_of(scenario: Mapping[str, Any]) -> set[str]:
    """Return the chips that a scenario's supply names: in service, planned, or bought instead."""
    supply = scenario["supply"]
    named = {row["chip"] for part in ("in_service", "plan") for row in supply.get(part, ())}
    programme, buying = supply.get("programme") or {}, supply.get("buying") or {}
    instead = {programme.get("chip"), programme.get("fallback"), buying.get("other")}
    return named | {chip for chip in instead if chip is not None}


def open_study(out: Path | str) -> Study:
    """Open the study in a folder.

    Parameters
    ----------
    out : Path or str
        What ``siliconmix run --out`` was given.

    Raises
    ------
    FileNotFoundError
        If there is no study, or replications of it are not finished.
    ValueError
        If its ``study.json`` cannot be read.
    """
    folder = Path(out)
    path = folder / "study.json"
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: no study here (study.json is missing)")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        study = Study(
            out=folder,
            title=told["title"],
            seed=told["seed"],
            replications=told["replications"],
            cases={BASELINE: told["cases"][BASELINE]} | told["cases"],
            stops=told.get("stops", {}),
            scenario_file=told["scenario_file"],
            notices=told.get("notices", {}),
        )
    except (ValueError, KeyError, UnicodeDecodeError) as fault:
        raise ValueError(f"{path}: not the description of a study: {fault}") from fault
    _refuse_unfinished(study)
    return study


def _refuse_unfinished(study: Study) -> None:
    runs = set(study.cases.values()) | {h for nodes in study.stops.values() for h in nodes.values()}
    wanted = set(range(study.replications))
    left = sum(len(wanted - set(results.replications(study.out, run))) for run in sorted(runs))
    if left:
        raise FileNotFoundError(
            f"{study.out}: {left} of {len(runs) * study.replications} replications are not "
            "finished; the command that began the study resumes it"
        )
