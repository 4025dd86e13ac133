"""Buying rules on the real world: commit in time, buy again what slips, spread a part."""

import numpy as np
import pytest

from simulator.units import WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, figure, lead, node, rack, run, spread

CHIPS = {"a": chip(), "b": chip(vendor="second", fab="other")}
NODES = {"second": node("vendor"), "other": node("foundry", "KR")}
LATE = {"total": spread(30 * WEEK_S, 52 * WEEK_S)}


def world(rule, seed=0, replication=0, **more):
    given = {"lead_times": {c: {**lead(), **LATE} for c in CHIPS}, **more}
    scenario = buying(CHIPS, quarters=12, buying=rule, **{"nodes": NODES, **given})
    return run(scenario, seed, replication, Chain(scenario))


def landed(w):
    return np.inf if w.supply.orders[0].landed_s is None else w.supply.orders[0].landed_s


def test_committing_early_lands_in_time_with_the_chance_asked_for():
    """Median 30 weeks, P90 52: two quarters ahead, which is a little more than the 22 weeks."""
    plan = [{"chip": "a", "quarter": "2026Q1", "racks": 1}]
    in_time = {}
    for rule in ("plan_of_record", "commit_early"):
        worlds = [world({"rule": rule}, 3, r, plan=plan) for r in range(400)]
        promised = worlds[0].scenario.horizon.calendar.at("2026Q1") + 30 * WEEK_S
        in_time[rule] = np.mean([landed(w) <= promised for w in worlds])
        expected = {"plan_of_record": "2026Q1", "commit_early": "2025Q3"}[rule]
        assert worlds[0].supply.orders[0].quarter == expected
    assert abs(in_time["plan_of_record"] - 0.5) < 4 * np.sqrt(0.25 / 400)
    assert in_time["commit_early"] > 0.9 - 4 * np.sqrt(0.09 / 400)


def test_committing_early_reckons_with_the_spread_of_the_queue():
    """Certain to make, but of waits of 20 weeks P90 is 60: 40 weeks are four quarters."""
    plan = [{"chip": "a", "quarter": "2026Q3", "racks": 1}]
    state = {"wait": 20 * WEEK_S}
    queue = {"regimes": {"tight": state}, "start": "tight", "wait_spread": 3.0, "source": "a test"}
    given = {"queues": {"vendor": queue}, "lead_times": {c: lead(10 * WEEK_S) for c in CHIPS}}
    worlds = [world({"rule": "commit_early"}, 3, r, plan=plan, **given) for r in range(400)]
    assert worlds[0].supply.orders[0].quarter == "2025Q3"
    promised = worlds[0].scenario.horizon.calendar.at("2026Q3") + 30 * WEEK_S
    in_time = np.mean([landed(w) <= promised for w in worlds])
    assert in_time > 0.9 - 4 * np.sqrt(0.09 / 400)


def test_what_is_overdue_is_bought_once_more_elsewhere():
    stop = [{"node": "vendor", "quarter": "2025Q1", "duration": 500 * WEEK_S, "severity": 1.0}]
    rule = {"rule": "react_to_slips", "other": "b"}
    plan = [{"chip": "a", "quarter": "2025Q1", "racks": 6}]
    prices = {"b": rack("b", usd=2.0)}
    certain = {c: lead(10 * WEEK_S) for c in CHIPS}
    given = {"plan": plan, "racks": prices, "lead_times": certain}
    again = [o for o in world(rule, shocks=stop, **given).supply.orders if o.cause == "react"]
    # Due in week 10, so it is seen to be late at the start of 2025Q2; 6 USD buy 3 racks.
    assert [(o.chip, o.quarter, o.racks) for o in again] == [("b", "2025Q2", 3)]
    assert not [o for o in world(rule, **given).supply.orders if o.cause == "react"]


def test_a_hedge_gives_a_part_of_the_money_to_another_chip():
    plan = [{"chip": "a", "quarter": "2025Q1", "racks": 10}]
    prices = {"a": rack("a", usd=3.0), "b": rack("b", usd=2.0)}
    found = world({"rule": "hedge", "other": "b", "share": 0.4}, plan=plan, racks=prices)
    assert {o.chip: o.racks for o in found.supply.orders} == {"a": 6, "b": 6}
    assert sum(o.paid_usd for o in found.supply.orders) == pytest.approx(30.0)


@pytest.mark.parametrize("line", [{"price": 2.4}, {"discount": 0.2}])
def test_a_hedged_lines_price_is_of_its_own_chip(line):
    """10 racks at 2.4 instead of 3 USD are 24; of these 60 % buy 6, and 9.6 USD 4 at 2 USD."""
    plan = [{"chip": "a", "quarter": "2025Q1", "racks": 10, **line}]
    prices = {"a": rack("a", usd=3.0), "b": rack("b", usd=2.0)}
    found = world({"rule": "hedge", "other": "b", "share": 0.4}, plan=plan, racks=prices)
    assert {o.chip: (o.racks, o.price_usd) for o in found.supply.orders} == {
        "a": (6, pytest.approx(2.4)),
        "b": (4, 2.0),
    }


AGAIN = {"rule": "react_to_slips", "other": "b"}
TEN = [{"chip": "a", "quarter": "2025Q1", "racks": 10}]


def bought_again(**more):
    """Return quarter and racks of what the rule bought; ten weeks' lead unless stated."""
    given = {"lead_times": {c: lead(10 * WEEK_S) for c in CHIPS}, "plan": TEN, **more}
    rule = {**AGAIN, **given.pop("rule", {})}
    return [(o.quarter, o.racks) for o in world(rule, **given).supply.orders if o.cause == "react"]


def queue_of(weeks, **more):
    state = {"wait": weeks * WEEK_S, **more.pop("state", {})}
    queue = {"regimes": {"sold_out": state}, "start": "sold_out", "source": "a test", **more}
    return {"vendor": queue}


def test_an_order_that_draws_a_long_lead_time_is_overdue_by_the_median():
    """Median 10 weeks, P90 50: whoever has not landed by 2025Q2 is bought again, no other."""
    leads = {"a": lead(10 * WEEK_S, 50 * WEEK_S), "b": lead(10 * WEEK_S)}
    slips = 0
    for r in range(30):
        w = world(AGAIN, 1, r, lead_times=leads, plan=TEN)
        begins_s = w.scenario.horizon.calendar.at("2025Q2")
        again = [o.quarter for o in w.supply.orders if o.cause == "react"]
        assert again == (["2025Q2"] if landed(w) > begins_s else [])
        slips += len(again)
    assert 0 < slips < 30


def test_a_queue_known_when_it_is_ordered_is_no_slip_and_a_worse_one_is():
    """Behind 60 weeks it is due in week 70; a wait of its own regime's median is on time."""
    assert bought_again(queues=queue_of(60)) == []
    # Of the wait, P90 is three times the median: some wait longer than the regime says.
    again = [
        bought_again(queues=queue_of(20, wait_spread=3.0), replication=r, seed=5) for r in range(20)
    ]
    # Due in week 30, seen at the start of 2025Q4 in week 39.
    assert {each[0][0] for each in again if each} == {"2025Q4"}
    assert 0 < sum(map(bool, again)) < 20


def test_racks_never_allocated_are_overdue_and_bought_again_once():
    """One rack of the fab's a quarter: the first lands in time; the nine that ask on, once."""
    fab = {"fab": node("foundry", "TW", capacity={"2025Q1": figure(1)})}
    assert bought_again(nodes={**NODES, **fab}) == [("2025Q2", 9)]
    none = {"fab": node("foundry", "TW", capacity={"2025Q1": figure(0.5)})}
    assert bought_again(nodes={**NODES, **none}) == [("2025Q2", 10)]


def test_racks_that_money_does_not_reach_are_overdue():
    assert bought_again(budget=9.0) == [("2025Q2", 10)]


@pytest.mark.parametrize(
    ("weeks", "quarter"), [(0, "2025Q2"), (2, "2025Q2"), (3, "2025Q3"), (30, "2026Q1")]
)
def test_a_grace_defers_what_counts_as_overdue(weeks, quarter):
    """Due in week 10; quarters begin in weeks 12.9, 25.9, 39 and 52.1."""
    stop = [{"node": "vendor", "quarter": "2025Q1", "duration": 500 * WEEK_S, "severity": 1.0}]
    assert bought_again(shocks=stop, rule={"grace": weeks * WEEK_S}) == [(quarter, 10)]


def test_what_is_bought_again_is_paid_and_lands_as_well_as_what_was_late():
    stop = [{"node": "vendor", "quarter": "2025Q1", "duration": 26 * WEEK_S, "severity": 1.0}]
    leads = {c: lead(10 * WEEK_S) for c in CHIPS}
    orders = world(AGAIN, shocks=stop, plan=TEN, lead_times=leads).supply.orders
    assert [(o.chip, o.landed_s is not None, o.paid_usd) for o in orders] == [
        ("a", True, 10.0),
        ("b", True, 10.0),
    ]


LINES = [{"chip": "a", "quarter": q, "racks": 4} for q in ("2025Q1", "2025Q2", "2025Q3", "2025Q4")]
HEDGE = {"rule": "hedge", "other": "b", "share": 0.2}


def test_a_hedge_of_small_lines_loses_no_purchase():
    """Of 4 USD a line .8 go to racks of 3 USD: 3.2 by the fourth line buy one.

    What is left each time for the line's own is 3.2, 3.4, 3.6 and 3.8 USD: three racks of 1.
    """
    found = world(HEDGE, plan=LINES, racks={"b": rack("b", usd=3.0)})
    bought = [(o.chip, o.quarter, o.racks) for o in found.supply.orders]
    assert bought == [
        *(("a", q, 3) for q in ("2025Q1", "2025Q2", "2025Q3", "2025Q4")),
        ("b", "2025Q4", 1),
    ]
    assert found.treasury.paid_usd == pytest.approx(15.0)


def test_a_hedge_saves_up_for_a_contracts_minimum():
    """The other's minimum is 2 racks of 1 USD: .8 a line are 2.4 in the third, then .4 + .8."""
    terms = {"b": {"minimum": 2, "source": "a test"}}
    found = world(HEDGE, plan=LINES, contracts=terms)
    assert [(o.quarter, o.racks) for o in found.supply.orders if o.chip == "b"] == [("2025Q3", 2)]
    assert "too small" not in found.record.tables["events"]["kind"]


def test_a_hedge_leaves_lines_of_the_other_chip_alone():
    plan = [{"chip": "b", "quarter": "2025Q2", "racks": 7}, *LINES]
    found = world(HEDGE, plan=plan)
    assert next((o.quarter, o.racks) for o in found.supply.orders if o.chip == "b") == ("2025Q2", 7)
