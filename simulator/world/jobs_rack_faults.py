"""Whole racks that go down and come back: a rack's switch takes all its hosts with it."""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_faults import empty_unit
from simulator.world.jobs_fleet import cells_of, stands_in
from simulator.world.jobs_hosts import account, add_idle, forecast, hold_idle
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import DIRTY, TOP_UNIT


@kernel
def rack_down(st: Any, p: int, rack: int, held: Any, now: float) -> None:
    """Take down the hosts of a rack that are up; *held*: how many of each cell."""
    account(st, p, now)
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts > 0 and st.unit[u].pool == p and stands_in(st, u, rack):
            empty_unit(st, u, now)
    pool = st.pool[p]
    first, last = cells_of(pool, rack)
    for c in range(first, last):
        idle = st.tree[p, pool.free_at + c]
        held[c - first] = idle
        if idle > 0:
            hold_idle(st, p, c, idle)
    _changed(st, p)


@kernel
def rack_up(st: Any, p: int, rack: int, held: Any, now: float) -> None:
    """Return the hosts of a rack that went down with it, but for those taken out since."""
    account(st, p, now)
    pool = st.pool[p]
    first, last = cells_of(pool, rack)
    for c in range(first, last):
        back = min(held[c - first], st.tree[p, pool.held_at + c])
        if back > 0:
            st.tree[p, pool.held_at + c] -= back
            pool.held -= back
            pool.down -= back
            add_idle(st, p, c, back)
    _changed(st, p)


@kernel
def _changed(st: Any, p: int) -> None:
    st.pool[p].hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)
