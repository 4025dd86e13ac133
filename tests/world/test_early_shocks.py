"""Shocks under way when the run begins: what they did before it counts, but no line is late."""

import pytest

from simulator.units import DAY_S, WEEK_S
from tests.world.buying import buying, chip, lead, node, run

STOP = {"kind": "fire", "node": "fab", "severity": 1.0}
#: The calendar begins the run on 1 January 2025, 92 days after 1 October 2024.
BEFORE_D = 92


def landed_days(**more) -> list[float]:
    """When orders land, in days of the run."""
    world = run(
        buying(lead_times={"gpu": lead(10 * WEEK_S, fab_share=1.0, package_share=0.0)}, **more)
    )
    return [(order.landed_s or -1.0) / DAY_S for order in world.supply.orders]


def test_who_stood_in_before_the_run_stands_in_on_its_first_day():
    """The spare took over 28 days after the stop, 64 days before the run: nothing is late."""
    terms = {"foundry": {"limits": {"spare": 1.0}, "switch_lag": 28 * DAY_S, "source": "a test"}}
    gpu = chip(foundry={"fab": 1.0, "spare": 0.0}, terms=terms)
    nodes = {"spare": node("foundry", "US")}
    late = [{**STOP, "quarter": "2024Q4", "duration": (BEFORE_D + 108) * DAY_S}]
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": 1}]
    assert landed_days(chips={"gpu": gpu}, nodes=nodes, shocks=late, plan=plan) == [
        pytest.approx(70)
    ]
    # Begun on the first day it costs the lag, which is not made up without a spare rate.
    now = [{**STOP, "quarter": "2025Q1", "duration": 108 * DAY_S}]
    assert landed_days(chips={"gpu": gpu}, nodes=nodes, shocks=now, plan=plan) == [
        pytest.approx(70 + 28)
    ]


def test_a_stock_was_used_before_the_run():
    """Of 95 days of stock 92 are used: the stop is felt from day 3 on."""
    terms = {"foundry": {"stock": 95 * DAY_S, "source": "a test"}}
    stop = [{**STOP, "quarter": "2024Q4", "duration": (BEFORE_D + 13) * DAY_S}]
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": 1}]
    days = landed_days(chips={"gpu": chip(terms=terms)}, shocks=stop, plan=plan)
    assert days == [pytest.approx(70 + 10)]


def test_nodes_are_told_as_they_stand_on_the_first_day():
    stop = [{**STOP, "quarter": "2024Q4", "duration": (BEFORE_D + 9) * DAY_S}]
    told = run(buying(shocks=stop)).record.tables["nodes"]
    rows = [
        (t / DAY_S, health)
        for t, name, health in zip(told["t_s"], told["node"], told["health"], strict=True)
        if name == "fab"
    ]
    assert rows == [(0.0, 0.0), (pytest.approx(9.0), 1.0)]
