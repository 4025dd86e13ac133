"""The folded Clos against the whole graph: links, flows and multi-path routes of every host."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.fabric import Fabric
from simulator.laws.folded import Alive, Parts, Senders, crossings
from simulator.laws.folded_kernel import exchanged_out, shifted_out
from simulator.laws.maxmin import max_min_rates
from simulator.laws.outages import dead_link, dead_switch, reroute
from simulator.laws.paths import Routes, capacity_of
from simulator.laws.topologies import clos
from simulator.laws.traffic import Traffic, all_to_all, gather_columns

NIC = 50e9
PODS, RACKS, HOSTS, CHIPS, PLANES, SPINES = 3, 3, 2, 4, 3, 2
SENDERS = Senders(CHIPS, 1, 1.0, NIC)


def graph_of(rack_ratio: float = 1.0, pod_ratio: float = 7.0) -> Fabric:
    return clos(
        PODS, RACKS, HOSTS, CHIPS, NIC,
        planes=PLANES, spines=SPINES,
        rack_oversubscription=rack_ratio, pod_oversubscription=pod_ratio,
    )  # fmt: skip


def folded_capacity(rack_ratio: float = 1.0, pod_ratio: float = 7.0) -> np.ndarray:
    rack = HOSTS * CHIPS * NIC / rack_ratio
    return np.r_[np.full(PODS * RACKS, rack), np.full(PODS, RACKS * rack / pod_ratio)]


def all_alive() -> Alive:
    return Alive(np.ones((PODS * RACKS, PLANES), bool), np.ones((PODS, PLANES, SPINES), bool))


def ends_of(fabric: Fabric, rack: int, hosts: range) -> list[int]:
    name = f"pod{rack // RACKS}/rack{rack % RACKS}"
    return [fabric.nodes.index(f"{name}/host{host}") for host in hosts]


def traffic_of(ends: np.ndarray, shift: int, share: float) -> Traffic:
    """Both exchanges of a job at once, host by host."""
    step = min(max(shift, 1), max(ends.size - 1, 1))
    rings = (ends, np.roll(ends, -step), np.full(ends.size, (1 - share) * CHIPS))
    mixed = all_to_all(ends, CHIPS)
    return Traffic(
        np.r_[rings[0], mixed.source],
        np.r_[rings[1], mixed.target],
        np.r_[rings[2], share * mixed.amount],
    )


def placed(fabric: Fabric, wanted: list[list[int]]) -> tuple[Parts, list[np.ndarray]]:
    """Give each job the racks it wants, as far as hosts are left; who gets none is left out."""
    free = dict.fromkeys(range(PODS * RACKS), 0)
    indptr, rack, hosts, ends = [0], [], [], []
    for racks in wanted:
        mine: list[int] = []
        for r in sorted(set(racks)):
            count = min(racks.count(r), HOSTS - free[r])
            if count > 0:
                rack.append(r)
                hosts.append(count)
                mine += ends_of(fabric, r, range(free[r], free[r] + count))
                free[r] += count
        if mine:
            indptr.append(len(rack))
            ends.append(np.array(mine, np.int64))
    return Parts(*(np.array(x, np.int64) for x in (indptr, rack, hosts))), ends


wishes = st.lists(
    st.lists(st.integers(0, PODS * RACKS - 1), min_size=1, max_size=8), min_size=1, max_size=5
)


@given(wishes, st.integers(1, 5), st.sampled_from([0.0, 0.4, 1.0]), st.sampled_from([1.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_the_fold_gives_the_rates_of_the_whole_graph(wanted, shift, share, rack_ratio):
    fabric = graph_of(rack_ratio)
    parts, ends = placed(fabric, wanted)
    routes, _ = Routes(fabric).incidence(
        gather_columns([traffic_of(each, shift, share) for each in ends])
    )
    whole = max_min_rates(routes, capacity_of(fabric), limit_b_per_s=NIC)
    pod_of = np.repeat(np.arange(PODS), RACKS)
    for alive in (None, all_alive()):
        lanes, cut = crossings(parts, Senders(CHIPS, shift, share, NIC), pod_of, PODS, alive)
        rates = max_min_rates(lanes, folded_capacity(rack_ratio), limit_b_per_s=NIC)
        np.testing.assert_allclose(rates, whole, rtol=1e-9)
        assert not cut.any()


def every_failure(fabric: Fabric):
    """Name, dead links of the graph, and what is alive of the fold, for each that is no host's."""
    for link in np.flatnonzero(fabric.tier > 0):
        alive = all_alive()
        a, b = (fabric.nodes[end[link]] for end in (fabric.tail, fabric.head))
        pod = int(a.split("/")[0][3:]) if a.startswith("pod") else 0
        if "rack" in a:
            alive.rack[pod * RACKS + int(a.split("/")[1][4:]), int(b.split("plane")[1])] = False
        else:
            alive.pod[pod, int(a.split("plane")[1]), int(b.split("spine")[1])] = False
        yield fabric.link_name(link), dead_link(fabric, link), alive
    for node in fabric.switches:
        alive, name = all_alive(), fabric.nodes[node]
        if "rack" in name:
            pod, rack = name.split("/")[:2]
            alive.rack[int(pod[3:]) * RACKS + int(rack[4:])] = False
        elif name.startswith("pod"):
            pod, plane = name.split("/")
            of_pod = slice(int(pod[3:]) * RACKS, (int(pod[3:]) + 1) * RACKS)
            alive.rack[of_pod, int(plane[5:])] = False
            alive.pod[int(pod[3:]), int(plane[5:])] = False
        else:
            plane, spine = name.split("/")
            alive.pod[:, int(plane[5:]), int(spine[5:])] = False
        yield name, dead_switch(fabric, node), alive


def test_with_any_one_failure_the_fold_is_feasible_and_near_the_graph():
    fabric = graph_of(1.0)
    wanted = [[0, 0, 1, 1, 2], [2, 3, 3, 4], [4, 5, 5, 6, 6], [7, 7, 8, 8]]
    parts, ends = placed(fabric, wanted)
    flows = gather_columns([traffic_of(each, 2, 0.5) for each in ends])
    before, _ = Routes(fabric).incidence(flows)
    pod_of = np.repeat(np.arange(PODS), RACKS)
    seen = 0
    for name, dead, alive in every_failure(fabric):
        routes, graph_cut = reroute(fabric, flows, before, dead)
        graph = max_min_rates(routes, capacity_of(fabric, dead), limit_b_per_s=NIC)
        lanes, cut = crossings(parts, Senders(CHIPS, 2, 0.5, NIC), pod_of, PODS, alive)
        rate = max_min_rates(lanes, folded_capacity(), limit_b_per_s=NIC)
        np.testing.assert_array_equal(cut, graph_cut, err_msg=name)
        assert (rate >= 0).all()
        # A trunk of three is a third of a bundle: the fold never promises what the graph lacks
        # for the job worst off, and keeps at least what is left of the bundle.
        live = ~cut
        assert rate[live].min() <= graph[live].min() * (1 + 1e-9), name
        assert (rate[live] >= graph[live] * (1 - 1 / min(PLANES, SPINES)) * (1 - 1e-9)).all(), name
        seen += 1
    assert seen == fabric.switches.size + np.count_nonzero(fabric.tier > 0)


WANTED = [[0, 0, 1, 1, 2], [2, 3, 3, 4], [4, 5, 5, 6, 6], [7, 7, 8, 8]]
POD_OF = np.repeat(np.arange(PODS), RACKS)


def rates_of_graph(fabric: Fabric, ends: list[np.ndarray], dead: np.ndarray) -> np.ndarray:
    flows = gather_columns([traffic_of(each, 2, 0.5) for each in ends])
    routes, cut = Routes(fabric, dead).incidence(flows)
    assert not cut.any()
    return max_min_rates(routes, capacity_of(fabric, dead), limit_b_per_s=NIC)


def rates_of_fold(parts: Parts, alive: Alive, rack_ratio: float = 1.0) -> np.ndarray:
    lanes, cut = crossings(parts, Senders(CHIPS, 2, 0.5, NIC), POD_OF, PODS, alive)
    assert not cut.any()
    return max_min_rates(lanes, folded_capacity(rack_ratio), limit_b_per_s=NIC)


def links_of(fabric: Fabric, chosen) -> np.ndarray:
    """Dead links: those whose two names satisfy a condition."""
    names = [fabric.link_name(k) for k in range(fabric.tail.size)]
    return np.array([chosen(name) for name in names])


@pytest.mark.parametrize("rack_ratio", [1.0, 2.0])
@pytest.mark.parametrize("plane", range(PLANES))
def test_with_a_whole_plane_down_the_fold_gives_the_rates_of_the_graph(plane, rack_ratio):
    fabric, alive = graph_of(rack_ratio), all_alive()
    parts, ends = placed(fabric, WANTED)
    alive.rack[:, plane] = alive.pod[:, plane] = False
    dead = links_of(fabric, lambda name: f"plane{plane}" in name)
    whole = rates_of_graph(fabric, ends, dead)
    np.testing.assert_allclose(rates_of_fold(parts, alive, rack_ratio), whole, rtol=1e-9)


@pytest.mark.parametrize("spine", range(SPINES))
def test_with_one_spine_of_each_plane_down_the_fold_gives_the_rates_of_the_graph(spine):
    fabric, alive = graph_of(), all_alive()
    parts, ends = placed(fabric, WANTED)
    alive.pod[:, :, spine] = False
    dead = links_of(fabric, lambda name: name.endswith(f"spine{spine}"))
    whole = rates_of_graph(fabric, ends, dead)
    np.testing.assert_allclose(rates_of_fold(parts, alive), whole, rtol=1e-9)


def test_planes_and_spines_are_alike_on_the_graph_too():
    """Whichever plane or spine an element is on, its failure gives the same rates."""
    fabric = graph_of()
    parts, ends = placed(fabric, WANTED)
    alike: dict[str, list[np.ndarray]] = {}
    for name, dead, alive in every_failure(fabric):
        kind = re.sub(r"plane\d+", "plane", re.sub(r"spine\d+", "spine", name))
        if "switch" in kind and "--" not in kind:
            continue  # a rack's switch cuts who lies there
        graph, fold = rates_of_graph(fabric, ends, dead), rates_of_fold(parts, alive)
        alike.setdefault(kind, []).append(np.r_[graph, fold])
    assert {len(found) for found in alike.values()} == {PLANES, PLANES * SPINES}
    for kind, found in alike.items():
        for one in found:
            np.testing.assert_allclose(one, found[0], rtol=1e-9, err_msg=kind)


@given(st.randoms(use_true_random=False), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_a_renaming_of_planes_and_spines_changes_no_rate(luck, seed):
    """Whatever is down, in any number."""
    rng = np.random.default_rng(seed)
    fabric = graph_of()
    parts, _ = placed(fabric, WANTED)
    alive = Alive(
        rng.random((PODS * RACKS, PLANES)) > 0.1, rng.random((PODS, PLANES, SPINES)) > 0.1
    )
    planes = luck.sample(range(PLANES), PLANES)
    renamed = Alive(alive.rack[:, planes], alive.pod[:, planes].copy())
    for p in range(PLANES):
        renamed.pod[:, p] = renamed.pod[:, p][:, luck.sample(range(SPINES), SPINES)]
    both = [
        crossings(parts, Senders(CHIPS, 2, 0.5, NIC), POD_OF, PODS, a) for a in (alive, renamed)
    ]
    np.testing.assert_array_equal(both[0][1], both[1][1])
    np.testing.assert_allclose(both[0][0].toarray(), both[1][0].toarray(), rtol=1e-12)


@pytest.mark.parametrize("whole", [2, 3, 8, 13])
@pytest.mark.parametrize("shift", [1, 2, 5, 20])
def test_what_leaves_a_part_is_counted_host_by_host(whole, shift):
    step = min(shift, whole - 1)
    host = np.arange(whole)
    for first in range(whole):
        for last in range(first + 1, whole + 1):
            inside = (host >= first) & (host < last)
            leaves = inside & ~inside[(host + step) % whole]
            assert shifted_out(last - first, whole, shift) == leaves.sum()
            pairs = (last - first) * (whole - last + first) / (whole - 1)
            assert exchanged_out(last - first, whole) == pytest.approx(pairs)


def test_jobs_that_stay_in_a_rack_load_nothing_and_survive_its_switch():
    parts = Parts(np.array([0, 1, 3]), np.array([0, 0, 1]), np.array([1, 1, 1]))
    alive = all_alive()
    alive.rack[0] = False
    lanes, cut = crossings(parts, SENDERS, np.repeat(np.arange(PODS), RACKS), PODS, alive)
    assert cut.tolist() == [False, True]
    assert lanes.nnz == 0


def test_no_jobs_are_no_columns():
    none = np.empty(0, np.int64)
    nobody = Parts(np.zeros(1, np.int64), none, none)
    lanes, cut = crossings(nobody, SENDERS, np.zeros(3, np.int64), 1)
    assert lanes.shape == (4, 0)
    assert cut.size == 0
