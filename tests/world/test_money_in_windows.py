"""What is granted is what can be paid, in the order in which it was asked; by hand."""

from collections.abc import Generator
from typing import Any

import pytest
import simpy

from simulator.units import DAY_S, WEEK_S
from tests.world.buying import buying, chip, figure, lead, node, rack, world_of
from tests.world.test_market import granted, order, tight
from tests.world.test_windows_of_market import buys, fab, run_with

Q2_S = 90 * DAY_S
BOTH = {"gpu": chip(), "dear": chip(vendor="second")}
PRICES = {"dear": rack("dear", usd=100.0)}
SECOND = {"second": node("vendor")}


def test_who_cannot_be_paid_changes_nothing_of_what_is_accepted_before():
    """A quarter of ten racks is 2.5: two, and half a rack that counts the next time.

    The dear one behind them costs 100 USD and never comes; the rest stands behind it.
    """
    given = buying(
        BOTH,
        racks=PRICES,
        nodes=SECOND,
        plan=[order("gpu", 10), order("dear", 1)],
        budget=50.0,
        queues=tight(0.25),
    )
    assert granted(given, "gpu") == [2, *[0] * 7]


def test_who_stands_behind_one_that_cannot_be_paid_waits_though_it_could_be():
    """Fifty USD: 10 racks of 1 USD are paid, one of 100 is not, nor are five behind it.

    As it is called off in 2025Q2 the five are granted.
    """
    given = buying(
        BOTH,
        racks=PRICES,
        nodes={**fab(100), **SECOND},
        plan=[order("gpu", 10), order("dear", 1, cancel="2025Q2"), order("gpu", 5)],
        budget=50.0,
    )
    world = run_with(given)
    assert [(o.racks, o.granted_s) for o in world.supply.orders] == [
        (10, 0.0),
        (1, None),
        (5, Q2_S),
    ]
    assert world.treasury.paid_usd == pytest.approx(15.0)
    told = world.record.tables["events"]
    short = [s for k, s in zip(told["kind"], told["subject"], strict=True) if k == "no money"]
    # Each is told once, as it is first passed over.
    assert short == ["plan/dear/2025Q1/1", "plan/gpu/2025Q1/2"]


@pytest.mark.parametrize("prepay", [1.0, 0.5])
def test_only_what_is_due_with_the_order_must_be_at_hand(prepay):
    """Of 100 racks of 1 USD that part is due at once; 60 USD are there, and 40 in 2025Q3."""
    terms = {"gpu": {"prepay": prepay, "source": "a test"}}
    tree = buying(nodes=fab(100), plan=[order("gpu", 100)], contracts=terms).model_dump(mode="json")
    tree["economics"]["budget"] = {"2025Q1": 60.0, "2025Q3": 40.0}
    given = type(buying()).from_si(tree)
    world = run_with(given)
    (found,) = world.supply.orders
    third_s = given.horizon.calendar.at("2025Q3")
    assert found.granted_s == (third_s if prepay == 1 else 0.0)
    assert found.payments == ([(third_s, 100.0)] if prepay == 1 else [(0.0, 50.0), (third_s, 50.0)])


def test_nothing_is_granted_to_new_orders_while_a_balance_waits_for_its_money():
    """Half of 100 USD is paid at once, half is due in week 9, when 20 of 70 are left of it.

    Ten racks of 1 USD, asked in 2025Q2, wait behind that for the money of 2025Q3.
    """
    terms = {"gpu": {"prepay": 0.5, "source": "a test"}}
    tree = buying(
        BOTH,
        racks={"dear": rack("dear")},
        nodes={**fab(100), **SECOND},
        plan=[order("gpu", 100), order("dear", 10, "2025Q2")],
        contracts=terms,
        lead_times={"gpu": lead(10 * WEEK_S, ship_share=0.1), "dear": lead()},
    ).model_dump(mode="json")
    tree["economics"]["budget"] = {"2025Q1": 70.0, "2025Q3": 40.0}
    given = type(buying()).from_si(tree)
    first, second = run_with(given).supply.orders
    third_s = given.horizon.calendar.at("2025Q3")
    assert first.owing_s == pytest.approx(9 * WEEK_S)
    assert (first.settled_s, second.granted_s) == (third_s, third_s)


def test_what_is_called_off_the_moment_it_is_granted_costs_nothing():
    """Between the window and the order's next step: 60 of 100 USD are back for whoever asks."""
    given = buying(
        nodes=fab(100), plan=[order("gpu", 60), order("gpu", 90, "2025Q2")], budget=100.0
    )
    world = world_of(given)

    def calls_off() -> Generator[simpy.Event, Any, None]:
        while not world.treasury.paid_usd:  # until the window has granted, and no longer
            yield world.env.timeout(0)
        (asked,) = world.supply.orders
        assert (world.treasury.paid_usd, asked.funded_s) == (60.0, None)
        assert world.supply.cancel(asked)

    world.env.process(calls_off())
    world.env.process(buys_later(world, 80, 10.0))
    world.run()
    first, second, third = world.supply.orders
    assert (first.cancelled_s, first.landed_s, first.payments) == (0.0, None, [])
    # Its slots are there again: of 100, 80 are bought on day 10. The other's 90 have no money.
    assert third.payments == []
    assert second.payments == [(10.0 * DAY_S, 80.0)]
    assert world.treasury.balance_usd == pytest.approx(20.0)


def test_what_is_called_off_the_moment_it_is_granted_gives_back_what_its_own_chip_takes():
    """Twenty racks of four chips leave 20 of the fab's 100; without them 90 of one chip fit."""
    names = ("gpu", "large")
    given = buying(
        {name: chip() for name in names},
        racks={"large": rack("large", chips=4)},
        nodes=fab(100),
        plan=[order("large", 20)],
    )
    world = world_of(given)

    def calls_off() -> Generator[simpy.Event, Any, None]:
        while not world.treasury.paid_usd:
            yield world.env.timeout(0)
        assert world.supply.cancel(world.supply.orders[0])

    world.env.process(calls_off())
    world.env.process(buys_later(world, 90, 10.0))
    world.run()
    _, later = world.supply.orders
    assert (later.chip, later.racks, later.granted_s) == ("gpu", 90, 10.0 * DAY_S)


def buys_later(world, racks: int, day: float) -> Generator[simpy.Event, Any, None]:
    yield world.env.timeout(day * DAY_S)
    world.supply.buy("gpu", "2025Q1", racks, "later")


@pytest.mark.parametrize("nodes", [{}, fab(1000)])
def test_nobody_overtakes_who_waits_for_money_between_windows(nodes):
    """Of 90 USD 60 are paid at once; 35 asked on day 10 lack 5, and 20 on day 20 wait behind."""
    given = buying(nodes=nodes, plan=[order("gpu", 60)], budget=90.0)
    world = run_with(given, buys(35, 10.0), buys(20, 20.0))
    assert [o.funded_s for o in world.supply.orders] == [0.0, None, None]


def test_a_fabs_floor_is_served_once_where_another_node_holds_a_chip_back():
    """60 for a and b, of which 20 are b's by contract, and 80, 40 asked; a's line has 5.

    b gets its 20, then of the other 40 by what is asked, 80 to 20, 8, and what a leaves: 40.
    """
    world = run_with(
        buying(
            {"a": chip(line="narrow"), "b": chip()},
            nodes={
                **fab(60, rule="contract", floors={"b": 20.0}),
                "narrow": node("packaging", "TW", capacity={"2025Q1": figure(5)}),
            },
            plan=[order("a", 80), order("b", 40)],
            quarters=1,
        )
    )
    found = {o.chip: o.racks for o in world.supply.orders if o.granted_s is not None}
    assert found == {"a": 5, "b": 40}
