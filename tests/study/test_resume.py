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
from simulator.study.tasks import perform

ROOT = Path(__file__).parent.parent.parent
TINY = str(ROOT / "tests" / "data" / "tiny.yaml")
STUDY = {
    "title": "Which demand is too much?",
    "scenario": TINY,
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
DRIVER = f"""
from pathlib import Path
from scenarios.studies import ask
if __name__ == "__main__":
    import sys
    ask({STUDY!r}, Path(sys.argv[1]), workers=2)
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


def kill_and_resume(out: Path, times: int, seed: int, driver: Path) -> None:
    driver.write_text(DRIVER, encoding="utf-8")
    rng = random.Random(seed)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for kill in range(times):
        study = subprocess.Popen([sys.executable, str(driver), str(out)], env=environment)
        # At a random number of finished replications, and then a random moment later.
        wanted = rng.uniform(kill, kill + 1) * 30 / times
        deadline = time.monotonic() + 60
        while study.poll() is None and time.monotonic() < deadline:
            if len(list(out.glob("*/rep-*"))) >= wanted:
                break
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.15))
        study.send_signal(signal.SIGKILL)
        study.wait()
    ask(STUDY, out, workers=1)


def test_killed_three_times_and_resumed_gives_the_same_bytes(through: Path, tmp_path: Path):
    kill_and_resume(tmp_path / "out", 3, 5, tmp_path / "driver.py")
    assert left_by(tmp_path / "out") == left_by(through)


@pytest.mark.slow
def test_killed_twenty_times_and_resumed_gives_the_same_bytes(through: Path, tmp_path: Path):
    kill_and_resume(tmp_path / "out", 20, 7, tmp_path / "driver.py")
    assert left_by(tmp_path / "out") == left_by(through)


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
    def poisoned(task, out):
        if task.replication == 2 and task.run.case == "cancelled":
            raise RuntimeError("a broken replication")
        perform(task, out)

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
