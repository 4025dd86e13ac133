"""When money comes, goes and comes back, and what it and the floor hold up: by hand."""

import pytest

from simulator.units import DAY_S, WEEK_S
from tests.world.books_of import costs, rack_s_waited
from tests.world.buying import buying, figure, lead, run, spread
from tests.world.test_market import order
from tests.world.test_programme import scenario as with_programme

Q2_S = 90 * DAY_S


def with_budget(scenario, **usd: float):
    """The scenario with other money. [USD]."""
    tree = scenario.model_dump(mode="json")
    tree["economics"]["budget"] = {quarter: float(n) for quarter, n in usd.items()}
    return type(scenario).from_si(tree)


def test_money_of_quarters_before_the_start_is_there_on_the_first_day():
    """Thirty and fifty of 2024 and twenty of 2025Q1 pay 100 racks of 1 USD at once."""
    given = with_budget(
        buying(plan=[order("gpu", 100), order("gpu", 1)]),
        **{"2024Q1": 30, "2024Q3": 50, "2025Q1": 20, "2025Q2": 1},
    )
    first, second = run(given).supply.orders
    assert (first.funded_s, second.funded_s) == (0.0, Q2_S)


def test_what_comes_back_of_a_cancelled_order_pays_who_waits():
    """Of 100 USD 60 are paid; another 60 wait until those come back, less a tenth, in 2025Q2."""
    terms = {"gpu": {"take_or_pay": 0.1, "source": "a test"}}
    plan = [order("gpu", 60, cancel="2025Q2"), order("gpu", 60)]
    given = buying(plan=plan, budget=100.0, contracts=terms, lead_times={"gpu": lead(60 * WEEK_S)})
    world = run(given)
    first, second = world.supply.orders
    assert first.payments == [(0.0, 60.0), (Q2_S, -54.0)]
    assert second.payments == [(Q2_S, 60.0)]
    assert world.treasury.balance_usd == pytest.approx(100 - 6 - 60)


def test_an_order_of_before_the_start_is_paid_in_full_whatever_its_contract():
    """Without a cent in the run it lands; half is due at once of what is ordered in the run."""
    terms = {"gpu": {"prepay": 0.5, "source": "a test"}}
    leads = {"gpu": lead(20 * WEEK_S)}
    early = run(
        buying(plan=[order("gpu", 10, "2024Q4")], contracts=terms, budget=0.0, lead_times=leads)
    )
    (found,) = early.supply.orders
    assert found.payments == [(-92 * DAY_S, 10.0)]
    assert found.landed_s == pytest.approx(20 * WEEK_S - 92 * DAY_S)
    assert early.treasury.paid_usd == 0.0
    late = run(buying(plan=[order("gpu", 10)], contracts=terms, budget=5.0, lead_times=leads))
    assert late.supply.orders[0].payments == [(0.0, 5.0)]
    assert late.supply.orders[0].landed_s is None


def test_racks_are_shipped_from_when_their_balance_is_paid():
    """Built in week 27 of 30, they are paid in 2025Q4, in week 39, and under way for three."""
    terms = {"gpu": {"prepay": 0.5, "source": "a test"}}
    given = with_budget(
        buying(
            plan=[order("gpu", 100)],
            contracts=terms,
            lead_times={"gpu": lead(30 * WEEK_S, fab_share=0.5, ship_share=0.1)},
        ),
        **{"2025Q1": 60, "2025Q4": 40},
    )
    (found,) = run(given).supply.orders
    paid_s = given.horizon.calendar.at("2025Q4")
    entered = [(stage, pytest.approx(t)) for stage, t in found.entered()]
    weeks = {"wafer": 0.0, "packaging": 15 * WEEK_S, "rack": 22.5 * WEEK_S, "ship": paid_s}
    assert entered == [*weeks.items()]
    assert found.landed_s == pytest.approx(paid_s + 3 * WEEK_S)
    stages = {found.stage(t * WEEK_S) for t in (26.9,)}, {found.stage(t * WEEK_S) for t in (27, 38)}
    assert stages == ({"rack"}, {"money"})
    assert found.stage(paid_s) == "ship"


def test_racks_that_never_find_a_place_wait_for_power():
    """Ten land in week 20 and four find room: six wait until the horizon, or for 2025Q4."""
    plan, leads = [order("gpu", 10)], {"gpu": lead(20 * WEEK_S)}
    phases = [{"quarter": "2024Q4", "it_power": 1e12, "racks": 4}]
    world = run(buying(site={"phases": phases}, plan=plan, lead_times=leads))
    left_s = world.scenario.horizon.calendar.horizon_s - 20 * WEEK_S
    assert rack_s_waited(world) == pytest.approx({"power": 6 * left_s})
    more = [*phases, {"quarter": "2025Q4", "it_power": 1e12, "racks": 6}]
    world = run(buying(site={"phases": more}, plan=plan, lead_times=leads))
    wait_s = world.scenario.horizon.calendar.at("2025Q4") - 20 * WEEK_S
    assert rack_s_waited(world) == pytest.approx({"power": 6 * wait_s})


@pytest.mark.parametrize(("energy", "factor"), [(1.5, 1.5), (0.5, 1.0)])
def test_buildings_are_sized_for_the_power_a_chip_needs_and_never_less_than_planned(energy, factor):
    """10 USD/W over 6e8 s: a pilot rack of 1 kW from week 4 on, at what it is provisioned with."""
    given = with_programme(
        own_watts=1000.0,
        energy=spread(energy),
        gate={"forced": "ramp"},
        reserve={},
        development=figure(1),
    )
    world = run(given)
    served_s = given.horizon.calendar.horizon_s - 4 * WEEK_S
    built = sum(costs(world, "accrual", "facility").values())
    assert built == pytest.approx(factor * 1000.0 * 10 / 6e8 * served_s)


def test_only_the_training_share_of_the_budget_buys_racks_as_it_comes():
    """Half of 60, 40 and 100 USD, in whatever order they are written: 30, 50 and 100 in all."""
    given = with_budget(
        buying(plan=[order("gpu", n) for n in (30, 20, 50, 1)]),
        **{"2025Q3": 100, "2025Q1": 60, "2025Q2": 40},
    )
    tree = given.model_dump(mode="json")
    tree["economics"]["training_share"] = figure(0.5)
    world = run(type(given).from_si(tree))
    at = given.horizon.calendar.at
    assert [o.funded_s for o in world.supply.orders] == [0.0, Q2_S, at("2025Q3"), None]
    assert world.treasury.paid_usd == pytest.approx(100.0)
