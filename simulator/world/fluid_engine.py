"""A fluid engine: it stands where the job engine stands and notes what the world does."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs import EngineRecord, JobTable

Floats = NDArray[np.float64]


@dataclass
class Pool:
    """One pool's notes: hosts, and rates of the classes, from each change on."""

    name: str
    chips_per_host: int
    #: Chips a job of each class needs for one it asks. [chip/rce]
    size_factor: Floats
    host_mtbf_s: float
    host_repair_s: float
    hosts: list[tuple[float, int]] = field(default_factory=list)
    rates: list[tuple[float, Floats]] = field(default_factory=list)

    @property
    def chip(self) -> str:
        """The chip, of a pool named ``site/chip``."""
        return self.name.rpartition("/")[2]


class FluidEngine:
    """The verbs of the job engine, noted instead of acted on.

    Parameters
    ----------
    env : simpy.Environment
    table : JobTable
        All jobs ever asked.
    classes : sequence of (str, int)
        Family and gang size of a row of the rates.
    edges_s : array_like
        Edges of the quarters, the horizon last. [s]
    """

    def __init__(
        self,
        env: simpy.Environment,
        table: JobTable,
        classes: Sequence[tuple[str, int]],
        edges_s: ArrayLike,
    ) -> None:
        self.env = env
        self.table = table
        self.classes = tuple(classes)
        self.edges_s = np.asarray(edges_s, float)
        self.pools: list[Pool] = []
        #: Classes anyone asks for, and a job of each.
        self.example_of_class = np.unique(table.job_class, return_index=True)
        self.record: EngineRecord | None = None

    def add_pool(
        self,
        name: str,
        chips_per_host: int,
        rate: ArrayLike,
        size_factor: ArrayLike = 1.0,
        *,
        host_mtbf_s: float = np.inf,
        host_repair_s: float = 0.0,
    ) -> int:
        """Note a pool without hosts and return its number."""
        factor = np.broadcast_to(np.asarray(size_factor, float), (len(self.classes),))
        self.pools.append(Pool(name, chips_per_host, factor, host_mtbf_s, host_repair_s))
        self.set_rates(len(self.pools) - 1, rate)
        return len(self.pools) - 1

    def add_hosts(self, pool: int, hosts: int) -> None:
        """Note hosts that come into service."""
        notes = self.pools[pool].hosts
        notes.append((float(self.env.now), hosts + (notes[-1][1] if notes else 0)))

    def remove_hosts(self, pool: int, hosts: int) -> None:
        """Note hosts that leave service."""
        self.add_hosts(pool, -hosts)

    def set_rates(self, pool: int, rate: ArrayLike) -> None:
        """Note the rates of a pool from now on."""
        values = np.array(np.broadcast_to(np.asarray(rate, float), (len(self.classes),)))
        self.pools[pool].rates.append((float(self.env.now), values))

    def set_preference(self, pool: int, preference: ArrayLike) -> None:
        """Take no note: the dispatch has an order of its own."""

    def operate(self) -> Generator[simpy.Event]:
        """Let the world run; there is nothing to carry along."""
        return
        yield

    def close(self, horizon_s: float) -> EngineRecord:
        """Return what the dispatch found up to the horizon.

        Raises
        ------
        RuntimeError
            If there was none yet.
        """
        if self.record is None:
            raise RuntimeError("dispatch the fluid before its accounts are closed")
        return self.record
