"""What the accounts of one replication are made from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.intervals import parts_in_bins, step_integral
from simulator.spec.scenario import Scenario
from simulator.world.demand import Demand
from simulator.world.engine import EngineRecord
from simulator.world.recorder import Columns

Array = NDArray[np.floating[Any]]


class Books:
    """One replication, closed: jobs, fleet and calendar in one place.

    Parameters
    ----------
    scenario : Scenario
    demand : Demand
        Jobs and the meaning of their codes.
    pools : sequence of (site id, chip id)
        Meaning of the engine's pool numbers.
    jobs : EngineRecord
        What the engine recorded, closed at the horizon.
    fleet : dict
        The recorder's ``fleet`` columns.
    energy_factor : float
        True power of the programme's chip over its target. [1]
    """

    def __init__(
        self,
        scenario: Scenario,
        demand: Demand,
        pools: tuple[tuple[str, str], ...],
        jobs: EngineRecord,
        fleet: Columns,
        energy_factor: float,
    ) -> None:
        self.scenario = scenario
        self.demand = demand
        self.pools = pools
        self.jobs = jobs
        calendar = scenario.horizon.calendar
        self.quarters = calendar.names()
        self.edges = np.asarray(calendar.edges_s())
        self.energy_factor = energy_factor
        self.fleet = fleet
        self.rack_s = self._rack_seconds(fleet)

    def _rack_seconds(self, fleet: Columns) -> Array:
        """Integral of racks in service, shape (pools, quarters). [rack s]."""
        where = np.array(
            [self.pools.index(p) for p in zip(fleet["site"], fleet["chip"], strict=True)]
        )
        t, racks = np.asarray(fleet["t_s"]), np.asarray(fleet["racks"], float)
        return np.stack(
            [
                step_integral(t[where == p], racks[where == p], self.edges)
                for p in range(len(self.pools))
            ]
        )

    def busy_rack_seconds(self) -> Array:
        """Integral of racks' worth of allocated chips, shape (pools, quarters). [rack s]."""
        seg = self.jobs.segments
        row, quarter, length = parts_in_bins(seg["start_s"], seg["end_s"], self.edges)
        sizes = (len(self.pools), len(self.quarters))
        key = np.ravel_multi_index((seg["pool"][row], quarter), sizes)
        chip_s = np.bincount(key, seg["chips"][row] * length, minlength=int(np.prod(sizes)))
        per_rack = np.array([self.scenario.catalog.racks[chip].chips for _, chip in self.pools])
        return np.asarray(chip_s.reshape(sizes) / per_rack[:, None])

    def watts_factor(self, chip: str) -> float:
        """Return true over nameplate power: the programme's chip may miss its target. [1]."""
        programme = self.scenario.supply.programme
        return self.energy_factor if programme is not None and chip == programme.chip else 1.0
