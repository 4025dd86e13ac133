"""Buying rules on the real world: commit in time, buy again what slips, spread a part."""

import numpy as np
import pytest

from simulator.units import WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, lead, node, rack, run, spread

CHIPS = {"a": chip(), "b": chip(vendor="second", fab="other")}
NODES = {"second": node("vendor"), "other": node("foundry", "KR")}
LATE = {"total": spread(30 * WEEK_S, 52 * WEEK_S)}


def world(rule, seed=0, replication=0, **more):
    given = {"lead_times": {c: {**lead(), **LATE} for c in CHIPS}, **more}
    scenario = buying(CHIPS, nodes=NODES, quarters=12, buying=rule, **given)
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
