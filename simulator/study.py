"""Studies: many replications of several cases over an executor, resumable.

Each replication is a task keyed by the hash of what determines it. What is
already on disk is not computed again, so an interrupted study resumes and two
studies over one folder share.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simulator.results import Result, is_complete, replication_folder, schemas, table, write
from simulator.spec.loader import Given
from simulator.spec.scenario import Scenario
from simulator.spec.supply import Shock
from simulator.world.world import simulate

#: Packages whose version may change a number.
_PACKAGES = ("numpy", "numba", "scipy", "simpy", "polars", "pydantic")


@dataclass(frozen=True)
class Run:
    """One scenario of a study, whole, with its name: a case, or a case with a node stopped."""

    case: str
    scenario: Scenario
    changes: tuple[str, ...] = ()
    stopped: str | None = None


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


@dataclass
class Outcome:
    """What a study left: finished tasks, and those that failed with their reason."""

    finished: int = 0
    reused: int = 0
    failed: list[tuple[Task, str]] = field(default_factory=list)


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
    tasks = [
        Task(run, seed, replication, key)
        for run, key in ((run, run_key(run.scenario, seed)) for run in runs)
        for replication in range(replications)
    ]
    out.mkdir(parents=True, exist_ok=True)
    _write_index(out, cases, runs, replications, seed)
    # Two runs may be the same scenario (a case identical to the baseline): once is enough.
    todo = {task.folder(out): task for task in tasks if not is_complete(task.folder(out))}
    outcome = Outcome(reused=len({task.folder(out) for task in tasks}) - len(todo))
    total = len(todo) + outcome.reused
    if progress:
        progress(outcome.reused, total)

    def tell(done: int) -> None:
        if progress:
            progress(outcome.reused + done, total)

    if executor is not None:
        _drain(executor, todo.values(), out, outcome, tell)
    elif todo and (workers or os.cpu_count() or 1) == 1:
        _run_here(todo.values(), out, outcome, tell)
    elif todo:
        # spawn: polars and numba keep threads, which a fork would break.
        with ProcessPoolExecutor(
            workers or os.cpu_count(),
            mp_context=multiprocessing.get_context("spawn"),
            # Ctrl-C is for the parent, which lets what runs end.
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN),
        ) as pool:
            _drain(pool, todo.values(), out, outcome, tell)
    return outcome


def plan_runs(cases: Mapping[str, Given]) -> list[Run]:
    """Return the cases and, for those their scenario names, each node stopped in turn."""
    runs = []
    for name, given in cases.items():
        runs.append(Run(name, given.scenario, given.changes))
        stops = given.scenario.stops
        if stops is not None and name in stops.cases:
            runs += [
                Run(name, stop_node(given.scenario, node), given.changes, stopped=node)
                for node in stops.nodes
            ]
    return runs


def stop_node(scenario: Scenario, node: str) -> Scenario:
    """Return the scenario with a node stopped as its stop study says.

    Raises
    ------
    ValueError
        If the scenario has no stop study.
    """
    stops = scenario.stops
    if stops is None:
        raise ValueError("the scenario has no 'stops' section")
    calendar = scenario.horizon.calendar
    from_s = calendar.at(stops.quarter)
    names = [q for q in calendar.names() if calendar.at(q) >= from_s][: stops.quarters + 1]
    until_s = calendar.at(names[-1]) if len(names) > stops.quarters else calendar.horizon_s
    # Specs take text with units at the border; inside the program they take SI values.
    shock = Shock.model_construct(
        node=node, quarter=stops.quarter, duration=until_s - from_s, severity=1.0
    )
    supply = scenario.supply.model_copy(update={"shocks": [*scenario.supply.shocks, shock]})
    return scenario.model_copy(update={"supply": supply})


def run_key(scenario: Scenario, seed: int) -> str:
    """Return the hash of what determines a run: scenario, seed and this code."""
    # A title and the stops to study name runs; they change no number in them.
    given = scenario.model_dump(mode="json", exclude={"title", "stops"})
    what = {"scenario": given, "seed": seed, "code": code_digest(), "versions": _versions()}
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return the hash of the simulator's source."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def perform(task: Task, out: Path) -> None:
    """Simulate one replication and write it."""
    began = time.perf_counter()
    columns = simulate(task.run.scenario, task.seed, task.replication)
    if task.run.stopped is not None:
        # What a stop costs is read off the work; its jobs would fill the disk.
        columns["jobs"] = {}
    tables = {name: table(name, columns[name] or _no_rows(name)) for name in schemas()}
    write(Result(tables, _manifest(task, time.perf_counter() - began)), task.folder(out))


def _no_rows(name: str) -> dict[str, list[Any]]:
    return {column: [] for column in schemas()[name]}


def _drain(
    executor: Executor,
    tasks: Iterable[Task],
    out: Path,
    outcome: Outcome,
    tell: Callable[[int], None],
) -> None:
    futures: dict[Future[None], Task] = {}
    try:
        for task in tasks:
            futures[executor.submit(perform, task, out)] = task
        for done, future in enumerate(as_completed(futures), 1):
            _take(future.exception(), futures[future], outcome)
            tell(done)
    except BaseException:
        # Ctrl-C or a full disk: let what runs end, start nothing more.
        for future in futures:
            future.cancel()
        raise


def _run_here(
    tasks: Iterable[Task], out: Path, outcome: Outcome, tell: Callable[[int], None]
) -> None:
    for done, task in enumerate(tasks, 1):
        fault: BaseException | None = None
        try:
            perform(task, out)
        except OSError:
            raise
        except Exception as error:  # a poisoned replication is reported, the rest survives
            fault = error
        _take(fault, task, outcome)
        tell(done)


def _take(fault: BaseException | None, task: Task, outcome: Outcome) -> None:
    if isinstance(fault, OSError):
        raise fault
    if fault is None:
        outcome.finished += 1
    else:
        outcome.failed.append((task, f"{type(fault).__name__}: {fault}"))


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
    }
    for run in runs:
        if run.stopped is not None:
            index["stops"].setdefault(run.case, {})[run.stopped] = run_key(run.scenario, seed)
    aside = out / ".study.json.part"
    aside.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    aside.replace(out / "study.json")


def _manifest(task: Task, wall_s: float) -> dict[str, Any]:
    return {
        "case": task.run.case,
        "stopped": task.run.stopped,
        "changes": list(task.run.changes),
        "seed": task.seed,
        "replication": task.replication,
        "hash": task.key,
        "versions": _versions(),
        "commit": _commit(),
        "scenario": task.run.scenario.model_dump(mode="json"),
        "volatile": {
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_s": round(wall_s, 3),
            "host": platform.node(),
            "argv": sys.argv[1:],
        },
    }


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {p: version(p) for p in _PACKAGES}


@lru_cache(maxsize=1)
def _commit() -> str:
    """Return the commit of the code, marked if the tree differs; the digest without git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return f"source {code_digest()}"
    return found.stdout.strip()
