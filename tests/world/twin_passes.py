"""Who goes next, the slow and obvious way: every pass starts from nothing.

The other half of the twin (:mod:`tests.world.twin`): it sorts the whole queue,
works out every reservation afresh, and recounts who holds what.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from types import SimpleNamespace

import numpy as np

from simulator.world.scheduler_pools import Aims, MixView

#: Columns of the table that a planner's policy sees.
SEEN = ("chips", "job_class", "service", "priority", "submit_s")


@dataclass
class Hold:
    at: float
    spare: int


@dataclass
class Plan:
    job: int
    pool: int
    at: float
    end: float
    hosts: int


class Passes:
    """What the twin decides; it acts by ``_start``, ``_kill`` and the like."""

    def _schedule(self) -> None:
        self.woken = False
        self.last_round = self.env.now
        if self.policy.pools is not None and self.mix_changed and self.queue:
            self._set_aims()
        order = sorted(self.queue, key=self._key)
        if self.policy.discipline == "easy":
            self._easy(order)
        elif self.policy.discipline == "conservative":
            self._conservative()
        elif self.policy.discipline == "asked":
            self._as_asked()
        elif self.policy.discipline in ("fair_share", "drf"):
            while self._start_most_due() or self._reclaim_for_one():
                pass
        else:
            self._one_by_one(order)

    def _one_by_one(self, order: list[int]) -> None:
        blocked: set[int] = set()
        for j in order:
            pools = self._pools_of(j)
            p = next((p for p in pools if p not in blocked and self._fits(j, p)), None)
            if p is not None:
                self._start(j, p)
                continue
            if self.policy.preemption == "checkpoint":
                p = next((p for p in pools if p not in blocked and self._make_room(j, p)), None)
            if p is not None:
                # Those that gave way wait again, so the queue is another.
                self._start(j, p)
                return self._one_by_one(sorted(self.queue, key=self._key))
            if not self.policy.discipline.endswith("first_fit"):
                blocked |= set(pools)

    # A planner's own policy.

    def _as_asked(self) -> None:
        jobs, pools = sorted(self.queue), range(len(self.pools))
        if not any(self._fits(j, p) for j in jobs for p in self._pools_of(j)):
            return
        asked = {name: getattr(self.table, name)[jobs] for name in SEEN}
        view = SimpleNamespace(
            **asked,
            now_s=self.env.now,
            job=np.array(jobs),
            left_s=np.array([self._guess(j) for j in jobs]),
            wall_s=np.array([[self._wall(j, p) for p in pools] for j in jobs]),
            need=np.array([[self._need(j, p) for p in pools] for j in jobs]),
            free_hosts=np.array([pool.free for pool in self.pools]),
            up_hosts=np.array([pool.up for pool in self.pools]),
            chips_per_host=np.array([pool.per_host for pool in self.pools]),
        )
        first, liking = self.policy.decide(view)
        blocked: set[int] = set()
        for i in sorted(range(len(jobs)), key=lambda i: (-first[i], i)):
            liked = [p for p in self._pools_of(jobs[i]) if liking[i][p] > -inf]
            liked.sort(key=lambda p: (-liking[i][p], p))
            open_to_it = [p for p in liked if p not in blocked and self._fits(jobs[i], p)]
            if open_to_it:
                self._start(jobs[i], open_to_it[0])
            elif self.policy.blocking:
                blocked |= set(liked)

    def _wall(self, j: int, p: int) -> float:
        slow = self._slow(j, p, 0)
        return self._guess(j) * slow if slow < inf else inf

    # What is known of a job.

    def _key(self, j: int) -> tuple[float, int]:
        kind = self.policy.discipline
        if kind.startswith("sjf") and self.policy.run_time == "class_mean":
            return (self.mean[self.table.job_class[j]], j)
        if kind.startswith("sjf"):
            return (self._guess(j), j)
        if kind in ("priority", "priority_first_fit", "easy"):
            aged = -self.table.priority[j] + self.policy.ageing_per_s * self.table.submit_s[j]
            return (aged, j)
        if kind == "las":
            return (self.level[j] + self.policy.ageing_per_s * self.table.submit_s[j], j)
        return (0.0, j)

    def _error(self, j: int) -> float:
        taken_for = self.table.estimate_s[j]
        if self.policy.run_time == "class_mean":
            taken_for = self.mean[self.table.job_class[j]]
        return taken_for - self.table.work_s[j]

    def _guess(self, j: int) -> float:
        return max(self.left[j] + self._error(j), 0.0)

    def _end(self, j: int, p: int, at: float) -> float:
        """When a job is thought to end if it starts at a time, within one host."""
        return self._end_at(j, at, self._slow(j, p, 0))

    def _end_here(self, j: int, p: int) -> float:
        """When a job is thought to end if it starts now, where it would."""
        return self._end_at(j, self.env.now, self._slow_here(j, p))

    def _end_at(self, j: int, at: float, slow: float) -> float:
        pay = 0.0 if np.isnan(self.start_s[j]) else self.table.restart_s[j]
        guess = self._guess(j)
        return (at + pay) + (guess * slow if guess > 0 else 0.0)

    def _free_at(self, unit: int) -> float:
        """When a unit is thought to be free of runs."""
        return max(self.runs[i].expect for i in self.units[unit].jobs)

    def _chips(self, j: int, p: int) -> int:
        return self._hosts(j, p) * self.pools[p].per_host or self._need(j, p)

    # Preemption.

    def _strength(self, i: int) -> float:
        if self.policy.discipline == "sjf":
            return -self.runs[i].alone
        return -self.level[i] if self.policy.discipline == "las" else self.table.priority[i]

    def _make_room(self, j: int, p: int) -> bool:
        if self.policy.discipline == "sjf":
            own = -self._end_here(j, p)
        else:
            own = -self.level[j] if self.policy.discipline == "las" else self.table.priority[j]
        units = [
            unit
            for unit in self.units.values()
            if unit.pool == p and unit.gives > 0 and all(self._strength(i) < own for i in unit.jobs)
        ]
        units.sort(key=lambda u: (max(self._strength(i) for i in u.jobs), *self._latest(u)))
        pool, hosts = self.pools[p], self._hosts(j, p)
        if pool.free + sum(u.gives for u in units) < max(hosts, 1):
            return False
        if hosts:
            while pool.free < hosts:
                self._empty_politely(units.pop(0))
            return True
        victims = sorted(
            units[0].jobs, key=lambda i: (self._strength(i), -self.runs[i].started, -i)
        )
        while not self._fits(j, p):
            self._kill(victims.pop(0), warned=True)
        return True

    def _latest(self, unit) -> tuple[float, int]:
        started, latest = max((self.runs[i].started, i) for i in unit.jobs)
        return -started, -latest

    def _empty_politely(self, unit) -> None:
        for i in list(unit.jobs):
            self._kill(i, warned=True)

    # Shares.

    def _used(self) -> np.ndarray:
        """Chips held, shape (services, pools)."""
        used = np.zeros((len(self.policy.weights), len(self.pools)), int)
        for run in self.runs.values():
            used[self.table.service[run.job], run.pool] += run.chips
        return used

    def _load(self, service: int) -> float:
        used = self._used()[service]
        share = float(used.sum())
        if self.policy.discipline == "drf":
            chips = np.array([pool.up * pool.per_host for pool in self.pools])
            parts = [u / c for u, c in zip(used, chips, strict=True) if c > 0]
            watts = [pool.chip_w for pool in self.pools]
            drawn, total = (
                sum(n * w for n, w in zip(of, watts, strict=True)) for of in (used, chips)
            )
            share = max([*parts, drawn / total if total > 0 else 0.0, 0.0])
        return share / self.policy.weights[service]

    def _by_due(self) -> list[int]:
        load = [self._load(s) for s in range(len(self.policy.weights))]
        return sorted(self.queue, key=lambda j: (load[self.table.service[j]], j))

    def _start_most_due(self) -> bool:
        for j in self._by_due():
            service = self.table.service[j]
            used = self._used()[service].sum()
            for p in self._pools_of(j):
                within = used + self._chips(j, p) <= self.policy.quotas[service]
                if within and self._fits(j, p):
                    self._start(j, p)
                    return True
        return False

    def _reclaim_for_one(self) -> bool:
        if self.policy.preemption == "none":
            return False
        for j in self._by_due():
            for p in self._pools_of(j):
                if self._reclaim(j, p):
                    self._start(j, p)
                    return True
        return False

    def _reclaim(self, j: int, p: int) -> bool:
        weights, service = self.policy.weights, self.table.service[j]
        chips = sum(pool.up * pool.per_host for pool in self.pools)
        # Every service there is counts, also one that asks for nothing now.
        weights = weights[: int(self.table.service.max()) + 1]
        total = 0.0
        for w in weights:
            total += w
        deserved = [chips * (w / total) for w in weights]
        used = self._used().sum(axis=1)
        least = min(deserved[service], self.policy.quotas[service])
        if used[service] + self._chips(j, p) > least:
            return False
        room, given = self.pools[p].free, []
        for unit in sorted((u for u in self.units.values() if u.pool == p), key=self._latest):
            if room >= max(self._hosts(j, p), 1):
                break
            after = used.copy()
            for i in unit.jobs:
                after[self.table.service[i]] -= self.runs[i].chips
            services = {self.table.service[i] for i in unit.jobs}
            if unit.gives > 0 and all(after[s] >= deserved[s] for s in services):
                used, room = after, room + unit.gives
                given.append(unit)
        if room < max(self._hosts(j, p), 1):
            return False
        for unit in given:
            self._empty_politely(unit)
        return True

    # Backfill.

    def _easy(self, order: list[int]) -> None:
        holds: dict[int, Hold] = {}
        for j in order:
            for p in self._pools_of(j):
                spared = self._spared(j, p, holds.get(p)) if self._fits(j, p) else None
                if spared is not None:
                    if p in holds:
                        holds[p].spare -= spared
                    self._start(j, p)
                    break
            else:
                for p in self._pools_of(j):
                    hold = self._foresee(j, p) if p not in holds else None
                    if hold is not None:
                        holds[p] = hold
                        break

    def _spared(self, j: int, p: int, hold: Hold | None) -> int | None:
        if hold is None or self._end_here(j, p) <= hold.at:
            return 0
        hosts = self._hosts(j, p)
        if not hosts:
            unit = self._host_for(p, self._need(j, p), self._luck(j))
            if unit is not None and self._free_at(unit) > hold.at:
                return 0
            hosts = 1
        return hosts if hosts <= hold.spare else None

    def _foresee(self, j: int, p: int) -> Hold | None:
        """Let the units of the pool come free one by one until there is room."""
        hosts = max(self._hosts(j, p), 1)
        if hosts > self.pools[p].up:
            return None
        for t in sorted(self._free_at(u) for u, unit in self.units.items() if unit.pool == p):
            if t < inf and self._idle(p, t, []) >= hosts:
                return Hold(t, self._idle(p, t, []) - hosts)
        return None

    def _idle(self, p: int, t: float, plans: list[Plan], since: float = inf) -> int:
        """Hosts thought to be idle at a time, those set aside by then not counted.

        For a job that has its hosts since before that time, also those set aside for a moment.
        """
        back = [u.gives for n, u in self.units.items() if u.pool == p and self._free_at(n) <= t]
        held = [
            plan.hosts
            for plan in plans
            if plan.pool == p
            and (plan.at <= t < plan.end or (since < t and plan.at == t == plan.end))
        ]
        return self.pools[p].free + sum(back) - sum(held)

    def _conservative(self) -> None:
        if self.upset or not self._start_planned():
            self.plans = []
        self.upset = False
        for j in sorted(set(self.queue) - {plan.job for plan in self.plans}):
            if len(self.plans) == self.policy.backfill_depth:
                return
            pools = enumerate(self._pools_of(j))
            offers = [(self._earliest(j, p, self.plans), n, p) for n, p in pools]
            at, _, p = min(offers, default=(inf, 0, -1))
            if at <= self.env.now and self._fits(j, p):
                self._start(j, p)
            elif at < inf:
                hosts = max(self._hosts(j, p), 1)
                self.plans.append(Plan(j, p, at, self._end(j, p, at), hosts))
            else:
                self.plans.append(Plan(j, -1, inf, inf, 0))

    def _start_planned(self) -> bool:
        """Start those whose time has come, or who find a host to share; False: one cannot."""
        for plan in list(self.plans):
            others = [other for other in self.plans if other is not plan]
            p = plan.pool if plan.at <= self.env.now else self._shares_early(plan.job, others)
            if p is None:
                continue
            if not self._fits(plan.job, p):
                return False
            self.plans = others
            self._start(plan.job, p)
        return True

    def _shares_early(self, j: int, plans: list[Plan]) -> int | None:
        return next((p for p in self._pools_of(j) if self._shares(j, p, plans)), None)

    def _shares(self, j: int, p: int, plans: list[Plan]) -> bool:
        """Whether a job may share a host now, and keep it no longer than can be spared."""
        small = not self._hosts(j, p) and self._fits(j, p)
        unit = self._host_for(p, self._need(j, p), self._luck(j)) if small else None
        end = self._end(j, p, self.env.now)
        if unit is None:
            return False
        # It has the host before this is to be idle, so none is then, not even for a moment.
        return self._stays(p, 1, self._free_at(unit), end, plans, -inf)

    def _stays(
        self, p: int, least: int, first: float, end: float, plans: list[Plan], since: float
    ) -> bool:
        """Whether a job that has its hosts since some time may have so many from then to an end."""
        begins = [plan.at for plan in plans if plan.pool == p and first < plan.at < end]
        return first >= end or all(
            self._idle(p, t, plans, since) >= least for t in [first, *begins]
        )

    def _earliest(self, j: int, p: int, plans: list[Plan]) -> float:
        now, hosts = self.env.now, max(self._hosts(j, p), 1)
        if self._shares(j, p, plans):
            return now
        ends = [self._free_at(u) for u, unit in self.units.items() if unit.pool == p]
        ends += [plan.end for plan in plans if plan.pool == p]
        for t in sorted({now, *(end for end in ends if now < end < inf)}):
            end = self._end(j, p, t)
            if self._idle(p, t, plans) >= hosts and self._stays(p, hosts, t, end, plans, t):
                return t
        return inf

    # Pools by aims.

    def _set_aims(self) -> None:
        choice, pools = self.policy.pools, self.pools
        classes = range(len(self.mix))
        view = MixView(
            now_s=self.env.now,
            chips=np.array(self.mix),
            rate=np.array([[pool.rate[c] for pool in pools] for c in classes]),
            size_factor=np.array([[pool.factor[c] for pool in pools] for c in classes]),
            capacity=np.array([float(pool.up * pool.per_host) for pool in pools]),
        )
        said = choice.decide(view)
        self.aims = said.chips if isinstance(said, Aims) else said
        self.chips_band = [(n / choice.chips_factor, n * choice.chips_factor) for n in self.mix]
        self.hosts_band = [
            (pool.up * (1 - choice.hosts_part), pool.up * (1 + choice.hosts_part)) for pool in pools
        ]
        self.mix_changed = False
        self.times_asked += 1

    def _count_in_mix(self, j: int, jobs: int) -> None:
        c = self.table.job_class[j]
        self.mix[c] += jobs * int(self.table.chips[j])
        least, most = self.chips_band[c]
        self.mix_changed |= not least <= self.mix[c] <= most

    def _look_at_hosts(self, p: int) -> None:
        if p < len(self.hosts_band):
            least, most = self.hosts_band[p]
            self.mix_changed |= not least <= self.pools[p].up <= most

    def _lack(self, j: int, p: int) -> float:
        """What the class of a job lacks in a pool to what it should hold."""
        c = self.table.job_class[j]
        held = sum(
            run.chips
            for run in self.runs.values()
            if run.pool == p and self.table.job_class[run.job] == c
        )
        return self.aims[c][p] - held
