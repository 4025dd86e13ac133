"""Ports: a team that carries families to chips, one task after another as people are free."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.spec.porting import PortTask
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.units import YEAR_S
from simulator.world.clock import At
from simulator.world.recorder import Recorder

_Z90 = NormalDist().inv_cdf(0.9)
_MONTH_S = YEAR_S / 12


class Porting:
    """When each family's software first runs correctly on each chip.

    Until then the chip is worth nothing to the family. From then on its
    efficiency matures as the port in the catalogue says.

    Invariant: people at work are at most the team; a task that waits for people
    holds up those behind it.

    Parameters
    ----------
    ported : callable
        Called with (family, chip) the moment a port is correct.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        streams: Streams,
        record: Recorder,
        ported: Callable[[str, str], None],
    ) -> None:
        self.env = env
        self.scenario = scenario
        self.streams = streams
        self.record = record
        self.ported = ported
        spec = scenario.supply.porting
        self.tasks = () if spec is None else tuple(spec.tasks)
        self.team = simpy.Container(env, init=0 if spec is None else spec.engineers)
        #: By family and chip, for what the team ports; inf until it is correct. [s]
        self.ready_s = {(task.family, task.chip): inf for task in self.tasks}

    def start(self) -> None:
        """Begin every task on its date."""
        calendar = self.scenario.horizon.calendar
        for task in sorted(self.tasks, key=lambda task: calendar.at(task.start)):
            self.env.process(self._port(task))

    def runs(self, family: str, chip: str, t_s: float) -> bool:
        """Tell whether a family runs on a chip at a time."""
        return t_s >= self.runs_from_s(family, chip)

    def runs_from_s(self, family: str, chip: str) -> float:
        """Return from when a family runs on a chip; infinite if it never does, or not yet. [s]."""
        port = self.scenario.catalog.software.ports.get(family, {}).get(chip)
        if port is None:
            return inf
        calendar = self.scenario.horizon.calendar
        return self.ready_s.get((family, chip), calendar.at(port.ready))

    def _port(self, task: PortTask) -> Generator[simpy.Event, Any, None]:
        """Wait for the date and for people, work, and hand over software that is correct."""
        subject = f"{task.family} on {task.chip}"
        begin_s = self.scenario.horizon.calendar.at(task.start)
        yield At(self.env, begin_s)
        yield self.team.get(task.engineers)
        self.record.event(self.env.now, "port begun", subject, f"{task.engineers} engineers")
        z = float(self.streams(f"ports/{task.family}/{task.chip}").standard_normal())
        sigma = log(task.effort.p90 / task.effort.median) / _Z90
        months = task.effort.median * exp(sigma * z) / task.engineers
        # Work begun before the start has been under way since its date.
        yield At(self.env, (self.env.now if begin_s >= 0 else begin_s) + months * _MONTH_S)
        yield self.team.put(task.engineers)
        self.ready_s[task.family, task.chip] = self.env.now
        self.record.event(self.env.now, "ported", subject)
        self.ported(task.family, task.chip)
