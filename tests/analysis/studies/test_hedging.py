"""Survival, pilots, hedges, credit and tilted rates: worked examples as finished sections."""

from dataclasses import replace
from itertools import product
from math import exp
from pathlib import Path

import numpy as np
import pytest

from analysis.stratified import best_tilt, stratified_mean
from analysis.studies import credit, hedges, pilot
from analysis.studies.page import write_study_page
from analysis.studies.survival import _outlasts
from simulator.laws.rare import strata_weights
from tests.analysis.studies.by_hand import study
from tests.analysis.studies.test_dependence import arm, section
from tests.analysis.studies.test_tables import answer


def test_the_published_network_survives_nine_tenths_of_a_period(tmp_path: Path):
    # Simchi-Levi's example, the largest supplier down: 75 made and 125 wanted a period, 45 in
    # stock. A period is ten days, the horizon a hundred.
    days, asked = [9.0, 20.0, 40.0], 1250.0
    arms = [{"label": "whole", "case": "a"}]
    for node, rate in (("s3", 5.0), ("idle", 0.0)):
        arms += [
            {
                "label": f"{node} {d:g}",
                "case": "a",
                "stopped": node,
                "settings": {
                    **{"days": d, "recovery_median": 10.0, "recovery_p90": 20.0, "per_year": 0.1},
                    "rate": rate,
                },
            }
            for d in days
        ]

    def outcome(arm):
        lost = max(0.0, arm.get("rate", 0.0) * (arm.get("days", 0.0) - 9.0))
        return [(1.0, asked, asked - lost)] * 3

    found = study(
        tmp_path, "survival", arms, outcome, says={"threshold": 0.0},
        metrics=("unserved_share", "work_asked", "work_done"),
    )  # fmt: skip
    _, table, text = answer(found, tmp_path)
    s3, idle = table.iter_rows(named=True)
    assert s3["survives"] == pytest.approx(9.0)
    assert (s3["at_least"], s3["exposed"]) == (False, True)
    assert s3["loss"] == pytest.approx(100 * 55 / 1250)
    assert (s3["exposure"], idle["exposure"]) == (1.0, 0.0)
    assert (idle["survives"], idle["at_least"], idle["exposed"]) == (40.0, True, False)
    assert text.startswith("1 of 2 are exposed, most s3 (9 days survived")


def test_a_stop_outlasts_some_days_as_its_lognormal_length_says():
    # Median 30, ninth decile 52: 40 or less in .7487 of cases.
    assert _outlasts(30, 52, 40) == pytest.approx(1 - 0.7487, abs=5e-5)
    assert (_outlasts(30, 52, 30), _outlasts(30, 52, 0)) == (0.5, 1.0)
    assert _outlasts(30, 52, 52) == pytest.approx(0.1)


def test_the_worked_pilot_with_an_imperfect_test(tmp_path: Path):
    # Good with .4 and worth 5 net, bad worth -2; the pilot passes .9 of the good, .2 of the bad.
    good = np.arange(100) < 40
    passes = np.where(good, np.arange(100) < 36, np.arange(100) >= 88)
    ramp, cancel = np.where(good, 5.0, -2.0), np.zeros(100)
    work = {
        "gate": np.where(passes, ramp, cancel),
        "ramp": ramp,
        "cancel": cancel,
        "none": np.full(100, 0.5),
    }

    def outcome(arm):
        ramped = 100.0 * (passes if arm["branch"] == "gate" else arm["branch"] == "ramp")
        # Ten paid in every run, so that only the work differs.
        cells = (work[arm["branch"]], np.full(100, 10.0), np.full(100, 3.0), ramped + np.zeros(100))
        return list(zip(*cells, strict=True))

    arms = [
        {"label": name, "settings": {"branch": name, **({"pilot_usd": 0.25} if k == 0 else {})}}
        for k, name in enumerate(work)
    ]
    metrics = ("work_done", "capital", "unit_cost", "ramped")
    found = study(tmp_path, "pilot", arms, outcome, says={"worth": 1.0}, metrics=metrics)
    section, table, text = answer(found, tmp_path)
    value = dict(table.select("id", "value").iter_rows())
    # The worked tree: commit now .8, information worth .76 imperfect and 1.2 perfect.
    assert value["branch"] == pytest.approx(0.8)
    assert value["option"] == pytest.approx(0.76)
    assert value["foresight"] == pytest.approx(1.2)
    assert (value["ramps"], value["false_ramp"], value["false_cancel"]) == (48.0, 12.0, 4.0)
    assert value["net"] == pytest.approx(1.56 - 0.5)
    assert value["most"] == pytest.approx(1.56 - 0.5 + 0.25)
    assert "is worth 0.76" in text
    # Without a stated worth, a unit is worth what it costs where there is no pilot.
    section.says["worth"] = None
    assert dict(pilot.table(section).select("id", "value").iter_rows())["worth"] == 3.0


def hedged(folder: Path, runs, stated, nodes=("nv",)):
    """Return a study of hedges, each with (work calm, work stopped, cash, owed) a replication."""

    def outcome(arm):
        calm, stopped, cash, owed = runs[arm["hedge"]]
        done = stopped if arm["is_stopped"] else calm
        n = max(np.size(x) for x in (calm, stopped, cash, owed))
        return np.column_stack([np.broadcast_to(x, n) for x in (done, cash, owed)])

    arms = []
    for hedge in runs:
        label = f"with {hedge}" if hedge else "without: a"
        for is_stopped in (0.0, 1.0):
            settings = {"hedge": hedge, "without": "without: a", "is_stopped": is_stopped}
            tail = ", stopped" if is_stopped else ""
            arms.append({"label": f"{label}{tail}", "settings": settings})
    says = {
        "hedges": {name: {"costs": usd} for name, usd in stated.items()},
        "stop": {"nodes": list(nodes)},
    }
    names = ("work_done", "capital", "owed")
    return study(folder, "hedges", arms, outcome, says=says, metrics=names)


#: 60 of 100 out for four quarters; a port that is there at once serves 40 a quarter.
ALONE = (np.full(3, 400.0), 80.0, 7.0, 1.0)


def test_the_worked_port_saves_two_quarters_of_a_family(tmp_path: Path):
    # A port that takes two quarters serves 40 a quarter in the other two.
    runs = {"": ALONE, "port": (400.0, np.full(3, 160.0), 7.0, 1.0)}
    _, table, text = answer(hedged(tmp_path, runs, {"port": 20.0}), tmp_path)
    (row,) = table.iter_rows(named=True)
    assert (row["calm"], row["stopped"], row["stated"], row["in_runs"]) == (0.0, 80.0, 20.0, 0.0)
    assert row["stopped_per_kusd"] == pytest.approx(4000.0)
    assert text.startswith("While nv stops, port saves work: 4,000")


#: Work saved by each hedge while nv stops. [rce-days]
SAVED = {"stock": np.array([50.0, 70.0, 60.0]), "line": np.array([20.0, 30.0, 22.0])}


def test_the_interval_by_the_dollar_is_that_of_the_work_divided_by_a_certain_cost(tmp_path: Path):
    """A stock of 30 kUSD saves 60 +- 24.8; by a thousand dollars 2 +- 0.83, and cannot be 0."""
    runs = {"": ALONE, "stock": (400.0, 80.0 + SAVED["stock"], 7.0, 1.0)}
    _, table, _ = answer(hedged(tmp_path, runs, {"stock": 30e3}), tmp_path)
    (row,) = table.iter_rows(named=True)
    for end in ("", "_low", "_high"):
        assert row[f"stopped_per_kusd{end}"] == pytest.approx(row[f"stopped{end}"] / 30.0)
    assert row["stopped"] - row["stopped_low"] == pytest.approx(24.84, abs=0.01)


def test_no_hedge_saves_most_by_the_dollar_while_one_of_them_has_no_price(tmp_path: Path):
    runs = {"": ALONE} | {
        name: (400.0, 80.0 + saved, 7.0 + 9.0 * (name == "stock"), 1.0)
        for name, saved in SAVED.items()
    }
    found = hedged(tmp_path, runs, {"stock": 0.0, "line": 0.0})
    section, table, text = answer(found, tmp_path)
    assert "by the dollar, for no cost is stated: line" in text
    assert "stock saves most work: 60 [35, 85] rce-days, exactly 0 if nothing stops" in text
    assert "saves most by the dollar" not in text
    assert table["stopped_per_kusd"].to_list()[1] is None
    (warning,) = hedges.warnings(section)
    assert "hedges.hedges.line.costs" in warning
    page = write_study_page(found).read_text(encoding="utf-8")
    assert page.index(warning) < page.index("<figure")
    priced = hedged(tmp_path / "p", runs, {"stock": 0.0, "line": 1e3})
    section, _, text = answer(priced, tmp_path / "p")
    assert hedges.warnings(section) == []
    assert "stock saves most by the dollar" in text


def test_what_is_paid_later_is_no_gain_of_a_hedge(tmp_path: Path):
    """Of 7 USD paid 4 are owed instead; another hedge's racks of 5 USD are owed whole."""
    runs = {
        "": ALONE,
        "late": (400.0, 80.0 + SAVED["line"], 3.0, 5.0),
        "more": (400.0, 80.0 + SAVED["stock"], 7.0, 6.0),
    }
    _, table, _ = answer(hedged(tmp_path, runs, {"late": 1.0, "more": 0.0}), tmp_path)
    assert table["in_runs"].to_list() == [0.0, 5.0]


def test_hedges_that_are_not_told_apart_are_not_ranked(tmp_path: Path):
    other = SAVED["stock"] + np.array([12.0, -9.0, 3.0])
    saved = {"stock": SAVED["stock"], "other": other, "line": SAVED["line"]}
    runs = {"": ALONE} | {name: (400.0, 80.0 + x, 7.0, 1.0) for name, x in saved.items()}
    found = hedged(tmp_path, runs, dict.fromkeys(saved, 30e3))
    _, _, text = answer(found, tmp_path)
    assert "none can be said to save most by the dollar: other and stock are not told" in text
    few = {"": ALONE, "port": (400.0, 80.0 + np.array([9.0, -1.0, 4.0]), 7.0, 1.0)}
    _, _, text = answer(hedged(tmp_path / "f", few, {"port": 5.0}), tmp_path / "f")
    # A mean of 4 and a deviation of 5.
    assert text == (
        "While nv stops, no hedge is shown to save work: 3 replications are too few to tell; "
        "about 9 may do, if differences are as they seem"
    )


def test_a_title_calls_nodes_by_their_labels(tmp_path: Path):
    runs = {"": ALONE, "port": (400.0, np.full(3, 160.0), 7.0, 1.0)}
    found = hedged(tmp_path, runs, {"port": 20.0}, nodes=("nv", "fab"))
    (section,) = found.sections.values()
    named = replace(section, nodes={"nv": "Vendor N", "fab": "Fab One"})
    text = hedges.finding(named, hedges.table(named))
    assert text.startswith("While Vendor N and Fab One stop, ")


def fleet_credit(shared: float, n: int):
    """Ten at .8 added to two of 100 at .9 with demand 90, all on one node that is down *shared*.

    Replications are the states, each as often as its chance.
    """
    states = []
    for t, a, b, add in product((0, 1), repeat=4):
        chance = (shared, 1 - shared)[t] * (0.1, 0.9)[a] * (0.1, 0.9)[b] * (0.2, 0.8)[add]
        states += [(100.0 * t * (a + b), 10.0 * t * add)] * round(chance * n)
    assert len(states) == n
    base, more = np.array(states).T
    growth = [0.0, 5.0, 10.0]
    arms = [arm("without", addition="x")]
    arms += [arm(f"with {g}", addition="x", growth=g / 90) for g in growth]
    unserved = [np.maximum(90 - base, 0), *(np.maximum(90 + g - base - more, 0) for g in growth)]
    rows = {
        one.label: {
            "unserved": list(u),
            "capacity": [100.0 if k == 0 else 110.0] * n,
            "work_asked": [90.0] * n,
        }
        for k, (one, u) in enumerate(zip(arms, unserved, strict=True))
    }
    return credit.table(section("credit", {"additions": {"x": {}}}, arms, rows)).row(0, named=True)


@pytest.mark.parametrize(
    ("shared", "n", "worth"), [(0.0, 500, 8.0), (0.01, 50_000, 3.9799), (0.05, 10_000, 1.2773)]
)
def test_the_worked_credit_with_a_shared_node(shared, n, worth):
    assert fleet_credit(shared, n)["share"] / 10 == pytest.approx(worth, abs=5e-5)


def test_before_the_gate_a_chip_is_held_against_all_that_a_ramp_would_bring():
    # It comes in one of two replications: firm there (0, 4, 14 unserved), nothing in the other.
    growth = [0.0, 0.1, 0.2]
    arms = [arm("without", addition="x")]
    arms += [arm(f"with {g}", addition="x", growth=g) for g in growth]
    arms += [arm("none", addition="x", nameplate="none"), arm("all", addition="x", nameplate="all")]
    unserved = [[4.0, 4.0], [0.0, 4.0], [4.0, 14.0], [14.0, 24.0], [4.0, 4.0], [0.0, 0.0]]
    rows = {
        one.label: {
            "unserved": u,
            "capacity": [110.0, 110.0] if one.label == "all" else [100.0, 100.0],
            "work_asked": [100.0, 100.0],
        }
        for one, u in zip(arms, unserved, strict=True)
    }
    found = credit.table(section("credit", {"additions": {"x": {}}}, arms, rows))
    # Mean unserved 2 at no growth, 9 at 10: 4 of it at 2/7 of the way.
    assert found["share"][0] == pytest.approx(100 * 2 / 7)
    assert found["nameplate"][0] == pytest.approx(10.0)


def test_a_raised_rate_is_worth_what_its_closed_form_says():
    # The chance that any of Poisson(.1) shocks comes, drawn with Poisson(m): the second moment
    # is e^(m - .2) (e^(.01 / m) - 1).
    mean, strata = 0.1, 7
    chance = 1 - exp(-mean)
    rates = np.geomspace(1e-2, 5, 4000)
    variance = np.exp(rates - 2 * mean) * np.expm1(mean**2 / rates) - chance**2
    samples = [np.zeros(4), *(np.ones(4) for _ in range(strata - 1))]
    weights = strata_weights(mean, strata - 1)
    exact = chance * (1 - chance) / variance.min()
    assert best_tilt(samples, weights, mean) == pytest.approx(exact, rel=2e-3)
    # Strata leave nothing to chance there.
    assert stratified_mean(samples, weights).gain == np.inf
