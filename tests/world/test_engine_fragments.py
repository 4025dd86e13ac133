"""Fragmentation, by hand and against a count of every host in part use."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.world.engine import JobTable, Policy
from simulator.world.jobs_fragments import stranded_chips
from tests.world.test_engine import world
from tests.world.test_engine_twin import HORIZON, engine, run, worlds


def test_what_is_left_of_a_host_is_lost_to_larger_jobs():
    # 3 chips of a host of 4 until 5 s, then 1 until 8 s, and 2 of another from 1 s to 4 s.
    table = JobTable.of([0.0, 0.0, 1.0], [2, 1, 2], [5.0, 8.0, 3.0])
    record = world(table, until=20.0, pools=((4, 2, [1.0]),))
    # The mix: one job in two needs 1 chip, one 2, one in four a whole host.
    series = stranded_chips(record, 0, 4, [1, 1, 2, 8])
    assert series["t_s"].tolist() == [0, 1, 4, 5, 8]
    assert series["hosts"].tolist() == [1, 2, 1, 1, 0]
    assert series["idle"].tolist() == [1, 1 + 2, 1, 3, 0]
    # One idle chip is lost to two jobs of four; two and three to the gang only.
    assert series["stranded"].tolist() == [0.5, 0.5 + 0.5, 0.5, 0.75, 0]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    world=worlds,
    t_s=st.floats(0, HORIZON, exclude_max=True),
    asked=st.lists(st.integers(1, 6), min_size=1, max_size=4),
)
def test_series_count_every_host_in_part_use(world, t_s, asked):
    _, pools, _ = world
    record = run(world, Policy("first_fit"), engine).close(HORIZON)
    seg = record.segments
    for p, (pool, _) in enumerate(pools):
        size = pool["chips_per_host"]
        on = (seg["start_s"] <= t_s) & (t_s < seg["end_s"]) & (seg["pool"] == p)
        on &= seg["chips"] < size
        idle = [size - seg["chips"][on & (seg["unit"] == u)].sum() for u in {*seg["unit"][on]}]
        lost = sum(free for free in idle for need in asked if need > free) / len(asked)
        series = stranded_chips(record, p, size, asked)
        last = np.searchsorted(series["t_s"], t_s, side="right") - 1
        for name, value in (("hosts", len(idle)), ("idle", sum(idle)), ("stranded", lost)):
            seen = series[name][last] if last >= 0 else 0
            assert seen == pytest.approx(value), name
