"""The network in whole worlds: faults stop and requeue, cheaper fidelities promise more."""

from pathlib import Path

import numpy as np
import pytest

from simulator import load
from simulator.laws.traffic import slowdown
from simulator.world.jobs_state import POD
from simulator.world.network_plant import KINDS
from simulator.world.world import World
from tests.spec.example import BASE, write
from tests.world.networks import NIC, WholeGraph, traffic_of

DAY_S = 86400.0
FABRICS = ("gpu-roce", "own-chip")

NETWORK = """\
network:
  fidelity: contended
  exchanges:
    ranking:
      all_to_all: {value: 0.7, status: published, source: paper, date: 2024}
      replica: {value: 8, status: published, source: paper, date: 2024}
  fabrics:
    pods:
      label: Pods
      source: paper
      chips: [h100-sxm, own-1]
      racks: 192
      planes: 16
      spines: 4
      pod_oversubscription: 7
      port: {value: 50 GB/s, status: published, source: paper, date: 2024}
      port_price: {value: 1 kUSD, status: published, source: paper, date: 2024}
"""


def scenario_of(folder, racks, demand, fidelity="contended", sizes="", **network):
    """Return one site of H100 racks of 16 chips, busy with gangs over several racks."""
    text = BASE.replace("racks: 60", f"racks: {racks}").replace(
        "10 MW, racks: 400", "200 MW, racks: 4000"
    )
    text = text.replace("value: 900 rce_day/day", f"value: {demand} rce_day/day")
    text = text.replace(
        "      - {chips: 8, share: 1, run_time: {median: 5 h, p90: 20 h}}\n",
        sizes
        or "      - {chips: 24, share: 0.3, run_time: {median: 30 h, p90: 90 h}}\n"
        "      - {chips: 128, share: 0.3, run_time: {median: 30 h, p90: 90 h}}\n"
        "      - {chips: 512, share: 0.4, run_time: {median: 30 h, p90: 90 h}}\n",
    )
    path = write(folder, base=text + NETWORK)
    changes = {f"network.{key}": value for key, value in network.items()}
    return load(path).change({"network.fidelity": fidelity, **changes}).scenario


def running(scenario, until_s, seed=0):
    """Return a world that has run so far and goes on."""
    world = World(scenario, seed, 0)
    world.begin()
    world.env.run(until=until_s)
    return world


def shares(world):
    """Speed of every run over several racks, and what the engine goes by."""
    runs = world.engine.runs()
    return runs, np.asarray(world.interconnect.network(runs))


def within_capacity(world):
    """Whether no bundle carries more than it can, now."""
    for tally in world.interconnect.network.tallies.values():
        assert (tally.peak_b_per_s >= 0).all()
        assert (tally.peak_b_per_s <= tally.plant.capacity_b_per_s * (1 + 1e-9)).all()


def all_elements(plant):
    """Every switch and trunk there is."""
    return [(kind, number) for kind in KINDS for number in range(plant.count(kind))]


@pytest.mark.parametrize(
    ("racks", "demand", "chosen"),
    [
        # Every 29th of the 3,072-GPU pod; every one of it and of the 8-pod spine when asked for.
        (192, 2600, lambda plant: all_elements(plant)[::29]),
        pytest.param(192, 2600, all_elements, marks=pytest.mark.slow),
        pytest.param(1536, 22000, all_elements, marks=pytest.mark.slow),
    ],
)
def test_each_element_down_in_turn_in_a_running_world(tmp_path, racks, demand, chosen):
    world = running(scenario_of(tmp_path, racks, demand), 10 * DAY_S)
    name = "north/pods"
    plant, network = world.interconnect.network.plants[name], world.interconnect.network
    assert len(world.engine.runs().run) > racks / 16
    waiting = 0
    for kind, number in chosen(plant):
        before = world.engine.runs()
        world.interconnect.break_down(name, kind, number)
        gone = set(before.job.tolist()) - set(world.engine.runs().job.tolist())
        dead = network.isolated(name)
        assert len(dead) == (kind == "rack-switch" and number < racks), (kind, number)
        hit = {
            int(job)
            for k, job in enumerate(before.job)
            for rack in before.rack[before.indptr[k] : before.indptr[k + 1]]
            if (int(before.pool[k]), int(rack)) in dead
        }
        # What is cut stops at that moment, and nothing else does.
        assert gone == hit
        waiting += len(gone)
        world.env.run(until=world.env.now + 60.0)
        runs, speed = shares(world)
        assert ((speed > 0) & (speed <= 1)).all()
        # What the engine goes by is what is found afresh.
        engine = world.engine._state.run["fraction"][runs.run]
        np.testing.assert_allclose(engine, speed, rtol=1e-11)
        # Nobody was placed on hosts behind the dead switch.
        at = zip(
            np.repeat(runs.pool, np.diff(runs.indptr)).tolist(), runs.rack.tolist(), strict=True
        )
        assert not set(dead) & set(at)
        within_capacity(world)
        world.interconnect.mend(name, kind, number)
        world.env.run(until=world.env.now + 60.0)
        assert not world.interconnect.network.isolated(name)
    assert waiting > 0
    assert world.engine.hosts_held(0) == 0


def test_work_done_falls_with_the_dearness_of_distance(tmp_path):
    done = {}
    for fidelity in ("ideal", "tiered", "contended"):
        scenario = scenario_of(
            tmp_path, 60, 700, fidelity, **{"fabrics.pods.racks": 8, "fabrics.pods.planes": 4}
        )
        world = World(scenario, 3, 0)
        world.run()
        tables = world.close()
        done[fidelity] = sum(tables["work"]["productive_rce_s"])
        assert bool(tables["contention"]["t_s"]) == (fidelity == "contended")
    assert done["ideal"] > done["tiered"] > done["contended"] > 0


def test_on_an_idle_fabric_both_fidelities_say_what_leaving_a_domain_costs():
    """Trunks as wide as what hosts send slow nobody; what is left is the way out of the domain."""
    given = load(Path(__file__).parents[2] / "scenarios" / "inhouse_pilot.yaml")
    found = {}
    for fidelity in ("tiered", "contended"):
        changes = {f"network.fabrics.{name}.pod_oversubscription": 1 for name in FABRICS}
        world = World(given.change({"network.fidelity": fidelity, **changes}).scenario, 0, 0)
        chips = [
            chip for fabric in world.scenario.network.fabrics.values() for chip in fabric.chips
        ]
        found[fidelity] = {chip: world.interconnect.spread_rate(chip) for chip in chips}
    for chip, table in found["contended"].items():
        np.testing.assert_allclose(table, found["tiered"][chip], rtol=1e-12)
        assert (table[:, 0] == 1).all()
    # Gangs that fit in one NVL72, whose other links carry an eighteenth of those inside.
    small = found["contended"]["gb200-nvl72"][:, POD]
    sizes = np.array([size for _, size in world.rates.classes])
    fits = np.ceil(sizes * world.rates.gang_factor("gb200-nvl72")) <= 72
    assert small[fits].min() < 0.99
    assert (small[~fits] == 1).all()


def test_the_work_not_done_is_the_work_recorded_as_lost(tmp_path):
    """One gang over two pods: what the record integrates to is what the engine did not do."""
    sizes = "      - {chips: 512, share: 1, run_time: {median: 3000 h, p90: 3000 h}}\n"
    scenario = scenario_of(
        tmp_path, 32, 300, sizes=sizes, **{"fabrics.pods.racks": 16, "fabrics.pods.planes": 4}
    )
    world = World(scenario, 1, 0)
    world.run()
    segments = world.engine.close(world.scenario.horizon.calendar.horizon_s).segments
    world.interconnect.close(world.scenario.horizon.calendar.horizon_s)
    slow = segments["fraction"] < 1
    assert slow.any()
    missing = (
        (segments["productive_rce_s"] + segments["lost_rce_s"])[slow]
        * (1 / segments["fraction"][slow] - 1)
    ).sum()
    table = world.record.tables["contention"]
    rate = np.array(table["by_fabric_rce"]) + np.array(table["by_neighbours_rce"])
    restarts = (segments["restart_s"] * segments["chips"])[slow].sum()
    told = (np.array(table["span_s"]) * rate).sum()
    assert missing == pytest.approx(told, rel=1e-6, abs=2 * restarts)


def test_a_chip_on_no_fabric_and_a_family_that_is_silent_are_told(tmp_path):
    from simulator.spec.loader import SpecError

    text = NETWORK.replace("chips: [h100-sxm, own-1]", "chips: [h100-sxm]").replace(
        "ranking:", "rank:"
    )
    with pytest.raises(SpecError) as told:
        load(write(tmp_path, base=BASE + text))
    message = str(told.value)
    assert "'own-1'" in message or "rank" in message


def graph_speeds(graph, world, dead):
    """Speeds of all runs over several racks on what is left of the whole graph."""
    runs = world.engine.runs()
    rack, hosts = (np.split(each, runs.indptr[1:-1]) for each in (runs.rack, runs.hosts))
    placed = [
        dict(zip(r.tolist(), h.tolist(), strict=True)) for r, h in zip(rack, hosts, strict=True)
    ]
    # As the scenario says: 0.7 from all to all, copies of a host each.
    traffic = [traffic_of(ends, 1, 0.7) for ends in graph.place(placed)]
    rates, cut = graph.rates_in_channels(placed, traffic, dead)
    waits = world.rates.communication("h100-sxm")[runs.job_class]
    return runs, np.where(cut, 0.0, 1 / slowdown(NIC, rates, waits))


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_goes_by_the_whole_graph_when_one_element_is_down(tmp_path, kind):
    """The first, a middle and the last of each kind, in a world of four pods full of jobs."""
    changes = {"fabrics.pods.racks": 8, "fabrics.pods.planes": 4, "fabrics.pods.spines": 2}
    changes["fabrics.pods.rack_oversubscription"] = 1.5
    # A pod holds 128 chips, so that most gangs lie in two.
    sizes = "".join(
        f"      - {{chips: {chips}, share: 0.5, run_time: {{median: 90 h, p90: 300 h}}}}\n"
        for chips in (48, 160)
    )
    world = running(scenario_of(tmp_path, 32, 900, sizes=sizes, **changes), 5 * DAY_S)
    graph = WholeGraph(world.interconnect.spec.fabrics["pods"], 4, 2)
    names = graph.names(kind)
    slower = 0
    for number in (0, len(names) // 2, len(names) - 1):
        world.interconnect.break_down("north/pods", kind, number)
        runs, expected = graph_speeds(graph, world, graph.dead(names[number]))
        assert len(runs.run) > 1
        told = world.engine._state.run["fraction"][runs.run]
        np.testing.assert_allclose(told, expected, rtol=1e-9, err_msg=names[number])
        world.interconnect.mend("north/pods", kind, number)
        again, healthy = graph_speeds(graph, world, np.zeros(graph.fabric.tail.size, bool))
        assert again.job.tolist() == runs.job.tolist()
        told = world.engine._state.run["fraction"][again.run]
        np.testing.assert_allclose(told, healthy, rtol=1e-9)
        slower += int((expected < healthy * (1 - 1e-6)).sum())
    # Whom a dead switch of a rack cuts is gone; who stays loses no trunk.
    assert (slower > 0) == (kind != "rack-switch")
