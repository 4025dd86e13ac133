"""Hosts that fail and are repaired.

Faults of a pool are a Poisson stream of rate (hosts up) / MTBF. They are drawn
as unit exponentials of the hazard gone through since the last one, so a fleet
that changes wastes no draw and shifts none. The victim is uniform over the
hosts that are up.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_place import unit_of_host
from simulator.world.jobs_run import kill
from simulator.world.jobs_state import DIRTY, N_REPAIRS, NEXT_FAULT


@kernel
def account(st: Any, p: int, now: float) -> None:
    """Bring a pool's hazard and down time up to date, before its hosts change."""
    pool = st.pool[p]
    span = now - pool.since
    pool.hazard -= span * pool.up / pool.mtbf
    pool.down_s += span * pool.down
    pool.since = now


@kernel
def forecast(st: Any, p: int) -> None:
    """Say when a pool's next fault comes if its hosts stay as they are."""
    pool = st.pool[p]
    pool.next_fault = inf
    if pool.up > 0 and pool.mtbf < inf:
        pool.next_fault = pool.since + max(pool.hazard, 0.0) * pool.mtbf / pool.up
    earliest = inf
    for q in range(len(st.pool)):
        earliest = min(earliest, st.pool[q].next_fault)
    st.real[NEXT_FAULT] = earliest


@kernel
def add_idle(st: Any, p: int, hosts: int) -> None:
    """Add idle hosts that are up to an accounted pool."""
    pool = st.pool[p]
    pool.up += hosts
    pool.free += hosts
    pool.hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)


@kernel
def break_host(st: Any, p: int, uniform: float, now: float) -> None:
    """Take down one host that is up; what runs on it falls back to its checkpoint."""
    account(st, p, now)
    pool = st.pool[p]
    host = min(int(uniform * pool.up), pool.up - 1)
    # Hosts are counted with the busy ones first, in order of their units.
    if host < pool.up - pool.free:
        empty_unit(st, unit_of_host(st, p, host), now)
    pool.free -= 1
    pool.up -= 1
    pool.down += 1
    pool.hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)


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
    break_host(st, p, st.draws[p, row, 1], now)
    # The next gap is in the next row, or zero if the world has yet to draw it.
    pool.hazard = st.draws[p, row + 1, 0] if row + 1 < pool.drawn else 0.0
    forecast(st, p)
    _repair_more(st, p, now)


@kernel
def _repair_more(st: Any, p: int, now: float) -> None:
    """Let free crews begin repairs, in the order of faults."""
    pool = st.pool[p]
    while pool.in_repair < min(pool.crews, pool.down - pool.held):
        pool.in_repair += 1
        span = st.draws[p, pool.repair_draw, 2] * pool.repair
        pool.repair_draw += 1
        _push(st, now + span, p)


@kernel
def end_repair(st: Any, now: float) -> None:
    """Return the host whose repair ends first to its pool."""
    p = st.repairs[0].pool
    _pop(st, 0)
    account(st, p, now)
    pool = st.pool[p]
    pool.in_repair -= 1
    pool.down -= 1
    add_idle(st, p, 1)
    _repair_more(st, p, now)


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
    last = -1
    for i in range(st.counts[N_REPAIRS]):
        if st.repairs[i].pool == p and (last < 0 or st.repairs[i].at > st.repairs[last].at):
            last = i
    _pop(st, last)
    pool.in_repair -= 1


@kernel
def _push(st: Any, at: float, p: int) -> None:
    i = st.counts[N_REPAIRS]
    st.counts[N_REPAIRS] = i + 1
    while i > 0 and at < st.repairs[(i - 1) >> 1].at:
        st.repairs[i].at = st.repairs[(i - 1) >> 1].at
        st.repairs[i].pool = st.repairs[(i - 1) >> 1].pool
        i = (i - 1) >> 1
    st.repairs[i].at = at
    st.repairs[i].pool = p


@kernel
def _pop(st: Any, i: int) -> None:
    """Remove the i-th entry of the heap of repairs."""
    n = st.counts[N_REPAIRS] - 1
    st.counts[N_REPAIRS] = n
    at, p = st.repairs[n].at, st.repairs[n].pool
    if i == n:
        return
    while i > 0 and at < st.repairs[(i - 1) >> 1].at:
        st.repairs[i].at = st.repairs[(i - 1) >> 1].at
        st.repairs[i].pool = st.repairs[(i - 1) >> 1].pool
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
        i = child
    st.repairs[i].at = at
    st.repairs[i].pool = p
