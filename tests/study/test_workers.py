"""Who does the tasks: workers that die, tasks that kill, and a real Dask cluster on loopback."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from scenarios.studies import ask
from simulator.spec.loader import load
from simulator.study import Run, Task, plan_runs, run_study
from simulator.study.cluster import cluster
from simulator.study.tasks import tasks_of
from simulator.study.workers import Workers

ROOT = Path(__file__).parent.parent.parent
TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


def tables_of(out: Path) -> dict[str, bytes]:
    """Every table of finished replications; what a killed writer left aside is none."""
    paths = sorted(out.glob("*/rep-*/*.parquet"))
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in paths}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plain")
    run_study({"baseline": load(TINY)}, out, replications=4, workers=1)
    return out


class Deadly:
    """A scenario that kills whoever opens it."""

    policy = SimpleNamespace(fidelity="jobs")

    def __reduce__(self):
        return os._exit, (1,)


def test_a_worker_killed_in_the_middle_loses_nothing(plain: Path, tmp_path: Path):
    tasks = tasks_of(plan_runs({"baseline": load(TINY)}), 0, range(4))
    killed = []
    with Workers(tmp_path, 2) as crew:

        def kill_one(done: int) -> None:
            if not killed:
                killed.extend(list(crew._pool._processes)[:1])
                os.kill(killed[0], signal.SIGKILL)

        outcome = crew.run(tasks, kill_one)
    assert killed
    assert (outcome.finished, outcome.failed) == (len(tasks), [])
    assert tables_of(tmp_path) == tables_of(plain)


def test_a_task_that_kills_its_workers_is_reported_and_the_rest_survives(tmp_path: Path):
    (good, *_) = plan_runs({"baseline": load(TINY)})
    deadly = Task(Run("deadly", Deadly()), 0, 0, "deadly")  # type: ignore[arg-type]
    first, *others = tasks_of([good], 0, range(3))
    with Workers(tmp_path, 2) as crew:
        outcome = crew.run([first, deadly, *others])
    assert outcome.finished == 3
    assert [(t.run.case, why) for t, why in outcome.failed] == [
        ("deadly", "RuntimeError: its worker died 3 times")
    ]


def test_a_task_planned_by_other_code_is_refused(tmp_path: Path):
    (run, *_) = plan_runs({"baseline": load(TINY)})
    with Workers(tmp_path, 1) as crew:
        outcome = crew.run([Task(run, 0, 0, "made-elsewhere")])
    assert "other code or other versions" in outcome.failed[0][1]
    assert not list(tmp_path.rglob("*.parquet"))


@contextmanager
def dask_processes(count: int) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and its workers, each a process of its own, over TCP on loopback."""
    quiet = {
        **os.environ,
        "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--idle-timeout", "120"]
    processes = []
    try:
        scheduler = subprocess.Popen(
            [*dask, *options], env=quiet, text=True, stderr=subprocess.PIPE
        )
        processes.append(scheduler)
        address = ""
        for line in scheduler.stderr:
            if "Scheduler at:" in line:
                address = line.split()[-1]
                break
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        options += ["--death-timeout", "60"]
        for _ in range(count):
            processes.append(
                subprocess.Popen([*worker, *options], env=quiet, stderr=subprocess.DEVNULL)
            )
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()
            if process.stderr:
                process.stderr.close()


def test_a_cluster_gives_the_same_bytes_and_a_lost_worker_loses_nothing(tmp_path: Path):
    study = {
        "title": "Does a cluster change a byte?",
        "scenario": str(TINY),
        "replications": 4,
        "portfolio": {"cases": ["baseline", "cancelled"]},
    }
    here, there = tmp_path / "here", tmp_path / "there"
    ask(study, here, workers=1)
    with dask_processes(2) as (address, workers):
        lost = []

        def kill_one(kind: str, done: int, total: int) -> None:
            if done >= total // 2 and not lost:
                lost.append(workers[0].pid)
                workers[0].kill()

        found = ask(study, there, scheduler=address, progress=kill_one)
        assert lost
        assert workers[0].wait(60) != 0
        assert workers[1].poll() is None
    assert (found.outcome.finished, found.outcome.failed) == (8, [])
    assert tables_of(there) == tables_of(here)
    answers = "studies/study/results.parquet"
    assert (there / answers).read_bytes() == (here / answers).read_bytes()


def test_nobody_at_the_address_is_an_error_a_user_can_read():
    with pytest.raises(OSError, match=r"127\.0\.0\.1"), cluster("tcp://127.0.0.1:9", timeout_s=1.0):
        pass


def test_a_script_without_a_main_guard_is_told_so_and_ends(tmp_path: Path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from pathlib import Path\n"
        "from simulator.spec.loader import load\n"
        "from simulator.study import run_study\n"
        f"run_study({{'baseline': load({str(TINY)!r})}}, Path({str(tmp_path / 'out')!r}),"
        " replications=2, workers=2)\n"
    )
    ended = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("RuntimeError: no worker process could begin")
    assert "__main__" in ended.stderr.splitlines()[-1]
