"""The in-house chip: design, spins, pilot, measurement, gate, then ramp, hold or cancel."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

import simpy

from simulator.laws.gate import chance_above
from simulator.spec.base import Spread
from simulator.spec.programme import Programme as ProgrammeSpec
from simulator.spec.programme import Silicon
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.world.clock import at
from simulator.world.recorder import Recorder
from simulator.world.supply import Supply

_Z90 = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True)
class Measured:
    """What the pilot finds, each over its target, and how sure that is. [1]."""

    performance: float
    per_watt: float
    die_yield: float
    sd: float


class Programme:
    """One replication's truth about the chip, and what the pilot finds.

    Attributes
    ----------
    performance, energy, die_yield : float
        True performance, power and yield over target. [1]
    spins : int
        Tape-outs it takes until one works.
    spent : list of (s, USD)
        Paid beside development and the rack budget, when it was.
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
        self.performance = self.energy = self.die_yield = 1.0
        self.spins = 1
        self.spent: list[tuple[float, float]] = []
        self._silicon_s: list[float] = []
        self._noise: list[float] = []
        if self.spec is not None:
            self._draw(self.spec, streams)

    def run(self, supply: Supply) -> Generator[simpy.Event, Any, None]:
        """Bring the chip up, order the pilot, run it, decide at the gate, and act."""
        spec, calendar = self.spec, self.scenario.horizon.calendar
        if spec is None:
            return
        if spec.silicon is not None:
            yield from self._bring_up(spec.silicon)
        yield at(self.env, calendar.at(spec.pilot_quarter))
        supply.place(spec.chip, spec.pilot_quarter, spec.pilot_racks, "pilot")
        self._state("pilot_ordered")
        yield self.landed
        self._state("pilot_in_service")
        yield self.env.timeout(spec.pilot_run)
        yield at(self.env, calendar.at(spec.gate.quarter))
        found = self.measured(1)
        self._state("gate", found)
        decision = self._decide(spec, found, spec.gate.hold > 0)
        if decision == "hold":
            self._state("hold", found)
            yield self.env.timeout(spec.gate.hold)
            found = self.measured(2)
            decision = self._decide(spec, found, may_hold=False)
        self._state(decision, found)
        if decision == "cancel" and spec.take_or_pay is not None:
            self._pay(spec.take_or_pay.value, "owed for reserved wafers")
        yield from self._buy(supply, spec, ramp=decision == "ramp")

    def rack_in_service(self, chip: str) -> None:
        """Learn that racks of a chip went into service; the first pilot rack starts the pilot."""
        if self.spec is not None and chip == self.spec.chip and not self.landed.triggered:
            self.landed.succeed()

    def provisioned_factor(self, chip: str) -> float:
        """Power to provision over nameplate: a chip that misses its target needs more. [1]."""
        ours = self.spec is not None and chip == self.spec.chip
        return max(1.0, self.energy) if ours else 1.0

    def measured(self, rounds: int) -> Measured:
        """Return the mean of all that was measured after one or two rounds of the pilot."""
        spec = self.spec
        if spec is None:
            return Measured(1.0, 1.0, 1.0, 0.0)
        one = spec.measurement_noise.value / sqrt(spec.measurements)
        noise = [
            one * sum(self._noise[k + 3 * r] for r in range(rounds)) / rounds for k in range(3)
        ]
        return Measured(
            self.performance + noise[0],
            self.performance / self.energy + noise[1],
            self.die_yield + noise[2],
            one / sqrt(rounds),
        )

    def _bring_up(self, silicon: Silicon) -> Generator[simpy.Event, Any, None]:
        """Design, tape out until the silicon works, bring it up."""
        begin_s = self.scenario.horizon.calendar.at(silicon.start)
        yield at(self.env, begin_s)
        self._state("design")
        end_s = begin_s
        for k, length_s in enumerate(self._silicon_s):
            end_s += length_s
            yield at(self.env, end_s)
            if k < self.spins:
                self._state("tapeout")
                if k > 0 and silicon.spin_cost is not None and end_s >= 0:
                    self._pay(silicon.spin_cost.value, f"spin {k + 1}")
            elif k == self.spins:
                self._state("bring_up")

    def _buy(
        self, supply: Supply, spec: ProgrammeSpec, *, ramp: bool
    ) -> Generator[simpy.Event, Any, None]:
        """Spend the reserve on the chip or, at the back of its queue, on the merchant's."""
        chip, wait_s = (spec.chip, 0.0) if ramp else (spec.fallback, spec.fallback_delay)
        for quarter, usd in sorted(spec.reserve.items()):
            yield at(self.env, self.scenario.horizon.calendar.at(quarter))
            # Behind the plan of record, whose orders of this quarter are placed first.
            yield self.env.timeout(0)
            price_usd = self.rack_usd(chip)
            racks = supply.racks_for(chip, usd, price_usd)
            supply.place(chip, quarter, racks, "ramp" if ramp else "fallback", wait_s, price_usd)

    def rack_usd(self, chip: str) -> float:
        """Price of a rack: of the in-house chip's, the chips cost as yield lets them. [USD]."""
        rack = self.scenario.catalog.racks[chip]
        if self.spec is None or chip != self.spec.chip or self.die_yield == 1:
            return rack.price.value
        chips_usd = rack.chips * self.scenario.catalog.chips[chip].price.value
        return rack.price.value + chips_usd * (1 / self.die_yield - 1)

    def _decide(self, spec: ProgrammeSpec, found: Measured, may_hold: bool) -> str:
        """Apply the gate's rule to what the pilot measured."""
        gate = spec.gate
        if gate.forced is not None:
            return gate.forced
        bounds = (
            (found.performance, gate.min_performance),
            (found.per_watt, gate.min_performance_per_watt),
            (found.die_yield, gate.min_yield),
        )
        least = min(chance_above(value, bound, found.sd) for value, bound in bounds)
        if least >= gate.certainty:
            return "ramp"
        return "hold" if may_hold and least >= gate.hold_above else "cancel"

    def _draw(self, spec: ProgrammeSpec, streams: Streams) -> None:
        z = streams("programme/truth").standard_normal(3)
        self.performance = _spread(spec.performance, float(z[0]))
        self.energy = _spread(spec.energy, float(z[1]))
        if spec.die_yield is not None:
            self.die_yield = _spread(spec.die_yield, float(z[2]))
        # Three measures, two rounds: holding the pilot moves no other draw.
        self._noise = streams("programme/measurement").standard_normal(6).tolist()
        if spec.silicon is not None:
            self._draw_silicon(spec.silicon, streams)

    def _draw_silicon(self, silicon: Silicon, streams: Streams) -> None:
        most = len(silicon.spin_success) + 1
        works = streams("programme/spins").random(most)
        chances = [*silicon.spin_success, 1.0]
        self.spins = 1 + next(k for k, p in enumerate(chances) if works[k] < p)
        z = streams("programme/schedule").standard_normal(most + 2)
        spins = [_spread(silicon.spin, float(z[2 + k])) for k in range(self.spins)]
        design, bring_up = _spread(silicon.design, float(z[0])), _spread(silicon.bring_up, z[1])
        self._silicon_s = [design, *spins, bring_up]

    def _pay(self, usd: float, what: str) -> None:
        self.spent.append((self.env.now, usd))
        self.record.event(self.env.now, "paid", self.spec.chip if self.spec else "", what)

    def _state(self, state: str, found: Measured | None = None) -> None:
        self.record(
            "programme",
            t_s=self.env.now,
            state=state,
            performance=self.performance,
            performance_measured=found.performance if found else None,
            performance_per_watt_measured=found.per_watt if found else None,
        )
        self.record.event(self.env.now, state, self.spec.chip if self.spec else "")


def _spread(spread: Spread[float], z: float) -> float:
    """Return the lognormal draw of a spread for a standard normal z."""
    return spread.median * exp(log(spread.p90 / spread.median) / _Z90 * float(z))
