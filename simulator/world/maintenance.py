"""Rolling maintenance: rack after rack is drained, worked on, and returned."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from simulator.spec.policy import Maintenance
from simulator.world.engine import JobEngine


class Rounds:
    """Goes through the racks of each pool, so that each has its turn once in a period.

    A rack's jobs are given notice; those still there at its end write a
    checkpoint and wait again. Where racks have no place (a pool without a layout),
    as many hosts as a rack has are taken, wherever they are idle first.

    Parameters
    ----------
    env : simpy.Environment
    engine : JobEngine
    spec : Maintenance
    """

    def __init__(self, env: simpy.Environment, engine: JobEngine, spec: Maintenance) -> None:
        self.env, self.engine, self.spec = env, engine, spec

    def of_pool(
        self, pool: int, hosts_per_rack: int, placed: bool
    ) -> Generator[simpy.Event, Any, None]:
        """Start the maintenance of one rack after the other; the process of a pool."""
        every_s, rack = self.spec.every.value, -1
        while True:
            racks = max(sum(self.engine.hosts(pool)) / hosts_per_rack, 1.0)
            yield self.env.timeout(every_s / racks)
            if not placed:
                self.env.process(self._some_hosts(pool, hosts_per_rack))
                continue
            there = self.engine.hosts_of_racks(pool)
            rack = (rack + 1) % max(len(there), 1)
            if len(there) and there[rack] and not self.engine.rack_is_out(pool, rack):
                self.env.process(self._rack(pool, rack))

    def _rack(self, pool: int, rack: int) -> Generator[simpy.Event, Any, None]:
        self.engine.drain_rack(pool, rack)
        yield from self._work(pool)
        self.engine.return_rack(pool, rack)

    def _some_hosts(self, pool: int, hosts: int) -> Generator[simpy.Event, Any, None]:
        engine = self.engine
        taken = min(hosts, engine.hosts(pool)[0] - engine.hosts_draining(pool))
        engine.drain_hosts(pool, taken)
        yield from self._work(pool)
        # Some may have left service meanwhile.
        out = engine.hosts_held(pool) + engine.hosts_draining(pool)
        engine.return_hosts(pool, min(taken, out))

    def _work(self, pool: int) -> Generator[simpy.Event, Any, None]:
        yield self.env.timeout(self.spec.notice.value)
        self.engine.clear_drained(pool)
        yield self.env.timeout(self.spec.takes.value)
