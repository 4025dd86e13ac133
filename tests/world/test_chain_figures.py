"""What the chain reads off a scenario: units that go into a rack, what nodes have by quarter."""

import pytest

from simulator.world.chain import Chain
from simulator.world.fragility import kept
from tests.world.buying import buying, chip, figure, node, rack
from tests.world.test_market import granted, order

PLENTY = {"2025Q1": figure(1e9)}


def terms(**more):
    return {"source": "a test", **more}


def chain_of(chips, racks=None, nodes=None) -> Chain:
    return Chain(buying(chips, racks=racks, nodes=nodes))


def test_units_of_a_rack_are_followed_upstream_by_shares_and_units():
    """A rack of 4 hosts with 8 chips each holds 32.

    Wafers: a chip needs 1/20 of one, 3/4 of them from one fab and 1/4 from another: 1.2 and .4.
    The first takes 2 of a film for each of its wafers, the second half of one: 2.4 + .2 = 2.6,
    of which 9/10 come from one maker: 2.34 and .26; that takes 3 of gas for each: 7.02.
    Memory: 8 stacks a chip, half of them from each of two: 128.
    """
    film = {"shares": {"film-a": 0.9, "film-b": 0.1}, "source": "a test"}
    gas = {"shares": {"gas": 1.0}, "source": "a test", "per_unit": figure(3)}
    made = chain_of(
        {
            "gpu": chip(
                foundry={"fab": 0.75, "fab-2": 0.25},
                memory_makers={"maker": 0.5, "maker-2": 0.5},
                terms={
                    "foundry": terms(per_unit=figure(1 / 20)),
                    "memory_makers": terms(per_unit=figure(8)),
                },
            )
        },
        racks={"gpu": {**rack("gpu", chips=8), "hosts": 4}},
        nodes={
            "fab": node(
                "foundry", capacity=PLENTY, inputs={"film": {**film, "per_unit": figure(2)}}
            ),
            "fab-2": node(
                "foundry", capacity=PLENTY, inputs={"film": {**film, "per_unit": figure(0.5)}}
            ),
            "film-a": node("material", capacity=PLENTY, inputs={"gas": gas}),
            "film-b": node("material", capacity=PLENTY),
            "gas": node("material", capacity=PLENTY),
            "maker": node("memory", "KR", capacity=PLENTY),
            "maker-2": node("memory", "KR", capacity=PLENTY),
            "line": node("packaging", "TW", capacity=PLENTY),
        },
    )
    assert dict(zip(made.scarce, made.units[:, 0].tolist(), strict=True)) == pytest.approx(
        {
            "fab": 1.2,
            "fab-2": 0.4,
            "film-a": 2.34,
            "film-b": 0.26,
            "gas": 7.02,
            "maker": 128,
            "maker-2": 128,
            "line": 32,
        }
    )


def test_a_supplier_without_a_share_gives_no_units():
    film = {"film": {"shares": {"film": 1.0}, "source": "a test"}}
    made = chain_of(
        {"gpu": chip(foundry={"fab": 1.0, "spare": 0.0})},
        nodes={
            "spare": node("foundry", "KR", capacity=PLENTY, inputs=film),
            "film": node("material", "JP"),
        },
    )
    # Nor does anything of the chip stand on it, or on what it needs.
    assert made.upstream["gpu"] == ("fab", "line", "maker", "vendor")
    assert made.units.tolist() == [[0.0]]
    assert made.stands_on_scarce == {"gpu": False}


@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        # From the quarter it names on.
        ({"2025Q1": 70, "2025Q3": 50}, [70, 70, 50, 50]),
        # What began before the run holds until the next begins; the last that did, not the first.
        ({"2023Q1": 5, "2024Q4": 60, "2025Q2": 90, "2025Q3": 40}, [60, 90, 40, 40]),
        # Before the first that is stated, the first.
        ({"2025Q3": 30, "2025Q4": 20}, [30, 30, 30, 20]),
    ],
)
def test_a_capacity_holds_from_the_quarter_that_states_it(stated, holds):
    """Asked for 1000 racks from the first quarter on, the fab gives all it has in each."""
    capacity = {quarter: figure(n) for quarter, n in stated.items()}
    nodes = {"fab": node("foundry", "TW", capacity=capacity)}
    made = chain_of({"gpu": chip()}, nodes=nodes)
    assert made.capacity[:4, 0].tolist() == holds
    plan = [order("gpu", 1000)]
    assert granted(buying(nodes=nodes, plan=plan, quarters=4)) == holds


def test_what_others_ask_holds_from_the_quarter_that_states_it():
    """Of 100 they ask 20, and 60 from 2025Q3 on; we come behind them."""
    fab = node(
        "foundry",
        "TW",
        capacity={"2025Q1": figure(100)},
        others={"2025Q1": figure(20), "2025Q3": figure(60)},
        sharing={"rule": "priority", "ranks": {"gpu": 2}, "others_rank": 1},
    )
    found = granted(buying(nodes={"fab": fab}, plan=[order("gpu", 1000)], quarters=4))
    assert found == [80, 80, 40, 40]


def test_a_limit_below_the_planned_share_takes_nothing_of_the_share():
    """One has six tenths by plan and covers no more: also where a limit says two tenths."""
    makers = {"maker": 0.6, "maker-2": 0.4}
    limits = {"maker": 0.2, "maker-2": 0.7}
    made = chain_of(
        {"gpu": chip(memory_makers=makers, terms={"memory_makers": terms(limits=limits)})},
        nodes={"maker-2": node("memory", "JP")},
    )
    (need,) = (n for n in made.needs["gpu"] if n.name == "memory_makers")
    assert dict(zip(need.suppliers, need.limits, strict=True)) == {"maker": 0.6, "maker-2": 0.7}
    assert kept(made, ["maker-2"]) == {"gpu": pytest.approx(0.6)}
    assert kept(made, ["maker"]) == {"gpu": pytest.approx(0.7)}
