"""Hosts that enter and leave service.

With a layout they stand in racks: those that enter fill the places of lowest
number, and those that leave free theirs again.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_faults import empty_unit, retire_down, retire_down_of, start_repairs
from simulator.world.jobs_hosts import add_idle, forecast, take_idle
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import DIRTY, TOP_UNIT
from simulator.world.jobs_tree import rack_of


@kernel
def enter(st: Any, p: int, hosts: int, rack: int) -> None:
    """Add idle hosts to an accounted pool, in one rack or (-1) wherever there is room."""
    pool = st.pool[p]
    if pool.domain == 0:
        add_idle(st, p, 0, hosts)
        return
    c, last = cells_of(pool, rack)
    while c < last:
        part = min(hosts, pool.domain - st.tree[p, pool.there_at + c])
        if part > 0:
            st.tree[p, pool.there_at + c] += part
            add_idle(st, p, c, part)
            hosts -= part
        c += 1
    # Also if none came: what follows does not depend on it.
    pool.hold_good = 0
    st.counts[DIRTY] |= 1 << p
    forecast(st, p)


@kernel
def leave_anywhere(st: Any, p: int, hosts: int, now: float) -> None:
    """Remove idle hosts, then broken ones, then those of the latest started.

    With a layout, of the idle and of the broken those of highest number.
    """
    pool = st.pool[p]
    while hosts > 0:
        part = 1
        if pool.free > 0:
            part = _remove_idle(st, p, hosts)
        elif pool.down > 0:
            _remove_down(st, p)
        else:
            part = 0
            empty_unit(st, _latest_unit(st, p, -1), now)
        hosts -= part
    _changed(st, p, now)


@kernel
def leave_rack(st: Any, p: int, hosts: int, rack: int, now: float) -> None:
    """Remove hosts of one rack: idle ones, then broken ones, then those of the latest started."""
    first, last = cells_of(st.pool[p], rack)
    while hosts > 0:
        before = hosts
        for c in range(last - 1, first - 1, -1):
            hosts -= _remove_idle_of(st, p, c, hosts)
        for c in range(last - 1, first - 1, -1):
            while (
                hosts > 0 and st.tree[p, st.pool[p].there_at + c] > st.tree[p, st.pool[p].up_at + c]
            ):
                retire_down_of(st, p, c)
                hosts -= 1
        if hosts == before:
            empty_unit(st, _latest_unit(st, p, rack), now)
    _changed(st, p, now)


@kernel
def _changed(st: Any, p: int, now: float) -> None:
    st.pool[p].hold_good = 0
    st.counts[DIRTY] |= 1 << p
    # A crew may have lost the host it was at.
    start_repairs(st, p, now)
    forecast(st, p)


@kernel
def cells_of(pool: Any, rack: int) -> tuple[int, int]:
    """Return the first cell of a rack and the one behind its last; -1: of all."""
    per_rack = pool.rack // pool.domain
    if rack < 0:
        return 0, pool.racks * per_rack
    return rack * per_rack, (rack + 1) * per_rack


@kernel
def _remove_idle(st: Any, p: int, hosts: int) -> int:
    """Remove at most so many idle hosts; return how many."""
    pool = st.pool[p]
    removed = min(hosts, pool.free)
    if pool.domain == 0:
        take_idle(st, p, 0, removed)
        return removed
    left = removed
    c = cells_of(pool, -1)[1]
    while left > 0:
        c -= 1
        left -= _remove_idle_of(st, p, c, left)
    return removed


@kernel
def _remove_idle_of(st: Any, p: int, c: int, hosts: int) -> int:
    part = min(hosts, st.tree[p, st.pool[p].free_at + c])
    if part > 0:
        st.tree[p, st.pool[p].there_at + c] -= part
        take_idle(st, p, c, part)
    return part


@kernel
def _remove_down(st: Any, p: int) -> None:
    pool = st.pool[p]
    if pool.domain == 0:
        retire_down(st, p)
        return
    c = cells_of(pool, -1)[1] - 1
    while st.tree[p, pool.there_at + c] == st.tree[p, pool.up_at + c]:
        c -= 1
    retire_down_of(st, p, c)


@kernel
def _latest_unit(st: Any, p: int, rack: int) -> int:
    """Return the unit, in a rack or (-1) anywhere in a pool, of the job that started last.

    Ties by row of the table.
    """
    best, best_started, best_job = -1, -1.0, -1
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts == 0 or st.unit[u].pool != p:
            continue
        if rack >= 0 and not stands_in(st, u, rack):
            continue
        r = st.unit[u].first
        while r >= 0:
            run = st.run[r]
            if run.started > best_started or (run.started == best_started and run.job > best_job):
                best, best_started, best_job = u, run.started, run.job
            r = run.next
    return best


@kernel
def stands_in(st: Any, u: int, rack: int) -> bool:
    """Whether a unit has hosts in a rack."""
    i = st.unit[u].part
    while i >= 0:
        if rack_of(st.pool[st.unit[u].pool], st.part[i].cell) == rack:
            return True
        i = st.part[i].next
    return False
