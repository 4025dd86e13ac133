"""Runs over several racks, as a network is told of them."""

from __future__ import annotations

from typing import Any

from numba import njit

from simulator.world.jobs_advance import NEEDS_NETWORK, NEEDS_ROWS, REACHED, end_round
from simulator.world.jobs_fabric import LACK, USED, all_told, has_news, join, leave, update
from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_run import change_rate
from simulator.world.jobs_state import (
    BOILING,
    COOL,
    DIRTY,
    MIXED,
    N_ROWS,
    N_RUNS,
    POD,
    TOP_RUN,
)
from simulator.world.jobs_tree import rack_of


@kernel
def put_parts(st: Any, r: int, n: int, rack: Any, hosts: Any) -> int:
    """Write the racks of a run and the hosts it has there, from place *n* on; return the end."""
    pool = st.pool[st.run[r].pool]
    part = st.unit[st.run[r].unit].part
    first = n
    while part >= 0:
        at = rack_of(pool, st.part[part].cell)
        if n == first or rack[n - 1] != at:
            rack[n] = at
            hosts[n] = 0
            n += 1
        hosts[n - 1] += st.part[part].hosts
        part = st.part[part].next
    return n


@kernel
def put_changes(
    st: Any, job: Any, started: Any, came: Any, gone: Any, indptr: Any, rack: Any, hosts: Any
) -> tuple[int, int]:
    """Write runs over several racks that came, with their parts, and that went; return how many.

    *job* and *started* remember, by run, what was there; -1: none.
    """
    m = n = k = 0
    indptr[0] = 0
    for r in range(st.counts[TOP_RUN]):
        run = st.run[r]
        now = -1
        if run.job >= 0 and st.unit[run.unit].level >= POD:
            now = run.job
        if job[r] == now and (now < 0 or started[r] == run.started):
            continue
        if job[r] >= 0:
            gone[n] = r
            n += 1
        if now >= 0:
            came[m] = r
            m += 1
            k = put_parts(st, r, k, rack, hosts)
            indptr[m] = k
        job[r] = now
        started[r] = run.started
    return m, n


@kernel
def end_sharing(st: Any) -> None:
    """Note that the runs there are go as fast as the network lets them."""
    st.counts[MIXED] = 0
    end_round(st)


@kernel
def set_fraction(st: Any, r: int, fraction: float, now: float) -> None:
    """Let a run go on at a fraction of its speed alone."""
    if change_rate(st, r, fraction, now):
        p = st.run[r].pool
        st.pool[p].hold_good = 0
        st.counts[DIRTY] |= 1 << p


@njit(error_model="numpy")
def follow(st: Any, net: Any, now: float) -> int:
    """Rate runs over several racks after some came or went; return the reason to come back."""
    if len(net.of) < len(st.run) or now >= net.due[0]:
        return NEEDS_NETWORK
    if st.counts[N_ROWS] + st.counts[N_RUNS] + 1 > len(st.rows):
        return NEEDS_ROWS
    for r in range(st.counts[TOP_RUN]):
        if not _notice(st, net, r, now):
            return NEEDS_NETWORK
    update(net, now)
    for r in range(st.counts[TOP_RUN]):
        if has_news(net, r):
            set_fraction(st, r, net.member[r].speed, now)
    if st.counts[COOL]:
        _warm(st, net)
    all_told(net)
    end_sharing(st)
    return REACHED


@njit(error_model="numpy")
def _notice(st: Any, net: Any, r: int, now: float) -> bool:
    """Let the network know who runs there now; return whether it has room."""
    run = st.run[r]
    if run.job == net.job[r] and (run.job < 0 or run.started == net.started[r]):
        return True
    leaves_rack = run.job >= 0 and st.unit[run.unit].level >= POD
    used = net.count[USED]
    if leaves_rack and used + st.unit[run.unit].racks > len(net.place):
        net.count[LACK] = st.unit[run.unit].racks
        return False
    if net.of[r] >= 0:
        leave(net, r, now)
    if leaves_rack:
        parts = put_parts(st, r, used, net.place, net.hosts) - used
        kind = st.kind[st.job[run.job].type].job_class
        join(net, r, run.pool, kind, run.chips, parts, run.fraction, now)
    net.job[r], net.started[r] = run.job, run.started
    return True


@njit(error_model="numpy")
def _warm(st: Any, net: Any) -> None:
    """Tell placement how full the trunks of pods are, in plants that were looked at."""
    for p in range(len(net.pool)):
        stand = net.pool[p]
        plant = net.plant[stand.plant]
        for rack in range(0, stand.racks, plant.pod_racks):
            pod = net.pool_place[stand.begin + rack] // plant.pod_racks
            row = plant.row + plant.places + pod
            heat = net.peak[row] / max(net.capacity[row], 1.0)
            at = st.pool[p].heat_at + rack // plant.pod_racks
            st.tree[p, at] = min(max(round(1e6 * heat), 0), BOILING - 1)
