"""Chips and work are conserved at every moment, whatever the world does."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world.test_engine_twin import HORIZON, POLICIES, engine, policy_of, run, worlds

#: No rate of the worlds drawn is higher: of a pool, times that of a spread. [rce/chip]
FASTEST = 1.7 * 1.2


def in_service(record, pool, moments):
    """Hosts in service right after each moment."""
    mine = record.pools["pool"] == pool
    changed, hosts = record.pools["t_s"][mine], record.pools["hosts_in_service"][mine]
    place = np.searchsorted(changed, moments, side="right") - 1
    return np.where(place >= 0, hosts[np.maximum(place, 0)], 0)


def host_seconds(record, pool):
    """Integral of hosts in service."""
    times = np.union1d(record.pools["t_s"], [0.0, HORIZON])
    return np.sum(in_service(record, pool, times[:-1]) * np.diff(times))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds, name=st.sampled_from(sorted(POLICIES)))
def test_chips_taken_and_hosts_down_are_hosts_in_service(world, name):
    _, pools, _ = world
    record = run(world, policy_of(name), engine).close(HORIZON)
    seg = record.segments
    for p, (pool, _) in enumerate(pools):
        per_host, mine = pool["chips_per_host"], seg["pool"] == p
        start, end, chips = (seg[name][mine] for name in ("start_s", "end_s", "chips"))
        moments = np.union1d(start, record.pools["t_s"])
        on = (start <= moments[:, None]) & (moments[:, None] < end)
        there = in_service(record, p, moments) * per_host
        assert np.all(on @ chips <= there)
        # What is neither busy nor down is idle.
        taken = np.sum(chips * (end - start)) + record.host_down_s[p].sum() * per_host
        assert taken <= host_seconds(record, p) * per_host + 1e-6


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds, name=st.sampled_from(sorted(POLICIES)))
def test_no_more_work_is_done_than_chips_could_and_none_is_done_twice(world, name):
    record = run(world, policy_of(name), engine).close(HORIZON)
    seg, jobs = record.segments, record.jobs
    useful_s = seg["end_s"] - seg["start_s"] - seg["restart_s"]
    done = seg["productive_rce_s"] + seg["lost_rce_s"]
    assert np.all(useful_s >= -1e-9)
    assert np.all(done <= useful_s * seg["chips"] * FASTEST * (1 + 1e-9) + 1e-9)
    # Work asked is work kept and work left, and a finished job has none left.
    kept = np.bincount(seg["job"], seg["productive_rce_s"], minlength=len(jobs["job_id"]))
    over = ~np.isnan(jobs["finish_s"])
    np.testing.assert_allclose(kept[over], jobs["work_rce_s"][over], rtol=1e-9)
    assert np.all(kept[~over] <= jobs["work_rce_s"][~over] * (1 + 1e-9))
    # What started nowhere did nothing.
    assert np.all(kept[np.isnan(jobs["start_s"])] == 0)
