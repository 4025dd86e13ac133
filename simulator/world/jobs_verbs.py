"""What the engine's Python side calls: the compiled ways in, kept on disk."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from simulator.world.jobs_advance import REACHED, complete, run_until
from simulator.world.jobs_faults import (
    account,
    add_idle,
    break_host,
    empty_unit,
    forecast,
    retire_down,
)
from simulator.world.jobs_kernel import digest, entry, kernel
from simulator.world.jobs_run import bring_up_to_date, change_rate
from simulator.world.jobs_state import DIRTY, N_RUNS, N_TYPES_WAITING, NOW, TOP_UNIT
from simulator.world.scheduler_passes import start_asked


def _compiled(source: str) -> SimpleNamespace:
    """Return the ways in, compiled when first called or read from disk."""

    @entry
    def advance(st: Any, t_end: float) -> int:
        _ = source
        return run_until(st, t_end)

    @entry
    def settle(st: Any, now: float) -> int:
        """Complete what completes now, before the world changes capacity."""
        _ = source
        st.real[NOW] = now
        return complete(st, now)

    @entry
    def add_hosts(st: Any, p: int, hosts: int, now: float) -> None:
        _ = source
        account(st, p, now)
        add_idle(st, p, hosts)

    @entry
    def remove_hosts(st: Any, p: int, hosts: int, now: float) -> None:
        """Remove idle hosts, then broken ones, then those of the latest started."""
        _ = source
        account(st, p, now)
        pool = st.pool[p]
        while hosts > 0:
            if pool.free > 0:
                part = min(hosts, pool.free)
                pool.free -= part
                pool.up -= part
            elif pool.down > 0:
                part = 1
                retire_down(st, p)
            else:
                part = 0
                empty_unit(st, _latest_unit(st, p), now)
            hosts -= part
        pool.hold_good = 0
        st.counts[DIRTY] |= 1 << p
        forecast(st, p)

    @entry
    def rerate(st: Any, p: int, now: float) -> None:
        """Let every run of a pool go on at the rate of the matrix."""
        _ = source
        for i in range(len(st.run)):
            if st.run[i].job >= 0 and st.run[i].pool == p and st.run[i].place >= 0:
                change_rate(st, i, st.fit[st.job[st.run[i].job].type, p].slow, now)
        st.pool[p].hold_good = 0
        st.counts[DIRTY] |= 1 << p

    @entry
    def fail(st: Any, p: int, uniform: float, now: float) -> None:
        _ = source
        st.pool[p].held += 1
        break_host(st, p, uniform, now)

    @entry
    def repair(st: Any, p: int, now: float) -> None:
        _ = source
        account(st, p, now)
        st.pool[p].held -= 1
        st.pool[p].down -= 1
        add_idle(st, p, 1)

    @entry
    def set_fault_rate(st: Any, p: int, mtbf: float, now: float) -> None:
        _ = source
        account(st, p, now)
        st.pool[p].mtbf = mtbf
        forecast(st, p)

    @entry
    def look_again(st: Any, now: float) -> None:
        """Let the next pass look at every pool."""
        _ = source
        for p in range(len(st.pool)):
            st.pool[p].hold_good = 0
            st.counts[DIRTY] |= 1 << p

    @entry
    def list_waiting(st: Any, jobs: Any) -> None:
        """Fill an array with the jobs that wait."""
        _ = source
        n = 0
        for i in range(st.counts[N_TYPES_WAITING]):
            j = st.kind[st.kind[i].waiting].head
            while j >= 0:
                jobs[n] = j
                n += 1
                j = st.job[j].next

    @entry
    def start_in_order(st: Any, jobs: Any, pools: Any, blocking: bool, now: float) -> None:
        """Start jobs that fit, in the order given, each trying pools in its own order."""
        _ = source
        start_asked(st, jobs, pools, blocking, now)

    @entry
    def close_runs(st: Any, now: float) -> None:
        """Write down the progress of all that runs."""
        _ = source
        for i in range(st.counts[N_RUNS]):
            bring_up_to_date(st, st.slot[i].finishing, now)
            run = st.run[st.slot[i].finishing]
            st.job[run.job].left = run.left

    return SimpleNamespace(
        advance=advance,
        settle=settle,
        add_hosts=add_hosts,
        remove_hosts=remove_hosts,
        rerate=rerate,
        fail=fail,
        repair=repair,
        set_fault_rate=set_fault_rate,
        look_again=look_again,
        list_waiting=list_waiting,
        start_in_order=start_in_order,
        close_runs=close_runs,
    )


@kernel
def _latest_unit(st: Any, p: int) -> int:
    """Return the unit of the job of a pool that started last; ties by row of the table."""
    best, best_started, best_job = -1, -1.0, -1
    for u in range(st.counts[TOP_UNIT]):
        if st.unit[u].hosts == 0 or st.unit[u].pool != p:
            continue
        r = st.unit[u].first
        while r >= 0:
            run = st.run[r]
            if run.started > best_started or (run.started == best_started and run.job > best_job):
                best, best_started, best_job = u, run.started, run.job
            r = run.next
    return best


#: The ways in, by name.
compiled = _compiled(digest())
__all__ = ["REACHED", "compiled"]
