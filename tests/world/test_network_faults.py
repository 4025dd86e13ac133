"""What a failed switch or trunk costs, by the whole graph and by hand, and who fails for how long.

The graph is one of hosts, switches and trunks on which nothing is folded: an element that failed
is taken out of it, routes are searched afresh, and links are shared one by one.
"""

import numpy as np
import pytest
import simpy

from simulator.laws.traffic import slowdown
from simulator.spec.network import Wear
from simulator.world.network import ClassTraffic, Network, PoolTraffic
from simulator.world.network_faults import Outages
from simulator.world.network_plant import KINDS, Plant
from simulator.world.recorder import Recorder
from tests.world.networks import CHIPS, NIC, WholeGraph, network_of, runs_of, spec_of, traffic_of

NOBODY = np.zeros(0, np.int64)
WAITS = 0.2
#: Runs over two racks of two pods: all they send starts or ends at a rack that lost a way, so the
#: shortest paths that are left are all that is left.
PAIRS = [{0: 2, 3: 2}, {1: 2, 6: 2}, {4: 2, 7: 2}, {2: 1, 5: 1}, {5: 1, 8: 1}, {2: 1, 8: 1}]
#: Inside pods, whose racks are short of trunks.
NEAR = [{0: 2, 1: 2}, {3: 1, 4: 2}, {6: 2, 8: 1}, {7: 2, 8: 1}, {2: 2, 5: 2}]
#: Over two to six racks.
WIDE = [{0: 2, 1: 2, 3: 2}, {2: 2, 4: 1, 5: 1, 6: 2}, {4: 1, 5: 1, 7: 1, 8: 2}]


def speeds(network, runs, told):
    """Speed of the runs found afresh, once what is told change by change is seen to be the same."""
    changed, new = network.follow(runs_of([]), NOBODY)
    told[changed] = new
    afresh = network(runs)
    np.testing.assert_allclose(told[runs.run], afresh, rtol=1e-11)
    return afresh


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("placed", "rack_ratio", "pod_ratio"), [(PAIRS, 1.0, 7.0), (NEAR, 2.0, 1.0), (WIDE, 2.0, 3.0)]
)
def test_each_element_down_slows_and_cuts_as_on_the_graph_without_it(
    kind, placed, rack_ratio, pod_ratio
):
    spec = spec_of(3, planes=3, spines=2, rack_ratio=rack_ratio, pod_ratio=pod_ratio)
    graph = WholeGraph(spec, 3, 2)
    classes = [k % 2 for k in range(len(placed))]
    ends = zip(graph.place(placed), classes, strict=True)
    traffic = [traffic_of(at, 2, 1.0 - each) for at, each in ends]
    network, plant, _ = network_of(spec, 9, 2)
    runs = runs_of(placed, classes)
    told = np.ones(int(runs.run.max()) + 1)
    changed, new = network.follow(runs, NOBODY)
    told[changed] = new
    healthy = 1 / slowdown(NIC, graph.rates(traffic)[0], WAITS)
    np.testing.assert_allclose(network(runs), healthy, rtol=1e-9)
    names = graph.names(kind)
    assert plant.count(kind) == len(names)
    touched = set()
    for number, name in enumerate(names):
        assert plant.element(kind, number) == name
        dead = graph.dead(name)
        rates, cut = graph.rates_in_channels(placed, traffic, dead)
        if placed is not WIDE:
            # Who lies in two racks finds no way on the graph that a channel does not have.
            free, apart = graph.rates(traffic, dead)
            np.testing.assert_allclose(rates, free, rtol=1e-9)
            np.testing.assert_array_equal(cut, apart)
        plant.fail(kind, number)
        speed = speeds(network, runs, told)
        expected = np.where(cut, 0.0, 1 / slowdown(NIC, rates, WAITS))
        np.testing.assert_allclose(speed, expected, rtol=1e-9, err_msg=name)
        assert network.cut().tolist() == runs.run[cut].tolist()
        isolated = [(0, number)] if kind == "rack-switch" else []
        assert network.isolated("home/pods") == isolated
        if (expected < healthy * (1 - 1e-6)).any():
            touched.add(name)
        plant.repair(kind, number)
        np.testing.assert_allclose(speeds(network, runs, told), healthy, rtol=1e-9)
    # A trunk of a pod is nothing to who stays inside; else each element matters to somebody.
    if placed is not NEAR or kind in {"rack-switch", "rack-trunk", "pod-switch"}:
        assert touched == set(names)


#: Racks, rack trunks' oversubscription, kind and number, and speed before and after, as the rate
#: over the line's. Four hosts in two racks of two send 2/3 of 16 lanes out of either, 32/3.
BY_HAND = {
    # Pod trunks are good for 4 x 16 / 7 = 64/7 lanes in eight: 6/7 of what is asked.
    # Plane 1 keeps one of two trunks to the spine, for a quarter of all: half of that.
    "pod-trunk": ({0: 2, 4: 2}, 1.0, 2, 6 / 7, 3 / 7),
    # The same for spine 0 of plane 1, whose trunks from both pods are gone.
    "spine-switch": ({0: 2, 4: 2}, 1.0, 2, 6 / 7, 3 / 7),
    # Plane 1 of pod 0 is gone, three of four are left.
    "pod-switch": ({0: 2, 4: 2}, 1.0, 1, 6 / 7, 9 / 14),
    # Rack 1 has three of its four trunks; of 16 / 2 = 8 lanes 6 are left, for 32/3.
    "rack-trunk": ({0: 2, 1: 2}, 2.0, 4 + 2, 3 / 4, 9 / 16),
    # The run is cut.
    "rack-switch": ({0: 2, 4: 2}, 1.0, 4, 6 / 7, 0.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_one_failure_costs_a_run_by_hand(kind):
    racks, rack_ratio, number, before, after = BY_HAND[kind]
    network, plant, _ = network_of(spec_of(4, rack_ratio=rack_ratio), 8, 2)
    beside = {2: 1, 3: 1}
    runs = runs_of([racks, beside])
    assert network(runs)[0] == pytest.approx(1 / (1 + WAITS * (1 / before - 1)))
    plant.fail(kind, number)
    slow = 1 / (1 + WAITS * (1 / after - 1)) if after else 0.0
    assert network(runs)[0] == pytest.approx(slow)
    # Two hosts of two racks send half of what their trunks carry, a quarter less of them or not.
    assert network(runs)[1] == pytest.approx(1.0)
    plant.repair(kind, number)
    assert network(runs)[0] == pytest.approx(1 / (1 + WAITS * (1 / before - 1)))


def wearing(kind, mtbf_days, mttr_days):
    """Have one kind fail and be repaired so fast."""
    figure = {"status": "published", "source": "test", "date": "2025"}
    days = {"mtbf": mtbf_days, "mttr": mttr_days}
    return {kind: Wear.model_validate(
        {key: {"value": f"{value} days", **figure} for key, value in days.items()}
    )}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_element_fails_as_often_and_for_as_long_as_it_says(kind):
    """Faults fall on elements alike (chi-square), and last: an infinite-server queue, M/G/inf.

    With as many in repair as one on average, something is down for 1 - 1/e of the time.
    """
    spec = spec_of(3, planes=3, spines=2)
    graph = WholeGraph(spec, 3, 2)
    names, days = graph.names(kind), 800
    spec = spec.model_copy(update={"wear": wearing(kind, len(names), 1)})
    env, record = simpy.Environment(), Recorder()
    plant = Plant("home/pods", spec, 3)
    for _ in range(3):
        plant.open()
    generator = np.random.default_rng(5)
    Outages(env, plant, lambda: (0, 0.0, 0.0), lambda _: generator, record).start()
    hurt = []

    def look():
        while True:
            yield env.timeout(0.2 * 86400)
            hurt.append(plant.hurt)

    env.process(look())
    env.run(until=days * 86400)
    table = {name: np.array(column) for name, column in record.tables["outages"].items()}
    down = table["state"] == "down"
    count = np.array([(table["element"][down] == name).sum() for name in names])
    assert count.sum() == down.sum()
    assert abs(down.sum() - days) < 4 * days**0.5
    expected = down.sum() / len(names)
    freedom = len(names) - 1
    chi_square = ((count - expected) ** 2 / expected).sum()
    assert abs(chi_square - freedom) < 4 * (2 * freedom) ** 0.5
    # What is still down at the end has lasted till then.
    still = (days * 86400) * (down.sum() - (~down).sum())
    lasted = table["t_s"][~down].sum() + still - table["t_s"][down].sum()
    assert abs(lasted / 86400 / down.sum() - 1) < 4 / down.sum() ** 0.5
    # Its time average over T repairs varies by 2/T e^-2 sum 1/(k k!), which is 0.357/T.
    assert abs(np.mean(hurt) - (1 - np.exp(-1))) < 4 * (0.357 / days) ** 0.5


@pytest.mark.parametrize("apart", [False, True])
def test_custom_chips_on_a_fabric_of_their_own_are_not_hurt_by_the_gpus_spine(apart):
    """All being well their fabric is nothing to them: their pods are their own in either place.

    With a spine switch of the GPUs' fabric down, who shares it goes from 6/7 of the line to 3/7.
    """
    spec, record = spec_of(4), Recorder()
    plants = {name: Plant(name, spec, 4) for name in ("home/gpus", "home/own")}
    classes = ClassTraffic(np.array([1.0]), np.array([8.0]))
    network = Network(plants, classes, lambda: 0.0, record)
    for pool, name in enumerate(("home/gpus", "home/own" if apart else "home/gpus")):
        brings = PoolTraffic(CHIPS, 2, NIC, np.array([WAITS]), lambda: np.ones(1))
        network.add_pool(pool, name, brings)
        network.enter(pool, 8)
    runs = runs_of([{0: 2, 4: 2}, {0: 2, 4: 2}], pool=[0, 1])
    whole, hurt = (1 / (1 + WAITS * (1 / rate - 1)) for rate in (6 / 7, 3 / 7))
    assert network(runs) == pytest.approx([whole, whole])
    plants["home/gpus"].fail("spine-switch", 2)
    assert network(runs) == pytest.approx([hurt, whole if apart else hurt])
    plants["home/gpus"].repair("spine-switch", 2)
    plants["home/gpus"].fail("pod-switch", 0)
    # A pod's switch is its chips' own wherever they stand.
    assert network(runs)[1] == pytest.approx(whole)
