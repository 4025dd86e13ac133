"""A slow, obvious twin of the job engine: a SimPy process for every job.

It keeps plain lists, decides at every pass from nothing (:mod:`tests.world.twin_passes`),
and knows nothing of heaps, types or masks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from heapq import heappush
from math import ceil, floor, inf
from typing import Any

import numpy as np
import simpy

from tests.world.twin_passes import Passes, Plan
from tests.world.twin_tree import POD, Tree, luck_of, pick

# What goes first at one time; the world's own events are at 1. All that start at a moment are
# at work before any of them completes, so that those of no length complete in order of job.
CALL, COMPLETION, REMINDER = 0.25, 0.5, 0.75
REPAIR, FAULT, ARRIVAL, PASS, PATIENCE, PASS_AGAIN, NETWORK = 2, 3, 4, 5, 6, 7, 8
CHUNK = 256
#: What a fault hit, if it was a host that was to be drained.
DRAINED = "drained"


@dataclass
class Unit:
    pool: int
    hosts: int
    free: int | None
    jobs: list[int] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    level: int = -1
    #: Hosts that are held when it ends.
    drain: int = 0

    @property
    def gives(self) -> int:
        return self.hosts - self.drain

    @property
    def racks(self) -> int:
        return len(self.in_racks())

    def in_racks(self) -> list[tuple[int, int]]:
        racks = {cell.rack: 0 for cell, _ in self.parts}
        for cell, hosts in self.parts:
            racks[cell.rack] += hosts
        return list(racks.items())


@dataclass
class Pool:
    name: str
    per_host: int
    factor: np.ndarray
    mtbf: float
    repair: float
    crews: float
    rate: np.ndarray | None = None
    liking: np.ndarray | None = None
    tree: Tree | None = None
    spread: np.ndarray | None = None
    chip_w: float = 0.0
    free: int = 0
    up: int = 0
    down: int = 0
    held: int = 0
    draining: int = 0
    in_repair: list[Any] = field(default_factory=list)
    levels: dict[int, list[int]] = field(default_factory=dict)
    rng: np.random.Generator | None = None
    verb_rng: np.random.Generator | None = None
    draws: list[list[float]] = field(default_factory=list)
    #: By fault: the cell it hit; None: the host has left since.
    hit: list[Any] = field(default_factory=list)
    faults: int = 0
    repairs: int = 0
    hazard: float = 0.0
    since: float = 0.0
    alarm: int = 0
    down_s: float = 0.0


@dataclass
class Run:
    job: int
    unit: int
    pool: int
    chips: int
    started: float
    begin: float
    pay: float
    slow: float
    useful: float
    left: float
    saved: float
    level: int = -1
    racks: int = 0
    fraction: float = 1.0
    expect: float = inf
    #: The same at its speed alone, whatever the network leaves it.
    alone: float = inf
    due: float = inf
    rows: list[dict[str, float]] = field(default_factory=list)

    @property
    def finish(self) -> float:
        if self.left <= 0:
            return self.begin + self.pay
        return (self.begin + self.pay) + self.left * self.slow


class Twin(Passes):
    def __init__(
        self,
        env: simpy.Environment,
        table: Any,
        policy: Any,
        rng_faults: Callable[[str], np.random.Generator],
        network: Callable[[Any], Any] | None = None,
    ) -> None:
        self.env, self.table, self.policy, self.rng_faults = env, table, policy, rng_faults
        self.network, self.mixed = network, False
        n = len(table)
        self.seed = int(rng_faults("placement").integers(2**62))
        self.spread, self.racks = np.full(n, -1), np.zeros(n, int)
        self.pools: list[Pool] = []
        self.units: dict[int, Unit] = {}
        self.free_ids: list[int] = []
        self.ids = 0
        self.queue: list[int] = []
        self.runs: dict[int, Run] = {}
        self.left = table.work_s.copy()
        self.lost = np.zeros(n)
        self.start_s, self.finish_s = np.full(n, np.nan), np.full(n, np.nan)
        self.last_pool, self.restarts = np.full(n, -1), np.zeros(n, int)
        self.gave_up = np.zeros(n, bool)
        classes = int(table.job_class.max()) + 1
        self.attained, self.level = np.zeros(n), np.zeros(n, int)
        self.done, self.mean = np.zeros(classes, int), np.zeros(classes)
        self.mix, self.chips_band = [0] * classes, [(0.0, inf)] * classes
        self.hosts_band: list[tuple[float, float]] = []
        self.aims: Any = None
        self.mix_changed, self.times_asked = True, 0
        self.segments: list[dict[str, float]] = []
        self.woken, self.last_round = False, -inf
        #: Reservations of conservative backfill, and whether something unforeseen happened.
        self.plans: list[Plan] = []
        self.upset = True
        self.at_work: set[int] = set()
        self.called = [env.event() for _ in range(n)]
        self.life = [env.process(self._live(j)) for j in range(n)]

    # Time.

    def _at(self, t: float, what: float) -> simpy.Event:
        return self._trigger(simpy.Event(self.env), t, what)

    def _trigger(self, event: simpy.Event, t: float, what: float) -> simpy.Event:
        event._ok, event._value = True, None
        heappush(self.env._queue, (t, what, next(self.env._eid), event))
        return event

    def _call(self, t: float, what: float, function: Callable[[], None]) -> None:
        self._at(t, what).callbacks.append(lambda _: function())

    def _wake(self, what: float = PASS, *, foreseen: bool = False) -> None:
        self.upset |= not foreseen
        if self.woken:
            return
        self.woken = True
        if self.policy.round_s > 0:
            at = self._round_from(self.env.now)
            while at <= self.last_round or (what == PASS_AGAIN and at <= self.env.now):
                at = self._round_after(at)
            self._call(at, PASS, self._schedule)
        else:
            self._call(self.env.now, what, self._schedule)

    def _round_from(self, t: float) -> float:
        """The first multiple of the round, not before a time."""
        at = ceil(t / self.policy.round_s) * self.policy.round_s
        return at if at >= t else at + self.policy.round_s

    def _round_after(self, t: float) -> float:
        at = (floor(t / self.policy.round_s) + 1) * self.policy.round_s
        return at if at > t else at + self.policy.round_s

    # A job's life.

    def _live(self, j: int) -> Generator[Any, Any, None]:
        yield self._at(self.table.submit_s[j], ARRIVAL)
        self.queue.append(j)
        self._count_in_mix(j, 1)
        self._wake(foreseen=True)
        if self.table.patience_s[j] < inf:
            deadline = self.table.submit_s[j] + self.table.patience_s[j]
            self._call(deadline, PATIENCE, lambda: self._lose_patience(j))
        while True:
            yield self.called[j]
            self.called[j] = self.env.event()
            # Killed at the moment it started.
            if j not in self.runs:
                continue
            self.at_work.add(j)
            finished = False
            while True:
                finish = self.runs[j].finish
                try:
                    yield self._at(finish, COMPLETION + j / 1e6)
                    finished = True
                    break
                except simpy.Interrupt as why:
                    if why.cause == "killed":
                        break
            if finished:
                self._finish(j)
                return

    def _lose_patience(self, j: int) -> None:
        if j in self.queue and np.isnan(self.start_s[j]):
            self.queue.remove(j)
            self._count_in_mix(j, -1)
            self.gave_up[j] = True
            self._wake(PASS_AGAIN)

    def _start(self, j: int, p: int) -> None:
        self.queue.remove(j)
        pool, hosts, need = self.pools[p], self._hosts(j, p), self._need(j, p)
        pay = 0.0
        luck = self._luck(j)
        if np.isnan(self.start_s[j]):
            self.start_s[j] = self.env.now
        else:
            pay = self.table.restart_s[j]
            self.restarts[j] += 1
        self.last_pool[j] = p
        if hosts:
            unit = self._new_unit(p, hosts, None, luck)
        else:
            unit = self._host_for(p, need, luck)
            if unit is None:
                unit = self._new_unit(p, 1, pool.per_host, luck)
            else:
                pool.levels[self.units[unit].free].remove(unit)
            self.units[unit].free -= need
            pool.levels.setdefault(self.units[unit].free, []).append(unit)
        self.units[unit].jobs.append(j)
        level, racks = self.units[unit].level, self.units[unit].racks
        self.spread[j], self.racks[j] = level, racks
        self.runs[j] = Run(
            j,
            unit,
            p,
            hosts * pool.per_host if hosts else need,
            self.env.now,
            self.env.now,
            pay,
            self._slow(j, p, level),
            0.0,
            self.left[j],
            self.left[j],
            level,
            racks,
        )
        if level >= POD:
            self._mix()
        self._look_ahead(j)
        if not self.called[j].triggered:
            self._trigger(self.called[j], self.env.now, CALL)

    def _look_ahead(self, j: int) -> None:
        """Say when a run is thought to end, and what comes before it does."""
        run, guess = self.runs[j], self._guess_of_run(j)
        run.expect = run.begin + run.pay
        if guess > 0:
            run.expect = (run.begin + run.pay) + guess * run.slow
        run.alone = run.begin + run.pay
        if guess > 0:
            run.alone = (run.begin + run.pay) + guess * self._slow(j, run.pool, run.level)
        self._set_reminder(j)

    def _guess_of_run(self, j: int) -> float:
        return max(self.runs[j].left + self._error(j), 0.0)

    def _set_reminder(self, j: int) -> None:
        run = self.runs[j]
        run.due = inf
        if self.policy.discipline == "las":
            steps = [*self.policy.thresholds_chip_s, inf]
            span = steps[self.level[j]] / self.table.chips[j] - self.attained[j]
            run.due = max(run.started + span, self.env.now)
        elif self.policy.discipline in ("easy", "conservative"):
            run.due = max(run.expect, self.env.now)
        if run.due < run.finish:
            due = run.due
            self._call(due, REMINDER, lambda: self._remind(j, run, due))

    def _remind(self, j: int, run: Run, due: float) -> None:
        if self.runs.get(j) is not run or run.due != due:
            return
        if self.policy.discipline == "las":
            self.level[j] += 1
        else:
            run.expect = due + max(due - run.started, 1.0)
        self._set_reminder(j)
        self._wake()

    def _finish(self, j: int) -> None:
        run = self.runs[j]
        self._row(run, run.left)
        c = self.table.job_class[j]
        self.done[c] += 1
        self.mean[c] += (self.table.work_s[j] - self.mean[c]) / self.done[c]
        self._count_in_mix(j, -1)
        self.left[j] = 0.0
        self.finish_s[j] = self.env.now
        learnt = self.policy.run_time == "class_mean"
        self._free(j, foreseen=run.expect <= self.env.now and not learnt)

    def _kill(self, j: int, *, warned: bool = False) -> None:
        run = self.runs[j]
        useful = self._useful(run)
        left = max(run.left - useful / run.slow, 0.0)
        saved = left if warned else self._saved(run, useful)
        self._row(run, run.left - left)
        lost = (saved - left) * self.table.chips[j]
        for row in reversed(run.rows):
            part = min(lost, row["productive_rce_s"])
            row["productive_rce_s"] -= part
            row["lost_rce_s"] += part
            lost -= part
        self.left[j] = saved
        self.attained[j] += self.env.now - run.started
        self.lost[j] += saved - left
        self._free(j)
        self.queue.append(j)
        if j in self.at_work:
            self.at_work.remove(j)
            self.life[j].interrupt("killed")

    def _split(self, j: int, fraction: float) -> bool:
        run, now = self.runs[j], self.env.now
        alone = self._slow(j, run.pool, run.level)
        slow = alone / fraction if fraction > 0 else inf
        if slow == run.slow and fraction == run.fraction:
            return False
        if now > run.begin:
            useful = self._useful(run)
            left = max(run.left - useful / run.slow, 0.0)
            run.saved = self._saved(run, useful)
            paid = min(now - run.begin, run.pay)
            self._row(run, run.left - left)
            run.useful += useful
            run.left, run.begin, run.pay = left, now, run.pay - paid
        run.slow, run.fraction = slow, fraction
        self._look_ahead(j)
        self.life[j].interrupt("rate")
        return True

    def _useful(self, run: Run) -> float:
        return 0.0 if run.slow == inf else max(self.env.now - run.begin - run.pay, 0.0)

    def _saved(self, run: Run, useful: float) -> float:
        every, total = self.table.checkpoint_s[run.job], run.useful + useful
        if every == inf:
            return run.saved
        kept = min(floor(total / every + 1e-9) * every, total) if every > 0 else total
        if kept <= run.useful:
            return run.saved
        return max(run.left - (kept - run.useful) / run.slow, 0.0)

    def _row(self, run: Run, done: float) -> None:
        row = {
            "job": run.job,
            "pool": run.pool,
            "start_s": run.begin,
            "end_s": self.env.now,
            "chips": run.chips,
            "productive_rce_s": done * self.table.chips[run.job],
            "lost_rce_s": 0.0,
            "restart_s": min(self.env.now - run.begin, run.pay),
            "fraction": run.fraction,
            "spread": run.level,
            "racks": run.racks,
            "unit": run.unit,
        }
        run.rows.append(row)
        self.segments.append(row)

    def _free(self, j: int, *, foreseen: bool = False) -> None:
        run = self.runs.pop(j)
        unit, pool = self.units[run.unit], self.pools[run.pool]
        unit.jobs.remove(j)
        if unit.free is not None:
            if not unit.drain:
                pool.levels[unit.free].remove(run.unit)
            unit.free += run.chips
            if unit.jobs and not unit.drain:
                pool.levels.setdefault(unit.free, []).append(run.unit)
        if unit.level >= POD:
            self._mix()
        if not unit.jobs:
            if unit.drain:
                self._hold_drained(run.pool, unit)
            pool.free += unit.hosts
            for cell, n in unit.parts:
                cell.free += n
            del self.units[run.unit]
            self.free_ids.append(run.unit)
        self._wake(foreseen=foreseen)

    # Maintenance.

    def _hold_drained(self, p: int, unit: Unit) -> None:
        self._account(p)
        pool, left = self.pools[p], unit.drain
        # The part taken last comes first.
        for i in reversed(range(len(unit.parts))):
            cell, n = unit.parts[i]
            out = min(n, left, cell.drain)
            unit.parts[i] = (cell, n - out)
            left -= out
            cell.drain -= out
            cell.up -= out
            cell.held += out
        self._hold(pool, unit.drain)
        pool.draining -= unit.drain
        unit.hosts -= unit.drain
        unit.drain = 0
        self._forecast(p)

    def _hold(self, pool: Pool, hosts: int) -> None:
        pool.up -= hosts
        pool.down += hosts
        pool.held += hosts

    def _mark(self, pool: Pool, number: int, hosts: int) -> None:
        unit = self.units[number]
        shared = unit.free is not None
        if hosts and shared and not unit.drain:
            pool.levels[unit.free].remove(number)
        unit.drain += hosts
        pool.draining += hosts
        if hosts and shared and not unit.drain:
            pool.levels.setdefault(unit.free, []).append(number)

    def _units_of(self, p: int) -> list[int]:
        return sorted(u for u, unit in self.units.items() if unit.pool == p)

    def drain_hosts(self, p: int, hosts: int) -> None:
        self._account(p)
        pool = self.pools[p]
        idle = min(hosts, pool.free)
        self._hold(pool, idle)
        pool.free -= idle
        left = hosts - idle
        for u in self._units_of(p):
            part = min(left, self.units[u].gives)
            self._mark(pool, u, part)
            left -= part
        self._forecast(p)
        self._wake()

    def drain_rack(self, p: int, rack: int) -> None:
        self._account(p)
        pool = self.pools[p]
        for cell in pool.tree.in_rack(rack):
            self._hold(pool, cell.free)
            pool.free -= cell.free
            cell.up -= cell.free
            cell.held += cell.free
            cell.free = 0
        for u in self._units_of(p):
            hosts = 0
            for cell, n in self.units[u].parts:
                if cell.rack == rack:
                    cell.drain += n
                    hosts += n
            self._mark(pool, u, hosts)
        self._forecast(p)
        self._wake()

    def clear_drained(self, p: int) -> None:
        for u in self._units_of(p):
            if u in self.units and self.units[u].drain:
                self._empty_politely(self.units[u])

    def return_hosts(self, p: int, hosts: int) -> None:
        self._account(p)
        pool = self.pools[p]
        for u in self._units_of(p):
            back = min(hosts, self.units[u].drain)
            self._mark(pool, u, -back)
            hosts -= back
        hosts = min(hosts, pool.held)
        self._hold(pool, -hosts)
        pool.free += hosts
        self._forecast(p)
        self._wake()

    def return_rack(self, p: int, rack: int) -> None:
        self._account(p)
        pool = self.pools[p]
        for u in self._units_of(p):
            unit, hosts = self.units[u], 0
            if not unit.drain:
                continue
            for cell, n in reversed(unit.parts):
                if cell.rack == rack:
                    back = min(n, cell.drain)
                    cell.drain -= back
                    hosts += back
            self._mark(pool, u, -min(hosts, unit.drain))
        for cell in pool.tree.in_rack(rack):
            self._hold(pool, -cell.held)
            pool.free += cell.held
            cell.free += cell.held
            cell.up += cell.held
            cell.held = 0
        self._forecast(p)
        self._wake()

    # Where a job fits.

    def _need(self, j: int, p: int) -> int:
        factor = self.pools[p].factor[self.table.job_class[j]]
        return max(ceil(self.table.chips[j] * factor - 1e-9), 1)

    def _hosts(self, j: int, p: int) -> int:
        need, per_host = self._need(j, p), self.pools[p].per_host
        return ceil(need / per_host) if need >= per_host else 0

    def _slow(self, j: int, p: int) -> float:
        speed = self._need(j, p) * self.pools[p].rate[self.table.job_class[j]]
        return self.table.chips[j] / speed if speed > 0 else inf

    def _fullest(self, p: int, need: int) -> int | None:
        for free in range(need, self.pools[p].per_host):
            if self.pools[p].levels.get(free):
                return self.pools[p].levels[free][-1]
        return None

    def _host_for(self, p: int, need: int, luck: float) -> int | None:
        pool, how = self.pools[p], self.policy.placement
        # Cool pods matter to gangs over several pods alone.
        if how in ("best_fit", "cool_pod"):
            return self._fullest(p, need)
        able = [
            unit
            for free in range(need, pool.per_host)
            for unit in reversed(pool.levels.get(free, []))
        ]
        if how == "random":
            return pick(luck, able + [None] * pool.free)
        if pool.free:
            return None
        return next(unit for unit in able if self.units[unit].free == self.units[able[-1]].free)

    def _luck(self, j: int) -> float:
        starts = 0 if np.isnan(self.start_s[j]) else self.restarts[j] + 1
        return luck_of(self.seed, j, int(starts))

    def _slow(self, j: int, p: int, level: int) -> float:
        pool, c = self.pools[p], self.table.job_class[j]
        speed = self._need(j, p) * (pool.rate[c] * pool.spread[c, max(level, 0)])
        return self.table.chips[j] / speed if speed > 0 else inf

    def _slow_here(self, j: int, p: int) -> float:
        tree = self.pools[p].tree
        return self._slow(j, p, tree.level(max(self._hosts(j, p), 1)) if tree else 0)

    def _fits(self, j: int, p: int) -> bool:
        hosts = self._hosts(j, p)
        if hosts:
            return self.pools[p].free >= hosts
        return self.pools[p].free > 0 or self._fullest(p, self._need(j, p)) is not None

    def _pools_of(self, j: int) -> list[int]:
        c = self.table.job_class[j]
        able = [p for p, pool in enumerate(self.pools) if pool.rate[c] > 0]

        def liking(p: int) -> float:
            if self.policy.pools is not None:
                return self._lack(j, p)
            own = self.pools[p].liking
            return self.pools[p].rate[c] if own is None else own[c]

        return sorted(able, key=lambda p: -liking(p))

    def _new_unit(self, p: int, hosts: int, free: int | None, luck: float) -> int:
        if self.free_ids:
            unit = self.free_ids.pop()
        else:
            unit = self.ids
            self.ids += 1
        self.units[unit] = made = Unit(p, hosts, free)
        made.level = 0 if hosts == 1 else -1
        tree = self.pools[p].tree
        if tree:
            made.level = tree.level(hosts)
            made.parts = tree.take(hosts, luck)
        self.pools[p].free -= hosts
        return unit

    # Verbs of the world.

    def add_pool(
        self,
        name: str,
        chips_per_host: int,
        rate: Any,
        size_factor: Any = 1.0,
        preference: Any = None,
        *,
        layout: Any = None,
        spread_rate: Any = 1.0,
        chip_w: float = 0.0,
        host_mtbf_s: float = inf,
        host_repair_s: float = 0.0,
        repair_crews: int | None = None,
    ) -> int:
        rate = np.array(rate, float)
        factor = np.broadcast_to(np.asarray(size_factor, float), rate.shape)
        crews = inf if repair_crews is None else repair_crews
        pool = Pool(name, chips_per_host, factor, inf, host_repair_s, crews, rate)
        pool.liking = None if preference is None else np.array(preference, float)
        pool.tree = None if layout is None else Tree(layout, self.policy.placement)
        pool.spread = np.broadcast_to(np.asarray(spread_rate, float), (len(rate), 5))
        pool.since, pool.chip_w = self.env.now, chip_w
        self.pools.append(pool)
        self.set_fault_rate(len(self.pools) - 1, host_mtbf_s)
        return len(self.pools) - 1

    def add_hosts(self, p: int, hosts: int, rack: int | None = None) -> None:
        self._account(p)
        pool = self.pools[p]
        if pool.tree:
            pool.tree.enter(hosts, rack)
        pool.up += hosts
        pool.free += hosts
        self._forecast(p)
        self._wake()

    def remove_hosts(self, p: int, hosts: int, rack: int | None = None) -> None:
        self._account(p)
        for _ in range(hosts):
            while not self._remove_one(self.pools[p], rack):
                units = [u for u, unit in self.units.items() if unit.pool == p]
                if rack is not None:
                    units = [
                        u for u in units if any(c.rack == rack for c, _ in self.units[u].parts)
                    ]
                self._empty(
                    max(
                        units,
                        key=lambda u: max((self.runs[j].started, j) for j in self.units[u].jobs),
                    )
                )
        self._repair_more(p)
        self._forecast(p)
        self._wake()

    def _remove_one(self, pool: Pool, rack: int | None) -> bool:
        """Remove an idle host, else a broken one."""
        if not pool.tree:
            if pool.free > 0:
                pool.free -= 1
                pool.up -= 1
                return True
            if pool.down > 0:
                self._retire_broken(pool)
                return True
            return False
        idle = pool.tree.highest(lambda c: c.free > 0, rack)
        if idle:
            self._take_idle(pool, idle)
            idle.there -= 1
            return True
        broken = pool.tree.highest(lambda c: c.there > c.up, rack)
        if broken:
            self._retire_broken_of(pool, broken)
            return True
        return False

    def _take_idle(self, pool: Pool, cell: Any) -> None:
        pool.free -= 1
        pool.up -= 1
        if cell:
            cell.free -= 1
            cell.up -= 1

    def _retire_broken_of(self, pool: Pool, cell: Any) -> None:
        pool.down -= 1
        cell.there -= 1
        for k in range(pool.faults - 1, pool.repairs - 1, -1):
            if pool.hit[k] is cell:
                pool.hit[k] = None
                return
        if cell.held:
            cell.held -= 1
            pool.held -= 1
            return
        pool.in_repair.remove(max(t for t in pool.in_repair if pool.hit[t[1]] is cell))

    def _retire_broken(self, pool: Pool) -> None:
        pool.down -= 1
        waiting = pool.down + 1 - pool.held - len(pool.in_repair)
        if waiting > 0:
            return
        if pool.in_repair:
            pool.in_repair.remove(max(pool.in_repair))
        else:
            pool.held -= 1

    # The network.

    def _mix(self) -> None:
        if self.network and not self.mixed:
            self.mixed = True
            self._call(self.env.now, NETWORK, self._ask_network)

    def _ask_network(self) -> None:
        self.mixed = False
        runs = [self.runs[j] for j in self.jobs_over_racks()]
        changed = [
            self._split(run.job, float(f))
            for run, f in zip(runs, self.network(runs, self), strict=True)
        ]
        if any(changed):
            # In rounds, after the pass of this moment.
            self._wake(PASS_AGAIN if self.policy.round_s > 0 else PASS)

    def network_changed(self) -> None:
        self._mix()

    def jobs_over_racks(self) -> list[int]:
        return [j for j in sorted(self.runs) if self.runs[j].level >= POD]

    def stop_runs(self, jobs: list[int]) -> None:
        for j in jobs:
            self._kill(j)

    def hosts(self, p: int) -> tuple[int, int]:
        return self.pools[p].up, self.pools[p].down

    def hosts_of_racks(self, p: int) -> np.ndarray:
        tree = self.pools[p].tree
        return np.array([sum(c.there for c in tree.in_rack(r)) for r in range(tree.racks)], int)

    def hosts_held(self, p: int) -> int:
        return self.pools[p].held

    def hosts_draining(self, p: int) -> int:
        return self.pools[p].draining

    def set_rates(self, p: int, rate: Any) -> None:
        pool = self.pools[p]
        if np.array_equal(pool.rate, rate):
            return
        pool.rate = np.array(rate, float)
        for j in sorted(self.runs):
            if self.runs[j].pool == p:
                self._split(j, self.runs[j].fraction)
        self.mix_changed = True
        self._wake()

    def set_preference(self, p: int, preference: Any) -> None:
        self.pools[p].liking = np.array(preference, float)
        self.mix_changed = True
        self._wake()

    def set_fault_rate(self, p: int, host_mtbf_s: float) -> None:
        pool = self.pools[p]
        self._account(p)
        if host_mtbf_s < inf and pool.rng is None:
            pool.rng = self.rng_faults(pool.name)
            pool.hazard = self._draw(pool, 0, 0)
        pool.mtbf = host_mtbf_s
        self._forecast(p)

    def fail_host(self, p: int) -> None:
        pool = self.pools[p]
        pool.verb_rng = pool.verb_rng or self.rng_faults(f"{pool.name}/verb")
        cell = self._break(p, pool.verb_rng.random())
        if cell is DRAINED:
            return
        pool.held += 1
        if cell:
            cell.held += 1

    def repair_host(self, p: int) -> None:
        self._account(p)
        pool = self.pools[p]
        pool.held -= 1
        cell = pool.tree.lowest(lambda c: c.held > 0) if pool.tree else None
        if cell:
            cell.held -= 1
        self._return_host(p, cell)

    # Faults.

    def _draw(self, pool: Pool, row: int, column: int) -> float:
        while len(pool.draws) <= row:
            rng = pool.rng
            columns = [rng.exponential(size=CHUNK), rng.random(CHUNK), rng.exponential(size=CHUNK)]
            pool.draws += np.stack(columns, axis=1).tolist()
        return pool.draws[row][column]

    def _account(self, p: int) -> None:
        pool = self.pools[p]
        span = self.env.now - pool.since
        pool.hazard -= span * pool.up / pool.mtbf
        pool.down_s += span * pool.down
        pool.since = self.env.now

    def _forecast(self, p: int) -> None:
        pool = self.pools[p]
        self._look_at_hosts(p)
        pool.alarm += 1
        alarm = pool.alarm
        if pool.up > 0 and pool.mtbf < inf:
            t = pool.since + max(pool.hazard, 0.0) * pool.mtbf / pool.up
            self._call(t, FAULT, lambda: self._fault(p) if pool.alarm == alarm else None)

    def _fault(self, p: int) -> None:
        pool = self.pools[p]
        pool.hit.append(self._break(p, self._draw(pool, pool.faults, 1)))
        pool.faults += 1
        pool.hazard = self._draw(pool, pool.faults, 0)
        self._forecast(p)
        self._repair_more(p)

    def _break(self, p: int, uniform: float) -> Any:
        self._account(p)
        pool = self.pools[p]
        host = min(int(uniform * pool.up), pool.up - 1)
        cell = None
        for u in sorted(u for u, unit in self.units.items() if unit.pool == p):
            if host < self.units[u].hosts:
                # The part taken last comes first.
                hosts = [c for c, n in reversed(self.units[u].parts) for _ in range(n)]
                cell = hosts[host] if hosts else None
                unit = self.units[u]
                drained = unit.drain and cell.drain if cell else host < unit.drain
                self._empty(u)
                if drained:
                    return DRAINED
                break
            host -= self.units[u].hosts
        else:
            cell = pool.tree.idle_cell(host) if pool.tree else None
        self._take_idle(pool, cell)
        pool.down += 1
        self._forecast(p)
        self._wake()
        return cell

    def _empty(self, u: int) -> None:
        for j in reversed(list(self.units[u].jobs)):
            self._kill(j)

    def _repair_more(self, p: int) -> None:
        pool = self.pools[p]
        while len(pool.in_repair) < min(pool.crews, pool.down - pool.held):
            while pool.hit[pool.repairs] is DRAINED or (
                pool.tree and pool.hit[pool.repairs] is None
            ):
                pool.repairs += 1
            t = self.env.now + self._draw(pool, pool.repairs, 2) * pool.repair
            ticket = (t, pool.repairs)
            pool.repairs += 1
            pool.in_repair.append(ticket)
            self._call(t, REPAIR, lambda ticket=ticket: self._end_repair(p, ticket))

    def _end_repair(self, p: int, ticket: tuple[float, int]) -> None:
        pool = self.pools[p]
        if ticket in pool.in_repair:
            self._account(p)
            pool.in_repair.remove(ticket)
            self._return_host(p, pool.hit[ticket[1]])
            self._repair_more(p)

    def _return_host(self, p: int, cell: Any) -> None:
        pool = self.pools[p]
        if cell:
            cell.free += 1
            cell.up += 1
        pool.down -= 1
        pool.up += 1
        pool.free += 1
        self._forecast(p)
        self._wake()

    def close(self) -> None:
        for j in sorted(self.runs):
            run = self.runs[j]
            useful = self._useful(run)
            left = max(run.left - useful / run.slow, 0.0)
            if self.env.now > run.begin:
                self._row(run, run.left - left)
            self.left[j] = left
        for p in range(len(self.pools)):
            self._account(p)
