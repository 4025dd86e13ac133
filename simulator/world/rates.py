"""What each chip is worth to each job class, quarter by quarter.

The matrix the engine places by: rows are job classes (family, gang size),
columns pools. A rate is reference-chip work per chip; zero where software is
not there. Families that name their models are rated by the step-time law,
others by the shares of their step.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.portability import software_efficiency
from simulator.laws.rates import network_time_share, relative_rate
from simulator.laws.reliability import young_interval_s
from simulator.laws.spread import LEVELS
from simulator.spec.hardware import Chip
from simulator.spec.scenario import Scenario
from simulator.units import DAY_S
from simulator.world.rate_table import rate_table

Array = NDArray[np.floating[Any]]

#: The additive law holds for resources within this factor of the reference's. [1]
FARTHEST = 4.0


class Rates:
    """Rates of one scenario, for one replication's true in-house chip.

    Parameters
    ----------
    scenario : Scenario
    classes : sequence of (family id, gang size)
    performance : float
        True performance of the programme's chip over its target. [1]
    """

    def __init__(
        self, scenario: Scenario, classes: tuple[tuple[str, int], ...], performance: float
    ) -> None:
        self.scenario = scenario
        self.classes = classes
        self.performance = performance
        #: When the pilot landed and the families ported in it run; inf before. [s]
        self.pilot_ready_s = np.inf
        #: When the porting team has a family run on a chip; inf before. [s]
        self.ported_s: Mapping[tuple[str, str], float] = {}

        self._families = sorted({family for family, _ in classes})
        self._row = np.array([self._families.index(family) for family, _ in classes])
        self._hardware: dict[str, Array] = {}
        self._table = rate_table(scenario, classes)

    def at(self, chip_id: str, t_s: float) -> Array:
        """Rate of every class on a chip at a time, shape (classes,). [rce/chip]."""
        by_family = [self._efficiency(family, chip_id, t_s) for family in self._families]
        return self.hardware(chip_id) * np.array(by_family)[self._row]

    def gang_factor(self, chip_id: str) -> Array:
        """Chips needed for one reference chip's work, shape (classes,). [chip/rce].

        From mature software, so that a job takes about the wall time it asked
        for on any chip it runs on.
        """
        ports = self.scenario.catalog.software.ports
        found = [ports.get(family, {}).get(chip_id) for family in self._families]
        mature = np.array([1.0 if port is None else port.mature.value for port in found])
        hardware = self.hardware(chip_id)
        # What does not run there has no gang there either; the size it asked for stands in.
        return np.where(hardware > 0, 1.0 / np.maximum(hardware * mature[self._row], 1e-9), 1.0)

    def hardware(self, chip_id: str) -> Array:
        """Rate under software like the reference's, checkpoints written. [rce/chip]."""
        if chip_id not in self._hardware:
            self._hardware[chip_id] = self._hardware_rate(chip_id)
        return self._hardware[chip_id]

    def _efficiency(self, family: str, chip_id: str, t_s: float) -> float:
        port = self.scenario.catalog.software.ports.get(family, {}).get(chip_id)
        if port is None:
            return 0.0
        dated_s = self.scenario.horizon.calendar.at(port.ready)
        ready_s = self.ported_s.get((family, chip_id), dated_s)
        programme = self.scenario.supply.programme
        if programme and chip_id == programme.chip and family in programme.ports_after_ramp:
            ready_s = max(ready_s, self.pilot_ready_s)
        if t_s < ready_s:
            return 0.0
        first, mature, settle = port.first.value, port.mature.value, port.settle.value
        return float(software_efficiency(t_s - ready_s, first, mature, settle))

    def communication(self, chip_id: str) -> NDArray[np.float64]:
        """Share of a step on a chip that waits for the network, shape (classes,). [1].

        That of a gang which is planned for where it lies. A plan held while others crowd its links
        waits more: by the same law 0.2 to 0.3 at half the bandwidth for dense models sharded over
        128 to 1,024 H100, where this gives 0.02 to 0.06; as much where they run in a pipeline.
        """
        by_shares = network_time_share(*self._shares_and_ratios(chip_id))
        rate = self._by_level(chip_id)
        law = self.scenario.catalog.step_law
        if law is None:
            return by_shares
        # A pod's way out is narrower by so much, and the law says how much slower a step is there.
        narrower = law.pod_oversubscription.value
        stretch = rate[:, LEVELS.index("pod")] / np.maximum(rate[:, LEVELS.index("site")], 1e-12)
        by_law = (np.maximum(stretch, 1.0) - 1.0) / (narrower - 1.0)
        return np.where(np.isnan(by_law), by_shares, np.where(rate[:, 0] > 0, by_law, 0.0))

    def spread(self, chip_id: str) -> NDArray[np.float64]:
        """Speed of a gang that fits in one scale-up domain but does not lie in one. [1]

        Shape (classes, levels), over that in the domain; 1 for larger gangs. Links shared on the
        way out of racks and pods are the network's own, and not in here.
        """
        rate = self._by_level(chip_id)
        near = rate[:, :1]
        found = np.where(near > 0, rate / np.where(near > 0, near, 1.0), 1.0)
        found[:, LEVELS.index("site")] = found[:, LEVELS.index("pod")]
        return found

    def _by_level(self, chip_id: str) -> NDArray[np.float64]:
        return self._table.rate[:, self._table.chips.index(chip_id)]

    def _hardware_rate(self, chip_id: str) -> Array:
        programme = self.scenario.supply.programme
        write_s = self.scenario.policy.checkpoint_write.value
        interval_s = [checkpoint_interval_s(self.scenario, size) for _, size in self.classes]
        training = np.asarray(interval_s) / (np.asarray(interval_s) + write_s)
        by_law = self._by_level(chip_id)[:, 0]
        by_shares = relative_rate(*self._shares_and_ratios(chip_id), 1.0)
        rate = training * np.where(np.isnan(by_law), by_shares, by_law)
        return rate * (self.performance if programme and chip_id == programme.chip else 1.0)

    def _shares_and_ratios(self, chip_id: str) -> tuple[Any, Any, Any, Any, Any, Any]:
        """Shares of a step on the reference, and what the chip has of each over it."""
        catalog = self.scenario.catalog
        chip, reference = catalog.chips[chip_id], catalog.chips[catalog.reference_chip]
        family = [catalog.families[name] for name, _ in self.classes]
        network = [
            _gang_bandwidth(chip, n) / _gang_bandwidth(reference, n) for _, n in self.classes
        ]
        return (
            [f.compute.value for f in family],
            [f.memory.value for f in family],
            [f.network.value for f in family],
            chip.peak_bf16.value / reference.peak_bf16.value,
            chip.memory_bandwidth.value / reference.memory_bandwidth.value,
            np.clip(network, 1 / FARTHEST, FARTHEST),
        )


def _gang_bandwidth(chip: Chip, size: int) -> float:
    """Network bandwidth a chip of a gang sees: of its domain if the gang fits in it. [B/s]."""
    inside = size <= chip.scaleup_domain
    return (chip.scaleup_bandwidth if inside else chip.scaleout_bandwidth).value


def checkpoint_interval_s(scenario: Scenario, chips: int) -> float:
    """Young's interval for a gang on the reference chip's hosts. [s]."""
    rack = scenario.catalog.racks[scenario.catalog.reference_chip]
    hosts = ceil(chips / rack.chips_per_host)
    mtbf_s = DAY_S / (hosts * rack.host_faults_per_day.value)
    return float(young_interval_s(scenario.policy.checkpoint_write.value, mtbf_s))
