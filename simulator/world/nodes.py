"""The supply chain's nodes: their shocks, and the production clocks orders wait for."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist

import numpy as np

from simulator.laws.pipeline import final_rate, health_steps, production_clock, stage_end_s
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.units import YEAR_S
from simulator.world.recorder import Recorder

#: Stages of an order, in the order it passes them.
STAGES = ("fab", "package", "integrate")
#: Random shocks are sampled from this long before the start. [s]
BEFORE_S = 5 * YEAR_S


@dataclass(frozen=True)
class Stop:
    """A node gives less: from, until, and the share of output lost."""

    start_s: float
    end_s: float
    severity: float


class Nodes:
    """What happens to each node in one replication, sampled once from its own stream."""

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        self.scenario = scenario
        self.stops = {node: self._sample(node, streams) for node in scenario.supply.nodes}
        self._clocks: dict[tuple[str, str], tuple[np.ndarray, np.ndarray, float]] = {}

    def stage_end(self, chip_id: str, stage: str, enter_s: float, duration_s: float) -> float:
        """Return when an order that enters a stage leaves it. [s]."""
        key = (chip_id, stage)
        if key not in self._clocks:
            self._clocks[key] = self._clock(chip_id, stage)
        at, done, rate = self._clocks[key]
        return stage_end_s(enter_s, duration_s, at, done, rate)

    def tell(self, record: Recorder) -> None:
        """Record every node's health as it changes within the horizon."""
        horizon_s = self.scenario.horizon.calendar.horizon_s
        rows: list[tuple[float, str, float]] = []
        for node, stops in sorted(self.stops.items()):
            t, health = self._health(node)
            rows += [(float(a), node, float(h)) for a, h in zip(t, health, strict=True)]
            for stop in stops:
                if 0 <= stop.start_s < horizon_s:
                    detail = f"{stop.severity:.0%} of output lost until {stop.end_s:.0f} s"
                    record.event(stop.start_s, "shock", node, detail)
        for t_s, node, h in sorted(rows, key=lambda row: (row[0], row[1])):
            if t_s < horizon_s:
                record("nodes", t_s=t_s, node=node, health=h)

    def _sample(self, node: str, streams: Streams) -> tuple[Stop, ...]:
        supply, calendar = self.scenario.supply, self.scenario.horizon.calendar
        planned = [
            Stop(calendar.at(s.quarter), calendar.at(s.quarter) + s.duration, s.severity)
            for s in supply.shocks
            if s.node == node
        ]
        for k, shock in enumerate(s for s in supply.random_shocks if s.node == node):
            stream = streams(f"shocks/{node}/{k}")
            sigma = log(shock.duration.p90 / shock.duration.median) / NormalDist().inv_cdf(0.9)
            # From well before the start, so that a stop may be under way on the first day.
            t_s = -BEFORE_S
            while True:
                t_s += float(stream.exponential(YEAR_S / shock.per_year.value))
                length = shock.duration.median * exp(sigma * float(stream.standard_normal()))
                if t_s >= calendar.horizon_s:
                    break
                planned.append(Stop(t_s, t_s + length, 1.0))
        return tuple(planned)

    def _health(self, node: str) -> tuple[np.ndarray, np.ndarray]:
        stops = self.stops[node]
        return health_steps(
            [s.start_s for s in stops], [s.end_s for s in stops], [s.severity for s in stops]
        )

    def _groups(self, chip_id: str, stage: str) -> list[dict[str, float]]:
        """Return the groups a stage needs: all of them (AND), shares inside each (OR)."""
        chip = self.scenario.catalog.chips[chip_id]
        if stage == "fab":
            return [chip.foundry]
        if stage == "package":
            return [chip.packaging, chip.memory_makers]
        return [{chip.vendor: 1.0}]

    def _clock(self, chip_id: str, stage: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the production clock of a chip's stage: the weakest group sets the pace."""
        groups = self._groups(chip_id, stage)
        healths = {node: self._health(node) for group in groups for node in group}
        t = np.unique(np.concatenate([times for times, _ in healths.values()]))
        by_node = {
            node: steps[np.searchsorted(times, t, side="right") - 1]
            for node, (times, steps) in healths.items()
        }
        by_group = [
            np.sum([share * by_node[node] for node, share in group.items()], axis=0)
            for group in groups
        ]
        health = np.min(by_group, axis=0)
        catch_up = self.scenario.supply.catch_up.value
        at, done = production_clock(t, health, catch_up)
        rate = final_rate(float(health[-1]), bool(done[-1] >= at[-1]), catch_up)
        return at, done, rate
