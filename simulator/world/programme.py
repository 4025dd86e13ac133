"""The in-house chip: design, spins, pilot, measurement, gate, then ramp, hold or cancel."""

from __future__ import annotations

from collections.abc import Generator
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.spec.base import Spread
from simulator.spec.programme import Programme as ProgrammeSpec
from simulator.spec.programme import Silicon
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.world.buying import whole_racks
from simulator.world.clock import At
from simulator.world.gate import Assay, Measured, ported_share
from simulator.world.orders import OrderState
from simulator.world.porting import Porting
from simulator.world.recorder import Recorder
from simulator.world.supply import Supply

_Z90 = NormalDist().inv_cdf(0.9)


class Programme:
    """One replication's truth about the chip, and what the pilot finds.

    Attributes
    ----------
    performance, energy, die_yield : float
        True performance, power and yield over target. [1]
    spins : int
        Tape-outs it takes until one works.
    spent : list of (s, USD, category)
        Paid beside planned development and the rack budget: when, how much, and whether for
        development or for cancelling.
    landed : simpy.Event
        Happens when the first pilot rack goes into service.
    landed_s : float
        When it happened; infinite before. [s]
    """

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, streams: Streams, record: Recorder
    ) -> None:
        self.env = env
        self.scenario = scenario
        self.record = record
        self.spec = scenario.supply.programme
        self.landed = env.event()
        #: Happens when there is no longer a pilot to wait for: it landed, or is too late.
        self._awaited = env.event()
        self.landed_s = inf
        self.performance = self.energy = self.die_yield = 1.0
        self.spins = 1
        self.spent: list[tuple[float, float, str]] = []
        self._silicon_s: list[float] = []
        #: What the true chip would get at the gate; None before.
        self.deserves: str | None = None
        #: What measures and judges the true chip; None without a programme.
        self.assay: Assay | None = None
        if self.spec is not None:
            self._draw(self.spec, streams)

    def run(self, supply: Supply, porting: Porting) -> Generator[simpy.Event, Any, None]:
        """Bring the chip up, order the pilot, run it, decide at the gate, and act."""
        spec, assay, calendar = self.spec, self.assay, self.scenario.horizon.calendar
        if spec is None or assay is None:
            return
        last_s = calendar.at(spec.gate.last)
        if spec.silicon is not None:
            yield from self._bring_up(spec.silicon, last_s)
        yield At(self.env, min(last_s, calendar.at(spec.pilot_quarter)))
        if self.env.now >= last_s:
            yield from self._drop(supply, spec, None)
            return
        pilot = supply.buy(spec.chip, spec.pilot_quarter, spec.pilot_racks, "pilot")
        self._state("pilot_ordered")
        At(self.env, last_s).callbacks.append(self._no_longer_await)
        yield self._awaited
        if self.landed_s == inf:
            yield from self._drop(supply, spec, pilot)
            return
        self._state("pilot_in_service")
        yield self.env.timeout(spec.pilot_run)
        yield At(self.env, calendar.at(spec.gate.quarter))
        self._state("gate", assay.measured(1))
        decision, rounds = self._judge(assay, 1, porting, spec.gate.hold > 0), 1
        if decision == "hold":
            self._state("hold", assay.measured(1))
            yield self.env.timeout(spec.gate.hold)
            decision, rounds = self._judge(assay, 2, porting, False), 2
        self._state(decision, assay.measured(rounds))
        yield from self._act(supply, spec, ramp=decision == "ramp")

    def rack_in_service(self, site: str, chip: str, racks: int) -> None:
        """Learn that racks of a chip went into service; the first pilot rack starts the pilot."""
        if self.spec is not None and chip == self.spec.chip and not self.landed.triggered:
            self.landed_s = self.env.now
            self.landed.succeed()
            self._no_longer_await()

    def provisioned_factor(self, chip: str) -> float:
        """Power to provision over nameplate: a chip that misses its target needs more. [1]."""
        ours = self.spec is not None and chip == self.spec.chip
        return max(1.0, self.energy) if ours else 1.0

    def _no_longer_await(self, _: simpy.Event | None = None) -> None:
        """Go on: the pilot is in service, or may come no more."""
        if not self._awaited.triggered:
            self._awaited.succeed()

    def _drop(
        self, supply: Supply, spec: ProgrammeSpec, pilot: OrderState | None
    ) -> Generator[simpy.Event, Any, None]:
        """Drop the chip of which no pilot came in time, and call off the pilot if that goes."""
        why = f"cancel: no pilot is in service by {spec.gate.last}"
        self.record.event(self.env.now, "judged", spec.chip, why)
        self._state("cancel")
        if pilot is not None:
            supply.call_off(pilot)
        yield from self._act(supply, spec, ramp=False)

    def _act(
        self, supply: Supply, spec: ProgrammeSpec, *, ramp: bool
    ) -> Generator[simpy.Event, Any, None]:
        """Pay what a dropped chip costs, and spend the reserve."""
        if not ramp and spec.take_or_pay is not None:
            self._pay(spec.take_or_pay.value, "cancellation", "owed for reserved wafers")
        yield from self._buy(supply, spec, ramp=ramp)

    def _bring_up(self, silicon: Silicon, last_s: float) -> Generator[simpy.Event, Any, None]:
        """Design, tape out until the silicon works, bring it up; or give up at the last date."""
        begin_s = self.scenario.horizon.calendar.at(silicon.start)
        yield At(self.env, begin_s)
        self._state("design")
        end_s = begin_s
        for k, length_s in enumerate(self._silicon_s):
            end_s += length_s
            yield At(self.env, min(end_s, last_s))
            if end_s >= last_s:
                return
            if k < self.spins:
                self._state("tapeout")
                if k > 0 and silicon.spin_cost is not None and end_s >= 0:
                    self._pay(silicon.spin_cost.value, "development", f"spin {k + 1}")
            elif k == self.spins:
                self._state("bring_up")

    def _buy(
        self, supply: Supply, spec: ProgrammeSpec, *, ramp: bool
    ) -> Generator[simpy.Event, Any, None]:
        """Spend the reserve on the chip or, at the back of its queue, on the merchant's."""
        chip, wait_s = (spec.chip, 0.0) if ramp else (spec.fallback, spec.fallback_delay)
        for quarter, usd in sorted(spec.reserve.items()):
            yield At(self.env, self.scenario.horizon.calendar.at(quarter))
            # Behind the plan of record, whose orders of this quarter are placed first.
            yield self.env.timeout(0)
            price_usd = self.rack_usd(chip)
            racks = whole_racks(usd, price_usd)
            supply.buy(chip, quarter, racks, "ramp" if ramp else "fallback", wait_s, price_usd)

    def rack_usd(self, chip: str) -> float:
        """Price of a rack: of the in-house chip's, the chips cost as yield lets them. [USD]."""
        rack = self.scenario.catalog.racks[chip]
        if self.spec is None or chip != self.spec.chip or self.die_yield == 1:
            return rack.price.value
        chips_usd = rack.chips * self.scenario.catalog.chips[chip].price.value
        return rack.price.value + chips_usd * (1 / self.die_yield - 1)

    def _judge(self, assay: Assay, rounds: int, porting: Porting, may_hold: bool) -> str:
        """Decide after some rounds of measuring, and tell why."""
        share = self._ported(assay.spec.chip, porting)
        decision, why = assay.judge(rounds, share, may_hold=may_hold)
        self.deserves = assay.deserves(share)
        self.record.event(self.env.now, "judged", assay.spec.chip, why)
        return decision

    def _ported(self, chip: str, porting: Porting) -> float:
        """Part of the work asked now whose family runs on the chip. [1]."""
        families = {f for s in self.scenario.services.values() for f in s.families}
        running = {f for f in families if porting.runs(f, chip, self.env.now)}
        return ported_share(self.scenario, running, self.env.now)

    def _draw(self, spec: ProgrammeSpec, streams: Streams) -> None:
        z = streams("programme/truth").standard_normal(3)
        self.performance = _spread(spec.performance, float(z[0]))
        self.energy = _spread(spec.energy, float(z[1]))
        if spec.die_yield is not None:
            self.die_yield = _spread(spec.die_yield, float(z[2]))
        # Three measures, two rounds: holding the pilot moves no other draw.
        noise = streams("programme/measurement").standard_normal(6).tolist()
        truth = (self.performance, self.energy, self.die_yield)
        self.assay = Assay(self.scenario, spec, *truth, noise)
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

    def _pay(self, usd: float, category: str, what: str) -> None:
        self.spent.append((self.env.now, usd, category))
        self.record.event(self.env.now, "paid", self.spec.chip if self.spec else "", what)

    def _state(self, state: str, measured: Measured | None = None) -> None:
        self.record(
            "programme",
            t_s=self.env.now,
            state=state,
            performance=self.performance,
            performance_measured=measured.performance if measured else None,
            performance_per_watt_measured=measured.per_watt if measured else None,
            cost_of_work_measured=measured.cost if measured else None,
        )
        self.record.event(self.env.now, state, self.spec.chip if self.spec else "")


def _spread(spread: Spread[float], z: float) -> float:
    """Return the lognormal draw of a spread for a standard normal z."""
    return spread.median * exp(log(spread.p90 / spread.median) / _Z90 * float(z))
