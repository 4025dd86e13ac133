"""What the parts of an order keep of it, and the dates it is promised and called off at."""

import pytest

from simulator.units import DAY_S, WEEK_S
from tests.world.buying import buying, chip, figure, lead, node, rack, run
from tests.world.test_market import order
from tests.world.test_programme import programme

Q2_S = 90 * DAY_S


def fab(**by_quarter: float):
    capacity = {quarter: figure(racks) for quarter, racks in by_quarter.items()}
    return {"fab": node("foundry", "TW", capacity=capacity)}


@pytest.mark.parametrize(
    ("cancel", "parts"),
    # Thirty a quarter: one part and its rest, or two parts and the rest of the rest.
    [("2025Q2", [30, 70]), ("2025Q3", [30, 30, 40])],
)
def test_an_order_is_called_off_with_all_its_parts(cancel, parts):
    """A hundred racks; whatever of them was granted has not left the foundry by then."""
    plan = [order("gpu", 100, cancel=cancel)]
    leads = {"gpu": lead(400 * WEEK_S)}
    world = run(buying(nodes=fab(**{"2025Q1": 30}), plan=plan, lead_times=leads))
    assert [o.racks for o in world.supply.orders] == parts
    when_s = world.scenario.horizon.calendar.at(cancel)
    assert {o.cancelled_s for o in world.supply.orders} == {when_s}
    # Nothing was owed, so all that was paid is back.
    assert world.treasury.paid_usd == pytest.approx(0.0)


def test_a_name_that_only_begins_like_anothers_is_not_called_off_with_it():
    plan = [order("gpu", 5, cancel="2025Q2"), *[order("gpu", 1)] * 11]
    world = run(buying(plan=plan, lead_times={"gpu": lead(400 * WEEK_S)}))
    assert [o.name for o in world.supply.orders if o.cancelled_s] == ["plan/gpu/2025Q1/1"]


def test_the_rest_of_an_order_keeps_its_price_and_when_it_was_wanted():
    """Of 100 racks at 3 USD, listed at 2, none are granted at first; then 50, and 50 more."""
    world = run(
        buying(
            nodes=fab(**{"2025Q1": 0.5, "2025Q2": 50}),
            racks={"gpu": rack("gpu", usd=2.0)},
            plan=[order("gpu", 100, price=3.0)],
        )
    )
    first, rest = world.supply.orders
    third_s = world.scenario.horizon.calendar.at("2025Q3")
    assert [o.granted_s for o in (first, rest)] == [Q2_S, third_s]
    assert first.payments == [(Q2_S, 150.0)]
    assert rest.payments == [(third_s, 150.0)]
    assert (rest.wanted_s, rest.quarter, rest.cause) == (0.0, "2025Q1", "plan")


def test_the_rest_of_an_order_queues_as_long_as_its_first_part():
    """The fallback, ten weeks behind what else is ordered: 30 racks now, 20 in 2026Q1."""
    world = run(
        buying(
            {"gpu": chip(), "own": chip(kind="custom", vendor="partner", fab="other")},
            nodes={
                **fab(**{"2025Q1": 30}),
                "other": node("foundry", "KR"),
                "partner": node("design_partner"),
            },
            racks={"gpu": rack("gpu", usd=2.0)},
            lead_times={c: lead(4 * WEEK_S) for c in ("gpu", "own")},
            programme=programme(gate={"forced": "cancel"}),
        )
    )
    first, rest = (o for o in world.supply.orders if o.cause == "fallback")
    at = world.scenario.horizon.calendar.at
    assert [(o.racks, o.funded_s) for o in (first, rest)] == [
        (30, at("2025Q4")),
        (20, at("2026Q1")),
    ]
    for part in (first, rest):
        assert part.made_s == part.funded_s + 10 * WEEK_S
        assert part.landed_s == pytest.approx(part.funded_s + 14 * WEEK_S)


def test_an_order_of_before_the_start_is_in_no_queue_of_the_run():
    """Twenty weeks from 2024Q4, 92 days before it; whoever orders in the run waits thirty."""
    queue = {"regimes": {"tight": {"wait": 30 * WEEK_S}}, "start": "tight", "source": "a test"}
    world = run(
        buying(
            plan=[order("gpu", 1, "2024Q4"), order("gpu", 1)],
            queues={"vendor": queue},
            lead_times={"gpu": lead(20 * WEEK_S)},
        )
    )
    early, late = world.supply.orders
    assert early.landed_s == pytest.approx(20 * WEEK_S - 92 * DAY_S)
    assert late.landed_s == pytest.approx(50 * WEEK_S)


def test_an_order_is_due_when_its_racks_are_to_stand_on_the_dock():
    """Of 20 weeks five are to install and to burn in."""
    shares = {"package_share": 0.1, "install_share": 0.1, "burn_in_share": 0.15}
    world = run(buying(plan=[order("gpu", 1)], lead_times={"gpu": lead(20 * WEEK_S, **shares)}))
    (first,) = world.supply.orders
    assert first.due_s == pytest.approx(15 * WEEK_S)
    assert first.due_s == pytest.approx(first.landed_s)


@pytest.mark.parametrize(
    ("days", "comes_off"),
    # Wafers are through on day 90, as 2025Q2 begins, or two days behind it.
    [(180.0, False), (184.0, True)],
)
def test_an_order_that_enters_a_stage_at_that_moment_has_entered_it(days, comes_off):
    terms = {"gpu": {"cancel_before": "packaging", "source": "a test"}}
    world = run(
        buying(
            plan=[order("gpu", 1, cancel="2025Q2")],
            contracts=terms,
            lead_times={"gpu": lead(days * DAY_S)},
        )
    )
    (first,) = world.supply.orders
    assert first.ends[0] == ("wafer", days / 2 * DAY_S)
    assert (first.cancelled_s == Q2_S) == comes_off
    assert (first.landed_s is None) == comes_off
