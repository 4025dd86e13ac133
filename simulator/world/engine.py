"""The job engine: millions of jobs beside SimPy's world, exact and without ticks.

SimPy owns the world's events. Jobs live in arrays, and between two events of
the world one compiled call carries them up to ``env.peek()``: nothing else can
happen in between.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world import jobs_advance, jobs_memory
from simulator.world.clock import at
from simulator.world.jobs import EngineRecord, JobTable, Layout
from simulator.world.jobs_racks import with_racks
from simulator.world.jobs_report import job_columns, segment_columns
from simulator.world.jobs_state import (
    DRAWS,
    LACK,
    LEVELS,
    LINKED,
    MAX_POOLS,
    MIX_CHANGED,
    MIXED,
    N_ROWS,
    N_RUNS,
    N_WAITING,
    NOW,
    RANDOM,
    SEED,
    State,
)
from simulator.world.jobs_tables import tabulate
from simulator.world.jobs_verbs import compiled
from simulator.world.jobs_view import Network, RunsView, fractions_of, view_of_runs
from simulator.world.scheduler import DISCIPLINES, PLACEMENTS, Policy
from simulator.world.scheduler_asked import view_of
from simulator.world.scheduler_pools import Asked, set_aims

__all__ = ["EngineRecord", "JobEngine", "JobTable", "Layout", "Policy", "RunsView"]

Floats = NDArray[np.float64]


class JobEngine:
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
        of each as a fraction of what it would have alone.
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
        network: Network | None = None,
    ) -> None:
        if len(table) and int(table.job_class.max()) >= classes:
            raise ValueError(f"job_class must be < {classes}, got {table.job_class.max()}")
        self.env = env
        self.table = table
        self.classes = classes
        self.policy = policy
        order, mode = DISCIPLINES[policy.discipline]
        self._state = jobs_memory.new_state(table, order, mode, policy)
        #: Of a choice of pools: how often it was asked.
        self.asked = Asked()
        self._rng_faults = rng_faults
        self._network = network
        self._state.counts[LINKED] = network is not None
        if PLACEMENTS[policy.placement] == RANDOM:
            self._state.counts[SEED] = rng_faults("placement").integers(2**62)
        self._names: list[str] = []
        self._faults: list[np.random.Generator | None] = []
        self._victims: list[np.random.Generator | None] = []
        self._rate = np.zeros((classes, 0))
        self._factor = np.zeros((classes, 0))
        self._spread_rate = np.ones((classes, 0, LEVELS))
        self._preference: list[Floats | None] = []
        #: Hosts of each domain of a rack that went down with it, by (pool, rack).
        self._racks_down: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._edges = None if edges_s is None else np.asarray(edges_s, float)
        self._edge = 0
        self._down_at_edge: list[Floats] = []
        self._series: list[tuple[float, int, int, int]] = []
        self._closed = False

    # Verbs of the world, each exact at env.now.

    def add_pool(
        self,
        name: str,
        chips_per_host: int,
        rate: ArrayLike,
        size_factor: ArrayLike = 1.0,
        preference: ArrayLike | None = None,
        *,
        layout: Layout | None = None,
        spread_rate: ArrayLike = 1.0,
        chip_w: float = 0.0,
        host_mtbf_s: float = np.inf,
        host_repair_s: float = 0.0,
        repair_crews: int | None = None,
    ) -> int:
        """Add a pool without hosts and return its number.

        Parameters
        ----------
        name : str
            Names the pool's stream of faults.
        chips_per_host : int
            One: chips without hosts, counted only.
        rate : array_like, shape (classes,)
            Reference work per chip and second; 0: the class cannot run here. [rce/chip]
        size_factor : array_like, shape (classes,)
            Chips needed for each reference chip asked. [chip/rce]
        preference : array_like, shape (classes,), optional
            A job tries pools in order of it, higher first, ties by number; the rate by default.
        layout : Layout, optional
            How its hosts stand; without one they are only counted.
        spread_rate : array_like, shape (classes, 5), optional
            Multiplies the rate of a run by the tightest level that holds it:
            host, scale-up domain, rack, pod, site. Several hosts of a pool
            without a layout go at the first. [1]
        chip_w : float
            Power of a chip, a resource of discipline ``drf`` where any pool has it. [W]
        host_mtbf_s : float
            Mean time between faults of a host that is up. [s]
        host_repair_s : float
            Mean of the exponential repair. [s]
        repair_crews : int, optional
            Repairs that can go on at once; by default any number.
        """
        if len(self._names) == MAX_POOLS:
            raise ValueError(f"an engine holds at most {MAX_POOLS} pools")
        if name in self._names:
            raise ValueError(f"pool {name!r} is there already")
        if chips_per_host < 1:
            raise ValueError(f"chips_per_host must be >= 1, got {chips_per_host}")
        if not chip_w >= 0:
            raise ValueError(f"chip_w must be >= 0, got {chip_w}")
        if not host_repair_s >= 0:
            raise ValueError(f"host_repair_s must be >= 0, got {host_repair_s}")
        if repair_crews is not None and repair_crews < 1:
            raise ValueError(f"repair_crews must be >= 1, got {repair_crews}")
        self._settle()
        p = len(self._names)
        self._names.append(name)
        self._faults.append(None)
        self._victims.append(None)
        self._rate = np.c_[self._rate, self._per_class("rate", rate)]
        self._factor = np.c_[self._factor, self._per_class("size_factor", size_factor)]
        spread = self._per_class("spread_rate", spread_rate, LEVELS)[:, None]
        self._spread_rate = np.concatenate([self._spread_rate, spread], axis=1)
        self._preference.append(
            None if preference is None else self._per_class("preference", preference)
        )
        self._state = jobs_memory.with_pool(self._state, chips_per_host, layout)
        pool = self._state.pool[p]
        pool["since"] = self.env.now
        pool["chip_w"] = chip_w
        pool["repair"] = host_repair_s
        pool["crews"] = np.iinfo(np.int64).max if repair_crews is None else repair_crews
        self.set_fault_rate(p, host_mtbf_s)
        self._tabulate()
        return p

    def add_hosts(self, pool: int, hosts: int, rack: int | None = None) -> None:
        """Put hosts into service, idle.

        With a layout: into the rack of this number, or by default wherever
        there is room, the lowest numbers first.
        """
        self._check_hosts(pool, hosts)
        self._settle()
        number = self._make_racks(pool, hosts, rack)
        compiled.add_hosts(self._state, pool, hosts, number, self._now_s)
        self._note(pool)

    def remove_hosts(self, pool: int, hosts: int, rack: int | None = None) -> None:
        """Take hosts out of service: idle ones, then broken ones, then busy ones.

        Of the busy ones those go whose job started last; it falls back to its
        checkpoint and waits again. With a layout, of the rack of this number,
        or by default the highest numbers first.
        """
        self._check_hosts(pool, hosts)
        there = self._hosts_there(pool, rack)
        if hosts > there:
            where = f"pool {self._names[pool]!r}" + ("" if rack is None else f", rack {rack},")
            raise ValueError(f"{where} has {there} hosts, cannot lose {hosts}")
        self._settle()
        self._make_rows(int(self._state.counts[N_RUNS]))
        number = -1 if rack is None else rack
        compiled.remove_hosts(self._state, pool, hosts, number, self._now_s)
        self._note(pool)

    def hosts_of_racks(self, pool: int) -> NDArray[np.int64]:
        """Return the hosts in service in each rack of a pool with a layout, by number."""
        state = self._state.pool[pool]
        if state["domain"] == 0:
            raise ValueError(f"pool {self._names[pool]!r} has no layout")
        per_rack = int(state["rack"] // state["domain"])
        first = int(state["there_at"])
        cells = self._state.tree[pool, first : first + int(state["racks"]) * per_rack]
        return cells.reshape(-1, per_rack).sum(axis=1, dtype=np.int64)

    def runs(self) -> RunsView:
        """Return the runs over more than one rack, now."""
        self._settle()
        return view_of_runs(self._state, self.table)

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

    def network_changed(self) -> None:
        """Have the network asked again at this moment."""
        self._settle()
        self._state.counts[MIXED] = self._state.counts[LINKED]

    def set_rates(self, pool: int, rate: ArrayLike) -> None:
        """Set the rates of a pool, for running jobs too; at rate 0 they stall."""
        values = self._per_class("rate", rate)
        if np.array_equal(values, self._rate[:, pool]):
            return
        self._settle()
        self._rate[:, pool] = values
        self._tabulate()
        self._make_rows(int(self._state.counts[N_RUNS]))
        compiled.rerate(self._state, pool, self._now_s)

    def set_preference(self, pool: int, preference: ArrayLike) -> None:
        """Set how much each class likes a pool."""
        self._settle()
        self._preference[pool] = self._per_class("preference", preference)
        self._tabulate()

    def set_fault_rate(self, pool: int, host_mtbf_s: float) -> None:
        """Set the mean time between faults of a pool's hosts; inf: none. [s]."""
        if not host_mtbf_s > 0:
            raise ValueError(f"host_mtbf_s must be > 0, got {host_mtbf_s}")
        self._settle()
        if np.isfinite(host_mtbf_s) and self._faults[pool] is None:
            self._faults[pool] = self._rng_faults(self._names[pool])
            self._draw(pool)
        compiled.set_fault_rate(self._state, pool, float(host_mtbf_s), self._now_s)

    def fail_host(self, pool: int) -> None:
        """Take down a host that is up, each equally likely, until it is repaired."""
        if self._state.pool[pool]["up"] == 0:
            raise ValueError(f"pool {self._names[pool]!r} has no host that is up")
        self._settle()
        self._make_rows(0)
        victims = self._victims[pool]
        if victims is None:
            victims = self._victims[pool] = self._rng_faults(f"{self._names[pool]}/verb")
        compiled.fail(self._state, pool, float(victims.random()), self._now_s)
        self._note(pool)

    def repair_host(self, pool: int) -> None:
        """Return a host that :meth:`fail_host` took down."""
        if self._state.pool[pool]["held"] == 0:
            raise ValueError(f"pool {self._names[pool]!r} has no host failed by the world")
        self._settle()
        compiled.repair(self._state, pool, self._now_s)
        self._note(pool)

    def fail_rack(self, pool: int, rack: int) -> None:
        """Take down the hosts of a rack that are up; what runs on them is stopped."""
        if (pool, rack) in self._racks_down or not self._hosts_there(pool, rack):
            raise ValueError(f"pool {self._names[pool]!r} has no rack {rack} that is up")
        self._settle()
        self._make_rows(int(self._state.counts[N_RUNS]))
        state = self._state.pool[pool]
        held = np.zeros(int(state["rack"] // state["domain"]), np.int64)
        compiled.fail_rack(self._state, pool, rack, held, self._now_s)
        self._racks_down[pool, rack] = held
        self._note(pool)

    def repair_rack(self, pool: int, rack: int) -> None:
        """Return the hosts that :meth:`fail_rack` took down and that have not left since."""
        if (pool, rack) not in self._racks_down:
            raise ValueError(f"rack {rack} of pool {self._names[pool]!r} is not down")
        self._settle()
        held = self._racks_down.pop((pool, rack))
        compiled.repair_rack(self._state, pool, rack, held, self._now_s)
        self._note(pool)

    @property
    def reached_s(self) -> float:
        """How far the jobs have come: between two events of the world, ahead of its clock. [s]"""
        return float(self._state.real[NOW])

    def hosts(self, pool: int) -> tuple[int, int]:
        """Return how many hosts of a pool are up, and how many are down."""
        return int(self._state.pool[pool]["up"]), int(self._state.pool[pool]["down"])

    def hosts_held(self, pool: int) -> int:
        """Return how many hosts :meth:`fail_host` took down are not repaired yet."""
        return int(self._state.pool[pool]["held"])

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
            yield at(self.env, t_next)

    def close(self, horizon_s: float) -> EngineRecord:
        """Close the accounts and return what came out.

        Job events before the horizon are processed, those at it are not.
        Running jobs are written down with the progress they have. An infinite
        horizon closes when the last event that will ever come has passed.
        """
        if self._closed:
            raise RuntimeError("the engine is closed")
        self._advance(horizon_s)
        end_s = horizon_s if np.isfinite(horizon_s) else float(self._state.real[NOW])
        self._pass_edges(end_s)
        if self._edges is None:
            self._down_at_edge = [np.zeros(len(self._names)), self._down_s(end_s)]
        self._make_rows(int(self._state.counts[N_RUNS]))
        compiled.close_runs(self._state, end_s)
        self._closed = True
        series = np.array(self._series, float).reshape(-1, 4)
        names = ("pool", "hosts_in_service", "hosts_down")
        return EngineRecord(
            jobs=job_columns(self.table, self._state),
            segments=segment_columns(self._state),
            pools={"t_s": series[:, 0]}
            | {name: series[:, i + 1].astype(np.int64) for i, name in enumerate(names)},
            host_down_s=np.diff(self._padded_edges(), axis=0).T,
            horizon_s=end_s,
        )

    # Below: between the verbs and the compiled part.

    @property
    def _now_s(self) -> float:
        # SimPy keeps an integer time an integer; compiled code is compiled for floats.
        return float(self.env.now)

    def _advance(self, t_end: float) -> None:
        """Carry the jobs up to an absolute time, stopping at edges on the way."""
        if self._edges is not None:
            while self._edge < len(self._edges) and self._edges[self._edge] <= t_end:
                edge_s = float(self._edges[self._edge])
                self._carry(compiled.advance, edge_s)
                self._pass_edges(edge_s)
        self._carry(compiled.advance, float(t_end))

    def _pass_edges(self, t_s: float) -> None:
        while (
            self._edges is not None
            and self._edge < len(self._edges)
            and self._edges[self._edge] <= t_s
        ):
            self._down_at_edge.append(self._down_s(float(self._edges[self._edge])))
            self._edge += 1

    def _carry(self, function: Callable[[State, float], int], t_s: float) -> None:
        """Call a compiled part again and again until its needs are met."""
        while True:
            with _notice_of_compiling():
                need = function(self._state, t_s)
            if need == jobs_advance.REACHED:
                return
            if need == jobs_advance.NEEDS_ROWS:
                self._state = jobs_memory.with_rows(self._state, 0)
            elif need == jobs_advance.NEEDS_RUNS:
                least = int(self._state.counts[N_RUNS] + self._state.counts[N_WAITING])
                self._state = jobs_memory.with_runs(self._state, min(least, self._chips_up()))
            elif need == jobs_advance.NEEDS_REPAIRS:
                self._state = jobs_memory.with_repairs(self._state)
            elif need == jobs_advance.NEEDS_POLICY:
                self._ask()
            elif need == jobs_advance.NEEDS_NETWORK:
                self._ask_network()
            elif need == jobs_advance.NEEDS_AIMS:
                assert self.policy.pools is not None  # only then the compiled part asks
                self.asked.note(set_aims(self._state, self.policy.pools, self._rate, self._factor))
            else:
                self._draw(int(self._state.counts[LACK]))

    def _settle(self) -> None:
        """Complete what completes now: completions go before changes of capacity."""
        if self._closed:
            raise RuntimeError("the engine is closed")
        if self._state.real[NOW] > self.env.now:
            raise RuntimeError(
                f"jobs are at {self._state.real[NOW]} s, the world at {self.env.now} s"
            )
        self._carry(compiled.settle, self._now_s)

    def _ask(self) -> None:
        """Let the planner's policy order the queue, then start who fits."""
        st = self._state
        jobs = np.zeros(int(st.counts[N_WAITING]), np.int64)
        compiled.list_waiting(st, jobs)
        view = view_of(st, self.table, np.sort(jobs), self._rate, self._liking())
        order, pools = self.policy.decided(view)
        compiled.start_in_order(st, order, pools, self.policy.blocking, float(st.real[NOW]))

    def _ask_network(self) -> None:
        """Let runs over several racks go as fast as what they share allows."""
        assert self._network is not None  # only then the compiled part asks
        view = view_of_runs(self._state, self.table)
        fraction = fractions_of(self._network, view)
        self._make_rows(len(view.run))
        compiled.share_network(self._state, view.run, fraction, float(self._state.real[NOW]))

    def _draw(self, pool: int) -> None:
        rng = self._faults[pool]
        assert rng is not None  # only pools with faults use draws
        fresh = np.stack(
            [
                rng.exponential(size=DRAWS),
                rng.random(DRAWS),
                rng.exponential(size=DRAWS),
                np.zeros(DRAWS),
            ],
            axis=1,
        )
        self._state = jobs_memory.with_draws(self._state, pool, fresh)
        # The gap to the next fault, unless it is running already.
        if self._state.pool[pool]["hazard"] == 0.0:
            used = self._state.pool[pool]["fault_draw"]
            self._state.pool[pool]["hazard"] = self._state.draws[pool, used, 0]
            mtbf_s = float(self._state.pool[pool]["mtbf"])
            compiled.set_fault_rate(
                self._state, pool, mtbf_s, float(self._state.pool[pool]["since"])
            )

    def _make_rows(self, runs: int) -> None:
        """Make room for a row of each run and one more fault."""
        least = int(self._state.counts[N_ROWS]) + runs + self._state.level.shape[1] + 2
        if least > len(self._state.rows):
            self._state = jobs_memory.with_rows(self._state, least)

    def _tabulate(self) -> None:
        tabulate(self._state, self._rate, self._factor, self._liking(), self._spread_rate)
        compiled.look_again(self._state, self._now_s)
        self._state.counts[MIX_CHANGED] = 1

    def _liking(self) -> Floats:
        own = enumerate(self._preference)
        return np.stack([self._rate[:, p] if like is None else like for p, like in own], axis=1)

    def _per_class(self, name: str, values: ArrayLike, *more: int) -> Floats:
        array = np.array(np.broadcast_to(np.asarray(values, float), (self.classes, *more)))
        if name != "preference" and not np.all((array >= 0) & np.isfinite(array)):
            raise ValueError(f"{name} must be finite and >= 0, got {array}")
        if np.any(np.isnan(array)):
            raise ValueError(f"{name} must not be nan, got {array}")
        return array

    def _check_hosts(self, pool: int, hosts: int) -> None:
        if not 0 <= pool < len(self._names):
            raise ValueError(f"pool must be in [0, {len(self._names)}), got {pool}")
        if hosts < 0:
            raise ValueError(f"hosts must be >= 0, got {hosts}")

    def _hosts_there(self, pool: int, rack: int | None) -> int:
        if rack is None:
            return int(self._state.pool[pool]["up"] + self._state.pool[pool]["down"])
        racks = self.hosts_of_racks(pool)
        if not 0 <= rack < len(racks):
            raise ValueError(f"rack must be in [0, {len(racks)}), got {rack}")
        return int(racks[rack])

    def _make_racks(self, pool: int, hosts: int, rack: int | None) -> int:
        """Make places for hosts that come; return the number of their rack, -1: any."""
        state = self._state.pool[pool]
        if state["domain"] == 0 and rack is None:
            return -1
        there, size = self.hosts_of_racks(pool), int(state["rack"])
        if rack is None:
            racks = -(-(hosts - (size * len(there) - int(there.sum()))) // size)
        else:
            racks = int(rack == len(there))
            if not 0 <= rack <= len(there):
                raise ValueError(f"rack must be in [0, {len(there)}], got {rack}")
            room = size if racks else size - int(there[rack])
            if hosts > room:
                raise ValueError(f"rack {rack} has room for {room} hosts, not {hosts}")
        if racks > 0:
            self._state = with_racks(self._state, pool, racks)
        return -1 if rack is None else rack

    def _note(self, pool: int) -> None:
        up, down = (int(self._state.pool[pool][name]) for name in ("up", "down"))
        self._series.append((self._now_s, pool, up + down, down))

    def _chips_up(self) -> int:
        return int(np.sum(self._state.pool["up"] * self._state.pool["chips_per_host"]))

    def _down_s(self, t_s: float) -> Floats:
        """Integral of hosts down up to a time the jobs have reached. [host s]."""
        pool = self._state.pool
        return np.asarray(pool["down_s"] + (t_s - pool["since"]) * pool["down"], np.float64)

    def _padded_edges(self) -> Floats:
        """Down time at each edge passed; pools that came later had none before."""
        n = len(self._names)
        edges: Sequence[Floats] = self._down_at_edge
        return np.stack([np.pad(e, (0, n - len(e))) for e in edges])


@contextmanager
def _notice_of_compiling() -> Generator[None]:
    """Say so on standard error, once, when a call takes long because it is compiled first."""
    if _TOLD.is_set() or (compiled.advance.signatures and compiled.settle.signatures):
        yield
        return
    notice = threading.Timer(1.5, _tell)
    notice.daemon = True
    notice.start()
    try:
        yield
    finally:
        notice.cancel()


_TOLD = threading.Event()


def _tell() -> None:
    _TOLD.set()
    sys.stderr.write("siliconmix: compiling the job engine; this happens once\n")
