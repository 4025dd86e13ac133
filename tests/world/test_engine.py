"""Cases of the engine worked by hand, and what must hold in every world."""

import numpy as np
import pytest
import simpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.world.engine import JobEngine, JobTable, Policy
from tests.world.test_engine_twin import (
    CLASSES,
    HORIZON,
    POLICIES,
    engine,
    policy_of,
    run,
    worlds,
)


def world(table, deeds=(), *, until, discipline="fcfs", pools=((4, 1, [1.0]),), **columns):
    """Run pools of (chips a host, hosts, rate) and deeds of (time, verb, arguments)."""
    env = simpy.Environment()
    made = JobEngine(
        env,
        table,
        len(pools[0][2]),
        Policy(discipline, **columns),
        rng_faults=lambda name: np.random.default_rng(1),
    )
    for n, (chips_per_host, hosts, rate) in enumerate(pools):
        made.add_hosts(made.add_pool(f"pool-{n}", chips_per_host, rate), hosts)

    def story():
        for t_s, verb, *arguments in deeds:
            yield env.timeout(t_s - env.now)
            getattr(made, verb)(*arguments)

    env.process(story())
    env.process(made.operate())
    env.run(until=until)
    return made.close(until)


def test_a_fault_costs_the_work_since_the_last_checkpoint():
    # Checkpoints each 3 s: at 10 s the job has kept 9 s; it pays 2 s and runs the 11 s left.
    table = JobTable.of([0.0], [4], [20.0], checkpoint_s=3.0, restart_s=2.0)
    record = world(table, [(10.0, "fail_host", 0), (15.0, "repair_host", 0)], until=100.0)
    assert record.jobs["finish_s"].tolist() == [15 + 2 + 11]
    assert record.jobs["lost_rce_s"].tolist() == [4.0]
    assert record.jobs["restarts"].tolist() == [1]
    seg = record.segments
    assert seg["start_s"].tolist() == [0, 15]
    assert seg["end_s"].tolist() == [10, 28]
    assert seg["productive_rce_s"].tolist() == [36, 44]
    assert seg["lost_rce_s"].tolist() == [4, 0]
    assert seg["restart_s"].tolist() == [0, 2]
    assert record.host_down_s.tolist() == [[5.0]]


def test_a_checkpoint_due_at_the_fault_counts_though_rounding_says_not_yet():
    # 10.0 // 0.1 is 99.0.
    table = JobTable.of([0.0], [1], [20.0], checkpoint_s=0.1)
    record = world(table, [(10.0, "fail_host", 0)], until=50.0)
    assert record.jobs["lost_rce_s"].tolist() == pytest.approx([0.0], abs=1e-12)


def test_checkpoints_count_useful_wall_time_through_a_change_of_rate():
    # Half rate from 4 s: 4 + 4/2 = 6 of 10 done at 8 s; the checkpoint at 7 s holds 5.5.
    table = JobTable.of([0.0], [1], [10.0], checkpoint_s=7.0)
    record = world(
        table,
        [(4.0, "set_rates", 0, [0.5]), (8.0, "fail_host", 0), (9.0, "repair_host", 0)],
        until=100.0,
    )
    assert record.jobs["lost_rce_s"].tolist() == [0.5]
    assert record.jobs["finish_s"].tolist() == [9 + 4.5 / 0.5]


def test_work_of_an_earlier_rate_can_be_lost_later():
    table = JobTable.of([0.0], [2], [10.0])
    record = world(table, [(4.0, "set_rates", 0, [0.5]), (8.0, "fail_host", 0)], until=100.0)
    assert record.segments["productive_rce_s"].tolist() == [0, 0]
    assert record.segments["lost_rce_s"].tolist() == [8, 4]


def test_the_latest_started_gives_way_when_busy_hosts_leave():
    table = JobTable.of([0.0, 1.0, 2.0], [4, 4, 4], [10.0, 10.0, 10.0])
    pools = ((4, 3, [1.0]),)
    record = world(table, [(5.0, "remove_hosts", 0, 1)], until=100.0, pools=pools)
    assert record.jobs["lost_rce_s"].tolist() == [0, 0, 12]
    assert record.jobs["finish_s"].tolist() == [10, 11, 20]
    assert record.pools["hosts_in_service"].tolist() == [3, 2]


def test_completions_come_before_a_change_of_the_fleet_at_the_same_time():
    table = JobTable.of([0.0], [4], [5.0])
    record = world(table, [(5.0, "remove_hosts", 0, 1)], until=100.0)
    assert record.jobs["finish_s"].tolist() == [5.0]
    assert record.jobs["lost_rce_s"].tolist() == [0.0]


def test_events_at_the_horizon_do_not_happen():
    table = JobTable.of([0.0, 5.0], [4, 1], [5.0, 1.0])
    record = world(table, until=5.0)
    assert np.isnan(record.jobs["finish_s"]).all()
    assert record.jobs["productive_rce_s"].tolist() == [20.0, 0.0]
    assert np.isnan(record.jobs["start_s"][1])


def test_a_blocked_job_holds_only_pools_it_could_use():
    # The second job runs only in pool 0, which is taken; the third, behind it, in pool 1.
    table = JobTable.of([0, 1, 2, 3], [4, 4, 1, 1], [9, 9, 1, 1], job_class=[0, 0, 1, 2])
    pools = ((4, 1, [1.0, 0.0, 1.0]), (4, 1, [0.0, 1.0, 0.0]))
    record = world(table, until=100.0, pools=pools)
    assert record.jobs["start_s"].tolist() == [0, 9, 2, 18]


def test_small_jobs_fill_the_fullest_host():
    # 3 + 1 chips share a host, so the other is whole for the last.
    table = JobTable.of([0, 0, 1, 2], [3, 2, 1, 4], [9, 1, 9, 1])
    record = world(table, until=100.0, pools=((4, 2, [1.0]),))
    assert record.jobs["start_s"].tolist() == [0, 0, 1, 2]


def test_easy_lets_ahead_only_who_does_not_delay_the_first():
    # Two of three hosts are free until 10 s; the head needs all three.
    table = JobTable.of([0, 1, 2, 3], [4, 12, 4, 4], [10, 5, 8, 7.5])
    record = world(table, until=100.0, discipline="easy", pools=((4, 3, [1.0]),))
    # The third ends at 10 s, in time; the fourth would end at 10.5 s.
    assert record.jobs["start_s"].tolist() == [0, 10, 2, 15]


def test_a_reservation_of_no_length_keeps_its_moment():
    # Of eight chips five are taken until 4 s, when the second needs all, for no time at all.
    # The third would take three of these from before until after that; the fourth ends just then.
    table = JobTable.of([0, 0, 0, 0], [5, 8, 3, 3], [4, 0, 5, 4])
    record = world(table, until=100.0, discipline="conservative", pools=((1, 8, [1.0]),))
    assert record.jobs["start_s"].tolist() == [0, 4, 4, 0]
    assert record.jobs["finish_s"].tolist() == [4, 4, 9, 4]


def test_a_faster_chip_needs_fewer():
    env = simpy.Environment()
    table = JobTable.of([0.0], [8], [10.0])
    made = JobEngine(env, table, 1, Policy("fcfs"), rng_faults=np.random.default_rng)
    pool = made.add_pool("fast", 4, [2.0], size_factor=[0.4])
    made.add_hosts(pool, 1)
    record = made.close(np.inf)
    # ceil(3.2) = 4 chips at rate 2 do the work of 8 at rate 1.
    assert record.jobs["finish_s"].tolist() == [10.0]
    assert record.segments["chips"].tolist() == [4]


def test_down_time_is_cut_at_the_edges():
    env = simpy.Environment()
    made = JobEngine(
        env,
        JobTable.of([0.0], [1], [1.0]),
        1,
        Policy("fcfs"),
        rng_faults=lambda name: np.random.default_rng(1),
        edges_s=[0.0, 4.0, 10.0],
    )
    made.add_hosts(made.add_pool("p", 1, [1.0]), 3)

    def story():
        yield env.timeout(3.0)
        made.fail_host(0)
        made.fail_host(0)
        yield env.timeout(2.0)
        made.repair_host(0)

    env.process(story())
    env.process(made.operate())
    env.run(until=10.0)
    assert made.close(10.0).host_down_s.tolist() == [[2.0, 2.0 + 5.0]]


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"sorted by \(submit_s, job_id\)"):
        JobTable.of([1.0, 0.0], [1, 1], [1.0, 1.0])
    with pytest.raises(ValueError, match="chips must be >= 1, got 0"):
        JobTable.of([0.0], [0], [1.0])
    with pytest.raises(ValueError, match="work_s must be >= 0"):
        JobTable.of([0.0], [1], [np.nan])
    with pytest.raises(ValueError, match="discipline 'lifo' is not one of fcfs"):
        Policy("lifo")
    with pytest.raises(ValueError, match="has 1 hosts, cannot lose 2"):
        world(JobTable.of([0.0], [1], [1.0]), [(1.0, "remove_hosts", 0, 2)], until=2.0)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds, depth=st.integers(0, 3))
def test_work_and_chips_are_conserved(name, world, depth):
    table, pools, _ = world
    record = run(world, policy_of(name, backfill_depth=depth), engine).close(HORIZON)
    jobs, seg = record.jobs, record.segments
    n = len(table)
    for name in ("productive_rce_s", "lost_rce_s"):
        by_job = np.bincount(seg["job"], seg[name], minlength=n)
        np.testing.assert_allclose(by_job, jobs[name], rtol=1e-9, atol=1e-9)
    done = ~np.isnan(jobs["finish_s"])
    np.testing.assert_array_equal(jobs["productive_rce_s"][done], jobs["work_rce_s"][done])
    assert np.all(jobs["productive_rce_s"] <= jobs["work_rce_s"] + 1e-9)
    assert np.all(jobs["start_s"][done] >= table.submit_s[done])
    assert np.isnan(jobs["start_s"][jobs["gave_up"]]).all()
    waited = (jobs["start_s"] - table.submit_s)[~np.isnan(jobs["start_s"])]
    assert np.all(waited <= table.patience_s[~np.isnan(jobs["start_s"])] + 1e-9)
    # Never more chips taken than hosts in service, and a job runs in one place at a time.
    ever = dict.fromkeys(range(len(pools)), 0)
    for p, hosts in zip(record.pools["pool"], record.pools["hosts_in_service"], strict=True):
        ever[p] = max(ever[p], hosts)
    for p, (pool, _) in enumerate(pools):
        for t in seg["start_s"][seg["pool"] == p]:
            on = (seg["pool"] == p) & (seg["start_s"] <= t) & (t < seg["end_s"])
            assert seg["chips"][on].sum() <= ever[p] * pool["chips_per_host"]
    for j in range(n):
        own = seg["job"] == j
        order = np.lexsort((seg["end_s"][own], seg["start_s"][own]))
        assert np.all(seg["end_s"][own][order][:-1] <= seg["start_s"][own][order][1:])
    assert table.job_class.max() <= CLASSES


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds, name=st.sampled_from(sorted(POLICIES)))
def test_the_same_seed_gives_the_same_bytes(world, name):
    first, second = (run(world, policy_of(name), engine).close(HORIZON) for _ in range(2))
    for name in ("jobs", "segments", "pools"):
        ours, theirs = getattr(first, name), getattr(second, name)
        assert {k: v.tobytes() for k, v in ours.items()} == {
            k: v.tobytes() for k, v in theirs.items()
        }


def test_hosts_are_drained_when_idle_and_cleared_when_the_notice_ends():
    # Three hosts, two busy; all are to go at 2 s, the idle one at once, the first job's at 4 s.
    # The other job is stopped at 6 s with 4 s of 8 left, and goes on when the hosts are back.
    table = JobTable.of([0.0, 0.0, 3.0], [4, 4, 4], [4.0, 10.0, 1.0])
    deeds = [(2.0, "drain_hosts", 0, 3), (6.0, "clear_drained", 0), (9.0, "return_hosts", 0, 3)]
    record = world(table, deeds, until=20.0, pools=((4, 3, [1.0]),))
    assert record.jobs["start_s"].tolist() == [0, 0, 9]
    assert record.jobs["finish_s"].tolist() == [4, 9 + 4, 10]
    assert record.jobs["lost_rce_s"].tolist() == [0, 0, 0]
    # Down: one host from 2 s, one from 4 s, one from 6 s, all until 9 s.
    assert record.host_down_s.tolist() == [[7 + 5 + 3]]


def test_a_job_takes_no_chips_that_would_go_down_when_they_are_free():
    # The stronger job would stop the weaker one for nothing: its host is to be drained.
    table = JobTable.of([0.0, 2.0], [4, 4], [9.0, 1.0], priority=[0.0, 1.0])
    drained = [(1.0, "drain_hosts", 0, 1)]
    preempting = {"discipline": "priority", "preemption": "checkpoint"}
    record = world(table, drained, until=30.0, **preempting)
    assert record.jobs["finish_s"][0] == 9
    assert np.isnan(record.jobs["start_s"][1])
    record = world(table, until=30.0, **preempting)
    assert record.jobs["finish_s"].tolist() == [10, 3]
