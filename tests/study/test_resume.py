"""A study that is killed, at any moment, and resumed gives the bytes of one that ran through."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from analysis.studies import open_answers
from scenarios.studies import ask
from simulator.spec.loader import load
from simulator.study.runs import Run
from simulator.study.tasks import blocks_of, perform, tasks_of
from simulator.study.workers import Workers

ROOT = Path(__file__).parent.parent.parent
TINY = ROOT / "tests" / "data" / "tiny.yaml"
STUDY = {
    "title": "Which demand is too much?",
    "scenario": str(TINY),
    "replications": 6,
    "metrics": ["work_done", "unserved_share"],
    "portfolio": {"cases": ["baseline", "cancelled"]},
    "sweep": {
        "inputs": {
            "demand": {
                "key": "services.feed.demand",
                "values": ["200 rce_day/day", "300 rce_day/day", "350 rce_day/day"],
            }
        }
    },
}
#: Of many replications, done in blocks.
FLUID = {
    **STUDY,
    "replications": 24,
    "change": {"policy": {"fidelity": "fluid"}},
}
DRIVER = """
from pathlib import Path
from scenarios.studies import ask
if __name__ == "__main__":
    import sys
    ask({study!r}, Path(sys.argv[1]), workers=2)
"""


def left_by(out: Path) -> dict[str, bytes]:
    """Every table of the study; what a killed writer left aside is none."""
    paths = [*out.glob("*/rep-*/*.parquet"), *out.glob("studies/*/*.*")]
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(paths)}


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("through")
    ask(STUDY, out, workers=1)
    return out


def kill_and_resume(study: dict[str, object], out: Path, times: int, seed: int) -> int:
    """Kill a study so often while it runs, then let it end; return how often it still ran."""
    driver = out.with_name("driver.py")
    driver.write_text(DRIVER.format(study=study), encoding="utf-8")
    rng = random.Random(seed)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    all_of_them, alive = 5 * int(str(study["replications"])), 0
    for kill in range(times):
        process = subprocess.Popen([sys.executable, str(driver), str(out)], env=environment)
        # At a random number of finished replications, and then a random moment later.
        wanted = rng.uniform(kill, kill + 1) * all_of_them / (times + 1)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if len(list(out.glob("*/rep-*"))) >= wanted:
                break
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.1))
        alive += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    ask(study, out, workers=1)
    return alive


def test_killed_three_times_and_resumed_gives_the_same_bytes(through: Path, tmp_path: Path):
    assert kill_and_resume(STUDY, tmp_path / "out", 3, 5) > 0
    assert left_by(tmp_path / "out") == left_by(through)


@pytest.mark.slow
def test_killed_twenty_times_and_resumed_gives_the_same_bytes(tmp_path: Path):
    ask(FLUID, tmp_path / "through", workers=1)
    alive = kill_and_resume(FLUID, tmp_path / "out", 20, 7)
    # A kill that comes too late kills nothing.
    assert alive >= 15
    assert left_by(tmp_path / "out") == left_by(tmp_path / "through")


def test_a_block_is_the_bytes_of_its_replications_one_by_one(tmp_path: Path):
    cases = {
        name: load(TINY, name, ["policy.fidelity=fluid"]) for name in ("baseline", "cancelled")
    }
    runs = [Run(name, given.scenario) for name, given in cases.items()]
    tasks = tasks_of(runs, 0, range(10))
    blocks = blocks_of(tasks)
    assert sorted(map(len, blocks)) == [2, 2, 8, 8]
    for block in blocks:
        perform(block, tmp_path / "together")
    for task in reversed(tasks):
        perform((task,), tmp_path / "alone")
    assert left_by(tmp_path / "together") == left_by(tmp_path / "alone")


def test_of_a_poisoned_block_all_but_one_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def poisoned(block, out):
        if any(task.replication == 2 for task in block):
            raise RuntimeError("a broken replication")
        perform(block, out)

    given = load(TINY, sets=["policy.fidelity=fluid"])
    monkeypatch.setattr("simulator.study.workers.perform", poisoned)
    with Workers(tmp_path, 1) as crew:
        outcome = crew.run(tasks_of([Run("baseline", given.scenario)], 0, range(6)))
    assert outcome.finished == 5
    assert [str(task) for task, _ in outcome.failed] == ["baseline, replication 2"]


def test_two_studies_over_one_folder_share_their_runs(through: Path, tmp_path: Path):
    first = ask({**STUDY, "sweep": None}, tmp_path, workers=1)
    second = ask(STUDY, tmp_path, workers=1)
    assert (first.outcome.finished, second.outcome.reused) == (12, 12)
    assert second.outcome.finished == 18
    assert left_by(tmp_path) == left_by(through)
    again = ask(STUDY, tmp_path, workers=1)
    assert (again.outcome.finished, again.outcome.reused) == (0, 30)


def test_a_poisoned_replication_is_left_out_and_told(
    through: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def poisoned(block, out):
        if any(task.replication == 2 and task.run.case == "cancelled" for task in block):
            raise RuntimeError("a broken replication")
        perform(block, out)

    monkeypatch.setattr("simulator.study.workers.perform", poisoned)
    found = ask(STUDY, tmp_path, workers=1)
    assert [(str(t), why) for t, why in found.outcome.failed] == [
        ("cancelled, replication 2", "RuntimeError: a broken replication")
    ]
    assert found.answers.missing == 1
    section = found.answers.sections["portfolio"]
    assert section.difference(section.arms[1], section.arms[0]).n == 5
    rows = pl.read_parquet(through / "studies" / "study" / "results.parquet")
    broken = (pl.col("arm") == "cancelled") & (pl.col("replication") == 2)
    left = pl.read_parquet(tmp_path / "studies" / "study" / "results.parquet")
    assert left.equals(rows.filter(~broken))
    assert open_answers(through / "studies" / "study").missing == 0
