"""What a plan hardly means: held against what the supply world does with it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.spec.loader import Given, SpecError, load
from simulator.spec.notices import notices
from simulator.spec.notices_money import removed, waits
from simulator.world.chain import Chain
from simulator.world.supply_world import run_supply

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"
PILOT = Path(__file__).parents[2] / "scenarios" / "inhouse_pilot.yaml"
#: Racks cost 1 MUSD; these are the racks' money of the six quarters. [MUSD]
MONEY = {"2025Q1": 3, "2025Q2": 3, "2025Q3": 3, "2025Q4": 5, "2026Q1": 0, "2026Q2": 0}
QUARTERS = [*MONEY]


@pytest.fixture(scope="module")
def tiny() -> Given:
    return load(TINY).change({"supply.programme": None, "supply.plan": [], "stops": None})


def planned(tiny: Given, *orders: dict[str, object]) -> Given:
    return tiny.change({"supply.plan": [{"chip": "gpu", **order} for order in orders]})


def said(plan: Given) -> list[str]:
    return [f"{notice.key}: {notice.message}" for notice in notices(plan)]


def test_a_plan_that_is_paid_for_says_nothing(tiny: Given):
    assert not said(planned(tiny, *({"quarter": q, "racks": n} for q, n in MONEY.items() if n)))


@pytest.mark.parametrize("name", ["inhouse_pilot.yaml", "buildout_2024.yaml"])
def test_shipped_scenarios_mean_what_they_say(name: str):
    shipped = load(PILOT.with_name(name))
    assert not notices(shipped, shipped.scenario)


def test_a_plan_is_paid_for_at_its_own_prices(tiny: Given):
    """Of 3 MUSD a quarter; racks are listed at 1 MUSD."""
    assert not said(planned(tiny, {"quarter": "2025Q1", "racks": 4, "discount": 0.25}))
    assert not said(planned(tiny, {"quarter": "2025Q1", "racks": 6, "price": "500 kUSD"}))
    (short,) = said(planned(tiny, {"quarter": "2025Q1", "racks": 3, "price": "1.2 MUSD"}))
    assert "600 kUSD are lacking in 2025Q1" in short
    (none,) = said(planned(tiny, {"quarter": "2025Q1", "spend": "1 MUSD", "price": "2 MUSD"}))
    assert none.endswith("1 MUSD buys no rack of 'gpu', one costs 2 MUSD: nothing is ordered")


def test_a_price_far_from_the_listed_is_told(tiny: Given):
    (far,) = said(planned(tiny, {"quarter": "2025Q1", "racks": 2, "price": "300 kUSD"}))
    assert far == (
        "supply.plan.0.price: 300 kUSD for a rack of 'gpu', which the catalogue lists at 1 MUSD"
    )


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        ({"price": "1 MUSD", "discount": 0.1}, "supply.plan.0", "either a 'price' or a 'discount'"),
        ({"price": "0 USD"}, "supply.plan.0", "price must be > 0"),
        ({"price": "3 weeks"}, "supply.plan.0.price", "money"),
        ({"discount": 1}, "supply.plan.0.discount", "below 1"),
        ({"discount": -0.1}, "supply.plan.0.discount", "0"),
        ({"discout": 0.1}, "supply.plan.0.discout", "did you mean 'discount'?"),
    ],
)
def test_prices_that_mean_nothing_are_refused(tiny: Given, line, key, message):
    with pytest.raises(SpecError) as error:
        planned(tiny, {"quarter": "2025Q1", "racks": 2, **line})
    (found,) = error.value.faults
    assert found.key == key
    assert message in found.message


def test_orders_outside_the_run_or_of_nothing_are_told(tiny: Given):
    plan = planned(
        tiny,
        {"quarter": "2024Q4", "racks": 4},
        {"quarter": "2026Q3", "racks": 4},
        {"quarter": "2026Q4", "racks": 4},
        {"quarter": "2025Q1", "spend": "900 kUSD"},
        {"quarter": "2025Q1", "racks": 2},
    ).change(
        {"supply.contracts": {"gpu": {"minimum": 3, "source": "a test"}}},
    )
    found = said(plan)
    assert [line.partition(": ")[0] for line in found] == [
        "supply.plan.1.quarter",
        "supply.plan.0.quarter",
        "supply.plan.3.spend",
        "supply.plan.4",
    ]
    assert (
        "2026Q3 is after the last quarter, 2026Q2: it is never ordered, nor is another" in found[0]
    )
    assert "2024Q4 is before the start of the run, 2025Q1: 4 racks" in found[1]
    assert "900 kUSD buys no rack of 'gpu', one costs 1 MUSD" in found[2]
    assert "2 racks of 'gpu' are fewer than its contract's minimum of 3" in found[3]


def test_a_purchase_without_its_budget_says_which_budget_would_pay_for_it(tiny: Given):
    plan = planned(
        tiny,
        {"quarter": "2025Q1", "racks": 3},
        {"quarter": "2025Q1", "racks": 2},
        {"quarter": "2025Q2", "racks": 3},
        {"quarter": "2025Q3", "racks": 3},
        {"quarter": "2025Q4", "racks": 4},
    )
    # Two racks too many, of half the budget: each quarter's wait for the next, the last for ever.
    (line,) = said(plan)
    assert line.startswith("supply.plan.1: waits for money until 2025Q2, and 3 purchases behind it")
    assert "(1 of them never paid for)" in line
    assert "2 MUSD are lacking in 2025Q1" in line
    assert line.endswith("economics.budget.2025Q1 of 10 MUSD would pay for it, it is 6 MUSD")
    assert not said(plan.change({"economics.budget.2025Q1": "10 MUSD"}))


orders = st.lists(st.tuples(st.sampled_from(QUARTERS), st.integers(1, 6)), max_size=8)


@given(orders)
@settings(max_examples=40)
def test_who_is_said_to_wait_waits_in_the_world(tiny: Given, lines: list[tuple[str, int]]):
    plan = planned(tiny, *({"quarter": q, "racks": n} for q, n in sorted(lines)))
    found = [line for line in said(plan) if "money" in line or "never paid" in line]
    world = run_supply(plan.scenario, 0, 0, Chain(plan.scenario))
    made = [order for order in world.supply.orders if order.cause == "plan"]
    late = [k for k, o in enumerate(made) if o.funded_s is None or o.funded_s > o.wanted_s]
    assert bool(found) == bool(late)
    for line in found[:1]:
        index = int(line.split(".")[2].partition(":")[0])
        assert index == late[0]
        calendar, funded_s = plan.scenario.horizon.calendar, made[index].funded_s
        if funded_s is None:
            assert "is never paid for within the run" in line
        else:
            quarter = calendar.names()[calendar.edges_s().index(funded_s)]
            assert f"waits for money until {quarter}" in line


def test_a_demand_surge_that_nobody_feels_is_told(tiny: Given):
    surge = {"quarter": "2025Q1", "duration": "13 weeks", "severity": 0.5, "kind": "demand_surge"}
    figure = {"value": 100, "status": "published", "source": "a test", "date": "2025"}
    given = tiny.change({"supply.shocks": [{"node": "fab-a", **surge}]})
    (line,) = said(given)
    assert line.startswith("supply.shocks.0: a demand surge raises what 'others' ask")
    assert "fab-a has none" in line
    with_capacity = given.change({"supply.nodes.fab-a.capacity": {"2025Q1": figure}})
    assert len(said(with_capacity)) == 1
    others = with_capacity.change({"supply.nodes.fab-a.others": {"2025Q1": figure}})
    assert not said(others)


def test_nothing_ordered_and_nothing_befallen_are_told(tiny: Given):
    """A purchase of no racks, and a shock after the run, leave the world as it is without them."""
    calm = planned(tiny, {"quarter": "2025Q1", "racks": 2})
    nothing = planned(tiny, {"quarter": "2025Q1", "racks": 2}, {"quarter": "2025Q2", "racks": 0})
    assert said(nothing) == ["supply.plan.1.racks: 0 racks of 'gpu': nothing is ordered"]
    shock = {"node": "fab-a", "duration": "26 weeks", "severity": 1}
    late = calm.change({"supply.shocks": [{**shock, "quarter": "2026Q3"}]})
    (line,) = said(late)
    assert line.endswith("2026Q3 is after the last quarter, 2026Q2: it never happens")
    assert not said(calm.change({"supply.shocks": [{**shock, "quarter": "2026Q2"}]}))
    worlds = [run_supply(g.scenario, 0, 0, Chain(g.scenario)) for g in (calm, nothing, late)]
    made = [[(o.chip, o.racks, o.wanted_s) for o in w.supply.orders] for w in worlds]
    assert made[0] == made[1] == made[2]


def test_a_plan_that_replaces_another_says_what_it_removed():
    base = load(PILOT)
    one = {"chip": "gb200-nvl72", "quarter": "2025Q2", "spend": "300 MUSD"}
    replaced = base.change({"supply.plan": [one]})
    (notice,) = notices(replaced, base.scenario)
    assert notice.key == "supply.plan"
    assert notice.message.startswith("32 purchases of the plan before it")
    assert "write 'plan+' to add to it" in notice.message
    added = base.change({"supply.plan+": [one]})
    assert not removed(base.scenario, added.scenario)
    # The same money for other chips is meant; and so is a plan cut where no money is.
    half = base.change({"supply.plan.0.chip": "mi300x"})
    assert not removed(base.scenario, half.scenario)
    assert waits(added.scenario)


def test_money_kept_for_a_ramp_is_not_missing_from_a_plan_that_buys_instead():
    bought, ramped = (load(PILOT, case).scenario for case in ("buy_only", "ramp_second_foundry"))
    assert not removed(bought, ramped)
