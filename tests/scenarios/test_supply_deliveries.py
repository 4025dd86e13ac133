"""Deliveries against plan by chip: hand-counted racks, sums that add up, shares that are shares."""

import numpy as np
import polars as pl
import pytest

from analysis.figures import style
from analysis.figures import supply_deliveries as figures
from analysis.figures.supply import supply_table
from scenarios.supply_deliveries import MEASURES, _ratio, delivery_rows
from scenarios.supply_rows import runs
from simulator.spec.loader import load
from simulator.units import WEEK_S
from simulator.world.chain import Chain
from tests.scenarios.test_supply_command import TINY, of
from tests.world.buying import buying, chip, lead, rack


@pytest.fixture(scope="module")
def rows():
    scenario = load(TINY).scenario
    return delivery_rows(runs(Chain(scenario), 0, 6))


def numbers(rows, chip, what, unit="racks"):
    return [row[unit] for row in of(rows, chip, what)]


def bought(plan, replications=1, quarters=4, **given):
    usd = {"gpu": rack("gpu", usd=1e6)}
    return delivery_rows(
        runs(Chain(buying(racks=usd, plan=plan, quarters=quarters, **given)), 0, replications)
    )


def test_a_cancelled_order_counts_as_ordered_and_planned_until_it_is():
    """100 racks ordered in 2025Q1 and called off in 2025Q3, before wafers of 35 weeks end."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q3"}
    rows = bought([line], lead_times={"gpu": lead(70 * WEEK_S)})
    for what in ("plan", "ordered"):
        assert numbers(rows, "gpu", what) == [100, 100, 0, 0]
    assert numbers(rows, "gpu", "beyond_plan") == [0] * 4


def test_a_call_off_that_comes_too_late_is_beyond_the_plan():
    """Wafers of half of 20 weeks are through in 2025Q2: what the plan calls off then comes."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q2"}
    rows = bought([line], lead_times={"gpu": lead(20 * WEEK_S)})
    assert numbers(rows, "gpu", "plan") == [100, 0, 0, 0]
    assert numbers(rows, "gpu", "beyond_plan") == [0, 100, 100, 100]
    assert numbers(rows, "gpu", "ordered") == [100] * 4


def test_what_is_promised_is_the_medians_whatever_the_luck():
    """A median of 20 weeks behind a queue of 10: promised in service in week 30, of 2025Q3."""
    state = {"wait": 10 * WEEK_S}
    queue = {"regimes": {"tight": state}, "start": "tight", "wait_spread": 3.0, "source": "a test"}
    rows = bought(
        [{"chip": "gpu", "quarter": "2025Q1", "racks": 100}],
        replications=5,
        lead_times={"gpu": lead(20 * WEEK_S, 60 * WEEK_S, burn_in_share=0.25, package_share=0.2)},
        queues={"vendor": queue},
    )
    assert numbers(rows, "gpu", "promised") == [0, 0, 100, 100]


def test_a_rule_buys_beyond_the_plan():
    """A hedge of two fifths at one price: of 50 racks of a 20 go to b."""
    chips = {c: chip() for c in "ab"}
    given = buying(
        chips,
        racks={c: rack(c, usd=1e6) for c in chips},
        plan=[{"chip": "a", "quarter": "2025Q1", "racks": 50}],
        lead_times={c: lead(10 * WEEK_S) for c in chips},
        buying={"rule": "hedge", "other": "b", "share": 0.4},
        quarters=2,
    )
    rows = delivery_rows(runs(Chain(given), 0, 1))
    told = {(c, w): numbers(rows, c, w)[0] for c in ("a", "b", "all") for w in MEASURES}
    assert (told["a", "plan"], told["a", "beyond_plan"], told["a", "ordered"]) == (50, -20, 30)
    assert (told["b", "plan"], told["b", "beyond_plan"], told["b", "ordered"]) == (0, 20, 20)
    assert (told["all", "plan"], told["all", "beyond_plan"]) == (50, 0)


def test_racks_land_then_stand_and_are_counted_in_chips_and_money():
    """20 weeks, of which a quarter is burn-in: landed in week 15 (2025Q2), in service in 20."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 7}
    leads = {"gpu": lead(20 * WEEK_S, burn_in_share=0.25, package_share=0.2)}
    rows = bought([line], lead_times=leads)
    assert numbers(rows, "gpu", "landed") == numbers(rows, "gpu", "in_service") == [0, 7, 7, 7]
    assert numbers(rows, "gpu", "in_service", "new_racks") == [0, 7, 0, 0]
    assert numbers(rows, "gpu", "in_service", "musd") == [0, 7, 7, 7]
    per_rack = rack("gpu", usd=1e6)
    chips = per_rack["hosts"] * per_rack["chips_per_host"]
    assert numbers(rows, "all", "in_service", "chips") == [0, 7 * chips, 7 * chips, 7 * chips]
    shares = [row["share"] for row in of(rows, "gpu", "kept")]
    assert shares == [None, 1.0, 1.0, 1.0]
    # 50 weeks, of which half is burn-in: on the dock in 2025Q2, in service in 2025Q4.
    leads = {"gpu": lead(50 * WEEK_S, fab_share=0.25, burn_in_share=0.5, package_share=0.2)}
    rows = bought([line], lead_times=leads)
    assert numbers(rows, "gpu", "landed") == [0, 7, 7, 7]
    assert numbers(rows, "gpu", "in_service") == [0, 0, 0, 7]


def test_rows_add_up(rows):
    """Over chips to all; over causes to what is ordered; in service are the kept and the early."""
    at = {(row["chip"], row["quarter"], row["what"]): row for row in rows}
    chips = {row["chip"] for row in rows} - {"all"}
    for row in rows:
        key = row["quarter"], row["what"]
        for unit in ("racks", "chips", "musd"):
            each = sum(at[chip, *key][unit] for chip in chips)
            assert at["all", *key][unit] == pytest.approx(each)
        parts = (at[row["chip"], row["quarter"], w] for w in ("plan", "beyond_plan", "programme"))
        ordered = at[row["chip"], row["quarter"], "ordered"]
        assert sum(part["musd"] for part in parts) == pytest.approx(ordered["musd"])
        there = {w: at[row["chip"], row["quarter"], w]["racks"] for w in MEASURES}
        assert there["kept"] <= min(there["in_service"], there["promised"]) + 1e-9
        assert there["in_service"] <= there["landed"] + 1e-9 <= there["ordered"] + 2e-9
        assert row["racks_low"] <= row["racks_high"]
    for chip_ in chips:
        for what in MEASURES:
            news = [row["new_racks"] for row in of(rows, chip_, what)]
            assert sum(news) == pytest.approx(of(rows, chip_, what)[-1]["racks"])


def test_a_share_is_of_what_was_promised(rows):
    for row in rows:
        if row["what"] != "kept":
            assert row["share"] is None
            continue
        (promised,) = (
            r["musd"] for r in of(rows, row["chip"], "promised") if r["quarter"] == row["quarter"]
        )
        if promised == 0:
            assert row["share"] is None
        else:
            assert row["share"] == pytest.approx(row["musd"] / promised)
            assert 0 <= row["share_low"] <= row["share"] <= row["share_high"] <= 1


def test_a_ratio_of_means_by_hand():
    """Of 1 and 1.02 over 2 and 2: residuals -+0.01 of 2, so 0.505 -+ t(0.975, 1) / 200."""
    told = _ratio(np.array([1.0, 1.02]), np.array([2.0, 2.0]))
    assert told.mean == pytest.approx(0.505)
    assert told.high == pytest.approx(0.505 + 12.7062047 * 0.005)
    # Where both vary together nothing is left to vary.
    assert _ratio(np.array([1.0, 3.0]), np.array([2.0, 6.0])).half_width == pytest.approx(0.0)
    assert _ratio(np.zeros(2), np.zeros(2)) is None


def test_the_figure_has_a_panel_of_all_and_one_of_each_chip(rows):
    table = supply_table(rows)
    _, ax = style.canvas()
    figures.deliveries(table, ax)
    titles = [panel.get_title(loc="left") for panel in ax.child_axes]
    labels = table["label"].unique(maintain_order=True).to_list()
    assert [title.rsplit(" [", 1)[0] for title in titles] == labels


def test_chips_without_a_panel_are_named(rows):
    first = supply_table(rows).filter(pl.col("chip") == "gpu")
    many = pl.concat(
        first.with_columns(chip=pl.lit(f"c{k}"), label=pl.lit(f"Chip {k}"))
        for k in range(figures.PANELS + 2)
    )
    drawn, left = figures.shown(many)
    assert len(drawn) == figures.PANELS
    assert left == [f"Chip {k}" for k in range(figures.PANELS, figures.PANELS + 2)]


def test_a_chip_is_called_least_only_where_its_interval_stands_apart():
    def row(chip, share, low, high):
        ends = {"share": share, "share_low": low, "share_high": high}
        return {"chip": chip, "label": chip.upper(), "quarter": "2025Q1", "what": "kept"} | ends

    whole = row("all", 0.7, 0.65, 0.75)
    apart = supply_table([whole, row("a", 0.5, 0.4, 0.6), row("b", 0.9, 0.8, 1.0)])
    assert figures._least(apart).startswith("A,")
    near = supply_table([whole, row("a", 0.5, 0.2, 0.85), row("b", 0.9, 0.8, 1.0)])
    assert figures._least(near) == ""
