"""Replications of a run: simulated, and each written whole or not at all."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from simulator.results import Result, is_complete, replication_folder, schemas, table, write
from simulator.study.runs import Run, commit, run_key, versions
from simulator.world.world import simulate


@dataclass(frozen=True)
class Task:
    """One replication of one run."""

    run: Run
    seed: int
    replication: int
    key: str

    def folder(self, out: Path) -> Path:
        """Return where its result lives."""
        return replication_folder(out, self.key, self.replication)

    def is_done(self, out: Path) -> bool:
        """Tell whether the folder holds what this task would write, or more."""
        return is_complete(self.folder(out), with_jobs=self.run.jobs)

    def __str__(self) -> str:
        """Say what it is, for a message."""
        stopped = f" with {self.run.stopped} stopped" if self.run.stopped else ""
        return f"{self.run.case}{stopped}, replication {self.replication}"


def tasks_of(runs: Iterable[Run], seed: int, replications: Iterable[int]) -> list[Task]:
    """Return every replication of every run, all of one run together."""
    numbers = list(replications)
    return [
        Task(run, seed, number, key)
        for run, key in ((run, run_key(run.scenario, seed)) for run in runs)
        for number in numbers
    ]


#: Replications of one run that are done at once, where doing so is quicker.
Block = tuple[Task, ...]
#: At most so many: beyond, memory grows and little time is saved.
_MOST = 8


def blocks_of(tasks: Iterable[Task]) -> list[Block]:
    """Group tasks to be done at once; lowest replications first, so that draws are shared.

    The fluid fidelity dispatches all replications of a block together; single jobs are
    simulated one replication at a time.
    """
    in_order = sorted(tasks, key=lambda task: task.replication // _MOST)
    found: list[Block] = []
    for _, group in groupby(in_order, lambda t: (t.key, t.replication // _MOST)):
        alike = list(group)
        at_once = len(alike) if alike[0].run.is_fluid else 1
        found += [tuple(alike[k : k + at_once]) for k in range(0, len(alike), at_once)]
    return found


def perform(block: Sequence[Task], out: Path) -> None:
    """Simulate replications of one run and write each.

    Raises
    ------
    RuntimeError
        If the code or the libraries here are not those that planned the tasks: what they
        make belongs under another key.
    """
    run, seed = block[0].run, block[0].seed
    if run_key(run.scenario, seed) != block[0].key:
        raise RuntimeError(
            f"{platform.node()} has other code or other versions than the study; "
            "install the same on every worker"
        )
    began = time.perf_counter()
    made = simulate(run.scenario, seed, [task.replication for task in block])
    spent_s = (time.perf_counter() - began) / len(block)
    for task, columns in zip(block, made, strict=True):
        if not run.jobs:
            columns["jobs"] = {}
        tables = {name: table(name, columns[name] or _no_rows(name)) for name in schemas()}
        write(Result(tables, _manifest(task, spent_s)), task.folder(out))


def _no_rows(name: str) -> dict[str, list[Any]]:
    return {column: [] for column in schemas()[name]}


def _manifest(task: Task, wall_s: float) -> dict[str, Any]:
    return {
        "case": task.run.case,
        "stopped": task.run.stopped,
        "changes": list(task.run.changes),
        "seed": task.seed,
        "replication": task.replication,
        "hash": task.key,
        "jobs_kept": task.run.jobs,
        "versions": versions(),
        "commit": commit(),
        "scenario": task.run.scenario.model_dump(mode="json"),
        "volatile": {
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_s": round(wall_s, 3),
            "host": platform.node(),
            "argv": sys.argv[1:],
        },
    }
