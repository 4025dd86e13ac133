import subprocess
import sys
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.fabric import Fabric, Tier
from simulator.laws.maxmin import max_min_rates
from simulator.laws.outages import dead_link, dead_switch, single_outages
from simulator.laws.paths import Flows, Routes, both_ways, capacity_of
from simulator.laws.topologies import backbone, clos, dragonfly, fat_tree, torus
from simulator.laws.traffic import (
    all_to_all,
    alone_b_per_s,
    gather_columns,
    hierarchical,
    job_rates,
    ring,
    tier_utilisation,
)
from tests.laws.test_interconnect import random_fabrics

GB = 1e9


def walk(fabric: Fabric, dead, source, target, amount):
    """Slow, obvious twin: split over next hops of networkx's shortest paths; None if cut."""
    network = nx.DiGraph()
    network.add_nodes_from(range(len(fabric.nodes)))
    for k in np.flatnonzero(~dead):
        for a, b, row in (
            (fabric.tail[k], fabric.head[k], k),
            (fabric.head[k], fabric.tail[k], k + fabric.tail.size),
        ):
            # Only the target itself may be a node that does not forward.
            if (fabric.forwards[a] or a == source) and (fabric.forwards[b] or b == target):
                network.add_edge(int(a), int(b), row=int(row), lanes=float(fabric.lanes[k]))
    hops = nx.single_target_shortest_path_length(network, target)
    load = np.zeros(2 * fabric.tail.size)
    if source == target:
        return load
    if source not in hops:
        return None
    here = {int(source): amount}
    while set(here) != {int(target)}:
        ahead = {}
        for node, much in here.items():
            ways = [
                (b, row) for _, b, row in network.out_edges(node, data=True)
                if hops.get(b) == hops[node] - 1
            ]  # fmt: skip
            total = sum(row["lanes"] for _, row in ways)
            for b, row in ways:
                load[row["row"]] += much * row["lanes"] / total
                ahead[b] = ahead.get(b, 0) + much * row["lanes"] / total
        here = ahead
    return load


def compare_with_walk(fabric, dead, flows):
    matrix, cut = Routes(fabric, dead).incidence(flows)
    expected = np.zeros(matrix.shape)
    lost = np.zeros(flows.columns, bool)
    each = zip(flows.source, flows.target, flows.amount, flows.column, strict=True)
    for source, target, amount, column in each:
        load = walk(fabric, dead, source, target, amount)
        if load is None:
            lost[column] = True
        else:
            expected[:, column] += load
    np.testing.assert_array_equal(cut, lost)
    np.testing.assert_allclose(matrix.toarray()[:, ~lost], expected[:, ~lost], atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(random_fabrics(), st.data())
def test_routes_equal_a_walk_over_networkx_shortest_paths(fabric, data):
    ends = fabric.endpoints
    index = st.integers(0, ends.size - 1)
    drawn = data.draw(st.lists(st.tuples(index, index, st.integers(0, 2)), max_size=8))
    source, target, column = np.array(drawn, np.int64).reshape(-1, 3).T
    amount = 1.0 + np.arange(source.size)
    links = fabric.tail.size
    down = st.lists(st.sampled_from([False, False, True]), min_size=links, max_size=links)
    dead = np.array(data.draw(down))
    compare_with_walk(fabric, dead, Flows(ends[source], ends[target], amount, column, 3))


@settings(max_examples=60, deadline=None)
@given(random_fabrics(), st.integers(0, 2**31))
def test_latency_is_that_of_the_links_a_walk_goes_over(fabric, seed):
    rng = np.random.default_rng(seed)
    fabric = replace(fabric, latency_s=rng.exponential(1e-6, fabric.tail.size))
    target, each = int(rng.choice(fabric.endpoints)), both_ways(fabric.latency_s)
    found = Routes(fabric).latency_s(target)
    alive = np.zeros(fabric.tail.size, bool)
    for source in fabric.endpoints.tolist():
        walked = walk(fabric, alive, source, target, 1.0)
        expected = np.inf if walked is None else walked @ each
        assert found[source] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "fabric",
    [
        fat_tree(4, GB),
        torus((4, 4), GB),
        clos(2, 3, 2, 8, GB, planes=3, spines=2, rails=2),
        dragonfly(5, 2, 2, 1, GB, local_b_per_s=GB, global_b_per_s=GB, global_links=2),
    ],
    ids=["fat-tree", "torus", "rails", "dragonfly"],
)
@pytest.mark.parametrize("broken", [None, 0, -1])
def test_routes_of_every_builder_equal_the_walk(fabric, broken):
    ends = fabric.endpoints
    source, target = ends, np.random.default_rng(3).permutation(ends)
    dead = np.zeros(fabric.tail.size, bool)
    if broken is not None:
        dead[broken] = True
    flows = Flows(source, target, np.ones(ends.size), np.arange(ends.size), ends.size)
    compare_with_walk(fabric, dead, flows)


def jobs_on(fabric, sizes, kinds, stream):
    """Place jobs of *sizes* endpoints on random free ones, in order of place inside a job."""
    free = stream.permutation(fabric.endpoints)
    edges = np.cumsum([0, *sizes])
    out = []
    for k in range(len(sizes)):
        parts = np.sort(free[edges[k] : edges[k + 1]])
        out.append(ring(parts, 8) if kinds[k % len(kinds)] == "ring" else all_to_all(parts, 8))
    return gather_columns(out)


def check_outage(fabric, flows, whole, outage):
    rates = outage.rate_b_per_s
    assert np.isfinite(rates).all()
    assert (rates >= 0).all()
    # No job hangs: one that is not cut goes on.
    alive = np.setdiff1d(np.arange(flows.columns), outage.cut)
    assert (rates[alive] > 0).all()
    assert (rates[outage.cut] == 0).all()
    assert (rates[outage.hurt] < whole[outage.hurt]).all()


def sweep(fabric, flows, links, switches):
    matrix, cut = Routes(fabric).incidence(flows)
    assert not cut.any()
    whole = max_min_rates(matrix, capacity_of(fabric))
    outages = list(single_outages(fabric, flows, matrix, links=links, switches=switches))
    masks = [dead_link(fabric, k) for k in links] + [dead_switch(fabric, k) for k in switches]
    for outage, dead in zip(outages, masks, strict=True):
        check_outage(fabric, flows, whole, outage)
        load = outage.incidence @ outage.rate_b_per_s
        assert (load <= capacity_of(fabric, dead) * (1 + 1e-9)).all()
    return whole, outages


def test_every_single_failure_of_a_small_cluster_is_what_compiling_afresh_gives():
    fabric = clos(3, 3, 2, 8, 50 * GB, planes=3, spines=2, pod_oversubscription=3)
    flows = jobs_on(fabric, [5, 4, 3, 3], ["ring", "all-to-all"], np.random.default_rng(1))
    links, switches = range(fabric.tail.size), fabric.switches.tolist()
    _, outages = sweep(fabric, flows, links, switches)
    masks = [dead_link(fabric, k) for k in links] + [dead_switch(fabric, k) for k in switches]
    for outage, dead in zip(outages, masks, strict=True):
        matrix, cut = Routes(fabric, dead).incidence(flows)
        rate = np.zeros(flows.columns)
        rate[~cut] = max_min_rates(matrix[:, np.flatnonzero(~cut)], capacity_of(fabric, dead))
        assert np.flatnonzero(cut).tolist() == outage.cut.tolist()
        np.testing.assert_allclose(outage.rate_b_per_s, rate, rtol=1e-9)


def test_a_rack_switch_cuts_exactly_the_jobs_with_a_part_below_it():
    fabric = clos(2, 3, 2, 8, 50 * GB, planes=2, spines=1)
    flows = jobs_on(fabric, [3, 3, 3, 2], ["ring"], np.random.default_rng(2))
    matrix, _ = Routes(fabric).incidence(flows)
    for switch in [k for k in fabric.switches if "switch" in fabric.nodes[k]]:
        below = fabric.within(fabric.nodes[switch].rsplit("/", 1)[0])
        expected = np.unique(flows.column[np.isin(flows.source, below)])
        (outage,) = single_outages(fabric, flows, matrix, switches=[switch])
        assert outage.cut.tolist() == expected.tolist()


def test_the_lost_share_of_a_spine_link_by_hand():
    # One job across two pods of one rack each: 16 cards below, two planes, 1:1. One of the two
    # trunks of a pod's way up is lost: half of the bandwidth across is left.
    fabric = clos(2, 1, 2, 8, 50 * GB, planes=2, spines=1)
    ends = fabric.endpoints
    flows = gather_columns([all_to_all(ends, 8)])
    matrix, _ = Routes(fabric).incidence(flows)
    up = int(np.flatnonzero(fabric.tier == fabric.tiers.index("pod"))[0])
    (outage,) = single_outages(fabric, flows, matrix, links=[up])
    # A card sends 2/3 of its traffic across: 16 cards at r need 32/3 r of the 400 GB/s left.
    assert max_min_rates(matrix, capacity_of(fabric))[0] == pytest.approx(50 * GB)
    assert outage.rate_b_per_s[0] == pytest.approx(400 * GB / (32 / 3))
    assert outage.hurt.tolist() == [0]


def test_every_single_site_link_and_router_of_a_backbone():
    site = clos(2, 2, 2, 8, 50 * GB, planes=2, spines=1)
    wan = Tier(latency_s=0.01)
    ring_of = [("a", "b", 50 * GB, wan), ("b", "c", 100 * GB, wan), ("c", "a", 100 * GB, wan)]
    fabric = backbone(dict.fromkeys("abc", site), ring_of, dict.fromkeys("abc", 400 * GB))
    pairs = [np.r_[fabric.within(x), fabric.within(y)] for x, y in ("ab", "bc", "ca")]
    flows = gather_columns([*(all_to_all(p, 8) for p in pairs), ring(fabric.within("a"), 8)])
    wide = [k for k, t in enumerate(fabric.tier) if fabric.tiers[t] in ("backbone", "site")]
    routers = [k for k in fabric.switches.tolist() if fabric.nodes[k].endswith("router")]
    whole, outages = sweep(fabric, flows, wide, routers)
    names = {o.name: o for o in outages}
    # a -- b down: all goes around by c and no job is cut. The job inside a shares only the hosts'
    # cards with the others, and gains from their loss.
    around = names["a/router -- b/router"]
    assert around.cut.size == 0
    assert around.rate_b_per_s[3] >= whole[3]
    # The job of a and b now crosses both other links. A lane sends 8/15 of its bytes across; two
    # jobs of 64 lanes a side share 100 GB/s.
    assert around.rate_b_per_s[:3] == pytest.approx(100 * GB / (2 * 64 * 8 / 15))
    # The router of a down: what spans a is cut, b with c and a alone go on.
    assert names["a/router"].cut.tolist() == [0, 2]


@pytest.mark.slow
def test_every_single_failure_of_the_published_pod():
    fabric = clos(1, 192, 2, 8, 50 * GB, planes=16)
    flows = jobs_on(fabric, [64, 64, 32, 32, 16, 16, 8, 8, 4, 4], ["ring", "all-to-all"],
                    np.random.default_rng(4))  # fmt: skip
    _, outages = sweep(fabric, flows, range(fabric.tail.size), fabric.switches.tolist())
    assert len(outages) == 384 + 192 * 16 + 192 + 16
    assert {o.tier for o in outages if o.cut.size} == {"nic", "switch"}


@pytest.mark.slow
def test_every_single_failure_of_the_published_spine():
    fabric = clos(8, 192, 2, 8, 50 * GB, planes=16, spines=4, pod_oversubscription=7)
    sizes = [24] * 4 + [8] * 6
    flows = jobs_on(fabric, sizes, ["ring", "all-to-all"], np.random.default_rng(4))
    spine = np.flatnonzero(fabric.tier == fabric.tiers.index("pod")).tolist()
    above = [k for k in fabric.switches.tolist() if "rack" not in fabric.nodes[k]]
    _, outages = sweep(fabric, flows, spine, above)
    assert len(outages) == 512 + 128 + 64
    assert not any(o.cut.size for o in outages)


def test_across_pods_at_one_to_seven_each_card_gets_a_seventh():
    fabric = clos(8, 24, 2, 8, 50 * GB, planes=4, spines=2, pod_oversubscription=7)
    ends = fabric.endpoints
    opposite = np.roll(ends, ends.size // 2)
    flows = Flows(ends, opposite, np.full(ends.size, 8.0), np.arange(ends.size), ends.size)
    matrix, _ = Routes(fabric).incidence(flows)
    rate = max_min_rates(matrix, capacity_of(fabric))
    np.testing.assert_allclose(rate, 50 * GB / 7)
    np.testing.assert_allclose(alone_b_per_s(matrix, capacity_of(fabric)), 50 * GB)
    links, tiers = tier_utilisation(fabric, matrix, rate)
    np.testing.assert_allclose(tiers, [1 / 7, 1 / 7, 1])
    np.testing.assert_allclose(links[: fabric.tail.size][fabric.tier == 2], 1)


def test_hierarchical_sends_the_bytes_the_formula_says():
    # A lane of a group of m sends 2 (m-1)/m V inside and 2 (G-1)/(G m) V across.
    parts, group = np.arange(10), np.repeat([0, 1], 5)
    inside, across = hierarchical(parts, group, 8)
    assert (group[inside.source] == group[inside.target]).all()
    assert (group[across.source] != group[across.target]).all()
    assert inside.share / across.share == pytest.approx((4 / 5) / (1 / 10))
    assert inside.share + across.share == pytest.approx(1)
    for phase in (inside, across):
        np.testing.assert_allclose(np.bincount(phase.source, phase.amount), 8)


def test_a_phase_that_needs_little_of_a_full_link_is_served_in_full():
    # Two pods of 4 racks at 1:8. All-to-all fills the links between; the reduction's shards need
    # 1/8 of a lane there and the other 7/8 inside, where nothing is short: it is not slowed.
    fabric = clos(2, 4, 2, 8, 50 * GB, planes=2, spines=1, pod_oversubscription=8)
    ends = fabric.endpoints
    pods = np.repeat([0, 1], 8)
    reduction = hierarchical(ends[0::2], pods[0::2], 8)
    exchange = all_to_all(ends[1::2], 8)
    flows = gather_columns([*reduction, exchange])
    matrix, _ = Routes(fabric).incidence(flows)
    share = np.array([*(p.share for p in reduction), 1.0])
    rate = max_min_rates(matrix, capacity_of(fabric), limit_b_per_s=share * 50 * GB)
    jobs = job_rates(rate, share, [0, 0, 1], [50 * GB, 50 * GB])
    # Shares of the reduction: 3/4 and 1/8, of 7/8. Its 32 lanes across take 50/7 each, and 400 GB/s
    # are there: it may have them all but what the exchange's fair share of a lane would be.
    up, lanes = 64 * 50 * GB / 8, 32
    fair = up / (lanes + lanes * 4 / 7)
    assert fair > share[1] * 50 * GB
    assert jobs[0] == pytest.approx(50 * GB)
    assert jobs[1] == pytest.approx((up - lanes * share[1] * 50 * GB) / (lanes * 4 / 7))


def test_one_part_sends_nothing():
    alone = np.array([3])
    for traffic in (ring(alone, 8), all_to_all(alone, 8), *hierarchical(alone, alone, 8)):
        assert traffic.source.size == 0
    fabric = clos(1, 2, 2, 8, GB, planes=2)
    matrix, cut = Routes(fabric).incidence(gather_columns([ring(alone, 8)]))
    assert (matrix.nnz, cut.tolist()) == (0, [False])
    assert np.isinf(max_min_rates(matrix, capacity_of(fabric))).all()


MEMORY = """
import resource, numpy as np
from simulator.laws.topologies import clos
from simulator.laws.interconnect import graph
from simulator.laws.maxmin import max_min_rates
from simulator.laws.paths import Routes, Flows, capacity_of
f = clos(33, 192, 2, 8, 50e9, planes=16, spines=4, pod_oversubscription=7)
network = graph(f)
e = f.endpoints
flows = Flows(e, np.roll(e, 1), np.full(e.size, 8.0), np.arange(e.size), e.size)
matrix, cut = Routes(f).incidence(flows)
rate = max_min_rates(matrix, capacity_of(f))
assert rate.min() > 0 and not cut.any()
print(f.chips.sum(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_hundred_thousand_chips_fit_in_two_gigabytes():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    chips, peak_kib = map(int, done.stdout.split())
    assert chips >= 100_000
    assert peak_kib * 1024 < 2e9
