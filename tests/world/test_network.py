"""The network under runs that a test shows it: the whole graph, and one failure at a time."""

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.folded import spread_parts
from simulator.laws.traffic import slowdown
from simulator.spec.network import Wear
from simulator.world.network import ClassTraffic, PoolTraffic
from simulator.world.network_build import spread_speeds
from simulator.world.network_faults import Outages
from simulator.world.network_plant import KINDS, Plant
from simulator.world.recorder import Recorder
from tests.world.networks import (
    CHIPS,
    NIC,
    Runs,
    WholeGraph,
    network_of,
    runs_of,
    spec_of,
    traffic_of,
)

PLACED = [{0: 2, 1: 2, 4: 2}, {2: 2, 3: 2, 5: 1}, {5: 1, 6: 2, 7: 2, 8: 1}, {9: 2, 10: 2}]
KIND = [0, 0, 1, 0]


def test_runs_share_the_trunks_as_on_the_whole_graph():
    network, _, _ = network_of(spec_of(4), 12, 2)
    speed = network(runs_of(PLACED, KIND))
    graph = WholeGraph(spec_of(4), 3, 2)
    ends = zip(graph.place(PLACED), KIND, strict=True)
    rates, _ = graph.rates([traffic_of(at, 2, 1.0 - kind) for at, kind in ends])
    # Pod 1 sends 2 x 4/5 + 1 + 1 hosts' worth over trunks good for 8/7.
    assert rates.min() == pytest.approx(NIC * 8 / 7 / 3.6)
    np.testing.assert_allclose(speed, 1 / slowdown(NIC, rates, 0.2), rtol=1e-9)


def quiet():
    """Tell of a fault that stops nothing and slows nobody."""
    return 0, 0.0, 0.0


class Clock:
    """A time that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


def those(runs, chosen):
    """Show only the *chosen* of some runs."""
    size = np.diff(runs.indptr)
    at = np.concatenate([np.arange(runs.indptr[k], runs.indptr[k + 1]) for k in chosen])
    return Runs(
        *(getattr(runs, name)[chosen] for name in ("run", "job_class", "pool", "chips")),
        np.cumsum([0, *size[chosen]]), runs.rack[at], runs.hosts[at],
    )  # fmt: skip


def check_loads(network, runs, plant):
    """What the pods' trunks are said to carry is what one who is told of all at once finds."""
    other, fresh, _ = network_of(plant.spec, 12, 8)
    for kind in KINDS:
        for number in np.flatnonzero(plant._faults[kind]).tolist():
            fresh.fail(kind, number)
    other.follow(runs, np.zeros(0, np.int64))
    pods = slice(plant.places, None)
    for name in ("peak", "mean"):
        found, told = other.links[name][pods], network.links[name][pods]
        np.testing.assert_allclose(told, found, rtol=1e-9, atol=1e-6 * NIC)
    cost, told = other.tallies["home/pods"].cost_rce, network.tallies["home/pods"].cost_rce
    assert told == pytest.approx(cost, rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_followed_change_by_change_is_what_is_found_afresh(data):
    """Runs come, go, move; elements fail and come back; each time all is asked anew beside it."""
    # Racks hold all eight, and may themselves be short.
    ratio = data.draw(st.sampled_from([1.0, 2.0]))
    network, plant, _ = network_of(spec_of(4, rack_ratio=ratio), 12, 8)
    racks = st.sets(st.integers(0, 11), min_size=2, max_size=6)
    placed = [dict.fromkeys(sorted(data.draw(racks)), 1) for _ in range(8)]
    runs = runs_of(placed, [k % 2 for k in range(8)])
    there: set[int] = set()
    speed = np.ones(int(runs.run.max()) + 1)
    down: list[tuple[str, int]] = []
    for _ in range(data.draw(st.integers(1, 12))):
        flips = data.draw(st.sets(st.integers(0, 7), max_size=4))
        came, gone = sorted(flips - there), sorted(flips & there)
        if data.draw(st.booleans()) and there - flips:
            # One that is there moves: it goes and comes at once.
            came, gone = [*came, min(there - flips)], [*gone, min(there - flips)]
        if data.draw(st.booleans()):
            kind = data.draw(st.sampled_from(KINDS))
            number = data.draw(st.integers(0, plant.count(kind) - 1))
            plant.fail(kind, number)
            down.append((kind, number))
        elif down:
            plant.repair(*down.pop())
        there = (there | set(came)) - (set(gone) - set(came))
        speed[runs.run[came]] = 1.0
        changed, new = network.follow(those(runs, came) if came else runs_of([]), runs.run[gone])
        speed[changed] = new
        if there:
            left = those(runs, sorted(there))
            np.testing.assert_allclose(speed[left.run], network(left), rtol=1e-11)
            check_loads(network, left, plant)


def test_a_run_inside_a_pod_has_nothing_looked_at_again():
    network, _, _ = network_of(spec_of(4), 12, 2)
    runs = runs_of([*PLACED, {0: 1, 2: 1}], [*KIND, 0])
    first, _ = network.follow(those(runs, [0, 1, 2, 3]), np.zeros(0, np.int64))
    assert first.size > 0
    # Whoever looked again would write what is carried.
    network.links["peak"][:] = -1.0
    changed, _ = network.follow(those(runs, [4]), np.zeros(0, np.int64))
    assert changed.size == 0
    changed, _ = network.follow(runs_of([]), runs.run[[4]])
    assert changed.size == 0
    assert (network.links["peak"] == -1.0).all()


def test_the_record_says_what_waits_and_for_whom():
    network, plant, record = network_of(spec_of(4), 12, 2)
    runs = runs_of(PLACED, KIND)
    speed = network(runs)
    network.follow(runs, np.zeros(0, np.int64))
    alone = [network_of(spec_of(4), 12, 2)[0](runs_of([one], [kind]))[0]
             for one, kind in zip(PLACED, KIND, strict=True)]  # fmt: skip
    network.close(100.0)
    row = {name: column[0] for name, column in record.tables["contention"].items()}
    assert (row["t_s"], row["span_s"]) == (0.0, 100.0)
    assert row["by_fabric_rce"] == pytest.approx((runs.chips * (1 - np.array(alone))).sum())
    assert row["by_neighbours_rce"] == pytest.approx((runs.chips * (alone - speed)).sum())
    link = {name: column[0] for name, column in record.tables["links"].items()}
    assert link["capacity_b_per_s"] == pytest.approx(12 * 2 * CHIPS * NIC / 7)
    assert link["mean_b_per_s"] <= link["peak_b_per_s"] <= link["capacity_b_per_s"] * (1 + 1e-12)
    assert (link["hottest"], link["hot"], link["bundles"]) == (pytest.approx(1.0), 1, 3)
    bundles = record.tables["bundles"]
    assert bundles["element"] == ["pod0", "pod1", "pod2"]
    assert sum(bundles["mean_b"]) == pytest.approx(100.0 * link["mean_b_per_s"])
    assert bundles["full_s"] == [0.0, 100.0, 0.0]
    assert plant.count("pod-trunk") == 3 * 4 * 2


def test_rows_of_the_record_add_up_to_what_held():
    """Work not done, by rows, against the sum of speeds over the stretches between changes."""
    clock = Clock()
    network, _, record = network_of(spec_of(4), 12, 2, now=clock)
    runs = runs_of(PLACED, KIND)
    rng = np.random.default_rng(3)
    there: set[int] = set()
    missing = 0.0
    for _ in range(60):
        flip = int(rng.integers(4))
        came, gone = ([flip], []) if flip not in there else ([], [flip])
        there ^= {flip}
        network.follow(those(runs, came) if came else runs_of([]), runs.run[gone])
        span_s = float(rng.exponential(20_000.0))
        if there:
            left = those(runs, sorted(there))
            missing += span_s * float((left.chips * (1 - network(left))).sum())
        clock.now += span_s
    network.close(clock.now)
    table = {name: np.array(column) for name, column in record.tables["contention"].items()}
    rate = table["by_fabric_rce"] + table["by_neighbours_rce"]
    assert (table["span_s"] * rate).sum() == pytest.approx(missing, rel=1e-9)
    assert table["span_s"].sum() == pytest.approx(clock.now)
    assert 5 < len(rate) < 20


def test_pools_on_one_fabric_have_pods_of_their_own_under_one_spine():
    network, plant, _ = network_of(spec_of(6), 8, 2, more=(8,))
    placed = {4: 2, 5: 2, 6: 2, 7: 2}
    both = network(runs_of([placed, placed], pool=[0, 1]))
    assert plant.opened == 4
    np.testing.assert_array_equal(both, network(runs_of([placed]))[[0, 0]])
    plant.fail("spine-switch", 0)
    worse = network(runs_of([placed, placed], pool=[0, 1]))
    assert (worse < both).all()


def test_a_pod_opened_before_anothers_keeps_its_places():
    network, plant, _ = network_of(spec_of(4), 2, 2, more=(2,))
    with pytest.raises(ValueError, match="all of them in use"):
        network.enter(0, 5)
    network.enter(0, 4)
    # Four racks of the first pool fill the first pod, though the second was opened meanwhile.
    assert plant.capacity_b_per_s[plant.places :] == pytest.approx(
        np.array([4, 2]) * 2 * CHIPS * NIC / 7
    )
    assert network(runs_of([{0: 2, 1: 2, 2: 2, 3: 2}])).tolist() == [1.0]


def fail_each(network, plant, runs):
    """Yield what failed, speeds and cut runs, for each element failed by itself."""
    told = np.ones(int(runs.run.max()) + 1)
    changed, new = network.follow(runs, np.zeros(0, np.int64))
    told[changed] = new
    for kind in KINDS:
        for number in range(plant.count(kind)):
            plant.fail(kind, number)
            speed = network(runs)
            changed, new = network.follow(runs_of([]), np.zeros(0, np.int64))
            told[changed] = new
            np.testing.assert_allclose(told[runs.run], speed, rtol=1e-11)
            yield kind, number, speed, network.cut()
            plant.repair(kind, number)


@pytest.mark.parametrize(("pods", "racks", "hosts"), [(1, 192, 2), (8, 24, 2)])
def test_with_any_one_failure_no_run_hangs_or_takes_more_than_there_is(pods, racks, hosts):
    spec = spec_of(racks, planes=16, spines=4)
    network, plant, _ = network_of(spec, pods * racks, hosts)
    rng = np.random.default_rng(7)
    racks_left = rng.permutation(pods * racks)
    placed = []
    while racks_left.size > 12:
        size = int(rng.integers(2, 12))
        placed.append({int(rack): hosts for rack in np.sort(racks_left[:size])})
        racks_left = racks_left[size:]
    runs = runs_of(placed, rng.integers(0, 2, len(placed)))
    before = network(runs)
    held = [set(row) for row in placed]
    for kind, number, speed, cut in fail_each(network, plant, runs):
        stopped = np.isin(runs.run, cut)
        across = kind == "rack-switch"
        assert stopped.tolist() == [across and number in row for row in held], (kind, number)
        assert (speed[~stopped] > 0).all(), (kind, number)
        assert (speed <= 1 + 1e-12).all()
        assert (speed[stopped] == 0).all()
    network.close(1.0)
    np.testing.assert_array_equal(network(runs), before)


def test_what_fails_comes_back_and_the_rest_of_the_luck_is_not_moved():
    wear = {kind: {"mtbf": "30 days", "mttr": "1 days"} for kind in ("rack-switch", "pod-trunk")}
    figure = {"status": "published", "source": "test", "date": "2025"}
    wear = {kind: {name: {"value": text, **figure} for name, text in row.items()}
            for kind, row in wear.items()}  # fmt: skip

    def story(kinds):
        env, record = simpy.Environment(), Recorder()
        spec = spec_of(4, wear={kind: wear[kind] for kind in kinds})
        plant = Plant("home/pods", spec, 3)
        for _ in range(3):
            plant.open()
        outages = Outages(env, plant, quiet, lambda k: np.random.default_rng(len(k)), record)
        outages.start()
        env.run(until=400 * 86400)
        rows = zip(*(record.tables["outages"][c] for c in ("t_s", "element", "state")), strict=True)
        return list(rows), plant

    both, plant = story(["rack-switch", "pod-trunk"])
    switches, _ = story(["rack-switch"])
    assert [row for row in both if "--" not in row[1]] == switches
    up = sum(state == "up" for _, _, state in both)
    down = len(both) - up
    still = sum(int(faults.sum()) for faults in plant._faults.values())
    assert down - up == still
    # 400 days of 12 switches and 24 trunks that fail every 30 days: Poisson of mean 480.
    assert abs(down - 480) < 4 * 480**0.5


def test_wear_grows_with_what_stands():
    figure = {"status": "published", "source": "test", "date": "2025"}
    wear = {"rack-switch": Wear.model_validate(
        {"mtbf": {"value": "10 days", **figure}, "mttr": {"value": "1 hour", **figure}}
    )}  # fmt: skip
    env, record = simpy.Environment(), Recorder()
    plant = Plant("home/pods", spec_of(4).model_copy(update={"wear": wear}), 100)
    outages = Outages(env, plant, quiet, lambda k: np.random.default_rng(1), record)
    outages.start()

    def grow():
        for pods in (25, 75):
            yield env.timeout(50 * 86400)
            for _ in range(pods):
                plant.open()
            outages.grown()

    env.process(grow())
    env.run(until=150 * 86400)
    t = np.array(record.tables["outages"]["t_s"])[
        np.array(record.tables["outages"]["state"]) == "down"
    ]
    counts = [np.count_nonzero((t >= a * 86400) & (t < (a + 50) * 86400)) for a in (0, 50, 100)]
    assert counts[0] == 0
    for found, mean in zip(counts[1:], (500, 2000), strict=True):
        assert abs(found - mean) < 4 * mean**0.5


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize(("hosts", "pods"), [(5, 1), (8, 1), (7, 2), (20, 3)])
def test_a_run_alone_goes_as_the_table_says_and_no_faster_in_company(kind, hosts, pods):
    spec = spec_of(4, rack_ratio=2.0)
    network, _, _ = network_of(spec, 16, 2)
    lies = spread_parts(hosts, pods, 2, 4)
    one = dict(zip(lies.rack.tolist(), lies.hosts.tolist(), strict=True))
    sent = ClassTraffic(np.array([1.0, 0.0]), np.array([8.0, 16.0]))
    pool = PoolTraffic(CHIPS, 2, NIC, np.array([0.2, 0.2]), lambda: np.ones(2))
    table = spread_speeds(spec, sent, pool, np.full(2, float(hosts * CHIPS)))
    assert table[kind, :3].tolist() == [1.0, 1.0, 1.0]
    assert (np.diff(table, axis=1) <= 0).all()
    tiered = table[kind, 3 if pods == 1 else 4]
    alone = network(runs_of([one], [kind]))[0]
    assert alone == pytest.approx(tiered, rel=1e-12)
    crowd = [dict.fromkeys(range(r, r + 8, 4), 2) for r in range(4)]
    shared = network(runs_of([one, *crowd], [kind, 0, 0, 0, 0]))[0]
    assert shared <= alone <= 1.0
