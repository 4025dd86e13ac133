"""What each chip is worth to each job class, quarter by quarter.

The matrix the engine places by: rows are job classes (family, gang size),
columns pools. A rate is reference-chip work per chip; zero where software is
not there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.portability import software_efficiency
from simulator.laws.rates import relative_rate
from simulator.spec.hardware import Chip
from simulator.spec.scenario import Scenario

Array = NDArray[np.floating[Any]]


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

    def at(self, chip_id: str, t_s: float) -> Array:
        """Rate of every class on a chip at a time, shape (classes,). [rce/chip]."""
        return np.array([self._rate(f, size, chip_id, t_s) for f, size in self.classes])

    def gang_factor(self, chip_id: str) -> Array:
        """Chips needed for one reference chip's work, shape (classes,). [chip/rce].

        From mature software, so that a job takes about the wall time it asked
        for on any chip it runs on.
        """
        factor = np.ones(len(self.classes))
        for k, (family, size) in enumerate(self.classes):
            port = self.scenario.catalog.software.ports.get(family, {}).get(chip_id)
            if port is not None:
                hardware = self._hardware_rate(family, size, chip_id)
                factor[k] = 1.0 / (hardware * port.mature.value)
        return factor

    def _rate(self, family: str, size: int, chip_id: str, t_s: float) -> float:
        port = self.scenario.catalog.software.ports.get(family, {}).get(chip_id)
        if port is None:
            return 0.0
        ready_s = self.scenario.horizon.calendar.at(port.ready)
        programme = self.scenario.supply.programme
        if programme and chip_id == programme.chip and family in programme.ports_after_ramp:
            ready_s = max(ready_s, self.pilot_ready_s)
        if t_s < ready_s:
            return 0.0
        efficiency = software_efficiency(
            t_s - ready_s, port.first.value, port.mature.value, port.settle.value
        )
        return self._hardware_rate(family, size, chip_id) * float(efficiency)

    def _hardware_rate(self, family_id: str, size: int, chip_id: str) -> float:
        catalog = self.scenario.catalog
        family = catalog.families[family_id]
        chip, reference = catalog.chips[chip_id], catalog.chips[catalog.reference_chip]
        rate = relative_rate(
            family.compute.value,
            family.memory.value,
            family.network.value,
            chip.peak_bf16.value / reference.peak_bf16.value,
            chip.memory_bandwidth.value / reference.memory_bandwidth.value,
            _gang_bandwidth(chip, size) / _gang_bandwidth(reference, size),
            1.0,
        )
        programme = self.scenario.supply.programme
        true = self.performance if programme and chip_id == programme.chip else 1.0
        return float(rate) * true


def _gang_bandwidth(chip: Chip, size: int) -> float:
    """Network bandwidth a chip of a gang sees: of its domain if the gang fits in it. [B/s]."""
    inside = size <= chip.scaleup_domain
    return (chip.scaleup_bandwidth if inside else chip.scaleout_bandwidth).value
