"""Runs over several racks, as a network is told of them."""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import POD, TOP_RUN
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
