"""Each kind of question read back: tables and findings of outcomes that are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.figures import studies, style
from analysis.figures.study_plates import draw_answer
from analysis.studies import FINDINGS, TABLES, Answers
from analysis.studies.break_even import crossing
from analysis.studies.nested import parts
from analysis.studies.notes import notes
from analysis.studies.shown import shown
from analysis.uncertainty import mean_interval
from simulator.laws.design import morris_design, sobol_design
from tests.analysis.studies.by_hand import LUCK, study

INPUTS = {"growth": "", "lead": "weeks"}


def answer(found: Answers, folder: Path):
    """Return table and finding of the only section; draw its figure on the way."""
    ((kind, section),) = found.sections.items()
    table = TABLES[kind](section)
    text = FINDINGS[kind](section, table)
    drawn = draw_answer(found, kind, table, folder)
    assert drawn.title == " ".join(text.split())
    assert drawn.png.stat().st_size > 0
    heads, rows = shown(section, table)
    assert all(len(row) == len(heads) for row in rows)
    return section, table, text


def test_portfolio_pairs_each_case_with_the_first(tmp_path: Path):
    shift = {"base": 0.0, "better": -3.0, "same": 0.0, "noisy": 0.0}
    wild = np.array([3.0, -3.0, 1.0, -2.0, 1.0])

    def outcome(arm):
        extra = wild if arm["label"] == "noisy" else 0.0
        return 10 + 5 * LUCK + shift[arm["label"]] + extra

    found = study(tmp_path, "portfolio", [{"label": name} for name in shift], outcome)
    section, table, text = answer(found, tmp_path)
    rows = {row["arm"]: row for row in table.iter_rows(named=True)}
    assert rows["base"]["difference"] is None
    assert rows["better"]["difference"] == pytest.approx(-3.0)
    assert rows["better"]["difference_high"] == pytest.approx(-3.0)
    assert [rows[name]["verdict"] for name in ("better", "same")] == [
        "lower", "exactly zero in every replication"
    ]  # fmt: skip
    assert rows["noisy"]["verdict"].startswith("not distinguishable")
    assert "better differs most from base, −3 %; 1 of 3 not distinguishable from base" in text
    # 3 apart from the first, but 3 +- 3.04 from the last.
    assert text.endswith("none can be called best: better is not told from noisy")
    _, cells = shown(section, table)
    by_run = {row[0]: row[1] for row in cells}
    # Of 3, -3, 1, -2 and 1: a mean of 0 and t(4) 2.449 / sqrt(5).
    assert by_run["noisy"].endswith("; 0.0 [−3.0, 3.0] n.d.")
    assert by_run["same"].endswith("; exactly 0")
    assert notes(section, cells) == ["n.d.: not distinguishable from zero."]
    assert notes(section, cells[:3]) == []


def test_the_best_is_named_where_it_is_told_from_every_other(tmp_path: Path):
    level = {"base": 0.0, "better": -3.0, "worse": 4.0}
    arms = [{"label": name} for name in level]
    found = study(tmp_path, "portfolio", arms, lambda arm: 10 + LUCK + level[arm["label"]])
    _, _, text = answer(found, tmp_path)
    assert text == (
        "Unserved work, of asked: worse differs most from base, +4 %; better is best, −3 % on base"
    )


def test_none_is_called_best_that_is_not_told_from_all_others(tmp_path: Path):
    """Two arms are 3 below the first in the mean, and apart by -1, 1, 0, 0.5 and -0.5."""
    apart = np.array([-1.0, 1.0, 0.0, 0.5, -0.5])
    outcome = {"base": 0.0, "one": -3.0, "two": -3.0 + apart}
    arms = [{"label": name} for name in outcome]
    found = study(tmp_path, "portfolio", arms, lambda arm: 10 + LUCK + outcome[arm["label"]])
    _, _, text = answer(found, tmp_path)
    assert "differs most from base, −3" in text
    assert "none can be called best: one is not told from two" in text


@pytest.mark.parametrize(("kind", "stopped"), [("portfolio", None), ("stress", "fab")])
def test_with_few_replications_no_difference_is_no_finding(tmp_path: Path, kind: str, stopped):
    """Apart by 1, -1, 3 and 1: a mean of 1 and a deviation of 1.63; told from 13 on."""
    apart = np.array([1.0, -1.0, 3.0, 1.0])
    arms = [{"label": "base"}, {"label": "other", "stopped": stopped, "settings": {"days": 7.0}}]
    found = study(
        tmp_path, kind, arms, lambda arm: 10 + LUCK[:4] + apart * (arm["label"] == "other")
    )
    section, table, text = answer(found, tmp_path)
    assert text.endswith("4 replications are too few to tell; about 13 may do, if differences are "
                         "as they seem")  # fmt: skip
    _, cells = shown(section, table)
    assert any("+1.0 [−1.6, 3.6] n.d." in cell for row in cells for cell in row)


def test_a_portfolio_in_which_nothing_differs_says_so(tmp_path: Path):
    arms = [{"label": name} for name in ("base", "one", "two")]
    found = study(tmp_path, "portfolio", arms, lambda arm: 10 + 5 * LUCK)
    _, _, text = answer(found, tmp_path)
    assert text.endswith(": the 2 others exactly as base, in every replication")


def test_stress_holds_each_stop_against_its_own_case(tmp_path: Path):
    arms = [{"label": case, "case": case} for case in ("a", "b")]
    arms += [
        {"label": f"{case} {node} {d}", "case": case, "stopped": node, "settings": {"days": d}}
        for case in ("a", "b")
        for node in ("fab", "line")
        for d in (30.0, 90.0)
    ]
    loss = {("a", "fab"): 0.1, ("a", "line"): 0.02, ("b", "fab"): 0.05, ("b", "line"): 0.0}

    def outcome(arm):
        hurt = loss.get((arm["case"], arm.get("stopped")), 0.0) * arm.get("days", 0.0)
        return 50 * (arm["case"] == "b") + 10 + LUCK + hurt

    _, table, text = answer(study(tmp_path, "stress", arms, outcome), tmp_path)
    for row in table.iter_rows(named=True):
        exact = loss[row["case"], row["node"]] * row["days"]
        assert row["difference"] == pytest.approx(exact, abs=1e-9)
    assert "a stop of fab for 90 days in a moves it most, +9" in text


def test_stops_of_one_length_are_rows_with_intervals(tmp_path: Path):
    """A stop of 26 weeks adds 3 with the noise below, of another node 0.5, of a third nothing."""
    noise = np.array([0.5, -0.5, 0.25, -0.25, 0.0])
    adds = {"fab": 3 + noise, "line": 0.5 + 2 * noise, "film": 0 * noise}
    arms = [{"label": "whole"}]
    arms += [
        {"label": n, "stopped": n, "settings": {"days": 182.0}} for n in ("line", "fab", "film")
    ]
    found = study(
        tmp_path, "stress", arms, lambda arm: 10 + LUCK + adds.get(arm.get("stopped"), 0 * noise)
    )
    section, table, text = answer(found, tmp_path)
    assert "a stop of fab for 26 weeks" in text
    _, ax = style.canvas()
    studies.stress(table, ax, studies.Labels("what was found", "Unserved work", "%"))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["fab", "line", "film"]
    assert not ax.images
    drawn = [bar.lines[0].get_xdata()[0] for bar in ax.containers]
    assert drawn == pytest.approx([3.0, 0.5, 0.0])
    ends = [bar.lines[1][0].get_xdata()[0] for bar in ax.containers]
    assert ends[0] == pytest.approx(mean_interval(3 + noise).low)
    heads, rows = shown(section, table)
    assert rows[0][heads.index("Stopped for")] == "26 weeks"


def test_nodes_are_told_by_their_labels_where_these_differ(tmp_path: Path):
    section = study(tmp_path, "stress", [{"label": "whole"}], lambda arm: LUCK).sections["stress"]
    known = replace(section, nodes={"a": "Fab A", "b": "Fab", "c": "Fab"})
    assert [known.named(node) for node in ("a", "b", "c", "d")] == ["Fab A", "b", "c", "d"]
    table = pl.DataFrame({"node": ["a", None, "c"]}, schema={"node": pl.String})
    assert known.labelled(table)["node"].to_list() == ["Fab A", None, "c"]


def test_more_metrics_than_fit_beside_each_other_are_rows(tmp_path: Path):
    names = ("work_asked", "work_done", "unserved", "unserved_share", "capital", "energy", "busy")
    arms = [{"label": "base"}, {"label": "other_case"}]
    values = np.tile(np.arange(1.0, 8.0), (5, 1))
    few = study(tmp_path, "portfolio", arms, lambda arm: values[:, :6], metrics=names[:6])
    section = few.sections["portfolio"]
    heads, rows = shown(section, TABLES["portfolio"](section))
    assert (heads[0], len(rows)) == ("Run", 2)
    many = study(tmp_path, "portfolio", arms, lambda arm: values, metrics=names)
    section = many.sections["portfolio"]
    heads, rows = shown(section, TABLES["portfolio"](section))
    assert len(rows) == 7
    assert heads == ["", "base", "other case"]
    assert rows[0] == ["Training work asked [rce-days]", "1", "1; exactly 0"]


def test_tornado_orders_bars_and_pairs_both_ends(tmp_path: Path):
    arms = [{"label": "base", "settings": {}}]
    arms += [
        {"label": f"{name} {end}", "settings": {name: x}}
        for name, ends in (("growth", (1.0, 3.0)), ("lead", (10.0, 30.0)))
        for end, x in zip(("low", "high"), ends, strict=True)
    ]

    def outcome(arm):
        return 20 + LUCK + 2 * (arm.get("growth", 2.0) - 2) + 0.5 * (arm.get("lead", 20.0) - 20)

    found = study(tmp_path, "tornado", arms, outcome, inputs=INPUTS)
    _, table, text = answer(found, tmp_path)
    assert table["input"].to_list() == ["lead", "growth"]
    assert table["swing"].to_list() == pytest.approx([10.0, 4.0])
    assert table["at_low"].to_list() == pytest.approx([-5.0, -2.0])
    assert text.endswith("lead matters most, 10 % from end to end, then growth")


def test_a_tornado_of_few_replications_says_so(tmp_path: Path):
    """Either end moves it by 1, -1 and 3 or by nothing; told from 18 on."""
    arms = [{"label": "base", "settings": {}}]
    arms += [{"label": f"growth {x}", "settings": {"growth": x}} for x in (1.0, 3.0)]
    noise = {1.0: np.array([1.0, -1.0, 3.0]), 3.0: np.zeros(3)}

    def outcome(arm):
        return 20 + LUCK[:3] + noise.get(arm.get("growth"), 0.0)

    found = study(tmp_path, "tornado", arms, outcome, inputs={"growth": ""})
    _, _, text = answer(found, tmp_path)
    assert "3 replications are too few to tell; about 18 may do" in text


def test_stops_that_change_nothing_are_told_as_such(tmp_path: Path):
    arms = [{"label": "whole"}, {"label": "fab", "stopped": "fab", "settings": {"days": 7.0}}]
    found = study(tmp_path, "stress", arms, lambda arm: 10 + LUCK[:3])
    _, _, text = answer(found, tmp_path)
    assert text == "Unserved work, of asked: no stop changes it in any replication"


def test_sobol_reads_the_blocks_in_the_designs_order(tmp_path: Path):
    # y = 3 a + b over the unit square: total indices 0.9 and 0.1, no interactions.
    blocks = sobol_design([0, 0], [1, 1], 64, 3)
    arms = [
        {"label": f"{b}, {k}", "settings": {"growth": float(p[0]), "lead": float(p[1])}}
        for b, block in enumerate(blocks)
        for k, p in enumerate(block)
    ]
    found = study(tmp_path, "sobol", arms, lambda a: 3 * a["growth"] + a["lead"] + LUCK,
                  inputs=INPUTS)  # fmt: skip
    _, table, text = answer(found, tmp_path)
    assert table["input"].to_list() == ["growth", "lead"]
    assert table["total"].to_list() == pytest.approx([0.9, 0.1], abs=0.03)
    assert "growth drives" in text


def test_morris_reads_the_walks_and_scales_effects_to_the_range(tmp_path: Path):
    walks = morris_design([0, 0], [1, 1], 6, 3)
    arms = [
        # Ranges 1 to 3 and 10 to 30, in the inputs' own units.
        {"label": f"{w} {j}", "settings": {"growth": 1 + 2 * p[0], "lead": 10 + 20 * p[1]}}
        for w, walk in enumerate(walks.tolist())
        for j, p in enumerate(walk)
    ]
    found = study(tmp_path, "morris", arms, lambda a: 4 * a["growth"] - 0.1 * a["lead"] + LUCK,
                  inputs=INPUTS)  # fmt: skip
    _, table, _ = answer(found, tmp_path)
    rows = {row["input"]: row for row in table.iter_rows(named=True)}
    assert rows["growth"]["mean"] == pytest.approx(8.0)
    assert rows["lead"]["mean"] == pytest.approx(-2.0)
    assert rows["lead"]["spread"] == pytest.approx(0.0, abs=1e-9)


def test_design_ranks_what_rises_and_falls(tmp_path: Path):
    points = [(k / 11, (7 * k % 12) / 11) for k in range(12)]
    arms = [
        {"label": f"point {k}", "settings": {"growth": a, "lead": b}}
        for k, (a, b) in enumerate(points)
    ]
    found = study(tmp_path, "design", arms, lambda a: np.exp(3 * a["growth"]) + LUCK, inputs=INPUTS)
    _, table, text = answer(found, tmp_path)
    rows = {row["input"]: row for row in table.iter_rows(named=True)}
    assert rows["growth"]["correlation"] == pytest.approx(1.0)
    assert rows["lead"]["verdict"] == "not distinguishable"
    assert "goes with growth (+1)" in text


def test_nested_parts_what_is_not_known_from_luck(tmp_path: Path):
    rng = np.random.default_rng(4)
    draws = rng.normal(0, 3.0, 200)
    arms = [{"label": "base", "settings": {"shift": 0.0}}]
    arms += [{"label": f"draw {k}", "settings": {"shift": float(d)}} for k, d in enumerate(draws)]
    luck = {arm["label"]: rng.normal(0, 2.0, 10) for arm in arms}
    found = study(tmp_path, "nested", arms, lambda a: 20 + a["shift"] + luck[a["label"]],
                  inputs={"shift": ""})  # fmt: skip
    section, table, text = answer(found, tmp_path)
    unknown, by_luck = parts(section)
    assert unknown == pytest.approx(3.0, rel=0.15)
    assert by_luck == pytest.approx(2.0, rel=0.1)
    means = table["mean"].to_list()[:-1]
    assert means == sorted(means)
    assert table["is_base"].to_list()[-1]
    assert "more than luck does" in text


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_break_even_is_where_the_paired_difference_is_zero(tmp_path: Path, slope: float):
    noise = np.array([-0.4, 0.1, 0.3, 0.0, 0.0])
    xs = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0]
    arms = [{"label": "buy"}, *({"label": f"ramp {x}", "settings": {"x": x}} for x in xs)]

    def outcome(arm):
        if "x" not in arm:
            return 10 + LUCK
        return 10 + LUCK + slope * (arm["x"] - 0.45) + noise

    says = {"name": "x", "case": "ramp", "against": "buy"}
    found = study(tmp_path, "break_even", arms, outcome, says=says, inputs={"x": ""})
    _, table, text = answer(found, tmp_path)
    at = crossing(table)
    half = mean_interval(noise).half_width / abs(slope)
    assert at.at == pytest.approx(0.45)
    assert (at.low, at.high) == pytest.approx((0.45 - half, 0.45 + half))
    assert f"above, it has {'more' if slope > 0 else 'less'}" in text


def test_no_break_even_in_the_range_is_said(tmp_path: Path):
    arms = [{"label": "buy"}, *({"label": f"r {x}", "settings": {"x": x}} for x in (0.0, 1.0))]
    says = {"name": "x", "case": "ramp", "against": "buy"}
    found = study(
        tmp_path, "break_even", arms, lambda a: 10 + LUCK + 2 * ("x" in a), says=says,
        inputs={"x": ""},
    )  # fmt: skip
    _, table, text = answer(found, tmp_path)
    assert crossing(table).at is None
    assert "ramp has more than buy for every x" in text


def test_frontier_marks_who_is_beaten_and_by_whom(tmp_path: Path):
    # Cost, work and risk of each alternative.
    level = {
        "lean": (1.0, 10.0, 5.0),
        "dear": (2.0, 10.0, 5.0),
        "large": (2.0, 12.0, 4.0),
        "twin": (1.0, 10.0, 5.0),
    }
    names = ("capital", "work_done", "unserved_share")
    says = dict(zip(("cost", "work", "risk"), names, strict=True))
    luck = 0.01 * LUCK[:, None]
    found = study(tmp_path, "frontier", [{"label": name} for name in level],
                  lambda arm: np.array(level[arm["label"]]) + luck, says=says,
                  metrics=names)  # fmt: skip
    _, table, text = answer(found, tmp_path)
    assert table["frontier"].to_list() == [True, False, True, True]
    # Both the lean one and the large one beat it; the large one with less risk.
    assert table["beaten_by"].to_list() == [None, "large", None, None]
    assert table["clearly"].to_list() == [None, True, None, None]
    assert "3 of 4 are beaten by no other" in text
    assert "lean, large and twin" in text


def test_a_race_names_its_winner_or_says_there_is_none(tmp_path: Path):
    says = {"first": 3, "most": 5, "indifference": 0.5, "alpha": 0.05}
    apart = study(tmp_path, "select", [{"label": "a"}, {"label": "b"}],
                  lambda arm: 10 + LUCK + 5 * (arm["label"] == "b"), says=says)  # fmt: skip
    _, table, text = answer(apart, tmp_path)
    assert table.filter("left")["arm"].to_list() == ["a"]
    assert "a is best" in text
    equal = study(tmp_path / "e", "select", [{"label": "a"}, {"label": "b"}],
                  lambda arm: 10 + LUCK, says=says)  # fmt: skip
    _, _, text = answer(equal, tmp_path / "e")
    assert "a and b are not distinguishable after 5 replications each" in text


def test_rare_shocks_are_weighed_by_their_chance(tmp_path: Path):
    weights = (0.9, 0.08, 0.02)
    arms = [
        {"label": f"{k} shocks", "settings": {"shocks": float(k), "weight": w}}
        for k, w in enumerate(weights)
    ]
    found = study(tmp_path, "rare", arms, lambda a: 1 + 50 * a["shocks"] + LUCK)
    _, table, text = answer(found, tmp_path)
    assert table["mean"][-1] == pytest.approx(1 + 50 * (0.08 + 0.04))
    assert table["share"][:-1].sum() == pytest.approx(1.0)
    assert "1 without a shock (chance 0.9)" in text
