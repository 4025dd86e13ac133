"""Series of the engine, by hand and against a count of who runs and waits at each moment."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.world.engine import JobTable, Policy
from simulator.world.jobs_series import running_chips, waiting_chips
from tests.world.test_engine import world
from tests.world.test_engine_twin import HORIZON, engine, run, worlds


def test_a_fault_sends_chips_back_to_the_queue():
    table = JobTable.of([0.0, 1.0], [4, 4], [10.0, 2.0], patience_s=[np.inf, 3.0])
    deeds = [(6.0, "fail_host", 0), (8.0, "repair_host", 0)]
    record = world(table, deeds, until=100.0)
    running = running_chips(record)
    assert running["t_s"].tolist() == [0, 6, 8, 18]
    assert running["chips"].tolist() == [4, 0, 4, 0]
    waiting = waiting_chips(table, record)
    # The second waits from 1 s to 4 s and gives up.
    assert waiting["t_s"].tolist() == [1, 4, 6, 8]
    assert waiting["chips"].tolist() == [4, 0, 4, 0]


def value_at(series, t_s, **keys):
    """The last value of a right-continuous series at or before a time."""
    own = series["t_s"] <= t_s
    for name, key in keys.items():
        own &= series[name] == key
    return series["chips"][own][-1] if own.any() else 0


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds, t_s=st.floats(0, HORIZON, exclude_max=True))
def test_series_count_who_runs_and_who_waits(world, t_s):
    table, pools, _ = world
    record = run(world, Policy("priority"), engine).close(HORIZON)
    seg, jobs = record.segments, record.jobs
    on = (seg["start_s"] <= t_s) & (t_s < seg["end_s"])
    gone = jobs["gave_up"] & (table.submit_s + table.patience_s <= t_s)
    here = (table.submit_s <= t_s) & ~(jobs["finish_s"] <= t_s) & ~gone
    here[seg["job"][on]] = False
    running, waiting = running_chips(record), waiting_chips(table, record)
    for service in range(2):
        own = jobs["service"] == service
        assert value_at(waiting, t_s, service=service) == table.chips[here & own].sum()
        for pool in range(len(pools)):
            mine = on & (seg["pool"] == pool) & own[seg["job"]]
            chips = value_at(running, t_s, pool=pool, service=service)
            assert chips == seg["chips"][mine].sum()
