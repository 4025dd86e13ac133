import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.allocation import pro_rata
from simulator.laws.dependency import Group, Node, Source, SupplyGraph
from simulator.laws.production import Production, minimal_cut_sets, n_minus_1


def one_of(name, *suppliers, per_unit=1.0):
    return Group(name, tuple(Source(s, 1 / len(suppliers)) for s in suppliers), per_unit)


def vendors(demand=70.0):
    fleet = Node("fleet", groups=(one_of("compute", "n", "a", "c"),))
    graph = SupplyGraph.of([fleet, Node("n", 60.0), Node("a", 15.0), Node("c", 25.0)])
    return Production(graph, {"fleet": demand})


def supply_chain(cowos_wafers=12_000.0):
    chip = Node(
        "chip",
        groups=(
            one_of("logic", "dies", per_unit=2.0),
            one_of("packaging", "cowos", per_unit=1 / 16),
            one_of("hbm", "stacks", per_unit=8.0),
            one_of("substrate", "abf"),
        ),
    )
    makers = [
        Node("dies", 30_000 * 60 * 0.6),
        Node("cowos", cowos_wafers),
        Node("stacks", 2e6),
        Node("abf", 3e5),
    ]
    return Production(SupplyGraph.of([chip, *makers]), {"chip": 1e6})


def series_and_parallel():
    """T feeds N and C, either of which serves the fleet."""
    nodes = [
        Node("t", 100.0),
        Node("n", 100.0, (one_of("logic", "t"),)),
        Node("c", 100.0, (one_of("logic", "t"),)),
        Node("fleet", groups=(one_of("compute", "n", "c"),)),
    ]
    return Production(SupplyGraph.of(nodes), {"fleet": 100.0})


def test_n_minus_1_of_the_worked_vendors():
    production = vendors()
    left = {i: 70.0 - x for i, x in n_minus_1(production).items() if i != "fleet"}
    assert left == pytest.approx({"n": 40.0, "a": 70.0, "c": 70.0}, abs=1e-9)
    among = ["n", "a", "c"]
    assert minimal_cut_sets(production, 30.0, size=1, among=among) == [frozenset({"n"})]


def test_packaging_binds_the_worked_supply_chain():
    delivery = supply_chain().deliver()
    assert delivery.served == pytest.approx({"chip": 192_000}, abs=1e-9)
    assert delivery.binding == ("cowos",)
    assert delivery.marginal["cowos"] == pytest.approx(16, abs=1e-9)


def test_a_marginal_wafer_is_worth_sixteen_chips_until_memory_binds():
    assert supply_chain(12_001.0).deliver().value == pytest.approx(192_016, abs=1e-6)
    relieved = supply_chain(20_000.0).deliver()
    assert relieved.value == pytest.approx(250_000, abs=1e-6)
    assert relieved.binding == ("stacks",)


def test_cut_sets_of_series_and_parallel():
    cuts = minimal_cut_sets(series_and_parallel(), 100.0, among=["t", "n", "c"])
    assert cuts == [frozenset({"t"}), frozenset({"n", "c"})]


def test_what_is_scarce_goes_where_it_is_worth_most():
    nodes = [
        Node("fab", 10.0),
        Node("good", groups=(one_of("logic", "fab"),)),
        Node("poor", groups=(one_of("logic", "fab"),)),
    ]
    demand = {"good": 8.0, "poor": 8.0}
    delivery = Production(SupplyGraph.of(nodes), demand, {"good": 2.0}).deliver()
    assert delivery.served == pytest.approx({"good": 8.0, "poor": 2.0})
    assert delivery.value == pytest.approx(18.0)


def test_a_poor_chip_can_harm_where_supply_is_shared_by_request_but_not_by_worth():
    nodes = [
        Node("fab", 10.0),
        Node("good", groups=(one_of("logic", "fab"),)),
        Node("poor", groups=(one_of("logic", "fab"),)),
    ]
    graph, worth = SupplyGraph.of(nodes), {"good": 1.0, "poor": 0.5}
    alone = Production(graph, {"good": 10.0}, worth).deliver().value
    both = Production(graph, {"good": 10.0, "poor": 10.0}, worth).deliver().value
    assert both == pytest.approx(alone)
    good, poor = pro_rata(10.0, [10.0, 10.0])
    assert good * 1.0 + poor * 0.5 == pytest.approx(0.75 * alone)


def test_limits_hold_back_the_substitute():
    hbm = Group("hbm", (Source("sk", 0.7), Source("mu", 0.3, limit=40.0)))
    graph = SupplyGraph.of([Node("chip", groups=(hbm,)), Node("sk", 100.0), Node("mu", 100.0)])
    production = Production(graph, {"chip": 100.0})
    assert production.loss(["sk"]) == pytest.approx(60.0)
    assert production.loss(["mu"]) == pytest.approx(0.0)


def test_a_country_takes_down_all_that_rest_on_it():
    nodes = [
        Node("taiwan"),
        Node("fab", 50.0, rests_on={"country": "taiwan"}),
        Node("osat", 80.0, rests_on={"country": "taiwan"}),
        Node("chip", groups=(one_of("logic", "fab"), one_of("packaging", "osat"))),
    ]
    production = Production(SupplyGraph.of(nodes), {"chip": 100.0})
    assert production.loss(["taiwan"]) == pytest.approx(50.0)
    assert production.deliver({"taiwan": 0.5}).value == pytest.approx(25.0)
    assert production.deliver({"taiwan": 0.5, "fab": 0.5}).value == pytest.approx(12.5)


def test_faults_are_named():
    production = vendors()
    with pytest.raises(ValueError, match="health of 'ghost'"):
        production.deliver({"ghost": 0.0})
    with pytest.raises(ValueError, match="must be in"):
        production.deliver({"n": 1.5})
    with pytest.raises(ValueError, match="fleet has no capacity of which health"):
        production.deliver({"fleet": 0.5})
    with pytest.raises(ValueError, match="is demanded but is no node"):
        Production(production.graph, {"ghost": 1.0})
    with pytest.raises(ValueError, match="demand of fleet"):
        Production(production.graph, {"fleet": -1.0})
    with pytest.raises(ValueError, match="no finite best answer"):
        Production(SupplyGraph.of([Node("free")]), {"free": math.inf}).deliver()
    with pytest.raises(ValueError, match="least_loss must be"):
        minimal_cut_sets(production, 0.0)


@st.composite
def productions(draw):
    """Three makers, three part makers that buy of some, two chips that need two parts each."""
    capacity = st.floats(1.0, 100.0)
    makers = [Node(f"m{k}", draw(capacity)) for k in range(3)]
    some = st.lists(st.sampled_from(["m0", "m1", "m2"]), min_size=1, max_size=3, unique=True)
    parts = [
        Node(f"p{k}", draw(capacity), (one_of("wafer", *draw(some), per_unit=draw(capacity) / 50),))
        for k in range(3)
    ]
    chips = [
        Node("x", groups=(one_of("logic", "p0"), one_of("memory", "p1", "p2"))),
        Node("y", groups=(one_of("logic", "p0", "p1"), one_of("memory", "p2"))),
    ]
    demand = {"x": draw(capacity), "y": draw(capacity)}
    return SupplyGraph.of(chips + parts + makers), demand


@settings(max_examples=30, deadline=None)
@given(productions(), st.data())
def test_removing_more_never_loses_less(case, data):
    production = Production(*case)
    ids = list(production.graph.nodes)
    removed = data.draw(st.lists(st.sampled_from(ids), max_size=3, unique=True))
    more = [*removed, data.draw(st.sampled_from(ids))]
    assert 0 <= production.loss(removed) <= production.loss(more) + 1e-7


@settings(max_examples=20, deadline=None)
@given(productions(), st.floats(0.01, 100.0))
def test_scaling_capacity_and_demand_scales_what_is_served(case, k):
    graph, demand = case
    grown = SupplyGraph.of(Node(n.id, n.capacity * k, n.groups) for n in graph.nodes.values())
    small = Production(graph, demand).deliver().value
    large = Production(grown, {p: k * d for p, d in demand.items()}).deliver().value
    assert large == pytest.approx(k * small, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(productions())
def test_order_of_nodes_changes_nothing_and_cuts_are_minimal(case):
    graph, demand = case
    production = Production(graph, demand)
    mirrored = Production(SupplyGraph.of(reversed(list(graph.nodes.values()))), demand)
    assert production.deliver().value == pytest.approx(mirrored.deliver().value)
    least = 0.5 * production.deliver().value
    cuts = minimal_cut_sets(production, least, size=2)
    for cut in cuts:
        assert production.loss(cut) >= least * (1 - 1e-6)
        assert all(production.loss(cut - {i}) < least * (1 + 1e-6) for i in cut)
    assert not any(a < b for a, b in combinations(cuts, 2))
