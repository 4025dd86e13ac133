"""Hosts that fail and are repaired.

Faults of a pool are a Poisson stream of rate (hosts up) / MTBF. They are drawn
as unit exponentials of the hazard gone through since the last one, so a fleet
that changes wastes no draw and shifts none. The victim is uniform over the
hosts that are up.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_hosts import account, add_idle, forecast, take_idle
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import unit_of_host
from simulator.world.jobs_run import kill
from simulator.world.jobs_state import DIRTY, N_REPAIRS
from simulator.world.jobs_tree import idle_cell


@kernel
def break_host(st: Any, p: int, uniform: float, now: float) -> int:
    """Take down one host that is up; what runs on it falls back to its checkpoint.

    Returns its cell, if the pool has a layout; -1: it was to be drained, and is.
    """
    account(st, p, now)
    pool = st.pool[p]
    host = min(int(uniform * pool.up), pool.up - 1)
    c = 0
    # Hosts are counted with the busy ones first, in order of their units.
    if host < pool.up - pool.free:
        u, i = unit_of_host(st, p, host)
        if pool.domain > 0:
            c = _cell_of(st, u, i)
        drained = _is_draining(st, u, i, c)
        empty_unit(st, u, now)
        if drained:
            return -1
    elif pool.domain > 0:
        c = idle_cell(st, p, host - (pool.up - pool.free))
    take_idle(st, p, c, 1)
    pool.down += 1
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)
    return c


@kernel
def _is_draining(st: Any, u: int, host: int, c: int) -> bool:
    """Whether one of a unit's hosts, which is in cell *c*, goes down when the unit ends."""
    pool = st.pool[st.unit[u].pool]
    if pool.domain == 0:
        return host < st.unit[u].drain
    return st.unit[u].drain > 0 and st.tree[st.unit[u].pool, pool.drain_at + c] > 0


@kernel
def _cell_of(st: Any, u: int, host: int) -> int:
    """Return the cell of one of a unit's hosts."""
    i = st.unit[u].part
    while host >= st.part[i].hosts:
        host -= st.part[i].hosts
        i = st.part[i].next
    return st.part[i].cell


@kernel
def empty_unit(st: Any, u: int, now: float) -> None:
    """Kill all that runs on a unit; its hosts are idle afterwards."""
    runs = st.unit[u].runs
    for _ in range(runs):
        kill(st, st.unit[u].first, now)


@kernel
def fault(st: Any, p: int, now: float) -> None:
    """Let a pool's next drawn fault happen."""
    pool = st.pool[p]
    row = pool.fault_draw
    pool.fault_draw = row + 1
    st.draws[p, row, 3] = break_host(st, p, st.draws[p, row, 1], now)
    # The next gap is in the next row, or zero if the world has yet to draw it.
    pool.hazard = st.draws[p, row + 1, 0] if row + 1 < pool.drawn else 0.0
    forecast(st, p)
    start_repairs(st, p, now)


@kernel
def start_repairs(st: Any, p: int, now: float) -> None:
    """Let free crews begin repairs, in the order of faults."""
    pool = st.pool[p]
    while pool.in_repair < min(pool.crews, pool.down - pool.held):
        # A broken host that left its rack before its turn, or was drained, is passed over.
        while st.draws[p, pool.repair_draw, 3] < 0:
            pool.repair_draw += 1
        pool.in_repair += 1
        span = st.draws[p, pool.repair_draw, 2] * pool.repair
        _push(st, now + span, p, int(st.draws[p, pool.repair_draw, 3]))
        pool.repair_draw += 1


@kernel
def end_repair(st: Any, now: float) -> None:
    """Return the host whose repair ends first to its pool."""
    p, c = st.repairs[0].pool, st.repairs[0].cell
    _pop(st, 0)
    account(st, p, now)
    pool = st.pool[p]
    pool.in_repair -= 1
    pool.down -= 1
    add_idle(st, p, c, 1)
    start_repairs(st, p, now)


@kernel
def retire_down_of(st: Any, p: int, c: int) -> None:
    """Take a broken host of a cell out of service: the last to come back."""
    pool = st.pool[p]
    pool.down -= 1
    st.tree[p, pool.there_at + c] -= 1
    for row in range(pool.fault_draw - 1, pool.repair_draw - 1, -1):
        if st.draws[p, row, 3] == c:
            st.draws[p, row, 3] = -1.0
            return
    if st.tree[p, pool.held_at + c] > 0:
        pool.held -= 1
        st.tree[p, pool.held_at + c] -= 1
        return
    _drop_last_repair(st, p, c)


@kernel
def retire_down(st: Any, p: int) -> None:
    """Take a broken host of an accounted pool out of service: the last to come back."""
    pool = st.pool[p]
    pool.down -= 1
    if pool.down - pool.held >= pool.in_repair and pool.down >= pool.held:
        return
    if pool.in_repair == 0:
        pool.held -= 1
        return
    _drop_last_repair(st, p, 0)


@kernel
def _drop_last_repair(st: Any, p: int, c: int) -> None:
    last = -1
    for i in range(st.counts[N_REPAIRS]):
        if (
            st.repairs[i].pool == p
            and st.repairs[i].cell == c
            and (last < 0 or st.repairs[i].at > st.repairs[last].at)
        ):
            last = i
    _pop(st, last)
    st.pool[p].in_repair -= 1


@kernel
def _push(st: Any, at: float, p: int, c: int) -> None:
    i = st.counts[N_REPAIRS]
    st.counts[N_REPAIRS] = i + 1
    while i > 0 and at < st.repairs[(i - 1) >> 1].at:
        st.repairs[i].at = st.repairs[(i - 1) >> 1].at
        st.repairs[i].pool = st.repairs[(i - 1) >> 1].pool
        st.repairs[i].cell = st.repairs[(i - 1) >> 1].cell
        i = (i - 1) >> 1
    st.repairs[i].at = at
    st.repairs[i].pool = p
    st.repairs[i].cell = c


@kernel
def _pop(st: Any, i: int) -> None:
    """Remove the i-th entry of the heap of repairs."""
    n = st.counts[N_REPAIRS] - 1
    st.counts[N_REPAIRS] = n
    at, p, c = st.repairs[n].at, st.repairs[n].pool, st.repairs[n].cell
    if i == n:
        return
    while i > 0 and at < st.repairs[(i - 1) >> 1].at:
        st.repairs[i].at = st.repairs[(i - 1) >> 1].at
        st.repairs[i].pool = st.repairs[(i - 1) >> 1].pool
        st.repairs[i].cell = st.repairs[(i - 1) >> 1].cell
        i = (i - 1) >> 1
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and st.repairs[child + 1].at < st.repairs[child].at:
            child += 1
        if st.repairs[child].at >= at:
            break
        st.repairs[i].at = st.repairs[child].at
        st.repairs[i].pool = st.repairs[child].pool
        st.repairs[i].cell = st.repairs[child].cell
        i = child
    st.repairs[i].at = at
    st.repairs[i].pool = p
    st.repairs[i].cell = c
