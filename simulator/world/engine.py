"""The job engine: millions of jobs beside SimPy's world, exact and without ticks.

SimPy owns the world's events. Jobs live in arrays, and between two events of
the world one compiled call carries them up to ``env.peek()``: nothing else can
happen in between (:mod:`engine_carrier`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world.clock import At
from simulator.world.engine_fleet import Fleet
from simulator.world.jobs import EngineRecord, JobTable, Layout
from simulator.world.jobs_report import job_columns, segment_columns
from simulator.world.jobs_state import LINKED, MIXED, N_RUNS, POD
from simulator.world.jobs_verbs import compiled
from simulator.world.jobs_view import Follower, Linked, Network, RunsView, view_of_runs
from simulator.world.scheduler import Policy

__all__ = ["EngineRecord", "JobEngine", "JobTable", "Layout", "Policy", "RunsView"]


class JobEngine(Fleet):
    """Jobs on pools of hosts.

    A job of gang *g* on a pool needs ``ceil(g * size_factor)`` chips: whole
    hosts from one host up, a share of one host below. It does ``need * rate``
    reference work a second, so its wall time is
    ``work_s * g / (need * rate)``; chips a gang holds only to fill its last
    host add nothing. Checkpoints are counted in useful wall time of a run, at
    whatever rate it goes, and cost nothing themselves.

    Invariants: hosts up = idle + busy; a job's work asked = kept + left. Use
    one engine an environment, and call verbs only at ``env.now``.

    Parameters
    ----------
    env : simpy.Environment
    table : JobTable
        All jobs ever asked.
    classes : int
        Rows of the rate matrix.
    policy : Policy
    rng_faults : callable
        Returns the generator that owns the faults of a named pool; also asked
        for ``<pool>/verb``, the victims of :meth:`fail_host`, and, where
        placement is random, for ``placement``.
    edges_s : array_like, optional
        Ascending times between which down time is integrated; by default from
        zero to the horizon. [s]
    network : callable, optional
        What runs over several racks share. It is asked when all that happens at
        a moment has happened, if such a run came or went, and gives the speed
        of each as a fraction of what it would have alone; a :class:`Follower` is told of
        changes only, and one that is :class:`Linked` is asked by compiled code.
    """

    def __init__(
        self,
        env: simpy.Environment,
        table: JobTable,
        classes: int,
        policy: Policy,
        *,
        rng_faults: Callable[[str], np.random.Generator],
        edges_s: ArrayLike | None = None,
        network: Network | Follower | Linked | None = None,
    ) -> None:
        super().__init__(
            env, table, classes, policy, rng_faults=rng_faults, edges_s=edges_s, network=network
        )
        self._victims: dict[int, np.random.Generator] = {}
        #: Hosts of each domain of a rack that went down with it, by (pool, rack).
        self._racks_down: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._racks_out: set[tuple[int, int]] = set()

    # What happens to hosts and runs.

    def runs(self) -> RunsView:
        """Return the runs over more than one rack, now."""
        self._settle()
        return view_of_runs(self._state, self.table)

    def runs_apart(self) -> int:
        """Return how many runs are over more than one rack, now."""
        self._settle()
        run = self._state.run
        unit = run["unit"][run["job"] >= 0]
        return int(np.count_nonzero(self._state.unit["level"][unit] >= POD))

    def stop_runs(self, runs: ArrayLike) -> None:
        """Kill runs, named as in a :class:`RunsView`: their jobs keep their last checkpoint."""
        victims = np.atleast_1d(np.asarray(runs, np.int64))
        self._settle()
        running = self._state.run["job"]
        for run in victims:
            if not 0 <= run < len(running) or running[run] < 0:
                raise ValueError(f"no run {run}")
        self._make_rows(len(victims))
        compiled.stop(self._state, victims, self._now_s)
        self._forget_runs()

    def running(self) -> NDArray[np.int64]:
        """Return the rows of the job table that run."""
        job = self._state.run["job"]
        return job[job >= 0].astype(np.int64)

    def runs_of(self, pool: int, classes: ArrayLike) -> NDArray[np.int64]:
        """Return the runs of some job classes in a pool, named as in a :class:`RunsView`."""
        run = self._state.run
        there = np.flatnonzero((run["job"] >= 0) & (run["pool"] == pool))
        return there[np.isin(self.table.job_class[run["job"][there]], classes)]

    def lost_rce_s(self, jobs: NDArray[np.int64]) -> float:
        """Return the work some jobs have lost so far, since checkpoints, where stopped."""
        lost = self._state.lost[jobs]
        return float(np.dot(lost, self._state.kind["chips"][self._state.job["type"][jobs]]))

    def share_network(self) -> None:
        """Ask the network now, before anything else happens at this moment."""
        self._settle()
        self._renew_network()
        self._ask_network()

    def ask_network_from(self, level: int) -> None:
        """Have the network asked only when runs come or go that spread to a level or further."""
        if self._state.counts[LINKED]:
            self._state.counts[LINKED] = level

    def network_changed(self) -> None:
        """Have the network asked again at this moment, when all else has happened."""
        self._settle()
        self._renew_network()
        self._state.counts[MIXED] = self._state.counts[LINKED] > 0

    def fail_host(self, pool: int) -> None:
        """Take down a host that is up, each equally likely, until it is repaired."""
        if self._state.pool[pool]["up"] == 0:
            raise ValueError(f"pool {self._tables.names[pool]!r} has no host that is up")
        self._settle()
        self._make_rows(0)
        if pool not in self._victims:
            self._victims[pool] = self._rng_faults(f"{self._tables.names[pool]}/verb")
        uniform = float(self._victims[pool].random())
        compiled.fail(self._state, pool, uniform, self._now_s)
        self._books.note(self._state, pool, self._now_s)

    def repair_host(self, pool: int) -> None:
        """Return a host that :meth:`fail_host` took down."""
        if self._state.pool[pool]["held"] == 0:
            raise ValueError(f"pool {self._tables.names[pool]!r} has no host failed by the world")
        self._settle()
        compiled.repair(self._state, pool, self._now_s)
        self._books.note(self._state, pool, self._now_s)

    def fail_rack(self, pool: int, rack: int) -> None:
        """Take down the hosts of a rack that are up; what runs on them is stopped."""
        if (pool, rack) in self._racks_down or not self._hosts_there(pool, rack):
            raise ValueError(f"pool {self._tables.names[pool]!r} has no rack {rack} that is up")
        self._settle()
        self._make_rows(int(self._state.counts[N_RUNS]))
        state = self._state.pool[pool]
        held = np.zeros(int(state["rack"] // state["domain"]), np.int64)
        compiled.fail_rack(self._state, pool, rack, held, self._now_s)
        self._forget_runs()
        self._racks_down[pool, rack] = held
        self._books.note(self._state, pool, self._now_s)

    def repair_rack(self, pool: int, rack: int) -> None:
        """Return the hosts that :meth:`fail_rack` took down and that have not left since."""
        if (pool, rack) not in self._racks_down:
            raise ValueError(f"rack {rack} of pool {self._tables.names[pool]!r} is not down")
        self._settle()
        held = self._racks_down.pop((pool, rack))
        compiled.repair_rack(self._state, pool, rack, held, self._now_s)
        self._books.note(self._state, pool, self._now_s)

    def drain_hosts(self, pool: int, hosts: int) -> None:
        """Take hosts out for maintenance: idle ones now, busy ones when what runs there ends.

        Of a pool without a layout. Those out are down, and held until
        :meth:`return_hosts`; nothing starts on a host that is to go. A fault of
        such a host ends what runs there, and no more.
        """
        state = self._state.pool[pool]
        if state["domain"] > 0:
            raise ValueError(f"pool {self._tables.names[pool]!r} has a layout: drain its racks")
        can = int(state["up"] - state["draining"])
        if not 0 <= hosts <= can:
            name = self._tables.names[pool]
            raise ValueError(f"pool {name!r} has {can} hosts to drain, not {hosts}")
        self._drain(pool, hosts, -1)

    def drain_rack(self, pool: int, rack: int) -> None:
        """Take the hosts of a rack that are up out for maintenance, as :meth:`drain_hosts` does."""
        if (pool, rack) in self._racks_out or not self._hosts_there(pool, rack):
            raise ValueError(f"pool {self._tables.names[pool]!r} has no rack {rack} to drain")
        self._drain(pool, 0, rack)
        self._racks_out.add((pool, rack))

    def rack_is_out(self, pool: int, rack: int) -> bool:
        """Whether a rack is down as a whole, or drained."""
        return (pool, rack) in self._racks_out or (pool, rack) in self._racks_down

    def clear_drained(self, pool: int) -> None:
        """Let what still runs on hosts to be drained write a checkpoint and wait again."""
        self._settle()
        self._make_rows(int(self._state.counts[N_RUNS]))
        compiled.clear_drained(self._state, pool, self._now_s)
        self._books.note(self._state, pool, self._now_s)

    def return_hosts(self, pool: int, hosts: int) -> None:
        """End the maintenance of hosts: of those still busy first, which stay."""
        state = self._state.pool[pool]
        out = int(state["draining"] + state["held"])
        if state["domain"] > 0 or not 0 <= hosts <= out:
            name = self._tables.names[pool]
            raise ValueError(f"pool {name!r} has {out} hosts out, cannot return {hosts}")
        self._settle()
        compiled.end_drain(self._state, pool, hosts, -1, np.zeros(0, np.int64), self._now_s)
        self._books.note(self._state, pool, self._now_s)

    def return_rack(self, pool: int, rack: int) -> None:
        """End the maintenance of a rack; all hosts held there return, unless the rack is down."""
        if (pool, rack) not in self._racks_out:
            raise ValueError(f"rack {rack} of pool {self._tables.names[pool]!r} is not drained")
        self._settle()
        self._racks_out.remove((pool, rack))
        state = self._state.pool[pool]
        none = np.zeros(int(state["rack"] // state["domain"]), np.int64)
        kept = self._racks_down.get((pool, rack), none)
        compiled.end_drain(self._state, pool, 0, rack, kept, self._now_s)
        self._books.note(self._state, pool, self._now_s)

    def _renew_network(self) -> None:
        if self._linked is not None:
            self._linked.renew()

    def _forget_runs(self) -> None:
        """Let the network take all runs for gone and come anew."""
        (self._linked or self._changes).forget()

    def _drain(self, pool: int, hosts: int, rack: int) -> None:
        self._settle()
        compiled.drain(self._state, pool, hosts, rack, self._now_s)
        self._books.note(self._state, pool, self._now_s)

    # The clock.

    def operate(self) -> Generator[simpy.Event, Any, None]:
        """Carry the jobs along with the world; the engine's one process."""
        while True:
            t_next = self.env.peek()
            # At an equal time the world settles first, then jobs are scheduled.
            if t_next > self.env.now:
                self._advance(t_next)
            if np.isinf(t_next):
                return
            yield At(self.env, t_next)

    def close(self, horizon_s: float) -> EngineRecord:
        """Close the accounts and return what came out.

        Job events before the horizon are processed, those at it are not.
        Running jobs are written down with the progress they have. An infinite
        horizon closes when the last event that will ever come has passed.
        """
        if self._closed:
            raise RuntimeError("the engine is closed")
        self._advance(horizon_s)
        end_s = horizon_s if np.isfinite(horizon_s) else self.reached_s
        self._books.close(self._state, end_s)
        self._make_rows(int(self._state.counts[N_RUNS]))
        compiled.close_runs(self._state, end_s)
        self._closed = True
        return EngineRecord(
            jobs=job_columns(self.table, self._state),
            segments=segment_columns(self._state),
            pools=self._books.series(),
            host_down_s=self._books.host_down_s(len(self._tables.names)),
            horizon_s=end_s,
        )
