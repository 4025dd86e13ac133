"""Figures of few runs show runs, not intervals; findings rank by what they claim to rank by."""

import math
from pathlib import Path

import polars as pl
import pytest

from analysis import Study, figures
from analysis.estimates import over_replications
from analysis.figures import style
from analysis.figures.fleet import _stranded_finding
from analysis.figures.work import _service_finding
from analysis.measures import work
from analysis.views import cases as case_views
from analysis.views import risk as risk_views
from analysis.views import work as work_views


def table(*values):
    """One replication a value, of one key."""
    rows = [(k, "a", value) for k, value in enumerate(values)]
    return pl.DataFrame(rows, schema=["replication", "key", "x"], orient="row")


@pytest.mark.parametrize("values", [(1.0, 5.0), (4.0, 1.0, 2.0, 5.0)])
def test_of_two_to_four_runs_the_lowest_and_the_highest_stand_beside_the_mean(values):
    row = over_replications(table(*values), ["key"], ["x"]).row(0, named=True)
    assert (row["x_least"], row["x_most"]) == (1.0, 5.0)
    assert style.ends(row, "x") == (1.0, 5.0)
    assert style.reaches([row], "x") == [
        [pytest.approx(row["x"] - 1)],
        [pytest.approx(5 - row["x"])],
    ]
    assert style.whiskers([row], "x") == "lowest and highest run"


def test_five_runs_have_an_interval_and_one_has_nothing():
    row = over_replications(table(1.0, 2.0, 3.0, 4.0, 5.0), ["key"], ["x"]).row(0, named=True)
    assert "x_least" not in row
    # 3 -+ t(0.975, 4) sqrt(2.5 / 5).
    assert style.ends(row, "x") == pytest.approx(
        (3 - 2.7764451 * 0.5**0.5, 3 + 2.7764451 * 0.5**0.5)
    )
    assert style.whiskers([row], "x") == "95 % interval"
    alone = over_replications(table(2.0), ["key"], ["x"]).row(0, named=True)
    assert "x_least" not in alone
    assert all(math.isnan(length) for (length,) in style.reaches([alone], "x"))


def test_a_run_without_a_number_is_passed_over():
    row = over_replications(table(None, 3.0, 4.0), ["key"], ["x"]).row(0, named=True)
    assert (row["x_least"], row["x_most"]) == (3.0, 4.0)
    none = over_replications(table(None, None), ["key"], ["x"]).row(0, named=True)
    assert (none["x"], none["x_least"], none["x_most"]) == (None, None, None)


def service(name, unserved, share):
    row = {"service": name, "label": name.title(), "unserved": unserved, "unserved_share": share}
    # Short in every quarter, whatever it leaves unserved.
    return [row | {"quarter": q, "done_p90": 1.0, "asked_p10": 2.0} for q in ("2025Q1", "2025Q2")]


def test_the_service_is_named_that_leaves_most_work_and_the_one_with_the_largest_share():
    data = pl.DataFrame(service("feed", 10.0, 10.0) + service("ads", 60.0, 29.0))
    assert "unserved in Ads: 60 rce-days" in _service_finding(data)
    assert _service_finding(data).endswith("the largest share too")
    data = pl.DataFrame(service("feed", 10.0, 51.0) + service("ads", 60.0, 29.0))
    assert _service_finding(data).endswith("the largest share in Feed, 51 %")
    data = pl.DataFrame(service("feed", 0.0, 0.0))
    assert _service_finding(data) == "No service leaves work unserved within the run"


def test_of_few_runs_differences_span_what_the_pairs_differ_by(study: Study) -> None:
    """The fixture has four replications of each case."""
    done = {
        case: work.done(study, case).sort("replication")["done"].to_numpy() for case in study.cases
    }
    rows = case_views.work_differences(study).to_dicts()
    assert rows
    for row in rows:
        apart = done[row["case"]] - done["baseline"]
        told = (row["difference_least"], row["difference_most"])
        assert told == pytest.approx((apart.min(), apart.max()))
        assert row["difference_least"] <= row["difference"] <= row["difference_most"]
    for row in risk_views.work_lost_by_stop(study).to_dicts():
        assert row["lost_share_least"] <= row["lost_share"] <= row["lost_share_most"]


def test_unserved_work_of_a_service_is_what_the_table_by_service_has(study: Study) -> None:
    by_quarter = work_views.services_by_quarter(study).unique("service", keep="first")
    whole = work_views.work_by_service(study)
    told = dict(whole.select("service", "unserved").iter_rows())
    asked = dict(whole.select("service", "asked").iter_rows())
    assert by_quarter.height > 0
    for row in by_quarter.iter_rows(named=True):
        assert row["unserved"] == pytest.approx(told[row["service"]])
        if asked[row["service"]] > 0:
            share = 100 * told[row["service"]] / asked[row["service"]]
            assert row["unserved_share"] == pytest.approx(share)


def test_families_that_lack_the_same_chips_are_named_together():
    rows = [("2025Q1", "A", 0, 5.0), ("2025Q2", "A", 0, 9.0), ("2025Q2", "B", 1, 9.0)]
    schema = ["quarter", "label", "rank", "share"]
    data = pl.DataFrame(rows, schema=schema, orient="row")
    told = _stranded_finding(data)
    assert "9 % of chip time in service in 2025Q2 there is no software for A and B" in told
    assert told.endswith("every chip runs some family")
    idle = pl.DataFrame([("2025Q1", None, None, 0.5)], schema=data.schema, orient="row")
    assert _stranded_finding(data.vstack(idle)).endswith("up to 0.5 % runs no family at all")


def test_the_case_stands_in_each_footer(study: Study) -> None:
    assert " case baseline " in figures.provenance(study, "chips")
    labels = ", ".join(thing.label for thing in study.things("cases").values())
    assert f" cases {labels} " in figures.provenance(study, "chips", of_cases=True)
    views = {plate.name: plate.of_cases for plate in figures.PLATES}
    assert [name for name, several in views.items() if several] == [
        "work_difference",
        "chip_time",
        "unit_cost",
        "stop_loss",
        "concentration",
    ]


def test_chips_of_a_case_have_colours_of_their_own_whatever_the_catalogue_holds() -> None:
    """Of nine chips in a catalogue the first and the last are bought: no colour is shared."""
    chips = {f"c{k}": {"label": f"C{k}"} for k in range(9)}
    supply = {
        "in_service": [{"chip": "c8"}],
        "plan": [{"chip": "c0"}],
        "programme": {"chip": "c5", "fallback": "c0"},
    }
    made = Study(Path(), "", 0, 4, {"baseline": "x"}, {}, "")
    made.__dict__["scenarios"] = {"baseline": {"catalog": {"chips": chips}, "supply": supply}}
    ranks = {key: thing.rank for key, thing in made.things("chips").items()}
    assert [key for key, rank in sorted(ranks.items(), key=lambda kv: kv[1])][:3] == [
        *("c0", "c5", "c8")
    ]
    assert len(ranks) == 9
    assert len({style.colour(ranks[key]) for key in ("c0", "c5", "c8")}) == 3
