"""A scenario with its cases, each for so many replications, and the stops it asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from simulator.spec.faults import Fault
from simulator.spec.loader import Given
from simulator.spec.notices import notices
from simulator.study.runs import Run, run_key, stop_node
from simulator.study.tasks import tasks_of
from simulator.study.workers import Outcome, Workers


def run_study(
    cases: Mapping[str, Given],
    out: Path,
    *,
    replications: int = 8,
    seed: int = 0,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Run every case, and every forced stop its scenario asks for.

    Parameters
    ----------
    cases : mapping of str to Given
        Scenarios by case name; the baseline first.
    out : Path
        Folder of results; finished replications in it are reused.
    replications : int
        Replications of each run, >= 1.
    seed : int
        Seed shared by all runs: common random numbers.
    workers : int, optional
        Local processes; all cores if not given. Ignored with *executor*.
    executor : Executor, optional
        Where tasks run instead of local processes.
    progress : callable, optional
        Called with (tasks done, tasks in all).

    Returns
    -------
    Outcome

    Raises
    ------
    OSError
        If a result cannot be written. Finished replications stay.
    """
    runs = plan_runs(cases)
    tasks = tasks_of(runs, seed, range(replications))
    out.mkdir(parents=True, exist_ok=True)
    _write_index(out, cases, runs, replications, seed)
    # Two runs may be the same scenario (a case identical to the baseline): once is enough,
    # and the one that keeps its jobs serves both.
    wanted = {task.folder(out): task for task in sorted(tasks, key=lambda t: t.run.jobs)}
    todo = [task for task in wanted.values() if not task.is_done(out)]
    reused = len(wanted) - len(todo)
    if progress:
        progress(reused, len(wanted))

    def tell(done: int) -> None:
        if progress:
            progress(reused + done, len(wanted))

    with Workers(out, workers, executor) as crew:
        outcome = crew.run(todo, tell)
    outcome.reused = reused
    return outcome


def plan_runs(cases: Mapping[str, Given]) -> list[Run]:
    """Return the cases and, for those their scenario names, each node stopped in turn."""
    runs = []
    for name, given in cases.items():
        runs.append(Run(name, given.scenario, given.changes))
        stops = given.scenario.stops
        if stops is not None and name in stops.cases:
            # What a stop costs is read off the work; its jobs would fill the disk.
            runs += [
                Run(name, stop_node(given.scenario, node), given.changes, node, jobs=False)
                for node in stops.nodes
            ]
    return runs


def _write_index(
    out: Path, cases: Mapping[str, Given], runs: list[Run], replications: int, seed: int
) -> None:
    """Write which run answers which question, so that the report finds them."""
    first = next(iter(cases.values()))
    index: dict[str, Any] = {
        "title": first.scenario.title,
        "scenario_file": first.path.name,
        "seed": seed,
        "replications": replications,
        "cases": {r.case: run_key(r.scenario, seed) for r in runs if r.stopped is None},
        "case_titles": {name: given.scenario.title for name, given in cases.items()},
        "stops": {},
        "notices": {name: [_said(f) for f in notices(one, first.scenario)]
                    for name, one in cases.items()},
    }  # fmt: skip
    for run in runs:
        if run.stopped is not None:
            index["stops"].setdefault(run.case, {})[run.stopped] = run_key(run.scenario, seed)
    write_aside(out / "study.json", json.dumps(index, indent=1) + "\n")


def _said(notice: Fault) -> str:
    """Return a notice without its file, which lies elsewhere on another machine."""
    return f"{notice.key}: {notice.message}"


def write_aside(path: Path, text: str) -> None:
    """Write a text file whole, or not at all."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
