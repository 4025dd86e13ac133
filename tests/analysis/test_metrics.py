"""Metrics against sums done by hand on the hand-written study."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest
from scipy import stats

from analysis import Study, comparison, metrics, open_study
from analysis.measures import binding, chip_time, dependence, fleet, gate, money, waits, work
from analysis.views import work as work_views
from tests.analysis.synthetic import GAIN, NOISE, STOP_LOSS, write_study

#: Work done in the whole baseline, without noise. [rce-days]
DONE = 90 + 80 + 40 + 30


def one(frame: pl.DataFrame, **where: object) -> dict[str, object]:
    picked = frame.filter(pl.col(k) == v for k, v in where.items())
    assert len(picked) == 1, picked
    return picked.row(0, named=True)


def test_work_asked_and_done_by_quarter_and_service(study: Study) -> None:
    frame = work.by_quarter(study)
    row = one(frame, replication=1, quarter="2025Q2", service="feed")
    assert row["asked"] == pytest.approx(100.0)
    assert row["done"] == pytest.approx(80.0 + NOISE[1])
    assert frame["asked"].sum() == pytest.approx(4 * 300.0)
    assert work.done(study)["done"].to_list() == pytest.approx([DONE + e for e in NOISE])


def test_unserved_is_the_work_of_jobs_given_up_or_never_started(study: Study) -> None:
    frame = work.unserved(study)
    assert one(frame, replication=0, service="feed")["unserved"] == pytest.approx(12.0)
    assert one(frame, replication=0, service="lm")["unserved"] == pytest.approx(15.0 + 3.0)


def test_waits_count_jobs_that_never_started(study: Study) -> None:
    frame = waits.by_service(study)
    # Feed: 0, 1, 2, 3 h and 10 h until the horizon; P95 lies 0.8 of the way from 3 to 10.
    feed = one(frame, replication=0, service="feed")
    assert feed["p50"] == pytest.approx(2.0)
    assert feed["p95"] == pytest.approx(3 + 0.8 * 7)
    # 4 h; given up after a patience of 24 h; asked 6 h before the horizon.
    lm = one(frame, replication=0, service="lm")
    assert lm["p50"] == pytest.approx(6.0)
    assert lm["p95"] == pytest.approx(6 + 0.9 * 18)


def test_shares_of_chip_time(study: Study) -> None:
    # 4 rows of 25 held, 1 restarting, 20 productive chip-days, of 125 in service.
    row = chip_time.shares(study).row(0, named=True)
    assert row["allocated"] == pytest.approx(100 / 125)
    assert row["busy"] == pytest.approx(96 / 125)
    assert row["productive"] == pytest.approx(80 / 125)


def test_a_change_at_a_quarters_end_belongs_to_the_next(study: Study) -> None:
    frame = fleet.at_quarter_ends(study).filter(pl.col("replication") == 0)
    assert one(frame, quarter="2025Q1", chip="gpu-a")["chips"] == 160
    assert frame.filter(quarter="2025Q1", chip="own-b").is_empty()
    assert one(frame, quarter="2025Q2", chip="own-b")["nameplate_w"] == 6e5
    assert one(frame, quarter="2025Q2", chip="gpu-a")["racks"] == 20


def test_energised_power_adds_phases_of_past_quarters(study: Study) -> None:
    frame = fleet.energised(study)
    assert one(frame, quarter="2025Q1", site="east")["energised_w"] == 3e6
    assert one(frame, quarter="2025Q2", site="east")["energised_w"] == 4e6
    assert one(frame, quarter="2025Q1", site="west")["energised_w"] == 0.0


def test_money_and_energy(study: Study) -> None:
    assert money.capital(study)["usd"].to_list() == [4.3e7] * 4
    assert one(money.accrued(study), replication=0, category="facility")["usd"] == 700.0
    assert money.energy(study)["facility_twh"].to_list() == pytest.approx([2.5] * 4)


def test_concentration_on_stock_and_on_flow(study: Study) -> None:
    frame = dependence.concentration(study)
    first = {"replication": 0}
    # Stock: 20 GPU racks of 3 M, 30 own racks of 1 M -> 60 and 30.
    stock = one(frame, **first, tier="vendor", basis="stock")["hhi"]
    assert stock == pytest.approx(100**2 * ((2 / 3) ** 2 + (1 / 3) ** 2))
    # The own chip is made half and half: foundry one has 75 of 90.
    stock = one(frame, **first, tier="foundry", basis="stock")["hhi"]
    assert stock == pytest.approx(100**2 * ((75 / 90) ** 2 + (15 / 90) ** 2))
    # Flow: 10 GPU racks and 30 own ones landed -> 30 and 30; the first ten are stock.
    assert one(frame, **first, tier="vendor", basis="flow")["hhi"] == pytest.approx(5000.0)
    flow = one(frame, **first, tier="foundry", basis="flow")["hhi"]
    assert flow == pytest.approx(100**2 * (0.75**2 + 0.25**2))


def test_stops_pair_with_the_cases_own_run(study: Study) -> None:
    frame = dependence.stops(study)
    for node, loss in STOP_LOSS.items():
        rows = frame.filter(node=node)
        assert (rows["run"] - rows["stopped"]).to_list() == pytest.approx([loss] * 4)


def test_waiting_racks_are_means_over_the_quarter(study: Study) -> None:
    frame = binding.waiting_racks(study).filter(pl.col("replication") == 3)
    found = {(r["quarter"], r["cause"]): r["racks"] for r in frame.iter_rows(named=True)}
    assert found == pytest.approx(
        {("2025Q1", "money"): 5.0, ("2025Q1", "supply"): 2.0, ("2025Q2", "power"): 7.0}
    )


def test_gate_decisions(study: Study) -> None:
    frame = gate.decisions(study)
    assert frame["decision"].to_list() == ["ramp", "ramp", "cancel", "ramp"]
    assert frame["performance"].to_list() == [1.1, 1.1, 0.8, 1.1]
    assert frame["min_performance"].unique().to_list() == [0.9]


def test_network_share_weighs_the_families_profiles(study: Study) -> None:
    # Feed (0.4) did 170 + noise, language models (0.2) 70.
    shares = work.network_share(study)["network"].to_list()
    assert shares == pytest.approx([(0.4 * (170 + e) + 0.2 * 70) / (240 + e) for e in NOISE])


def test_summary_has_means_with_t_intervals(study: Study) -> None:
    row = one(comparison.summary(study), case="baseline", metric="work_done")
    half = stats.t.ppf(0.975, 3) * stats.tstd(NOISE) / 2
    assert row["mean"] == pytest.approx(DONE)
    assert (row["low"], row["high"]) == pytest.approx((DONE - half, DONE + half))
    assert row["difference"] is None
    assert row["verdict"] == "baseline"


def test_differences_are_paired(study: Study) -> None:
    frame = comparison.summary(study)
    row = one(frame, case="more_chips", metric="work_done")
    half = stats.t.ppf(0.975, 3) * math.sqrt(4 / 3) / 2
    assert row["difference"] == pytest.approx(10.0)
    assert row["difference_high"] - row["difference"] == pytest.approx(half)
    assert row["verdict"] == "higher"
    # Unpaired, the noise they share would have widened it.
    own = one(frame, case="baseline", metric="work_done")
    assert own["high"] - own["low"] > 1.5 * half


def test_an_identical_case_differs_by_exactly_zero(study: Study) -> None:
    rows = comparison.summary(study).filter(case="same_again")
    assert rows["difference"].to_list() == [0.0] * len(metrics.METRICS)
    assert rows["difference_low"].to_list() == rows["difference_high"].to_list()
    assert set(rows["verdict"]) == {"exactly zero in every replication"}


def test_an_interval_too_wide_says_so(study: Study) -> None:
    row = one(comparison.summary(study), case="noisy_case", metric="work_done")
    assert sum(GAIN["noisy_case"]) == 0
    assert row["verdict"] == "not distinguishable from zero with 4 replications"


def test_one_replication_has_no_interval_and_claims_nothing(lone_study: Study) -> None:
    row = one(comparison.summary(lone_study), case="more_chips", metric="work_done")
    assert math.isinf(row["difference_low"])  # type: ignore[arg-type]
    assert row["verdict"] == "not distinguishable from zero with 1 replication"


def test_unit_cost_is_accrued_over_work_done(study: Study) -> None:
    table = metrics.numbers(study)
    assert table["unit_cost"].to_list() == pytest.approx([2500 / (DONE + e) for e in NOISE])
    assert table["unserved_share"].to_list() == pytest.approx([10.0] * 4)


def test_what_is_owed_stands_beside_the_cash_and_work_is_held_against_both(study: Study) -> None:
    """Paid: 30 for racks, 10 for development, 3 for cancelling; 1 + 6 MUSD are owed, 9 not firm."""
    names = ("capital", "owed", "pending", "cancelling", "work_per_kusd")
    table = metrics.numbers(study, wanted=names)
    for name, usd in zip(names[:-1], (43e6, 7e6, 9e6, 100.0), strict=True):
        assert table[name].to_list() == pytest.approx([usd] * 4)
    rates = [(DONE + e) / 50_000 for e in NOISE]
    assert table["work_per_kusd"].to_list() == pytest.approx(rates)


def test_a_run_without_debts_owes_nothing(tmp_path: Path) -> None:
    out = write_study(tmp_path, replications=1)
    path = out / "h-baseline" / "rep-00000" / "cost.parquet"
    rows = pl.read_parquet(path)
    rows.filter(~pl.col("basis").is_in(["owed", "pending"])).write_parquet(path)
    table = metrics.numbers(open_study(out), wanted=["owed", "pending"])
    assert table.rows() == [(0, 0.0, 0.0)]


def test_work_is_told_by_service_and_quarter(study: Study) -> None:
    """Feed asks 100 a quarter and gets 90, then 80 with the noise; 12 asked in the second are lost.

    Language models ask 50 a quarter and get 40, then 30; 15 and 3 are lost.
    """
    told = {
        "work_asked.feed": [200.0] * 4,
        "work_done.feed": [170.0 + e for e in NOISE],
        "work_done.lm": [70.0] * 4,
        "work_done.2025Q2": [110.0 + e for e in NOISE],
        "work_done.lm.2025Q1": [40.0] * 4,
        "unserved.lm": [18.0] * 4,
        "unserved.2025Q1": [15.0] * 4,
        "unserved_share.feed": [6.0] * 4,
        "unserved_share.feed.2025Q1": [0.0] * 4,
        "unserved_share.lm.2025Q1": [30.0] * 4,
        "work_done.nobody": [0.0] * 4,
        "unserved_share.nobody": [None] * 4,
    }
    table = metrics.numbers(study, wanted=[*told, "work_done"])
    assert table.columns == ["replication", "work_done", *told]
    for name, numbers in told.items():
        if numbers[0] is None:
            assert table[name].to_list() == numbers
        else:
            assert table[name].to_list() == pytest.approx(numbers)


def test_parts_sum_to_the_whole(study: Study) -> None:
    for whole in ("work_asked", "work_done", "unserved"):
        names = [f"{whole}.{s}.{q}" for s in ("feed", "lm") for q in ("2025Q1", "2025Q2")]
        table = metrics.numbers(study, wanted=[whole, *names])
        assert table.select(pl.sum_horizontal(names)).to_series().to_list() == pytest.approx(
            table[whole].to_list()
        )


def test_a_services_work_is_compared_in_pairs(study: Study) -> None:
    """A case adds 9, 11, 9, 11 rce-days of feed in the second quarter, and none of the others."""
    found = comparison.summary(study, ["work_done.feed", "work_done.lm"])
    row = one(found, case="more_chips", metric="work_done.feed")
    assert row["label"] == "Training work done: Feed ranking"
    assert row["difference"] == pytest.approx(10.0)
    half = stats.t.ppf(0.975, 3) * math.sqrt(4 / 3) / 2
    assert row["difference_low"] == pytest.approx(10.0 - half)
    other = one(found, case="more_chips", metric="work_done.lm")
    assert (other["difference_low"], other["difference_high"]) == (0.0, 0.0)


def test_a_services_quarters_are_drawn_as_they_were(study: Study) -> None:
    table = work_views.services_by_quarter(study)
    row = one(table, service="lm", quarter="2025Q2")
    assert (row["asked_p50"], row["done_p90"]) == pytest.approx((50 / 91, 30 / 91))
    row = one(table, service="feed", quarter="2025Q2")
    assert row["done_p50"] == pytest.approx((80 + 0.5) / 91)


def test_an_unfinished_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"study\.json is missing"):
        open_study(tmp_path)
    out = write_study(tmp_path, replications=1)
    (out / "h-more_chips" / "rep-00000" / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="1 of 6 replications are not finished"):
        open_study(out)
    (out / "study.json").write_text(json.dumps({"title": "x"}), encoding="utf-8")
    with pytest.raises(ValueError, match="not the description of a study"):
        open_study(out)


def test_what_is_asked_is_done_unserved_or_under_way(study: Study) -> None:
    found = metrics.numbers(study)
    # 300 asked, 240 done with the noise, 30 unserved.
    assert found["under_way"].to_list() == pytest.approx([30.0 - noise for noise in NOISE])
