"""What is lost when nodes stand still, by hand and against the linear program of production."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.dependency import Group, Node, Source, SupplyGraph
from simulator.laws.production import Production
from simulator.units import DAY_S
from simulator.world.chain import Chain
from simulator.world.fragility import kept, lost_over, passed_on
from tests.world.buying import buying, chip, node

SPLIT = {"shares": {"one": 0.6, "two": 0.4}, "limits": {"two": 0.7}, "source": "a test"}


def chain() -> Chain:
    chips = {
        "a": chip(inputs={"memory": SPLIT}),
        "b": chip(vendor="second", fab="other", inputs={}),
    }
    nodes = {
        "second": node("vendor"),
        "other": node("foundry", "KR"),
        "one": node("memory", "KR", inputs={"film": {"shares": {"film": 1.0}, "source": "x y z"}}),
        "two": node("memory", "JP"),
        "film": node("material", "JP"),
        "japan": node("country", "JP"),
    }
    return Chain(buying(chips, nodes=nodes))


@pytest.mark.parametrize(
    ("down", "switched", "a", "b"),
    [
        ([], True, 1.0, 1.0),
        (["fab"], True, 0.0, 1.0),
        (["line"], True, 0.0, 0.0),
        (["one"], False, 0.4, 1.0),
        (["one"], True, 0.7, 1.0),
        (["two"], True, 0.6, 1.0),
        (["film"], True, 0.7, 1.0),
        (["japan"], True, 0.0, 1.0),
        (["one", "other"], True, 0.7, 0.0),
    ],
)
def test_what_is_kept_by_hand(down, switched, a, b):
    assert kept(chain(), down, switched=switched) == {"a": pytest.approx(a), "b": pytest.approx(b)}


def test_purchases_are_followed_upstream():
    edges = passed_on(chain(), {"a": 3.0, "b": 1.0})
    assert edges["a", "fab"] == pytest.approx(0.75)
    assert edges["a", "one"] == edges["one", "film"] == pytest.approx(0.45)
    assert edges["a", "line"] + edges["b", "line"] == pytest.approx(1.0)
    assert edges["two", "japan"] == pytest.approx(0.3)


def test_what_comes_on_two_ways_of_one_chip_counts_once():
    """Fab and line need the same film, of which nine tenths and all are from one maker."""

    def film(**shares: float):
        return {"film": {"shares": shares, "source": "a test"}}

    nodes = {
        "fab": node("foundry", "TW", inputs=film(film=0.9, spare=0.1)),
        "line": node("packaging", "TW", inputs=film(film=1.0)),
        "film": node("material", "JP", inputs={"ore": {"shares": {"ore": 1.0}, "source": "x y"}}),
        "spare": node("material", "KR"),
        "ore": node("material", "AU"),
    }
    edges = passed_on(Chain(buying(nodes=nodes)), {"gpu": 3.0})
    assert edges["fab", "film"] == pytest.approx(0.9)
    assert edges["line", "film"] == edges["film", "ore"] == pytest.approx(1.0)


def test_a_maker_of_two_inputs_of_one_node_counts_by_the_larger():
    """Of coats three tenths and of films nine tenths; the other maker seven and one."""
    inputs = {
        "coat": {"shares": {"one": 0.3, "two": 0.7}, "source": "a test"},
        "film": {"shares": {"one": 0.9, "two": 0.1}, "source": "a test"},
    }
    nodes = {
        "fab": node("foundry", "TW", inputs=inputs, rests_on={"power": "grid"}),
        "one": node("material", "JP"),
        "two": node("material", "KR"),
        "grid": node("power", "TW"),
    }
    edges = passed_on(Chain(buying(nodes=nodes)), {"gpu": 2.0})
    assert {i: edges["fab", i] for i in ("one", "two", "grid")} == {
        "one": pytest.approx(0.9),
        "two": pytest.approx(0.7),
        "grid": pytest.approx(1.0),
    }


def test_what_a_node_rests_on_stands_still_without_its_own_inputs():
    nodes = {
        "fab": node("foundry", "TW", rests_on={"power": "grid"}),
        "grid": node("power", "JP", inputs={"gas": {"shares": {"gas": 1.0}, "source": "x y"}}),
        "gas": node("material", "NL"),
    }
    assert kept(Chain(buying(nodes=nodes)), ["gas"]) == {"gpu": 0.0}


def test_what_comes_by_two_substitutes_is_behind_what_both_need():
    """Six tenths and four tenths of the substrate need one film, and it one resin: all of it."""
    films = {"inputs": {"film": {"shares": {"film": 1.0}, "source": "a test"}}}
    resin = {"inputs": {"resin": {"shares": {"resin": 1.0}, "source": "a test"}}}
    nodes = {
        "one": node("substrate", **films),
        "two": node("substrate", **films),
        "film": node("material", **resin),
        "resin": node("material"),
    }
    made = Chain(buying({"a": chip(inputs={"substrate": {**SPLIT, "limits": {}}})}, nodes=nodes))
    edges = passed_on(made, {"a": 2.0})
    assert edges["one", "film"] == pytest.approx(0.6)
    assert edges["two", "film"] == pytest.approx(0.4)
    assert edges["film", "resin"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("terms", "lost"),
    [
        # Of two years, but for what the spare covers after its lag.
        ({"limits": {"spare": 1.0}}, 0.0),
        ({"limits": {"spare": 1.0}, "switch_lag": 73 * DAY_S}, 73 / 730),
        ({"limits": {"spare": 0.5}, "switch_lag": 73 * DAY_S}, 73 / 730 + 0.5 * 657 / 730),
        ({"limits": {"spare": 1.0}, "switch_lag": 7000 * DAY_S}, 1.0),
        ({"limits": {"spare": 1.0}, "qualified": {"spare": "2026Q1"}}, 0.5),
        ({"limits": {"spare": 1.0}, "qualified": {"spare": "2035Q1"}}, 1.0),
        ({}, 1.0),
    ],
)
def test_what_a_stop_takes_counts_lags_and_qualification(terms, lost):
    gpu = chip(foundry={"fab": 1.0, "spare": 0.0}, terms={"foundry": {**terms, "source": "a test"}})
    made = Chain(buying({"a": gpu}, nodes={"spare": node("foundry", "KR")}, quarters=8))
    end_s = made.scenario.horizon.calendar.horizon_s
    assert end_s == 730 * DAY_S
    assert lost_over(made, ["fab"], 0.0, end_s)["a"] == pytest.approx(lost)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sets(st.sampled_from(["fab", "line", "maker", "one", "two", "film", "vendor"])))
def test_a_single_chip_keeps_what_the_linear_program_delivers(down):
    made = chain()

    def convert(i: str) -> Node:
        groups = tuple(
            Group(
                n.name,
                tuple(
                    Source(s, share, 100 * limit)
                    for s, share, limit in zip(n.suppliers, n.shares, n.limits, strict=True)
                ),
            )
            for n in made.needs[i]
        )
        return Node(i, capacity=1000.0, groups=groups)

    graph = SupplyGraph.of(convert(i) for i in made.graph.nodes)
    best = Production(graph, {"a": 100.0}).deliver(dict.fromkeys(down, 0.0)).served["a"]
    assert kept(made, down)["a"] * 100 == pytest.approx(best, abs=1e-6)
