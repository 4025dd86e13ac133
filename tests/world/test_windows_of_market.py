"""What a window leaves, by which rule, and who is no longer asked for: by hand."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
import simpy

from simulator.units import DAY_S
from simulator.world.clock import At
from simulator.world.supply_world import SupplyWorld
from tests.world.buying import buying, chip, figure, node, run, world_of
from tests.world.test_market import granted, order, tight
from tests.world.test_programme import programme

#: Quarters of 2025 begin on days 0, 90 and 181.
Q2_S, Q3_S = 90 * DAY_S, 181 * DAY_S


def fab(capacity: float, others: float | None = None, **sharing: Any) -> dict[str, Any]:
    asked = {} if others is None else {"others": {"2025Q1": figure(others)}}
    rule = {"sharing": sharing} if sharing else {}
    return {"fab": node("foundry", "TW", capacity={"2025Q1": figure(capacity)}, **asked, **rule)}


def run_with(scenario: Any, *happens: tuple[float, Callable[[SupplyWorld], Any]]) -> SupplyWorld:
    """Run a world in which somebody does things at certain times [s]."""
    world = world_of(scenario)

    def story() -> Generator[simpy.Event, Any, None]:
        for at_s, what in happens:
            yield At(world.env, at_s)
            what(world)

    world.env.process(story())
    world.run()
    return world


def buys(racks: int, day: float, chip: str = "gpu") -> tuple[float, Callable[[SupplyWorld], Any]]:
    return day * DAY_S, lambda world: world.supply.buy(chip, "2025Q1", racks, "later")


def grants(world: SupplyWorld) -> list[tuple[str, int, float | None]]:
    """Cause of each order, whole or part, its racks, and the day it was granted."""
    return [
        (o.cause, o.racks, None if o.granted_s is None else o.granted_s / DAY_S)
        for o in world.supply.orders
    ]


def test_what_a_window_leaves_can_be_had_until_the_next():
    """Of 100 a quarter 60 go to the plan: 30 on day 10, then 10 of 30; 20 wait for day 90.

    So does what is asked on day 30, when nothing is left.
    """
    scenario = buying(nodes=fab(100), plan=[order("gpu", 60)])
    assert grants(run_with(scenario, buys(30, 10), buys(30, 20), buys(5, 30))) == [
        ("plan", 60, 0.0),
        ("later", 30, 10.0),
        ("later", 10, 20.0),
        ("later", 20, 90.0),
        ("later", 5, 90.0),
    ]


def test_what_a_window_leaves_is_left_by_others_too():
    """Of 100 the plan takes 60 and others 30: of 30 asked on day 10 ten are left."""
    scenario = buying(nodes=fab(100, others=30), plan=[order("gpu", 60)])
    assert grants(run_with(scenario, buys(30, 10))) == [
        ("plan", 60, 0.0),
        ("later", 10, 10.0),
        ("later", 20, 90.0),
    ]


def test_what_others_get_of_a_short_window_is_not_left():
    """Of 100, pro rata to our 80 and 60 of others, 57 are ours and the rest theirs."""
    scenario = buying(nodes=fab(100, others=60), plan=[order("gpu", 80)])
    (*_, later) = grants(run_with(scenario, buys(1, 10)))
    assert later == ("later", 1, 90.0)


def test_what_others_leave_of_a_node_that_is_not_short_is_left():
    """The line, of which others ask 30, has 20 left behind 50 racks that the fab lets through.

    A chip of another fab gets these on day 10, and no more.
    """
    line = node("packaging", "TW", capacity={"2025Q1": figure(100)}, others={"2025Q1": figure(30)})
    scenario = buying(
        {"gpu": chip(), "other": chip(fab="fab-2")},
        nodes={**fab(50), "line": line, "fab-2": node("foundry", "KR")},
        plan=[order("gpu", 60)],
    )
    world = run_with(scenario, buys(40, 10, "other"))
    assert grants(world)[0] == ("plan", 50, 0.0)
    assert next(g for g in grants(world) if g[0] == "later") == ("later", 20, 10.0)


@pytest.mark.parametrize("calls", ["the plan", "somebody"])
def test_what_is_called_off_is_no_longer_served(calls):
    """Half a rack a quarter grants nothing in 2025Q1; fifty of 2025Q2 go to who still asks."""
    scarce = node("foundry", "TW", capacity={"2025Q1": figure(0.5), "2025Q2": figure(50)})
    off = {"cancel": "2025Q2"} if calls == "the plan" else {}
    scenario = buying(
        nodes={"fab": scarce}, plan=[order("gpu", 50, **off), order("gpu", 50, "2025Q2")]
    )
    day_80 = (80 * DAY_S, lambda world: world.supply.cancel(world.supply.orders[0]))
    world = run_with(scenario, *([] if off else [day_80]))
    first, second = world.supply.orders
    assert (first.granted_s, first.cancelled_s) == (None, Q2_S if off else 80 * DAY_S)
    assert second.granted_s == Q2_S
    assert world.market.asks == []


@pytest.mark.parametrize("ranked", [1, 2])
def test_a_chip_without_a_rank_has_the_first(ranked):
    """60 for 80 racks of a and 40 of b: beside a of rank 1, 40 and 20; before one of rank 2."""
    world = run(
        buying(
            {"a": chip(), "b": chip()},
            nodes=fab(60, rule="priority", ranks={"a": ranked}),
            plan=[order("a", 80), order("b", 40)],
            quarters=1,
        )
    )
    found = {o.chip: o.racks for o in world.supply.orders if o.granted_s is not None}
    assert found == ({"a": 40, "b": 20} if ranked == 1 else {"a": 20, "b": 40})


def test_others_have_no_guaranteed_amount():
    """80 for our 60, 30 of them guaranteed, and 100 of others: 30, then 50 x 30/130 = 11.5."""
    scenario = buying(
        nodes=fab(80, others=100, rule="contract", floors={"gpu": 30.0}),
        plan=[order("gpu", 60)],
        quarters=1,
    )
    assert granted(scenario) == [41]


def test_a_window_waits_for_the_programmes_orders_of_the_same_moment():
    """The gate ramps in mid-quarter, on day 120; the reserve is spent as 2025Q3 begins.

    Of 100 racks in that quarter the plan asks 100, and the reserve's 100 USD buy 100 of 1 USD:
    they share, 50 and 50, as of one window.
    """
    gate = {"quarter": "2025Q2", "forced": "ramp"}
    world = run(
        buying(
            {"gpu": chip(), "own": chip(kind="custom", vendor="partner")},
            nodes={**fab(100), "partner": node("design_partner")},
            plan=[order("gpu", 100, "2025Q3")],
            programme=programme(reserve={"2025Q3": 100.0}, gate=gate, pilot_run=120 * DAY_S),
        )
    )
    told = world.record.tables["programme"]
    assert told["t_s"][told["state"].index("ramp")] == pytest.approx(120 * DAY_S)
    at_once = {o.cause: o.racks for o in world.supply.orders if o.granted_s == Q3_S}
    assert at_once == {"plan": 50, "ramp": 50}


@pytest.mark.parametrize(
    ("racks", "queues", "why"),
    # Half of ten is accepted, and 95 are left; of 150, or of one too many, the fab has 100.
    [
        (10, tight(0.5), "5 of 10 racks; not accepted"),
        (150, {}, "100 of 150 racks; fab binds"),
        (101, {}, "100 of 101 racks; fab binds"),
    ],
)
def test_who_is_short_is_told_why(racks, queues, why):
    world = run(buying(nodes=fab(100), plan=[order("gpu", racks)], queues=queues))
    told = world.record.tables["events"]
    assert told["detail"][told["kind"].index("short")] == why
