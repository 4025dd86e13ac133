"""The world's verbs on pools and their hosts, each exact at ``env.now``."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world import jobs_memory
from simulator.world.engine_carrier import Carrier
from simulator.world.jobs import Layout
from simulator.world.jobs_racks import with_racks
from simulator.world.jobs_state import MAX_POOLS, N_RUNS
from simulator.world.jobs_verbs import compiled


class Fleet(Carrier):
    """Pools that come, hosts that enter and leave, rates that change."""

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
        if len(self._tables.names) == MAX_POOLS:
            raise ValueError(f"an engine holds at most {MAX_POOLS} pools")
        if name in self._tables.names:
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
        p = self._tables.add(name, rate, size_factor, spread_rate, preference)
        self._state = jobs_memory.with_pool(self._state, chips_per_host, layout)
        pool = self._state.pool[p]
        pool["since"] = self.env.now
        pool["chip_w"] = chip_w
        pool["repair"] = host_repair_s
        pool["crews"] = np.iinfo(np.int64).max if repair_crews is None else repair_crews
        self.set_fault_rate(p, host_mtbf_s)
        self._tables_stale = True
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
        self._books.note(self._state, pool, self._now_s)

    def remove_hosts(self, pool: int, hosts: int, rack: int | None = None) -> None:
        """Take hosts out of service: idle ones, then broken ones, then busy ones.

        Of the busy ones those go whose job started last; it falls back to its
        checkpoint and waits again. With a layout, of the rack of this number,
        or by default the highest numbers first.
        """
        self._check_hosts(pool, hosts)
        there = self._hosts_there(pool, rack)
        if hosts > there:
            where = f"pool {self._tables.names[pool]!r}" + (
                "" if rack is None else f", rack {rack},"
            )
            raise ValueError(f"{where} has {there} hosts, cannot lose {hosts}")
        self._settle()
        self._make_rows(int(self._state.counts[N_RUNS]))
        number = -1 if rack is None else rack
        compiled.remove_hosts(self._state, pool, hosts, number, self._now_s)
        self._changes.forget()
        self._books.note(self._state, pool, self._now_s)

    def hosts_of_racks(self, pool: int) -> NDArray[np.int64]:
        """Return the hosts in service in each rack of a pool with a layout, by number."""
        state = self._state.pool[pool]
        if state["domain"] == 0:
            raise ValueError(f"pool {self._tables.names[pool]!r} has no layout")
        per_rack = int(state["rack"] // state["domain"])
        first = int(state["there_at"])
        cells = self._state.tree[pool, first : first + int(state["racks"]) * per_rack]
        return cells.reshape(-1, per_rack).sum(axis=1, dtype=np.int64)

    def set_rates(self, pool: int, rate: ArrayLike) -> None:
        """Set the rates of a pool, for running jobs too; at rate 0 they stall."""
        values = self._tables.per_class("rate", rate)
        if np.array_equal(values, self._tables.rate[:, pool]):
            return
        self._complete()
        if pool in self._rerated:
            self._tabulate()
        self._tables.rate[:, pool] = values
        self._tables_stale = True
        self._rerated.append(pool)

    def set_preference(self, pool: int, preference: ArrayLike) -> None:
        """Set how much each class likes a pool."""
        self._complete()
        self._tables.prefer(pool, preference)
        self._tables_stale = True

    def set_fault_rate(self, pool: int, host_mtbf_s: float) -> None:
        """Set the mean time between faults of a pool's hosts; inf: none. [s]."""
        if not host_mtbf_s > 0:
            raise ValueError(f"host_mtbf_s must be > 0, got {host_mtbf_s}")
        self._settle()
        if np.isfinite(host_mtbf_s) and pool not in self._faults:
            self._faults[pool] = self._rng_faults(self._tables.names[pool])
            self._draw(pool)
        compiled.set_fault_rate(self._state, pool, float(host_mtbf_s), self._now_s)

    def hosts(self, pool: int) -> tuple[int, int]:
        """Return how many hosts of a pool are up, and how many are down."""
        return int(self._state.pool[pool]["up"]), int(self._state.pool[pool]["down"])

    def hosts_draining(self, pool: int) -> int:
        """Return how many hosts are busy, and out for maintenance as soon as they are not."""
        return int(self._state.pool[pool]["draining"])

    def hosts_held(self, pool: int) -> int:
        """Return how many hosts that the world took down it has not brought back yet."""
        return int(self._state.pool[pool]["held"])

    def _check_hosts(self, pool: int, hosts: int) -> None:
        if not 0 <= pool < len(self._tables.names):
            raise ValueError(f"pool must be in [0, {len(self._tables.names)}), got {pool}")
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
