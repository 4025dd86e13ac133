import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.cuts import cut_b_per_s, survey
from simulator.laws.fabric import Tier, Wiring
from simulator.laws.interconnect import (
    FabricError,
    faults,
    from_graph,
    graph,
    read_graph,
    single_points,
)
from simulator.laws.topologies import backbone, clos, dragonfly, fat_tree, scale_up_domain, torus

GB = 1e9


@st.composite
def random_fabrics(draw):
    """Switches joined by a random tree and more links, endpoints on one or two of them."""
    switches, hosts = draw(st.integers(1, 7)), draw(st.integers(2, 7))
    capacity = st.one_of(st.integers(1, 9).map(float), st.floats(0.5, 100.0))
    w = Wiring()
    tops = [w.node(f"s{k}") for k in range(switches)]
    pairs = {(draw(st.integers(0, k - 1)), k) for k in range(1, switches)}
    if switches > 2:
        extra = st.tuples(st.integers(0, switches - 1), st.integers(0, switches - 1))
        pairs |= {(min(p), max(p)) for p in draw(st.lists(extra, max_size=8)) if p[0] != p[1]}
    for a, b in sorted(pairs):
        w.link(tops[a], tops[b], draw(capacity), "up", draw(st.sampled_from([1.0, 2.0])))
    for k in range(hosts):
        host = w.node(f"h{k}", chips=draw(st.integers(1, 8)))
        for top in draw(
            st.lists(st.integers(0, switches - 1), min_size=1, max_size=2, unique=True)
        ):
            w.link(host, tops[top], draw(capacity), "nic")
    return w.done(tops)


def networkx_cut(fabric, left, right):
    network = nx.DiGraph()
    for k in range(fabric.tail.size):
        a, b = int(fabric.tail[k]), int(fabric.head[k])
        network.add_edge(a, b, capacity=float(fabric.capacity_b_per_s[k]))
        network.add_edge(b, a, capacity=float(fabric.capacity_b_per_s[k]))
    network.add_edges_from(("left", int(k)) for k in left)
    network.add_edges_from((int(k), "right") for k in right)
    return nx.minimum_cut_value(network, "left", "right")


@settings(max_examples=150, deadline=None)
@given(random_fabrics(), st.integers(1, 6))
def test_the_cut_between_two_halves_is_networkx_minimum_cut(fabric, at):
    ends = fabric.endpoints
    left, right = ends[: min(at, ends.size - 1)], ends[min(at, ends.size - 1) :]
    expected = networkx_cut(fabric, left, right)
    assert cut_b_per_s(fabric, left, right) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "fabric",
    [
        scale_up_domain(8, 4, 450 * GB),
        fat_tree(4, GB, chips=2),
        clos(2, 4, 2, 8, 50 * GB, planes=4, spines=2, rails=8, rack_oversubscription=2),
        clos(1, 6, 2, 8, 50 * GB, planes=3, rack_oversubscription=1.5),
        torus((4, 3, 2), 45 * GB),
        dragonfly(5, 2, 2, 4, 25 * GB, local_b_per_s=GB, global_b_per_s=GB, global_links=2),
    ],
    ids=["domain", "fat-tree", "rails", "two-tier", "torus", "dragonfly"],
)
class TestEveryBuilder:
    def test_is_sound_and_survives_the_way_through_a_graph(self, fabric):
        assert faults(fabric) == []
        again = from_graph(graph(fabric))
        assert again.nodes == fabric.nodes
        assert again.chips.tolist() == fabric.chips.tolist()
        assert again.forwards.tolist() == fabric.forwards.tolist()
        assert sorted(again.capacity_b_per_s) == sorted(fabric.capacity_b_per_s)

    def test_bisection_is_networkx_minimum_cut_of_the_halves(self, fabric):
        ends = fabric.endpoints
        expected = networkx_cut(fabric, ends[: ends.size // 2], ends[ends.size // 2 :])
        assert survey(fabric).bisection_b_per_s == pytest.approx(expected, rel=1e-6)

    def test_hops_are_networkx_shortest_paths(self, fabric):
        network = graph(fabric)
        ends = [fabric.nodes[k] for k in fabric.endpoints]
        expected: dict[int, int] = {}
        for source in ends:
            lengths = nx.single_source_shortest_path_length(network, source)
            for target in ends:
                if target != source:
                    expected[lengths[target]] = expected.get(lengths[target], 0) + 1
        assert survey(fabric).hops == expected


def test_the_published_roce_cluster():
    # Llama 3 (arXiv 2407.21783) section 3.3.1: 16 GPUs a rack, 3,072 a pod with full bisection,
    # 8 pods, 1:7 above, 400 Gb/s a GPU.
    fabric = clos(8, 192, 2, 8, 50 * GB, planes=16, spines=4, pod_oversubscription=7)
    assert fabric.chips.sum() == 24_576
    assert fabric.chips[fabric.within("pod3")].sum() == 3_072
    assert fabric.chips[fabric.within("pod3/rack7")].sum() == 16
    assert survey(fabric).bisection_b_per_s == pytest.approx(12_288 * 50 * GB / 7)
    pod = fabric.within("pod0")
    inside = cut_b_per_s(fabric, pod[: pod.size // 2], pod[pod.size // 2 :])
    assert inside == pytest.approx(1_536 * 50 * GB)


def test_a_torus_bisection_is_two_links_for_each_chip_of_the_slab():
    assert survey(torus((3, 6, 4), GB)).bisection_b_per_s == 2 * 3 * 4 * GB


def test_a_dragonfly_has_one_link_for_each_pair_of_groups_and_no_router_has_too_many():
    fabric = dragonfly(9, 4, 2, 4, GB, local_b_per_s=GB, global_b_per_s=GB, global_links=2)
    wide = np.flatnonzero(fabric.tier == fabric.tiers.index("global"))
    group = [frozenset(fabric.nodes[n].split("/")[0] for n in (fabric.tail[k], fabric.head[k]))
             for k in wide]  # fmt: skip
    assert len(wide) == len(set(group)) == 9 * 8 // 2
    ports = np.bincount(np.r_[fabric.tail[wide], fabric.head[wide]])
    assert ports.max() == 2
    with pytest.raises(ValueError, match=r"groups must be <= 9 .*, got 10"):
        dragonfly(10, 4, 2, 4, GB, local_b_per_s=GB, global_b_per_s=GB, global_links=2)


def test_sites_on_a_backbone_see_each_other_through_its_links():
    site = clos(2, 2, 2, 8, 50 * GB, planes=2, spines=2)
    wan = Tier(latency_s=0.02, mtbf_s=1e7, mttr_s=1e4)
    ring = [("a", "b", 100 * GB, wan), ("b", "c", 200 * GB, wan), ("c", "a", 400 * GB, wan)]
    fabric = backbone(dict.fromkeys("abc", site), ring, dict.fromkeys("abc", 800 * GB))
    assert faults(fabric) == []
    assert cut_b_per_s(fabric, fabric.within("a"), fabric.within("b")) == 300 * GB
    assert fabric.groups(1)[0] == ["a", "b", "c"]
    assert fabric.latency_s[fabric.tiers.index("backbone") == fabric.tier].tolist() == [0.02] * 3
    racks = [f"{s}/pod{p}/rack{r}/switch0" for s in "abc" for p in range(2) for r in range(2)]
    assert single_points(fabric) == sorted([*racks, "a/router", "b/router", "c/router"])


def test_single_points_are_where_removal_disconnects():
    fabric = clos(1, 3, 2, 8, 50 * GB, planes=2)
    assert single_points(fabric) == [f"pod0/rack{k}/switch0" for k in range(3)]
    assert single_points(clos(1, 3, 2, 8, 50 * GB, planes=2, rails=2)) == []


@pytest.mark.parametrize("ending", ["graphml", "json"])
def test_a_users_own_graph_is_read_back(tmp_path, ending):
    fabric = clos(2, 2, 2, 8, 50 * GB, planes=2, spines=1, tiers={"nic": Tier(1e-6, 3e8, 3600.0)})
    path = tmp_path / f"mine.{ending}"
    if ending == "graphml":
        nx.write_graphml(graph(fabric), path)
    else:
        path.write_text(json.dumps(nx.node_link_data(graph(fabric), edges="edges")))
    again = read_graph(path)
    assert again.nodes == fabric.nodes
    assert survey(again).bisection_b_per_s == survey(fabric).bisection_b_per_s
    assert sorted(again.mtbf_s) == sorted(fabric.mtbf_s)
    assert {again.nodes[k] for k in again.gateways} == {"plane0/spine0", "plane1/spine0"}


BAD = {
    "not json": ("{", ["is not json"]),
    "not an object": ("[]", ["must be an object"]),
    "no list": ('{"nodes": 3, "edges": []}', ["'nodes' must be a list of objects"]),
    "every fault at once": (
        json.dumps(
            {
                "nodes": [{"id": "tor", "chip": 8}, {"id": "host", "chips": -1}, {"id": "tor"}],
                "edges": [
                    {"source": "host", "target": "tour", "capacity_b_per_s": 1},
                    {"source": "host", "target": "tor", "capacity_b_per_s": 1},
                    {"source": "tor", "target": "host", "capacity_b_per_s": 1},
                ],
            }
        ),
        ["nodes[2]: 'tor' twice", "target 'tour' is no node; did you mean 'tor'?", "given twice"],
    ),
    "figures": (
        json.dumps(
            {
                "nodes": [{"id": "tor", "chip": 8}, {"id": "host", "chips": -1}],
                "edges": [{"source": "host", "target": "tor", "capacity_b_per_s": 0, "lanes": "2"}],
            }
        ),
        [
            "node 'tor': unknown key 'chip'; did you mean 'chips'?",
            "node 'host': chips must be >= 0, got -1",
            "capacity_b_per_s must be > 0, got 0",
            "lanes must be a number, got '2'",
        ],
    ),
    "not connected": (
        '{"nodes": [{"id": "a", "chips": 1}, {"id": "b", "chips": 1}], "edges": []}',
        ["not connected: 'b' cannot reach 'a'"],
    ),
    "no chips": ('{"nodes": [{"id": "a"}], "edges": []}', ["no node has chips"]),
    "not a number": (
        '{"nodes": [{"id": "a", "chips": NaN}], "edges": []}',
        ["node 'a': chips must be >= 0, got nan"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_graph_is_refused_with_every_fault(tmp_path, case):
    text, messages = BAD[case]
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(FabricError) as caught:
        read_graph(path)
    for message in messages:
        assert message in str(caught.value)
    assert all(line.startswith(f"{path}: ") for line in str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.json", None, "No such file"),
        ("bytes.json", b"\xff\xfe\x00", "is not json"),
        ("broken.graphml", b"<graphml><node", "is not graphml"),
        ("empty.graphml", b"", "is not graphml"),
        ("fabric.dot", b"graph {}", "valid are .graphml and .json"),
    ],
)
def test_an_unreadable_file_is_refused_in_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FabricError, match=message) as caught:
        read_graph(path)
    assert len(caught.value.found) == 1


def test_directed_graphs_are_refused():
    with pytest.raises(FabricError, match="directed"):
        from_graph(nx.DiGraph([("a", "b")]))


def test_counts_out_of_range_are_named():
    with pytest.raises(ValueError, match="racks must be > 0, got 0"):
        clos(1, 0, 2, 8, GB, planes=2)
    with pytest.raises(ValueError, match="spines must be > 0 with several pods"):
        clos(2, 2, 2, 8, GB, planes=2)
    with pytest.raises(ValueError, match="k must be even"):
        fat_tree(3, GB)
    with pytest.raises(ValueError, match=r"shape\[1\] must be > 0, got 0"):
        torus((2, 0), GB)
    wiring = Wiring()
    wiring.node("a")
    with pytest.raises(ValueError, match="'a' is named twice"):
        wiring.node("a")
