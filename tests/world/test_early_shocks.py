"""Shocks that are under way when the run begins: what they took before it counts."""

import pytest

from simulator.units import DAY_S, WEEK_S
from tests.world.buying import buying, chip, figure, lead, node, run

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
    # 28 days of plan were lost, and are not made up without a spare rate.
    assert landed_days(chips={"gpu": gpu}, nodes=nodes, shocks=late, plan=plan) == [
        pytest.approx(70 + 28)
    ]
    # Begun on the first day it costs the lag too, as it did then.
    now = [{**STOP, "quarter": "2025Q1", "duration": 108 * DAY_S}]
    assert landed_days(chips={"gpu": gpu}, nodes=nodes, shocks=now, plan=plan) == [
        pytest.approx(70 + 28)
    ]


def test_an_early_order_is_held_up_by_all_of_a_stop_that_is_under_way():
    """Ordered 92 days before the run, stopped the same day for 100: it lands on day 78.

    Without the stop it lands 70 days after its order, 22 before the run.
    """
    early = [{"chip": "gpu", "quarter": "2024Q4", "racks": 1}]
    stop = [{**STOP, "quarter": "2024Q4", "duration": 100 * DAY_S}]
    assert landed_days(shocks=stop, plan=early) == [pytest.approx(100 + 70 - BEFORE_D)]


def test_a_line_catches_up_with_what_it_lost_before_the_run():
    """It lost 100 days, and makes up a quarter of a day in each from day 8 on.

    An order of the first day is through when 70 days of plan are done: 100 days behind, at
    a rate of 1.25, that is 8 + (92 + 70) / 1.25 days into the run.
    """
    stop = [{**STOP, "quarter": "2024Q4", "duration": 100 * DAY_S}]
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": 1}]

    days = landed_days(shocks=stop, plan=plan, catch_up=figure(0.25))
    assert days == [pytest.approx(8 + (92 + 70) / 1.25)]


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
