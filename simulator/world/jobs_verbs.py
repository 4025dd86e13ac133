"""What the engine's Python side calls: the compiled ways in, kept on disk."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from simulator.world.jobs_advance import NEEDS_NETWORK, REACHED, complete, run_until
from simulator.world.jobs_drain import clear, drain_anywhere, drain_rack, undrain, undrain_rack
from simulator.world.jobs_fabric import all_told, has_news, join, leave, update
from simulator.world.jobs_fabric_alone import account as weigh
from simulator.world.jobs_faults import break_host
from simulator.world.jobs_fleet import enter, leave_anywhere, leave_rack
from simulator.world.jobs_hosts import account, add_idle, forecast
from simulator.world.jobs_kernel import digest, entry
from simulator.world.jobs_links import (
    end_sharing,
    follow,
    put_changes,
    put_parts,
    set_fraction,
)
from simulator.world.jobs_rack_faults import rack_down, rack_up
from simulator.world.jobs_run import bring_up_to_date, change_rate, kill
from simulator.world.jobs_state import (
    DIRTY,
    N_RUNS,
    NOW,
)


def _compiled(source: str) -> SimpleNamespace:
    """Return the ways in, compiled when first called or read from disk."""

    @entry
    def advance(st: Any, net: Any, t_end: float) -> int:
        """Carry jobs on, and rate them anew where the network is compiled like they are."""
        _ = source
        while True:
            need = run_until(st, t_end)
            if need == NEEDS_NETWORK and len(net.of) > 0:
                need = follow(st, net, st.real[NOW])
                if need == REACHED:
                    continue
            return need

    @entry
    def settle(st: Any, now: float) -> int:
        """Complete what completes now, before the world changes capacity."""
        _ = source
        st.real[NOW] = now
        return complete(st, now)

    @entry
    def add_hosts(st: Any, p: int, hosts: int, rack: int, now: float) -> None:
        _ = source
        account(st, p, now)
        enter(st, p, hosts, rack)

    @entry
    def remove_hosts(st: Any, p: int, hosts: int, rack: int, now: float) -> None:
        _ = source
        account(st, p, now)
        if rack < 0:
            leave_anywhere(st, p, hosts, now)
        else:
            leave_rack(st, p, hosts, rack, now)

    @entry
    def rerate(st: Any, p: int, now: float) -> None:
        """Let every run of a pool go on at the rate of the matrix."""
        _ = source
        for i in range(len(st.run)):
            if st.run[i].job >= 0 and st.run[i].pool == p:
                change_rate(st, i, st.run[i].fraction, now)
        st.pool[p].hold_good = 0
        st.counts[DIRTY] |= 1 << p

    @entry
    def share_network(st: Any, runs: Any, fraction: Any, now: float) -> None:
        """Let runs go on at fractions of their speed alone."""
        _ = source
        end_sharing(st)
        for i in range(len(runs)):
            set_fraction(st, runs[i], fraction[i], now)

    @entry
    def follow_runs(st: Any, net: Any, now: float) -> int:
        """Let a compiled network rate runs now; return the reason to come back."""
        _ = source
        return follow(st, net, now)

    @entry
    def tell_network(
        net: Any, gone: Any, run: Any, pool: Any, kind: Any, chips: Any, parts: Any, now: float
    ) -> None:
        """Let runs go and others come, whose racks and hosts lie next in the store."""
        _ = source
        for i in range(len(gone)):
            leave(net, gone[i], now)
        for i in range(len(run)):
            join(net, run[i], pool[i], kind[i], chips[i], parts[i], 1.0, now)
        update(net, now)

    @entry
    def list_news(net: Any, runs: Any) -> int:
        """Fill an array with the runs whose speed is another; return how many."""
        _ = source
        n = 0
        for r in range(len(net.of)):
            if has_news(net, r):
                runs[n] = r
                n += 1
        all_told(net)
        return n

    @entry
    def weigh_network(net: Any, k: int, now: float) -> None:
        """Weigh what held in a plant until now."""
        _ = source
        weigh(net, k, now)

    @entry
    def list_changes(
        st: Any, job: Any, started: Any, came: Any, gone: Any, indptr: Any, rack: Any, hosts: Any
    ) -> tuple[int, int]:
        """Fill arrays with runs over several racks that came or went; return how many."""
        _ = source
        return put_changes(st, job, started, came, gone, indptr, rack, hosts)

    @entry
    def list_parts(st: Any, runs: Any, indptr: Any, rack: Any, hosts: Any) -> None:
        """Fill arrays with the racks of runs and the hosts each has there."""
        _ = source
        for i in range(len(runs)):
            indptr[i + 1] = put_parts(st, runs[i], indptr[i], rack, hosts)

    @entry
    def stop(st: Any, runs: Any, now: float) -> None:
        """Kill runs; their jobs keep their last checkpoint and wait again."""
        _ = source
        for i in range(len(runs)):
            st.pool[st.run[runs[i]].pool].hold_good = 0
            kill(st, runs[i], now)

    @entry
    def fail(st: Any, p: int, uniform: float, now: float) -> None:
        _ = source
        c = break_host(st, p, uniform, now)
        if c < 0:
            return
        st.pool[p].held += 1
        if st.pool[p].domain > 0:
            st.tree[p, st.pool[p].held_at + c] += 1

    @entry
    def repair(st: Any, p: int, now: float) -> None:
        """Return a host that the world broke: in a layout, that of lowest number."""
        _ = source
        account(st, p, now)
        st.pool[p].held -= 1
        st.pool[p].down -= 1
        c = 0
        if st.pool[p].domain > 0:
            while st.tree[p, st.pool[p].held_at + c] == 0:
                c += 1
            st.tree[p, st.pool[p].held_at + c] -= 1
        add_idle(st, p, c, 1)

    @entry
    def fail_rack(st: Any, p: int, rack: int, held: Any, now: float) -> None:
        _ = source
        rack_down(st, p, rack, held, now)

    @entry
    def repair_rack(st: Any, p: int, rack: int, held: Any, now: float) -> None:
        _ = source
        rack_up(st, p, rack, held, now)

    @entry
    def drain(st: Any, p: int, hosts: int, rack: int, now: float) -> None:
        """Hold hosts, or (a rack) all of them, as soon as they are idle."""
        _ = source
        account(st, p, now)
        if rack < 0:
            drain_anywhere(st, p, hosts)
        else:
            drain_rack(st, p, rack)

    @entry
    def clear_drained(st: Any, p: int, now: float) -> None:
        _ = source
        clear(st, p, now)

    @entry
    def end_drain(st: Any, p: int, hosts: int, rack: int, kept: Any, now: float) -> None:
        """End maintenance; of a rack, of each cell so many hosts stay held."""
        _ = source
        account(st, p, now)
        if rack < 0:
            undrain(st, p, hosts)
        else:
            undrain_rack(st, p, rack, kept)

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
    def close_runs(st: Any, now: float) -> None:
        """Write down the progress of all that runs."""
        _ = source
        for i in range(st.counts[N_RUNS]):
            bring_up_to_date(st, st.due[i].item, now)
            run = st.run[st.due[i].item]
            st.job[run.job].left = run.left

    return SimpleNamespace(
        advance=advance,
        settle=settle,
        add_hosts=add_hosts,
        remove_hosts=remove_hosts,
        rerate=rerate,
        share_network=share_network,
        follow_runs=follow_runs,
        tell_network=tell_network,
        list_news=list_news,
        weigh_network=weigh_network,
        list_changes=list_changes,
        list_parts=list_parts,
        stop=stop,
        fail=fail,
        repair=repair,
        fail_rack=fail_rack,
        repair_rack=repair_rack,
        drain=drain,
        clear_drained=clear_drained,
        end_drain=end_drain,
        set_fault_rate=set_fault_rate,
        look_again=look_again,
        close_runs=close_runs,
    )


#: The ways in, by name.
compiled = _compiled(digest())
__all__ = ["REACHED", "compiled"]
