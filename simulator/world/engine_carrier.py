"""Carrying jobs along with the world: the compiled part, called until its needs are met.

Between two events of the world nothing but jobs can happen, so one compiled call
carries them up to ``env.peek()``. It comes back early when it lacks memory or
draws, or when it needs an answer: of a planner's policy, of the network, of a choice of pools.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world import jobs_advance, jobs_memory
from simulator.world.jobs import JobTable
from simulator.world.jobs_arrays import State
from simulator.world.jobs_books import HostBooks
from simulator.world.jobs_fabric_memory import NONE as NO_LINKS
from simulator.world.jobs_notice import notice_of_compiling
from simulator.world.jobs_state import (
    BOILING,
    COOL,
    DRAWS,
    LACK,
    LINKED,
    MIX_CHANGED,
    N_ROWS,
    N_RUNS,
    N_SEEN,
    N_WAITING,
    NOW,
    POD,
    RANDOM,
    SEED,
)
from simulator.world.jobs_tables import PoolTables
from simulator.world.jobs_verbs import compiled
from simulator.world.jobs_view import (
    Changes,
    Follower,
    Linked,
    Network,
    fractions_of,
    view_of_runs,
)
from simulator.world.scheduler import DISCIPLINES, PLACEMENTS, Policy
from simulator.world.scheduler_asked import Desk
from simulator.world.scheduler_pools import Asked, set_aims

Floats = NDArray[np.float64]
#: Most blocks of fault draws taken at once.
_MOST_BLOCKS = 16


class Carrier:
    """Jobs in arrays, carried through time.

    Parameters are those of :class:`simulator.world.engine.JobEngine`.
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
        if len(table) and int(table.job_class.max()) >= classes:
            raise ValueError(f"job_class must be < {classes}, got {table.job_class.max()}")
        self.env = env
        self.table = table
        self.policy = policy
        #: Of a choice of pools: how often it was asked.
        self.asked = Asked()
        self._tables = PoolTables(classes)
        self._books = HostBooks(edges_s)
        order, mode = DISCIPLINES[policy.discipline]
        self._state = jobs_memory.new_state(table, order, mode, policy)
        self._rng_faults = rng_faults
        self._faults: dict[int, np.random.Generator] = {}
        self._network = network
        self._linked = network if isinstance(network, Linked) else None
        self._follower = network if isinstance(network, Follower) else None
        self._changes = Changes()
        #: Whether what placement reads is to be worked out anew, and the pools whose runs
        #: are to go on at another rate: once for all that is said at one moment.
        self._tables_stale = False
        self._rerated: list[int] = []
        #: Where the planner's policy answers; None: not asked since the tables were worked out.
        self._desk: Desk | None = None
        self._state.counts[LINKED] = 0 if network is None else POD
        if PLACEMENTS[policy.placement] == RANDOM:
            self._state.counts[SEED] = rng_faults("placement").integers(2**62)
        self._closed = False

    @property
    def reached_s(self) -> float:
        """How far the jobs have come: between two events of the world, ahead of its clock. [s]"""
        return float(self._state.real[NOW])

    @property
    def _now_s(self) -> float:
        # SimPy keeps an integer time an integer; compiled code is compiled for floats.
        return float(self.env.now)

    def _advance(self, t_end: float) -> None:
        """Carry the jobs up to an absolute time, stopping at edges on the way."""
        self._tabulate()
        while (edge_s := self._books.next_edge_s()) <= t_end and np.isfinite(edge_s):
            self._carry(self._compiled_advance, edge_s)
            self._books.pass_edges(self._state, edge_s)
        self._carry(self._compiled_advance, float(t_end))

    def _compiled_advance(self, state: State, t_s: float) -> int:
        links = NO_LINKS if self._linked is None else self._linked.links
        return compiled.advance(state, links, t_s)

    def _carry(self, function: Callable[[State, float], int], t_s: float) -> None:
        """Call a compiled part again and again until its needs are met."""
        while True:
            with notice_of_compiling():
                need = function(self._state, t_s)
            if need == jobs_advance.REACHED:
                return
            if need == jobs_advance.NEEDS_POLICY:
                self._ask()
            elif need == jobs_advance.NEEDS_ROWS:
                self._state = jobs_memory.with_rows(self._state, 0)
            elif need == jobs_advance.NEEDS_RUNS:
                least = int(self._state.counts[N_RUNS] + self._state.counts[N_WAITING])
                self._state = jobs_memory.with_runs(self._state, min(least, self._chips_up()))
            elif need == jobs_advance.NEEDS_REPAIRS:
                self._state = jobs_memory.with_repairs(self._state)
            elif need == jobs_advance.NEEDS_NETWORK:
                self._ask_network()
            elif need == jobs_advance.NEEDS_AIMS:
                self._choose_pools()
            elif need == jobs_advance.NEEDS_SIGHT:
                self._state = jobs_memory.with_sight(self._state)
            elif need == jobs_advance.NEEDS_NUMBERS:
                raise ValueError("a policy must not return nan")
            else:
                self._draw(int(self._state.counts[LACK]))

    def _settle(self) -> None:
        """Complete what completes now, then let new rates apply, before anything else changes."""
        self._complete()
        self._tabulate()

    def _complete(self) -> None:
        """Complete what completes now: completions go before changes of capacity."""
        if self._closed:
            raise RuntimeError("the engine is closed")
        if self._state.real[NOW] > self.env.now:
            raise RuntimeError(
                f"jobs are at {self._state.real[NOW]} s, the world at {self.env.now} s"
            )
        self._carry(compiled.settle, self._now_s)

    def _ask(self) -> None:
        """Let the planner's policy say who goes first, and where."""
        if self._desk is None or self._desk.st is not self._state:
            assert self.policy.decide is not None  # only then the compiled part asks
            self._desk = Desk(
                self.policy.decide, self._state, self._tables.rate, self._tables.liking
            )
        self._desk.ask()

    def _choose_pools(self) -> None:
        """Ask for aims by the mix of classes."""
        assert self.policy.pools is not None  # only then the compiled part asks
        rate, factor = self._tables.rate, self._tables.factor
        self.asked.note(set_aims(self._state, self.policy.pools, rate, factor))

    def _ask_network(self) -> None:
        """Let runs over several racks go as fast as what they share allows."""
        if self._linked is not None:
            self._follow(self._linked)
            return
        if self._follower is not None:
            changes = self._changes.since(self._state, self.table)
            runs, fraction = self._follower.follow(*changes)
        else:
            assert callable(self._network)  # only then the compiled part asks
            view = view_of_runs(self._state, self.table)
            runs, fraction = view.run, fractions_of(self._network, view)
        if self._state.counts[COOL] and self._follower is not None:
            for pool, heat in self._follower.heat():
                self._warm(pool, heat)
        self._make_rows(len(runs))
        compiled.share_network(self._state, runs, fraction, float(self._state.real[NOW]))

    def _follow(self, network: Linked) -> None:
        """Have the network that is compiled rate runs now, when it has room for them."""
        need = jobs_advance.NEEDS_NETWORK
        while need != jobs_advance.REACHED:
            network.make_room(len(self._state.run))
            self._make_rows(int(self._state.counts[N_RUNS]))
            now_s = float(self._state.real[NOW])
            need = compiled.follow_runs(self._state, network.links, now_s)

    def _warm(self, pool: int, heat: Floats) -> None:
        """Tell placement how full the trunks of a pool's pods are."""
        first = int(self._state.pool[pool]["heat_at"])
        millionths = np.clip(np.rint(1e6 * heat), 0, BOILING - 1)
        self._state.tree[pool, first : first + heat.size] = millionths

    def _draw(self, pool: int) -> None:
        rng = self._faults[pool]
        # Twice as many as last time, so that a pool of many faults comes back seldom.
        drawn = int(self._state.pool[pool]["drawn"])
        blocks = min(max(2 * drawn // DRAWS, 1), _MOST_BLOCKS)
        fresh = np.zeros((blocks, DRAWS, 4))
        for block in fresh:
            block[:, 0] = rng.exponential(size=DRAWS)
            block[:, 1] = rng.random(DRAWS)
            block[:, 2] = rng.exponential(size=DRAWS)
        self._state = jobs_memory.with_draws(self._state, pool, fresh.reshape(-1, 4))
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
        """Work out what placement reads, if the world said anything new of its pools."""
        if not self._tables_stale:
            return
        self._tables_stale = False
        self._desk = None
        self._state.counts[N_SEEN] = -1
        self._tables.write(self._state)
        compiled.look_again(self._state, self._now_s)
        self._state.counts[MIX_CHANGED] = 1
        self._make_rows(int(self._state.counts[N_RUNS]))
        for pool in self._rerated:
            compiled.rerate(self._state, pool, self._now_s)
        self._rerated.clear()

    def _chips_up(self) -> int:
        return int(np.sum(self._state.pool["up"] * self._state.pool["chips_per_host"]))
