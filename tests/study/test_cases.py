"""Studies on the tiny world: same seed, same bytes; resume; isolation of draws."""

import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulator import results
from simulator.spec.loader import load
from simulator.study import perform, plan_runs, run_key, run_study, stop_node
from simulator.world.world import simulate

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


def tables_of(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*.parquet"))}


def frames(columns: dict[str, Any]) -> dict[str, pl.DataFrame]:
    return {name: results.table(name, values) for name, values in columns.items()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plain")
    run_study({"baseline": load(TINY)}, out, replications=2, workers=1)
    return out


def test_workers_change_no_byte(plain: Path, tmp_path: Path):
    run_study({"baseline": load(TINY)}, tmp_path, replications=2, workers=2)
    assert tables_of(tmp_path) == tables_of(plain)


def test_seeds_and_replications_differ(plain: Path):
    work = [p.read_bytes() for p in sorted(plain.rglob("work.parquet"))]
    assert len(work) == 6  # baseline and two stops, two replications each
    assert len(set(work)) == 6


def test_a_study_resumes_where_it_stopped(plain: Path, tmp_path: Path):
    class Interrupted(Exception):
        pass

    class Fragile:
        """Runs three tasks, then fails like a user's Ctrl-C."""

        done = 0

        def submit(self, function, *args):
            future: Future[None] = Future()
            if self.done < 3:
                future.set_result(function(*args))
            else:
                future.set_exception(Interrupted())
            self.done += 1
            return future

        def shutdown(self, wait=True, cancel_futures=False):
            pass

    given = {"baseline": load(TINY)}
    first = run_study(given, tmp_path, replications=2, executor=Fragile())  # type: ignore[arg-type]
    assert (first.finished, len(first.failed)) == (3, 3)
    second = run_study(given, tmp_path, replications=2, workers=1)
    assert (second.reused, second.finished, second.failed) == (3, 3, [])
    assert tables_of(tmp_path) == tables_of(plain)


def test_a_full_disk_stops_the_study_and_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written: list[Path] = []

    def write(result, folder):
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(folder))
        written.append(folder)
        real(result, folder)

    real = results.write
    monkeypatch.setattr("simulator.study.tasks.write", write)
    with pytest.raises(OSError, match="No space left"):
        run_study({"baseline": load(TINY)}, tmp_path, replications=2, workers=1)
    assert all(results.is_complete(folder) for folder in written)


def test_a_poisoned_replication_is_reported_and_the_rest_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def poisoned(block, out):
        if any(task.replication == 1 and task.run.stopped is None for task in block):
            raise RuntimeError("a broken replication")
        perform(block, out)

    monkeypatch.setattr("simulator.study.workers.perform", poisoned)
    outcome = run_study({"baseline": load(TINY)}, tmp_path, replications=2, workers=1)
    assert outcome.finished == 5
    assert [reason for _, reason in outcome.failed] == ["RuntimeError: a broken replication"]


def test_a_case_that_differs_in_nothing_is_the_same_run():
    assert run_key(load(TINY).scenario, 0) == run_key(load(TINY, "same").scenario, 0)
    assert run_key(load(TINY).scenario, 0) != run_key(load(TINY, "cancelled").scenario, 0)
    assert run_key(load(TINY).scenario, 0) != run_key(load(TINY).scenario, 1)


def test_an_unrelated_service_leaves_every_other_draw_alone():
    given = load(TINY)
    feed = given.tree["services"]["feed"]
    more = given.change({"services.ads": feed | {"label": "Ads"}})
    a, b = (frames(*simulate(g.scenario, 0, [0])) for g in (given, more))
    assert a["nodes"].equals(b["nodes"])
    assert a["orders"].equals(b["orders"])
    assert a["programme"].equals(b["programme"])
    asked = ["submit_s", "chips", "work_rce_s"]
    feed = b["jobs"].filter(pl.col("service") == "feed")
    assert a["jobs"].select(asked).equals(feed.select(asked))


def test_a_new_label_and_another_order_of_entries_change_nothing():
    given = load(TINY)
    nodes = given.tree["supply"]["nodes"]
    turned = {k: v | {"label": v["label"] + "!"} for k, v in reversed(nodes.items())}
    other = given.change({"supply.nodes": turned})
    a, b = (frames(*simulate(g.scenario, 3, [1])) for g in (given, other))
    assert all(a[name].equals(b[name]) for name in results.schemas())


def test_a_stop_lasts_its_quarters():
    scenario = load(TINY).scenario
    shock = stop_node(scenario, "merchant").supply.shocks[-1]
    calendar = scenario.horizon.calendar
    assert calendar.at(shock.quarter) + shock.duration == calendar.at("2025Q4")


def test_stops_are_forced_runs_of_the_cases_named():
    runs = plan_runs({"baseline": load(TINY), "cancelled": load(TINY, "cancelled")})
    assert [(r.case, r.stopped) for r in runs] == [
        ("baseline", None),
        ("baseline", "merchant"),
        ("baseline", "fab-a"),
        ("cancelled", None),
    ]


def test_the_index_names_every_run(plain: Path):
    index = json.loads((plain / "study.json").read_text())
    for key in [index["cases"]["baseline"], *index["stops"]["baseline"].values()]:
        assert results.replications(plain, key) == [0, 1]


def test_work_chips_and_money_are_conserved(plain: Path):
    run = json.loads((plain / "study.json").read_text())["cases"]["baseline"]
    for folder in (plain / run).glob("rep-*"):
        result = results.read(folder)
        jobs, work = result.tables["jobs"], result.tables["work"]
        fleet, asked = result.tables["fleet_quarter"], result.tables["asked"]
        assert asked["work_rce_s"].sum() == pytest.approx(jobs["work_rce_s"].sum())
        left = jobs.filter(pl.col("gave_up") | pl.col("start_s").is_null())
        assert asked["unserved_rce_s"].sum() == pytest.approx(left["work_rce_s"].sum())
        assert work["productive_rce_s"].sum() == pytest.approx(jobs["productive_rce_s"].sum())
        assert work["lost_rce_s"].sum() == pytest.approx(jobs["lost_rce_s"].sum())
        done = jobs.filter(pl.col("finish_s").is_not_null())
        assert done["productive_rce_s"].to_list() == pytest.approx(done["work_rce_s"].to_list())
        assert (jobs["productive_rce_s"] <= jobs["work_rce_s"] * (1 + 1e-9)).all()
        assert work["allocated_chip_s"].sum() <= fleet["in_service_chip_s"].sum() * (1 + 1e-9)
        orders = result.tables["orders"].filter(
            pl.col("funded_s") >= 0, pl.col("cause") != "in_service"
        )
        spent = (orders["racks"] * orders["price_usd"]).sum()
        cash = result.tables["cost"].filter(basis="cash", category="racks")["usd"].sum()
        assert cash == pytest.approx(spent)
