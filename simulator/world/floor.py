"""Sites: racks dock, wait for floor and energised power, and go into service."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import simpy

from simulator.spec.scenario import Scenario
from simulator.spec.site import PowerPhase
from simulator.world.clock import at
from simulator.world.recorder import Recorder


@dataclass
class Consignment:
    """Like racks of one order that stand on the dock; `racks` counts those still waiting."""

    order: str
    chip: str
    racks: int


class Floor:
    """All sites' rack positions and critical IT power.

    Invariant: at every site the racks in service fit in the energised
    positions, and their nameplate power in the energised power.

    Parameters
    ----------
    in_service : callable
        Called with (site, chip, racks) the moment racks go into service.
    nameplate_w : callable
        Power to provision for a rack of a chip. [W]
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        record: Recorder,
        in_service: Callable[[str, str, int], None],
        nameplate_w: Callable[[str], float],
    ) -> None:
        self.env = env
        self.scenario = scenario
        self.record = record
        self.in_service = in_service
        self.nameplate_w = nameplate_w
        self.free_w = dict.fromkeys(scenario.sites, 0.0)
        self.free_racks = dict.fromkeys(scenario.sites, 0)
        self.racks: dict[tuple[str, str], int] = {}
        self.dock: deque[Consignment] = deque()

    def energise(self) -> Generator[simpy.Event, Any, None]:
        """Bring each later power phase in on its date."""
        calendar = self.scenario.horizon.calendar
        phases = [
            (calendar.at(phase.quarter), site_id, phase)
            for site_id, site in self.scenario.sites.items()
            for phase in site.phases
            if calendar.at(phase.quarter) > 0
        ]
        for at_s, site_id, phase in sorted(phases, key=lambda p: (p[0], p[1])):
            yield at(self.env, at_s)
            self.add_phase(site_id, phase)

    def add_phase(self, site_id: str, phase: PowerPhase) -> None:
        """Energise one phase and serve the dock."""
        self.free_w[site_id] += phase.it_power
        self.free_racks[site_id] += phase.racks
        self.record.event(self.env.now, "energised", site_id, f"{phase.it_power / 1e6:g} MW")
        self.serve()

    def land(self, consignment: Consignment) -> None:
        """Put racks on the dock and into service as far as sites allow."""
        self.dock.append(consignment)
        self.serve()

    def serve(self) -> None:
        """Move racks from the dock to sites, first come first served, whoever fits."""
        for waiting in self.dock:
            for site_id in sorted(self.scenario.sites):
                self._install(site_id, waiting)
        self.dock = deque(w for w in self.dock if w.racks)

    def install_at(self, site_id: str, consignment: Consignment) -> None:
        """Put a whole consignment into service at one named site.

        Raises
        ------
        ValueError
            If it does not fit.
        """
        asked = consignment.racks
        self._install(site_id, consignment)
        if consignment.racks:
            raise ValueError(
                f"{site_id}: {asked} racks of {consignment.chip} stand there at the start, "
                f"but its first phases have power and floor for {asked - consignment.racks}"
            )

    def _install(self, site_id: str, waiting: Consignment) -> None:
        rack = self.scenario.catalog.racks[waiting.chip]
        if rack.cooling not in self.scenario.sites[site_id].cooling:
            return
        # Half a watt covers the rounding of sums of nameplates.
        fits = int((self.free_w[site_id] + 0.5) // self.nameplate_w(waiting.chip))
        racks = min(waiting.racks, self.free_racks[site_id], fits)
        if racks <= 0:
            return
        waiting.racks -= racks
        self.free_w[site_id] -= racks * self.nameplate_w(waiting.chip)
        self.free_racks[site_id] -= racks
        here = self.racks.get((site_id, waiting.chip), 0) + racks
        self.racks[site_id, waiting.chip] = here
        self.in_service(site_id, waiting.chip, racks)
        self._record(site_id, waiting, racks, here)

    def _record(self, site_id: str, arrived: Consignment, racks: int, here: int) -> None:
        rack = self.scenario.catalog.racks[arrived.chip]
        self.record(
            "deliveries",
            order=arrived.order,
            site=site_id,
            chip=arrived.chip,
            racks=racks,
            in_service_s=self.env.now,
        )
        self.record(
            "fleet",
            t_s=self.env.now,
            site=site_id,
            chip=arrived.chip,
            racks=here,
            chips=here * rack.chips,
            nameplate_w=here * self.nameplate_w(arrived.chip),
        )
