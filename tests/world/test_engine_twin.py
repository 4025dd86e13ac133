"""The engine against its slow twin: every start, finish, pool and lost second, exactly."""

import numpy as np
import pytest
import simpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.world.clock import At
from simulator.world.engine import JobEngine, JobTable, Layout, Policy
from simulator.world.scheduler import PLACEMENTS
from simulator.world.scheduler_pools import PoolChoice
from simulator.world.scheduler_programs import (
    least_cost,
    least_energy,
    max_min_fairness,
    max_throughput,
)
from tests.world.twin import Twin

HORIZON = 60.0
CLASSES = 2
# Whole seconds make ties; other numbers make rounding.
seconds = st.one_of(st.integers(0, 12).map(float), st.floats(0.01, 12.0))


@st.composite
def tables(draw):
    n = draw(st.integers(1, 14))

    def column(of):
        return draw(st.lists(of, min_size=n, max_size=n))

    submit_s = np.sort(column(st.one_of(st.integers(0, 30).map(float), st.floats(0, 30))))
    chips = column(st.sampled_from([1, 1, 2, 3, 4, 5, 8, 11]))
    work_s = np.array(column(seconds))
    return JobTable.of(
        submit_s,
        chips,
        work_s,
        estimate_s=work_s * column(st.sampled_from([0.0, 0.5, 1.0, 1.0, 1.0, 3.0])),
        job_class=column(st.integers(0, CLASSES - 1)),
        service=column(st.integers(0, 1)),
        priority=column(st.integers(0, 2)),
        checkpoint_s=column(st.sampled_from([0.0, 0.1, 1.0, 2.5, np.inf])),
        restart_s=column(st.sampled_from([0.0, 0.5])),
        patience_s=column(st.sampled_from([0.0, 1.0, 5.0, np.inf, np.inf])),
    )


rates = st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.0, 1.7]), min_size=CLASSES, max_size=CLASSES)
pools = st.fixed_dictionaries(
    {
        "chips_per_host": st.sampled_from([1, 2, 4]),
        "rate": rates,
        "size_factor": st.sampled_from([1.0, 0.5, 1.3]),
        "preference": st.one_of(st.none(), rates),
        "layout": st.sampled_from(
            [
                None,
                Layout(1, 2, 2),
                Layout(2, 2, 2),
                Layout(1, 3, 1),
                Layout(2, 4, 2),
                Layout(3, 6, 1),
            ]
        ),
        "spread_rate": st.sampled_from(
            [1.0, [[1.0, 0.9, 0.7, 0.5, 0.3], [1.2, 1.0, 1.0, 1.1, 0.0]]]
        ),
        "chip_w": st.sampled_from([0.0, 400.0, 700.0, 1000.0]),
        "host_mtbf_s": st.sampled_from([3.0, 20.0, np.inf, np.inf]),
        "host_repair_s": st.sampled_from([0.0, 1.0, 6.0]),
        "repair_crews": st.sampled_from([None, 1, 2]),
    }
)
deeds = st.tuples(
    st.one_of(st.integers(0, 40).map(float), st.floats(0, 40)),
    st.integers(0, 2),
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 4)),
        st.tuples(st.just("remove"), st.integers(1, 4)),
        st.tuples(st.just("add to rack"), st.integers(0, 2)),
        st.tuples(st.just("remove rack"), st.integers(0, 2)),
        st.tuples(st.just("network"), st.none()),
        st.tuples(st.just("stop"), st.integers(0, 1)),
        st.tuples(st.just("rates"), rates),
        st.tuples(st.just("preference"), rates),
        st.tuples(st.just("mtbf"), st.sampled_from([2.0, 10.0, np.inf])),
        st.tuples(st.just("fail"), st.none()),
        st.tuples(st.just("repair"), st.none()),
        st.tuples(st.just("drain"), st.integers(0, 4)),
        st.tuples(st.just("drain"), st.integers(0, 4)),
        st.tuples(st.just("clear"), st.none()),
        st.tuples(st.just("return"), st.none()),
    ),
)
worlds = st.tuples(
    tables(),
    st.lists(st.tuples(pools, st.integers(0, 8)), min_size=1, max_size=3),
    st.lists(deeds, max_size=6),
)


def add_to_rack(model, p, rack, size):
    racks = model.hosts_of_racks(p)
    rack = min(rack, len(racks))
    model.add_hosts(p, size if rack == len(racks) else int(size - racks[rack]), rack=rack)


def drain(model, p, value, layout, out):
    """Drain some hosts, or the rack of a number, if there is one that is not drained."""
    if not layout:
        hosts = min(value, model.hosts(p)[0] - model.hosts_draining(p))
        model.drain_hosts(p, hosts)
        out.append(hosts)
    elif value not in out and value < len(racks := model.hosts_of_racks(p)) and racks[value]:
        model.drain_rack(p, value)
        out.append(value)


def end_drain(model, p, layout, out):
    """End the maintenance that began first; hosts may have left since."""
    if not layout:
        model.return_hosts(p, min(out.pop(0), model.hosts_draining(p) + model.hosts_held(p)))
    else:
        model.return_rack(p, out.pop(0))


def running(model):
    """Runs over several racks, named as the model does, in order of the job table."""
    return model.runs().run if isinstance(model, JobEngine) else model.jobs_over_racks()


def share(runs):
    """A toy network: the hosts a pool's racks send out share as much as three of them."""
    load = {}
    for pool, parts in runs:
        for rack, hosts in parts:
            load[pool, rack] = load.get((pool, rack), 0) + hosts
    fair = [
        min(1.0, *(3.0 / load[pool, rack] for rack, _ in parts)) if pool != 1 else 1.0
        for pool, parts in runs
    ]
    return [0.0 if f < 0.4 else f for f in fair]


def network(view):
    bounds = zip(view.indptr[:-1], view.indptr[1:], strict=True)
    parts = [list(zip(view.rack[a:b], view.hosts[a:b], strict=True)) for a, b in bounds]
    return share(list(zip(view.pool, parts, strict=True)))


def network_of_twin(runs, model):
    parts = [model.units[run.unit].in_racks() for run in runs]
    return share([(run.pool, part) for run, part in zip(runs, parts, strict=True)])


def act(env, model, deeds, pools):
    """The world's process: do each deed at its time, to the engine or to its twin."""
    out = {p: [] for p in range(len(pools))}
    for t, pool, (verb, value) in sorted(deeds, key=lambda d: d[0]):
        yield At(env, t)
        p = pool % len(pools)
        up, down = model.hosts(p)
        if verb == "add":
            model.add_hosts(p, value)
        elif verb == "remove":
            model.remove_hosts(p, min(value, up + down))
        elif verb == "add to rack" and pools[p][0]["layout"]:
            add_to_rack(model, p, value, pools[p][0]["layout"].hosts_per_rack)
        elif verb == "remove rack" and pools[p][0]["layout"]:
            racks = model.hosts_of_racks(p)
            if value < len(racks):
                model.remove_hosts(p, int(racks[value]), rack=value)
        elif verb == "network":
            model.network_changed()
        elif verb == "stop":
            model.stop_runs(running(model)[value:])
        elif verb == "rates":
            model.set_rates(p, value)
        elif verb == "preference":
            model.set_preference(p, value)
        elif verb == "mtbf":
            model.set_fault_rate(p, value)
        elif verb == "fail" and up:
            model.fail_host(p)
        elif verb == "repair" and model.hosts_held(p):
            model.repair_host(p)
        elif verb == "drain":
            drain(model, p, value, pools[p][0]["layout"], out[p])
        elif verb == "clear":
            model.clear_drained(p)
        elif verb == "return" and out[p]:
            end_drain(model, p, pools[p][0]["layout"], out[p])


def run(world, policy, make):
    table, pools, deeds = world
    env = simpy.Environment()
    model = make(env, table, policy)
    for i, (pool, hosts) in enumerate(pools):
        p = model.add_pool(f"pool-{i}", **pool)
        model.add_hosts(p, hosts)
    env.process(act(env, model, deeds, pools))
    if isinstance(model, JobEngine):
        env.process(model.operate())
    env.run(until=HORIZON)
    return model


def rng(name):
    return np.random.default_rng([len(name), *name.encode()])


def engine(env, table, policy):
    return JobEngine(env, table, CLASSES, policy, rng_faults=rng, network=network)


def twin(env, table, policy):
    return Twin(env, table, policy, rng, network_of_twin)


SHARES = {"weights": (1.0, 2.5), "quotas": (9, 10**6)}
STEPS = {"thresholds_chip_s": (3.0, 10.0, 25.5)}
#: One test for all: every discipline, with preemption where it has any.
POLICIES = {
    "fcfs": {},
    "first_fit": {},
    "sjf": {},
    "sjf_first_fit": {},
    "priority_first_fit": {"ageing_per_s": 0.1},
    "sjf-unknown": {"run_time": "class_mean"},
    "sjf-preempting": {"preemption": "checkpoint"},
    "sjf-unknown-preempting": {"run_time": "class_mean", "preemption": "checkpoint"},
    "priority": {"ageing_per_s": 0.1},
    "priority-preempting": {"preemption": "checkpoint"},
    "priority-ageing-preempting": {"ageing_per_s": 0.1, "preemption": "checkpoint"},
    "easy": {"ageing_per_s": 0.1},
    "easy-unknown": {"run_time": "class_mean"},
    "conservative": {},
    "conservative-unknown": {"run_time": "class_mean"},
    "conservative-shallow": {"backfill_depth": 2},
    "las": STEPS,
    "las-preempting": {"preemption": "checkpoint"} | STEPS,
    "fair_share": SHARES,
    "fair_share-preempting": {"preemption": "checkpoint"} | SHARES,
    "drf": SHARES,
    "fcfs-in-rounds": {"round_s": 2.5},
    "easy-in-rounds": {"round_s": 2.5},
}


def policy_of(name, **columns):
    return Policy(name.split("-")[0], **({"backfill_depth": 10**6} | POLICIES[name] | columns))


@pytest.mark.parametrize("name", POLICIES)
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds, placement=st.sampled_from(["best_fit", *PLACEMENTS]))
def test_engine_equals_its_twin(name, world, placement):
    assert_equal(world, policy_of(name, placement=placement))


def own_order(seed):
    """A policy with as many ties as not; it keeps some jobs off some pools."""

    def decide(view):
        noise = view.job * 7 + int(view.now_s) + seed
        told = view.priority + view.service - view.chips % 3 + (view.left_s > 3.0)
        liking = (noise[:, None] + np.arange(len(view.free_hosts)) * 5 + view.need) % 4.0
        liking += view.wall_s < 4.0
        return told + noise % 3, np.where(liking < 1.0, -np.inf, liking + view.free_hosts)

    return decide


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    world=worlds,
    seed=st.integers(0, 9),
    blocking=st.booleans(),
    round_s=st.sampled_from([0.0, 0.0, 2.5]),
    run_time=st.sampled_from(["estimate", "class_mean"]),
    placement=st.sampled_from(["best_fit", *PLACEMENTS]),
)
def test_engine_asks_as_its_twin(world, seed, blocking, round_s, run_time, placement):
    decide = own_order(seed)
    policy = Policy(
        "asked",
        decide=decide,
        blocking=blocking,
        round_s=round_s,
        run_time=run_time,
        placement=placement,
    )
    assert_equal(world, policy)


CHOICES = {
    "own": lambda _: PoolChoice(own_choice, chips_factor=1.5, hosts_part=0.0),
    "throughput": lambda _: max_throughput(),
    "fairness": lambda _: max_min_fairness(),
    "cost": lambda pools: least_cost([2.0, 1.0, 0.0][:pools]),
    "energy": lambda pools: least_energy([300.0, 700.0, 0.0][:pools], work_part=0.8),
}


def own_choice(mix):
    return mix.rate * mix.capacity


@pytest.mark.parametrize("choice", CHOICES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds, name=st.sampled_from(["fcfs", "first_fit", "priority-preempting", "drf"]))
def test_engine_keeps_to_aims_as_its_twin(choice, name, world):
    assert_equal(world, policy_of(name, pools=CHOICES[choice](len(world[1]))))


def assert_equal(world, policy):
    made = run(world, policy, engine)
    record = made.close(HORIZON)
    other = run(world, policy, twin)
    other.close()
    assert made.asked.times == other.times_asked
    jobs = record.jobs
    np.testing.assert_array_equal(jobs["start_s"], other.start_s)
    np.testing.assert_array_equal(jobs["finish_s"], other.finish_s)
    np.testing.assert_array_equal(jobs["pool"], other.last_pool)
    np.testing.assert_array_equal(jobs["restarts"], other.restarts)
    np.testing.assert_array_equal(jobs["gave_up"], other.gave_up)
    np.testing.assert_array_equal(jobs["spread"], other.spread)
    np.testing.assert_array_equal(jobs["racks"], other.racks)
    chips, work_s = world[0].chips, world[0].work_s
    np.testing.assert_array_equal(jobs["lost_rce_s"], chips * other.lost)
    np.testing.assert_array_equal(jobs["productive_rce_s"], chips * (work_s - other.left))
    names = list(record.segments)
    ours = sorted(zip(*(record.segments[n].tolist() for n in names), strict=True))
    assert ours == sorted(tuple(s[n] for n in names) for s in other.segments)
    down_s = [pool.down_s for pool in other.pools]
    np.testing.assert_allclose(record.host_down_s[:, 0], down_s, rtol=1e-12)


def test_faults_by_the_thousand_are_those_of_the_twin():
    # Far more faults than one refill of draws holds, of two pools that refill in turn.
    table = JobTable.of(
        np.arange(20.0), chips=[3] * 20, work_s=np.full(20, 4.0), checkpoint_s=0.5, restart_s=0.01
    )
    pool = {"chips_per_host": 2, "rate": [1.0] * CLASSES, "host_mtbf_s": 0.05, "repair_crews": 2}
    world = (table, [({**pool, "host_repair_s": s}, 3) for s in (0.001, 0.004)], [])
    assert_equal(world, policy_of("fcfs"))
