"""What stands still where, and which stage of an order waits for it: histories by hand."""

from collections.abc import Mapping
from typing import Any

import pytest

from simulator.units import DAY_S, WEEK_S
from simulator.world.supply_world import SupplyWorld
from tests.world.buying import buying, chip, figure, lead, node, run

ONE = {"chip": "gpu", "quarter": "2025Q1", "racks": 1}
#: 2025Q2 begins on day 90.
Q2_S = 90 * DAY_S


def stop(name: str, weeks: float = 5000.0, quarter: str = "2025Q1", **more: Any) -> dict[str, Any]:
    length = {"duration": weeks * WEEK_S, "severity": 1.0}
    return {"node": name, "quarter": quarter, **length, **more}


def needs(*names: str, **more: Any) -> dict[str, Any]:
    """Inputs, each of one supplier of its name."""
    return {name: {"shares": {name: 1.0}, "source": "a test", **more} for name in names}


def healths(world: SupplyWorld, name: str) -> list[tuple[float, float]]:
    """When the health of a node changes, and to what, as its table has it."""
    told: Mapping[str, list[Any]] = world.record.tables["nodes"]
    rows = zip(told["t_s"], told["node"], told["health"], strict=True)
    return [(t, pytest.approx(h)) for t, which, h in rows if which == name]


def wafers_of(weeks: float) -> dict[str, Any]:
    """A lead time that is all of it in the foundry."""
    return {"gpu": lead(weeks * WEEK_S, fab_share=1.0, package_share=0.0)}


@pytest.mark.parametrize(
    ("stopped", "ends"),
    [
        (None, [10, 20, 30, 40]),
        # Wafers are through in week 10, before the stop.
        ("fab", [10, 20, 30, 40]),
        # Packaging has seven of its ten weeks to go, and loses two.
        ("line", [10, 22, 32, 42]),
        ("maker", [10, 22, 32, 42]),
        # Racks come to a line that has lost two weeks before they did and never makes them up.
        ("vendor", [10, 20, 32, 42]),
        ("freight", [10, 20, 30, 42]),
    ],
)
def test_each_stage_of_an_order_waits_for_its_own_makers(stopped, ends):
    """Four stages of ten weeks; from day 90, in week 12.9, on something stops for two weeks."""
    world = run(
        buying(
            {"gpu": chip(inputs=needs("freight", stage="ship"))},
            nodes={"freight": node("integrator")},
            plan=[ONE],
            lead_times={"gpu": lead(40 * WEEK_S, fab_share=0.25, ship_share=0.25)},
            shocks=[] if stopped is None else [stop(stopped, 2, "2025Q2")],
        )
    )
    (order,) = world.supply.orders
    assert [stage for stage, _ in order.ends] == ["wafer", "packaging", "rack", "ship"]
    assert [end_s / WEEK_S for _, end_s in order.ends] == pytest.approx(ends)
    assert order.landed_s == order.ends[-1][1]


def test_racks_that_are_not_shipped_wait_for_no_freight():
    """Nothing of the lead time is on the way: freight stands still, and they land in week 10."""
    world = run(
        buying(
            {"gpu": chip(inputs=needs("freight", stage="ship"))},
            nodes={"freight": node("integrator")},
            plan=[ONE],
            lead_times={"gpu": lead(10 * WEEK_S)},
            shocks=[stop("freight")],
        )
    )
    assert world.supply.orders[0].landed_s == pytest.approx(10 * WEEK_S)


@pytest.mark.parametrize(
    ("losses", "weeks"),
    # The scarcest alone sets the pace: ten weeks of work at .5, .4 or .6.
    [({"line": 0.5, "maker": 0.4}, 20), ({"line": 0.5}, 20), ({"maker": 0.4}, 10 / 0.6)],
)
def test_of_two_inputs_of_a_stage_the_scarcest_sets_the_pace(losses, weeks):
    shares = {"fab_share": 0.0, "package_share": 1.0}
    world = run(
        buying(
            plan=[ONE],
            lead_times={"gpu": lead(10 * WEEK_S, **shares)},
            shocks=[stop(name, severity=lost) for name, lost in losses.items()],
        )
    )
    assert world.supply.orders[0].landed_s == pytest.approx(weeks * WEEK_S)


@pytest.mark.parametrize(
    ("losses", "left"),
    [
        ({"gas": 0.5, "resist": 0.4}, 0.5),
        # No more than the scarcest of its inputs, and no more than it can itself.
        ({"fab": 0.3, "gas": 0.5}, 0.5),
        ({"fab": 0.6, "gas": 0.5}, 0.4),
        # Its own trouble and that of the grid it rests on multiply.
        ({"fab": 0.6, "grid": 0.5}, 0.2),
        ({"fab": 0.6, "grid": 0.5, "gas": 0.9}, 0.1),
    ],
)
def test_a_node_gives_what_its_scarcest_input_allows(losses, left):
    fab = node("foundry", "TW", inputs=needs("gas", "resist"), rests_on={"power": "grid"})
    kinds = {"gas": "material", "resist": "material", "grid": "power"}
    world = run(
        buying(
            nodes={"fab": fab, **{name: node(kind, "US") for name, kind in kinds.items()}},
            shocks=[stop(name, severity=lost) for name, lost in losses.items()],
        )
    )
    assert healths(world, "fab") == [(0.0, left)]


@pytest.mark.parametrize("stopped", ["grid", "plant", "fuel"])
def test_a_node_stands_still_with_the_inputs_of_what_it_rests_on(stopped):
    """The fab rests on a grid, that on a plant, which burns fuel: of each .6 are lost."""
    world = run(
        buying(
            nodes={
                "fab": node("foundry", "TW", rests_on={"power": "grid"}),
                "grid": node("power", "JP", rests_on={"power": "plant"}),
                "plant": node("power", "KR", inputs=needs("fuel")),
                "fuel": node("material", "NL"),
            },
            plan=[ONE],
            lead_times=wafers_of(10),
            shocks=[stop(stopped, severity=0.6)],
        )
    )
    assert healths(world, "fab") == [(0.0, 0.4)]
    # At .4 of the pace ten weeks are 25.
    assert world.supply.orders[0].landed_s == pytest.approx(25 * WEEK_S)


@pytest.mark.parametrize(
    ("lag_weeks", "landed_weeks"),
    # Nothing until the lag is over, then half speed: the lag and 20 weeks.
    [(0.0, 20.0), (4.0, 24.0), (9.0, 29.0)],
)
def test_a_second_source_delivers_more_only_after_its_lag(lag_weeks, landed_weeks):
    terms = {"limits": {"spare": 0.5}, "switch_lag": lag_weeks * WEEK_S, "source": "a test"}
    scenario = buying(
        {"gpu": chip(foundry={"fab": 1.0, "spare": 0.0}, terms={"foundry": terms})},
        nodes={"spare": node("foundry", "KR")},
        plan=[ONE],
        lead_times=wafers_of(10),
        shocks=[stop("fab")],
    )
    assert run(scenario).supply.orders[0].landed_s == pytest.approx(landed_weeks * WEEK_S)


@pytest.mark.parametrize(
    ("days", "landed_weeks"),
    # From 2024Q4 on, which is 92 days before the start: over by then, or four weeks behind it.
    [(92.0, 10.0), (92.0 + 28.0, 14.0)],
)
def test_a_stop_that_began_before_the_start_is_felt_while_it_lasts(days, landed_weeks):
    """What it cost before the start is in nobody's backlog: only what is left of it counts."""
    world = run(
        buying(
            plan=[ONE],
            lead_times=wafers_of(10),
            shocks=[stop("fab", days / 7, "2024Q4")],
        )
    )
    assert world.supply.orders[0].landed_s == pytest.approx(landed_weeks * WEEK_S)
    still = [(0.0, 0.0), (4 * WEEK_S, 1.0)]
    assert healths(world, "fab") == (still if days > 92 else [(0.0, 1.0)])


@pytest.mark.parametrize(
    ("catch_up", "second"),
    [
        # Twelve weeks behind, it is on time again after 24 weeks at 1.5: the stock is full.
        (0.5, []),
        # 27.3 weeks at 1.1 bring back 2.73: of nine weeks' stop all but .73 are felt.
        (0.1, [(52 + 1 / 7 + 10 - 12 + 0.1 * (27 + 2 / 7), 0.0), (52 + 1 / 7 + 9, 1.0)]),
    ],
)
def test_a_stock_is_filled_again_from_spare_rate(catch_up, second):
    """Ten weeks of stock; a stop of 12 weeks from week 12.86 on, one of 9 from week 52.14 on.

    The first is felt for its last two weeks, from week 22.86 to 24.86.
    """
    logic = {"shares": {"fab-2": 1.0}, "stock": 10 * WEEK_S, "source": "a test"}
    world = run(
        buying(
            {"gpu": chip(inputs=needs("switch"))},
            nodes={
                "switch": node("switch_silicon", "JP", inputs={"logic": logic}),
                "fab-2": node("foundry", "KR"),
            },
            catch_up=figure(catch_up),
            shocks=[stop("fab-2", 12, "2025Q2"), stop("fab-2", 9, "2026Q1")],
        )
    )
    first = [(0.0, 1.0), (Q2_S + 10 * WEEK_S, 0.0), (Q2_S + 12 * WEEK_S, 1.0)]
    behind = [(pytest.approx(weeks * WEEK_S), health) for weeks, health in second]
    assert healths(world, "switch") == [*first, *behind]


@pytest.mark.parametrize("country", ["a-country", "z-country"])
@pytest.mark.parametrize(("overlap", "left"), [("worst", 0.4), ("add", 0.2), ("multiply", 0.32)])
def test_a_countrys_shock_overlaps_with_a_plants_own_at_the_plant(country, overlap, left):
    """Of one .6 are lost, of the other .2; whatever the country is called among the nodes."""
    quake = {"country": "TW", "quarter": "2025Q1", "duration": 1e12, "severity": 0.6}
    world = run(
        buying(
            nodes={country: node("country", "TW")},
            shocks=[quake, stop("fab", severity=0.2)],
            overlap=overlap,
        )
    )
    assert healths(world, "fab") == [(0.0, left)]
