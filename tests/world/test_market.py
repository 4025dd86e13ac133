"""Windows of the market: who is accepted, who gets what is short, who is paid; by hand."""

import pytest

from simulator.units import DAY_S
from tests.world.buying import buying, chip, figure, node, rack, run

QUARTERS = [f"{2025 + k // 4}Q{k % 4 + 1}" for k in range(8)]
FAB = {"fab": node("foundry", "TW", capacity={"2025Q1": figure(100)})}


def order(name: str, racks: int, quarter: str = "2025Q1", **more) -> dict:
    return {"chip": name, "quarter": quarter, "racks": racks, **more}


def cut(severity: float, quarter: str = "2025Q1", days: float = 1000, **more) -> dict:
    length = {"duration": days * DAY_S, "severity": severity}
    return {"node": "vendor", "quarter": quarter, "kind": "allocation_cut", **length, **more}


def tight(granted: float) -> dict:
    state = {"wait": 0.0, "granted": granted}
    return {"vendor": {"regimes": {"tight": state}, "start": "tight", "source": "a test"}}


def granted(scenario, name: str | None = None) -> list[int]:
    """Racks granted in each quarter, in the order of their windows."""
    world = run(scenario)
    edges_s = world.scenario.horizon.calendar.edges_s()
    found = [0] * (len(edges_s) - 1)
    for o in world.supply.orders:
        if o.granted_s is not None and name in (None, o.chip):
            found[sum(edge <= o.granted_s for edge in edges_s) - 1] += o.racks
    return found


def test_a_cut_of_all_but_nothing_grants_nothing():
    """A thousandth of ten racks in each of eight quarters is no rack."""
    assert granted(buying(plan=[order("gpu", 10)], shocks=[cut(0.999)])) == [0] * 8


@pytest.mark.parametrize("refuses", ["cut", "regime"])
def test_parts_of_racks_that_are_accepted_add_up(refuses):
    """A quarter of what is asked: 2.5 of 10; 2 + .5; 1.5 + .5; 1 of 4; .75; .75 + .75; ..."""
    how = {"shocks": [cut(0.75)]} if refuses == "cut" else {"queues": tight(0.25)}
    # Asked 10, 8, 6, 4, 3, 3, 2, 2; due 2.5, 2.5, 2, 1, .75, 1.5, 1, .5.
    assert granted(buying(plan=[order("gpu", 10)], **how)) == [2, 2, 2, 1, 0, 1, 1, 0]


def test_ten_orders_of_a_rack_are_accepted_as_one_of_ten():
    one = granted(buying(plan=[order("gpu", 10)], queues=tight(0.1)))
    assert granted(buying(plan=[order("gpu", 1)] * 10, queues=tight(0.1))) == one
    assert one[0] == 1


def test_a_cut_counts_by_its_mean_over_the_quarter():
    """Of 90 days, from day 0 on, all is refused for 45: half; a cut of later quarters is none."""
    half = buying(plan=[order("gpu", 100)], shocks=[cut(1.0, days=45)])
    assert granted(half)[:2] == [50, 50]
    later = buying(plan=[order("gpu", 100)], shocks=[cut(1.0, "2025Q2", days=91)])
    assert granted(later)[:2] == [100, 0]


@pytest.mark.parametrize(
    ("recovery", "part"),
    # Mean of the loss: 1; 1/2; (1 - e^-3) / 3 = .3167.
    [("step", 0.0), ("linear", 0.5), ("exponential", 1 - 0.316738)],
)
def test_a_cut_recovers_in_its_shape(recovery, part):
    scenario = buying(plan=[order("gpu", 1000)], shocks=[cut(1.0, days=90, recovery=recovery)])
    assert granted(scenario)[0] == int(1000 * part)


@pytest.mark.parametrize(("overlap", "left"), [("multiply", 30), ("worst", 50), ("add", 10)])
def test_cuts_that_overlap_combine_as_all_shocks_do(overlap, left):
    shocks = [cut(0.5), {**cut(0.4), "node": "fab"}]
    scenario = buying(plan=[order("gpu", 100)], shocks=shocks, overlap=overlap)
    assert granted(scenario)[0] == left


@pytest.mark.parametrize(
    ("days", "recovery", "expected"),
    # Of the quarter's 90 days; others ask for 100, 66.7 and 75 instead of 50.
    [(90, "step", 50), (30, "step", 60), (90, "linear", 57)],
)
def test_others_that_ask_for_more_leave_us_less(days, recovery, expected):
    """Of 100, pro rata to our 100 and theirs."""
    fab = node("foundry", capacity={"2025Q1": figure(100)}, others={"2025Q1": figure(50)})
    surge = {**cut(1.0, days=days, recovery=recovery), "node": "fab", "kind": "demand_surge"}
    scenario = buying(nodes={"fab": fab}, plan=[order("gpu", 100)], shocks=[surge], quarters=1)
    assert granted(scenario) == [expected]


@pytest.mark.parametrize(
    ("ranks", "others_rank", "expected"),
    [({"gpu": 1}, 2, 80), ({"gpu": 2}, 1, 40), ({"gpu": 1}, 1, 57)],
)
def test_other_customers_have_their_place(ranks, others_rank, expected):
    """100 for our 80 and 60 of others: before them, behind them, beside them."""
    sharing = {"rule": "priority", "ranks": ranks, "others_rank": others_rank}
    fab = node(
        "foundry",
        capacity={"2025Q1": figure(100)},
        others={"2025Q1": figure(60)},
        sharing=sharing,
    )
    plan = [order("gpu", 80)]
    assert granted(buying(nodes={"fab": fab}, plan=plan, quarters=1)) == [expected]


def test_the_oldest_ask_of_a_chip_is_served_first():
    """150 asked of 100 a quarter, then 60 more: 100; 50 of the first and 50 of the second; 10."""
    plan = [order("gpu", 150), order("gpu", 60, "2025Q2")]
    world = run(buying(nodes=FAB, plan=plan))
    at = {q: world.scenario.horizon.calendar.at(q) for q in QUARTERS[:3]}
    assert [(o.name, o.racks, o.granted_s) for o in world.supply.orders] == [
        ("plan/gpu/2025Q1/1", 100, at["2025Q1"]),
        ("plan/gpu/2025Q1/1+", 50, at["2025Q2"]),
        ("plan/gpu/2025Q2/1", 50, at["2025Q2"]),
        ("plan/gpu/2025Q2/1+", 10, at["2025Q3"]),
    ]


def test_who_asks_again_waits_for_the_next_window_though_more_was_left():
    """Half of 10 is accepted; 95 are left of the quarter, yet the rest is asked in the next."""
    scenario = buying(nodes=FAB, plan=[order("gpu", 10)], queues=tight(0.5), quarters=3)
    assert granted(scenario) == [5, 2, 2]


@pytest.mark.parametrize("named", [("a", "b"), ("b", "a"), ("z", "y")])
def test_equals_are_served_in_the_order_in_which_they_asked(named):
    """Four and four of five: the fifth goes to who asked first, whatever its name."""
    first, second = named
    fab = {"fab": node("foundry", capacity={"2025Q1": figure(5)})}
    world = run(
        buying(
            {first: chip(), second: chip()},
            nodes=fab,
            plan=[order(first, 4), order(second, 4)],
            quarters=1,
        )
    )
    assert [(o.chip, o.racks) for o in world.supply.orders if o.granted_s is not None] == [
        (first, 3),
        (second, 2),
    ]


def test_no_more_begins_in_a_quarter_than_its_capacity_however_late_the_money_comes():
    """A hundred a quarter are asked in three, all is paid for from the third on: no 300 begin."""
    plan = [order("gpu", 100, quarter) for quarter in QUARTERS[:3]]
    scenario = buying(nodes=FAB, plan=plan, quarters=6)
    budget = scenario.economics.model_copy(update={"budget": {"2025Q3": 300.0}})
    world = run(scenario.model_copy(update={"economics": budget}))
    at = [world.scenario.horizon.calendar.at(q) for q in QUARTERS]
    begun = [(o.racks, o.funded_s, o.made_s) for o in world.supply.orders]
    assert begun == [(100, at[k], at[k]) for k in (2, 3, 4)]
    # Two were first held up by money; the third found it there, and waited for a slot.
    assert [o.lacks_money_s for o in world.supply.orders] == [at[0], at[1], at[4]]


def test_an_order_without_money_takes_no_slot():
    """The first's 100 racks cost 500 of the 50 there are, the second's 50 wait behind it.

    Called off in the next quarter, it makes way.
    """
    dear = {**order("dear", 100), "cancel": "2025Q2"}
    scenario = buying(
        {"dear": chip(), "cheap": chip()},
        racks={"dear": rack("dear", usd=5.0), "cheap": rack("cheap")},
        nodes=FAB,
        budget=50.0,
        plan=[dear, order("cheap", 50)],
        quarters=3,
    )
    assert granted(scenario, "cheap") == [0, 50, 0]
    assert granted(scenario, "dear") == [0, 0, 0]


@pytest.mark.parametrize("capacity", [None, 1e6])
@pytest.mark.parametrize("plan", [("a", "b"), ("b", "a")])
def test_money_goes_to_what_was_ordered_first_whether_or_not_its_chip_may_run_short(plan, capacity):
    """Fifty and fifty racks, money for fifty."""
    terms = {} if capacity is None else {"capacity": {"2025Q1": figure(capacity)}}
    scenario = buying(
        {"a": chip(), "b": chip(fab="other")},
        nodes={"fab": node("foundry", "TW", **terms), "other": node("foundry", "KR")},
        budget=50.0,
        plan=[order(name, 50) for name in plan],
    )
    paid = [o.chip for o in run(scenario).supply.orders if o.funded_s is not None]
    assert paid == [plan[0]]
