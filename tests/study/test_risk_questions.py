"""Questions of risk asked end to end of the tiny world, and replications until it is sure."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.studies import TABLES
from analysis.uncertainty import mean_interval
from scenarios.studies import ask, read_study
from simulator.spec.faults import SpecError

TINY = str(Path(__file__).parent.parent / "data" / "tiny.yaml")
FLUID = {"policy": {"fidelity": "fluid"}}
FAB = {
    "node": "fab-a",
    "per_year": {"value": 0.3, "status": "published", "source": "a test", "date": "2025"},
    "duration": {"median": "8 weeks", "p90": "30 weeks"},
}
STOP = {"nodes": ["fab-a"], "quarter": "2025Q2", "duration": "40 weeks"}
STUDY = {
    "title": "What is being less dependent worth?",
    "scenario": TINY,
    "replications": 6,
    # More is asked than the fleet can do, so that a late rack is work lost.
    "change": {
        **FLUID,
        "services": {"feed": {"demand": {"value": "350 rce_day/day"}}},
        "supply": {"random_shocks": [FAB]},
    },
    "cases": {
        "bare": {"change": {"supply": {"programme": None}}},
        "strict": {"change": {"supply": {"programme": {"gate": {"min_performance": 1.0}}}}},
        "early": {
            "case": "cancelled",
            "change": {"supply": {"plan+": [{"chip": "gpu", "quarter": "2025Q1", "racks": 2}]}},
        },
    },
    "stress": {"nodes": ["fab-a"], "quarter": "2025Q2", "durations": ["20 weeks", "60 weeks"]},
    "survival": {"nodes": ["fab-a"], "quarter": "2025Q2", "durations": ["20 weeks", "60 weeks"]},
    "pilot": {"case": "strict", "without": "bare", "worth": 30},
    "hedges": {
        "stop": STOP,
        "hedges": {
            "early": {"given": "early", "without": "cancelled"},
            "more": {
                "changes": {"supply.plan+": [{"chip": "gpu", "quarter": "2025Q1", "racks": 1}]},
                "costs": "1 MUSD",
            },
        },
    },
    "credit": {
        "additions": {"own": {"given": "baseline", "without": "bare", "stop": STOP}},
        "growth": [0, 0.1, 0.3],
    },
    "rare": {"most": 1},
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    return ask(STUDY, tmp_path_factory.mktemp("risk"), workers=1)


def numbers(found, kind: str, label: str, metric: str) -> list[float]:
    section = found.answers.sections[kind]
    (one,) = (a for a in section.arms if a.label == label)
    return section.sample(one, metric).sort("replication")["x"].to_list()


def test_every_run_is_made_and_two_questions_share_theirs(found):
    assert found.outcome.failed == []
    assert found.answers.missing == 0
    runs = {kind: {a.run for a in s.arms} for kind, s in found.answers.sections.items()}
    assert runs["survival"] == runs["stress"]
    assert found.outcome.finished == 6 * len(set().union(*runs.values()))


def test_a_gate_that_decides_is_the_branch_it_decides_for(found):
    ramps = np.array(numbers(found, "pilot", "the gate decides", "ramped")) > 0
    assert ramps.any()
    assert not ramps.all()
    for metric in ("work_done", "capital"):
        gate, ramp, cancel = (
            np.array(numbers(found, "pilot", label, metric))
            for label in ("the gate decides", "forced to ramp", "forced to cancel")
        )
        assert np.array_equal(gate, np.where(ramps, ramp, cancel))


def test_longer_stops_lose_more_and_shorter_ones_are_survived(found):
    section = found.answers.sections["survival"]
    (row,) = TABLES["survival"](section).iter_rows(named=True)
    whole, short, long = (
        np.array(numbers(found, "survival", a.label, "work_done")) for a in section.arms
    )
    assert np.all(whole >= short - 1e-6 * whole)
    assert np.all(short >= long - 1e-6 * whole)
    assert 0 <= row["survives"] < 420
    assert (row["recovery_median"], row["recovery_p90"]) == (56, 210)


def test_a_hedge_is_held_against_its_own_case_and_a_change_against_the_sections(found):
    section = found.answers.sections["hedges"]
    table = TABLES["hedges"](section)
    assert table["hedge"].to_list() == ["early", "more"]
    without = {a.label: a.settings.get("without") for a in section.arms}
    assert without["with early"] == "without: cancelled"
    assert without["with more"] == "without: baseline"
    # A rack is 1 MUSD, and 1 MUSD is stated beside it.
    assert (table["stated"][1], table["in_runs"][1]) == pytest.approx((1e6, 1e6))
    assert {a.stopped for a in section.arms if a.settings["is_stopped"]} == {"fab-a"}


def test_a_forced_stop_is_in_every_run_of_an_addition(found):
    section = found.answers.sections["credit"]
    assert {a.stopped for a in section.arms} == {"fab-a"}
    (row,) = TABLES["credit"](section).iter_rows(named=True)
    assert row["nameplate"] > 0
    assert row["share"] is None or 0 <= row["share"] <= 100


def test_replications_go_on_until_the_mean_is_sure(tmp_path: Path):
    metric = "unserved"
    long = ask(
        {**STUDY, **dict.fromkeys(("stress", "survival", "pilot", "hedges", "credit", "rare")),
         "cases": {}, "portfolio": {"cases": ["baseline", "cancelled"]}, "replications": 60,
         "metrics": [metric]},
        tmp_path, workers=1,
    )  # fmt: skip
    section = long.answers.sections["portfolio"]
    samples = [section.sample(a, metric).sort("replication")["x"].to_numpy() for a in section.arms]

    def sure(n: int) -> bool:
        each = [mean_interval(x[:n]) for x in samples]
        return all(e.half_width <= 0.15 * abs(e.mean) for e in each)

    def until(relative: float, most: int, out: Path):
        rule = {"first": 5, "most": most, "precision": {"metric": metric, "relative": relative}}
        told = {"portfolio": {"cases": ["baseline", "cancelled"]}, "replications": rule}
        return ask(
            {**STUDY, **dict.fromkeys(("stress", "survival", "pilot", "hedges", "credit", "rare")),
             "cases": {}, **told}, out, workers=1,
        )  # fmt: skip

    stop = next(n for n in range(5, 61) if sure(n))
    assert 5 < stop < 60
    found = until(0.15, 60, tmp_path / "sure")
    counts = {a.replications for a in found.answers.sections["portfolio"].arms}
    # Each arm is looked at alone, and all stop when the slowest is sure.
    each = [
        next(n for n in range(5, 61) if mean_interval(x[:n]).half_width <= 0.15 * x[:n].mean())
        for x in samples
    ]
    assert counts == {max(each)}
    rows = pl.read_parquet(tmp_path / "sure" / "studies" / "study" / "results.parquet")
    assert rows.group_by("arm").len()["len"].to_list() == [max(each)] * 2
    # One that is never sure ends where it must.
    never = until(1e-6, 8, tmp_path / "never")
    assert {a.replications for a in never.answers.sections["portfolio"].arms} == {8}


def test_faults_of_risk_questions_are_told_with_what_is_nearest(tmp_path: Path):
    path = tmp_path / "asked.yaml"
    path.write_text(
        f"""\
title: Names that are not there
scenario: {TINY}
replications: 2
cases:
  same: {{change: {{supply: {{programme: null}}}}}}
  other: {{case: baselin, change: {{supply: {{programme: null}}}}}}
pilot: {{without: bear}}
credit: {{additions: {{own: {{given: baseline, without: cancelled, nameplate: cancelle}}}}}}
hedges:
  stop: {{nodes: [fab-a], quarter: 2025Q2, duration: 8 weeks}}
  hedges: {{both: {{given: baseline, changes: {{a: 1}}}}}}
survival: {{nodes: [fab-a], quarter: 2025Q2, durations: [8 weeks, 4 weeks]}}
""",
        encoding="utf-8",
    )
    with pytest.raises(SpecError) as caught:
        read_study(path)
    told = " | ".join(str(fault) for fault in caught.value.faults)
    for part in (
        "is a case of the scenario already: 'same'",
        "unknown case 'baselin'; did you mean 'baseline'?",
        "unknown case 'bear'",
        "unknown case 'cancelle'; did you mean 'cancelled'?",
        "says either 'given', a case, or 'changes'",
        "durations must ascend",
    ):
        assert part in told
