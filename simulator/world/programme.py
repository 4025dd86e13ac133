"""The in-house chip: pilot, measurement, gate, then ramp or cancel."""

from __future__ import annotations

from collections.abc import Generator
from math import exp, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.spec.base import Spread
from simulator.spec.programme import Programme as ProgrammeSpec
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.world.clock import at
from simulator.world.recorder import Recorder
from simulator.world.supply import Supply


class Programme:
    """One replication's truth about the chip, and what the pilot finds.

    Attributes
    ----------
    performance, energy : float
        True performance and true power over target. [1]
    landed : simpy.Event
        Happens when the first pilot rack goes into service.
    """

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, streams: Streams, record: Recorder
    ) -> None:
        self.env = env
        self.scenario = scenario
        self.record = record
        self.spec = scenario.supply.programme
        self.landed = env.event()
        self.performance = self.energy = 1.0
        self.measured = self.measured_per_watt = 1.0
        if self.spec is not None:
            self._draw_truth(self.spec, streams)

    def run(self, supply: Supply) -> Generator[simpy.Event, Any, None]:
        """Order the pilot, run it, decide at the gate, and act."""
        spec, calendar = self.spec, self.scenario.horizon.calendar
        if spec is None:
            return
        yield at(self.env, calendar.at(spec.pilot_quarter))
        supply.place(spec.chip, spec.pilot_quarter, spec.pilot_racks, "pilot")
        self._state("pilot_ordered")
        yield self.landed
        self._state("pilot_in_service")
        yield self.env.timeout(spec.pilot_run)
        yield at(self.env, calendar.at(spec.gate.quarter))
        self._state("gate", measured=True)
        decision = self._decide(spec)
        self._state(decision, measured=True)
        chip, wait_s = (
            (spec.chip, 0.0) if decision == "ramp" else (spec.fallback, spec.fallback_delay)
        )
        cause = "ramp" if decision == "ramp" else "fallback"
        for quarter, usd in sorted(spec.reserve.items()):
            yield at(self.env, calendar.at(quarter))
            # Behind the plan of record, whose orders of this quarter are placed first.
            yield self.env.timeout(0)
            supply.place(chip, quarter, supply.racks_for(chip, usd), cause, wait_s)

    def rack_in_service(self, chip: str) -> None:
        """Learn that racks of a chip went into service; the first pilot rack starts the pilot."""
        if self.spec is not None and chip == self.spec.chip and not self.landed.triggered:
            self.landed.succeed()

    def provisioned_factor(self, chip: str) -> float:
        """Power to provision over nameplate: a chip that misses its target needs more. [1]."""
        ours = self.spec is not None and chip == self.spec.chip
        return max(1.0, self.energy) if ours else 1.0

    def _decide(self, spec: ProgrammeSpec) -> str:
        """Apply the gate's rule to what the pilot measured."""
        gate = spec.gate
        if gate.forced is not None:
            return gate.forced
        good = (
            self.measured >= gate.min_performance
            and self.measured_per_watt >= gate.min_performance_per_watt
        )
        return "ramp" if good else "cancel"

    def _draw_truth(self, spec: ProgrammeSpec, streams: Streams) -> None:
        z = streams("programme/truth").standard_normal(2)
        self.performance = _draw(spec.performance, float(z[0]))
        self.energy = _draw(spec.energy, float(z[1]))
        noise = spec.measurement_noise.value * streams("programme/measurement").standard_normal(2)
        self.measured = self.performance * exp(float(noise[0]))
        self.measured_per_watt = self.performance / self.energy * exp(float(noise[1]))

    def _state(self, state: str, measured: bool = False) -> None:
        self.record(
            "programme",
            t_s=self.env.now,
            state=state,
            performance=self.performance,
            performance_measured=self.measured if measured else None,
            performance_per_watt_measured=self.measured_per_watt if measured else None,
        )
        self.record.event(self.env.now, state, self.spec.chip if self.spec else "")


def _draw(spread: Spread[float], z: float) -> float:
    """Return the lognormal draw of a spread for a standard normal z."""
    sigma = log(spread.p90 / spread.median) / NormalDist().inv_cdf(0.9)
    return spread.median * exp(sigma * z)
