"""What buying rules order at their edges: before the start, between quarters, once."""

import pytest

from simulator.units import WEEK_S, YEAR_S
from simulator.world.buying import purchases
from simulator.world.promises import landing_s, service_s
from tests.world.buying import buying, chip, lead, node, rack, run, spread
from tests.world.test_market import order
from tests.world.test_programme import programme

QUARTER_S = YEAR_S / 4
CHIPS = {"a": chip(), "b": chip(vendor="second", fab="other")}
NODES = {"second": node("vendor"), "other": node("foundry", "KR")}
STOP = {"quarter": "2025Q1", "duration": 500 * WEEK_S, "severity": 1.0}


def ordered(rule, plan, **more):
    """Chip, quarter and racks of what a rule makes of a plan."""
    given = {"nodes": NODES, **more}
    return [
        (bought.chip, bought.quarter, bought.racks)
        for bought in purchases(buying(CHIPS, plan=plan, buying=rule, **given))
    ]


def again(plan, **more):
    """Chip, quarter and racks of what is bought again as b; ten weeks' lead unless stated."""
    given = {"lead_times": {c: lead(10 * WEEK_S) for c in CHIPS}, "nodes": NODES, **more}
    rule = {"rule": "react_to_slips", "other": "b"}
    world = run(buying(CHIPS, plan=plan, buying=rule, **given))
    return [(o.chip, o.quarter, o.racks) for o in world.supply.orders if o.cause == "react"]


@pytest.mark.parametrize(
    ("late_quarters", "early"),
    # The P90 of a lead time over its median: whole quarters that cover it.
    [(0.9, 1), (1.0, 1), (1.2, 2), (1.8, 2), (2.4, 3)],
)
def test_committing_early_covers_the_late_part_with_whole_quarters(late_quarters, early):
    total = spread(4 * QUARTER_S, (4 + late_quarters) * QUARTER_S)
    leads = {c: {**lead(), "total": total} for c in CHIPS}
    found = ordered({"rule": "commit_early"}, [order("a", 7, "2026Q2")], lead_times=leads)
    assert found == [("a", {1: "2026Q1", 2: "2025Q4", 3: "2025Q3"}[early], 7)]


def test_committing_early_orders_nothing_before_the_start_that_was_not():
    """Two quarters early: of 2025Q2 in 2025Q1; what was ordered in 2024Q4 stays as it was."""
    total = spread(4 * QUARTER_S, 5.8 * QUARTER_S)
    plan = [order("a", 1, "2024Q4"), *(order("a", n, f"2025Q{n}") for n in (1, 2, 3, 4))]
    leads = {c: {**lead(), "total": total} for c in CHIPS}
    assert ordered({"rule": "commit_early"}, plan, lead_times=leads) == [
        ("a", "2024Q4", 1),
        ("a", "2025Q1", 1),
        ("a", "2025Q1", 2),
        ("a", "2025Q1", 3),
        ("a", "2025Q2", 4),
    ]


HEDGE = {"rule": "hedge", "other": "b", "share": 0.2}


def test_what_a_hedge_kept_before_the_start_buys_nothing_in_the_run():
    """Of 4 USD .8 go to racks of b of 1.6: two lines buy one, both before or both behind."""
    prices = {"b": rack("b", usd=1.6)}
    for quarters, bought in (
        (("2024Q3", "2024Q4"), [("b", "2024Q4", 1)]),
        (("2024Q4", "2025Q1"), []),
        (("2025Q1", "2025Q2"), [("b", "2025Q2", 1)]),
    ):
        found = ordered(HEDGE, [order("a", 4, q) for q in quarters], racks=prices)
        assert [each for each in found if each[0] == "b"] == bought


def test_a_hedge_saves_from_quarter_to_quarter_however_its_plan_is_written():
    """Lines of 4, 5, 6 and 7 USD: .8, 1.8, 3.0 and, of the rest, 1.4 of b's 3 USD a rack."""
    plan = [order("a", 4 + k, f"2025Q{1 + k}") for k in range(4)]
    found = ordered(HEDGE, plan, racks={"b": rack("b", usd=3.0)})
    # For a 3.2; .2 + 4; .2 + 4.8; 5.6, each with what was left of the one before.
    assert found == [
        ("a", "2025Q1", 3),
        ("a", "2025Q2", 4),
        ("a", "2025Q3", 5),
        ("b", "2025Q3", 1),
        ("a", "2025Q4", 5),
    ]
    assert ordered(HEDGE, plan[::-1], racks={"b": rack("b", usd=3.0)}) == found


def test_only_what_the_plan_orders_elsewhere_is_bought_again():
    """All vendors stand still: six of a are bought again as b, four of b itself are not."""
    stops = [{"node": name, **STOP} for name in ("vendor", "second")]
    assert again([order("a", 6), order("b", 4)], shocks=stops) == [("b", "2025Q2", 6)]


def test_an_order_that_was_called_off_is_not_bought_again():
    """Due in week 20, seen in 2025Q3 if it is late; called off in 2025Q2, in week 12.9."""
    leads = {c: lead(20 * WEEK_S, fab_share=0.75) for c in CHIPS}
    given = {"shocks": [{"node": "vendor", **STOP}], "lead_times": leads}
    assert again([order("a", 6)], **given) == [("b", "2025Q3", 6)]
    assert again([order("a", 6, cancel="2025Q2")], **given) == []


def test_a_pilot_that_is_late_is_not_bought_again():
    """The plan's two racks of a are, which are as late."""
    stop = {"node": "vendor", **STOP}
    given = programme(chip="a", fallback="b", reserve={}, pilot_racks=5)
    assert again([order("a", 2)], shocks=[stop], programme=given) == [("b", "2025Q2", 2)]


def test_what_an_order_is_reckoned_to_take():
    """Twenty weeks, of which five behind the dock; in a queue of eight, or ten more behind it."""
    queue = {"regimes": {"tight": {"wait": 8 * WEEK_S}}, "start": "tight", "source": "a test"}
    scenario = buying(
        plan=[order("gpu", 1, "2024Q4"), order("gpu", 1)],
        queues={"vendor": queue},
        lead_times={"gpu": lead(20 * WEEK_S, package_share=0.2, burn_in_share=0.25)},
    )
    world = run(scenario)
    terms, market = scenario.supply.lead_times["gpu"], world.market
    early, late = world.supply.orders
    begun_s = scenario.horizon.calendar.at("2024Q4")
    assert landing_s(early, terms, market) == pytest.approx(begun_s + 15 * WEEK_S)
    assert landing_s(late, terms, market) == pytest.approx(23 * WEEK_S)
    assert service_s(late, terms, market) == pytest.approx(28 * WEEK_S)
    late.extra_wait_s = 10 * WEEK_S
    assert landing_s(late, terms, market) == pytest.approx(33 * WEEK_S)


@pytest.mark.parametrize(("racks", "placed"), [(4, False), (5, True), (6, True)])
def test_an_order_of_a_contracts_minimum_is_placed(racks, placed):
    terms = {"gpu": {"minimum": 5, "source": "a test"}}
    world = run(buying(plan=[order("gpu", racks)], contracts=terms))
    assert [o.racks for o in world.supply.orders] == ([racks] if placed else [])
    assert ("too small" in world.record.tables["events"]["kind"]) != placed


def test_what_is_bought_again_costs_what_the_late_order_is_worth():
    """Half of ten racks of 3 USD is paid: 30 USD buy 15 racks of 2."""
    terms = {"a": {"prepay": 0.5, "source": "a test"}}
    prices = {"a": rack("a", usd=3.0), "b": rack("b", usd=2.0)}
    given = {"contracts": terms, "racks": prices, "shocks": [{"node": "vendor", **STOP}]}
    assert again([order("a", 10)], **given) == [("b", "2025Q2", 15)]
