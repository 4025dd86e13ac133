import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.concentration import hhi
from simulator.laws.dependency import (
    Group,
    Node,
    Source,
    SupplyGraph,
    look_through_chain,
    minimum_cut,
    necessary_nodes,
    stands_on,
)


def needs(node_id, *groups, **rests_on):
    """Make a node from lists of suppliers, each list one group."""
    made = tuple(
        Group(f"input{k}", tuple(Source(s, 1 / len(names)) for s in names))
        for k, names in enumerate(groups)
    )
    return Node(node_id, groups=made, rests_on=rests_on)


def memory(**split):
    return Group("hbm", tuple(Source(name, share) for name, share in split.items()))


CHIPS = [
    Node("nv", groups=(memory(sk=0.7, ss=0.1, mu=0.2), Group("logic", (Source("foundry"),)))),
    Node("amd", groups=(memory(ss=0.6, mu=0.4), Group("logic", (Source("foundry"),)))),
    Node("cust", groups=(memory(sk=0.5, ss=0.5), Group("logic", (Source("foundry"),)))),
]
MAKERS = [
    Node("sk", rests_on={"country": "korea"}),
    Node("ss", rests_on={"country": "korea"}),
    Node("mu", rests_on={"country": "japan"}),
    Node("foundry", rests_on={"country": "taiwan"}),
    Node("korea"),
    Node("japan"),
    Node("taiwan"),
]
FLEET = {"nv": 60.0, "amd": 15.0, "cust": 25.0}


def test_look_through_the_worked_fleet():
    tiers = look_through_chain(SupplyGraph.of(CHIPS + MAKERS), FLEET)
    assert tiers["hbm",] == pytest.approx({"sk": 54.5, "ss": 27.5, "mu": 18.0})
    assert hhi(list(tiers["hbm",].values())) == pytest.approx(4050.5, abs=1e-9)
    assert tiers["logic",] == {"foundry": 100.0}
    assert tiers["logic", "country"] == {"taiwan": 100.0}
    assert tiers["hbm", "country"] == pytest.approx({"korea": 82.0, "japan": 18.0})


def test_a_cycle_is_named():
    with pytest.raises(ValueError, match="runs in a cycle") as caught:
        SupplyGraph.of([needs("a", ["c"]), needs("b", ["a"]), needs("c", ["b"]), needs("d", ["c"])])
    # b needs a, which needs c, which needs b: supply runs a -> b -> c -> a.
    named = str(caught.value).split(": ")[1].split(" -> ")
    assert named[0] == named[-1]
    assert sorted(named[:-1]) == ["a", "b", "c"]
    assert "".join(named[:-1]) in "abcabc"


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([Node("a"), Node("a")], "ids repeat"),
        ([needs("a", ["ghost"])], "needs 'ghost', which is no node"),
        ([Node("a", -1.0)], "capacity of a"),
        ([Node("a", groups=(Group("g", ()),))], "sum to 1, got 0"),
        ([Node("a", groups=(Group("g", (Source("b", 0.5),)),)), Node("b")], "sum to 1, got 0.5"),
        ([Node("a", groups=(Group("g", (Source("b"),), 0.0),)), Node("b")], "per_unit in g of a"),
        ([needs("a", ["b", "b"]), Node("b")], "a supplier repeats"),
    ],
)
def test_faults_of_a_graph_are_named(nodes, message):
    with pytest.raises(ValueError, match=message):
        SupplyGraph.of(nodes)


def test_what_a_site_stands_on_is_counted_once():
    graph = SupplyGraph.of([
        needs("fab", site="park", grid="taiwan"), needs("park", country="taiwan"), Node("taiwan"),
    ])  # fmt: skip
    assert stands_on(graph, "fab") == {"fab", "park", "taiwan"}


def test_necessary_nodes_across_and_inside_groups():
    graph = SupplyGraph.of(CHIPS + MAKERS)
    needed = necessary_nodes(graph)
    # Samsung and SK Hynix both stand in Korea: either maker can go, Korea cannot.
    assert needed["cust"] == {"cust", "foundry", "taiwan", "korea"}
    assert needed["nv"] == {"nv", "foundry", "taiwan"}


@given(st.integers(0, 2**31), st.integers(2, 9))
def test_one_group_graphs_have_the_dominators_networkx_finds(seed, n):
    # With a single group a node the graph is pure "or" and paths tell all.
    import random

    rng = random.Random(seed)
    nodes, paths = [Node("n0")], nx.DiGraph()
    paths.add_node("n0")
    for k in range(1, n):
        suppliers = [f"n{j}" for j in range(k) if rng.random() < 0.5] or ["n0"]
        nodes.append(needs(f"n{k}", suppliers))
        paths.add_edges_from((s, f"n{k}") for s in suppliers)
    above = nx.immediate_dominators(paths, "n0")
    needed = necessary_nodes(SupplyGraph.of(nodes))
    for node in paths:
        chain, here = {node}, node
        while here != "n0":
            here = above[here]
            chain.add(here)
        assert needed[node] == chain


def test_minimum_cut_of_the_networkx_manual():
    arcs = [
        ("x", "a", 3.0), ("x", "b", 1.0), ("a", "c", 3.0), ("b", "c", 5.0),
        ("b", "d", 4.0), ("d", "e", 2.0), ("c", "y", 2.0), ("e", "y", 3.0),
    ]  # fmt: skip
    assert minimum_cut(arcs, "x", "y").capacity == 3.0


def test_minimum_cut_of_the_textbook():
    # Cormen, Leiserson, Rivest and Stein, figure 26.6.
    arcs = [
        ("s", "v1", 16.0), ("s", "v2", 13.0), ("v2", "v1", 4.0), ("v1", "v3", 12.0),
        ("v3", "v2", 9.0), ("v2", "v4", 14.0), ("v4", "v3", 7.0), ("v3", "t", 20.0),
        ("v4", "t", 4.0),
    ]  # fmt: skip
    cut = minimum_cut(arcs, "s", "t")
    assert cut.capacity == 23.0
    assert cut.source_side == {"s", "v1", "v2", "v4"}


def test_parallel_arcs_add_up_and_no_path_is_no_flow():
    assert minimum_cut([("s", "t", 1.0), ("s", "t", 2.0)], "s", "t").capacity == 3.0
    assert minimum_cut([("s", "a", 1.0)], "s", "t").capacity == 0.0
