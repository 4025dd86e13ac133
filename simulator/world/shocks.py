"""Shocks: drawn from streams of their own, told when they happen."""

from __future__ import annotations

from collections.abc import Generator
from math import exp, log
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import simpy

from simulator.laws.rare import shocks_given_at_least
from simulator.laws.recovery import Shape, recovery_steps
from simulator.spec.shocks import RandomShocks
from simulator.spec.supply import Supply
from simulator.streams import Streams
from simulator.units import YEAR_S
from simulator.world.chain import Chain
from simulator.world.clock import At
from simulator.world.recorder import Recorder

#: Random shocks are sampled from this long before the start. [s]
BEFORE_S = 5 * YEAR_S
_Z90 = NormalDist().inv_cdf(0.9)
#: What a shock of a kind takes; output where none is named.
_TAKES = {
    "allocation_cut": "allocation",
    "demand_surge": "demand",
    "licence_withdrawal": "stock",
}
#: Begin and length [s] and severity [1].
_Arrival = tuple[float, float, float]
_WORDS = {
    "output": "of output lost",
    "allocation": "of what we ask anew refused",
    "demand": "more asked by others",
    "stock": "of the speed of what stands lost",
}


class Blow(NamedTuple):
    """One shock that happens: to whom, from, until, and the share lost at its start."""

    kind: str
    nodes: tuple[str, ...]
    start_s: float
    end_s: float
    severity: float
    recovery: Shape = "step"
    warning_s: float = 0.0

    @property
    def takes(self) -> str:
        """What it takes: output, allocation, demand or stock."""
        return _TAKES.get(self.kind, "output")

    def steps(self) -> list[tuple[float, float, float]]:
        """Return its stretches of constant loss: begin, end [s] and share lost [1]."""
        return recovery_steps(self.start_s, self.end_s, self.severity, self.recovery)


def draw_shocks(chain: Chain, streams: Streams) -> tuple[Blow, ...]:
    """Return the shocks of one replication, the scheduled and those of chance."""
    supply, calendar = chain.scenario.supply, chain.scenario.horizon.calendar
    horizon_s = calendar.horizon_s
    blows = []
    for shock in supply.shocks:
        nodes = tuple(chain.hit_by(shock))
        begin_s = calendar.at(shock.quarter)
        spec = (shock.severity, shock.recovery, shock.warning)
        blows.append(Blow(shock.kind, nodes, begin_s, begin_s + shock.duration, *spec))
    counted = _counted(supply, streams, horizon_s)
    for index, (random, nodes) in enumerate(chain.random_shocks):
        until_s = 0.0 if index in counted else horizon_s
        arrivals = _arrivals(random, streams(chain.shock_streams[index]), until_s)
        for begin_s, length_s, severity in arrivals + counted.get(index, []):
            blows.append(
                Blow(
                    random.kind,
                    nodes,
                    begin_s,
                    begin_s + length_s,
                    severity,
                    random.recovery,
                    random.warning,
                )
            )
    return tuple(sorted(blows, key=lambda b: (b.start_s, b.kind, b.nodes)))


def _counted(supply: Supply, streams: Streams, horizon_s: float) -> dict[int, list[_Arrival]]:
    """Return the shocks within the horizon, where their number is given.

    So many Poisson arrivals lie uniformly over the horizon, each of a stream by its rate.
    A larger number adds shocks to those of a smaller one.
    """
    if supply.shock_count is None:
        return {}
    poisson = {k: r for k, r in enumerate(supply.random_shocks) if r.arrival == "poisson"}
    stream = streams("shocks/counted")
    rates = np.array([random.per_year.value for random in poisson.values()])
    number, chance = supply.shock_count.shocks, float(stream.random())
    if supply.shock_count.or_more:
        expected = float(rates.sum()) * horizon_s / YEAR_S
        number = shocks_given_at_least(expected, number, chance)
    found: dict[int, list[_Arrival]] = {k: [] for k in poisson}
    edges = np.cumsum(rates) / rates.sum()
    for _ in range(number):
        which = int(np.searchsorted(edges, stream.random(), side="right"))
        index = list(poisson)[which]
        begin_s = horizon_s * float(stream.random())
        found[index].append((begin_s, *_extent(poisson[index], stream)))
    return found


def _extent(random: RandomShocks, stream: np.random.Generator) -> tuple[float, float]:
    """Draw how long a shock is, and how hard where that is left to chance. [s, 1]."""
    sigma = log(random.duration.p90 / random.duration.median) / _Z90
    length_s = random.duration.median * exp(sigma * float(stream.standard_normal()))
    if random.least_severity is None:
        return length_s, random.severity
    spread = random.severity - random.least_severity
    return length_s, random.least_severity + spread * float(stream.random())


def _arrivals(
    random: RandomShocks, stream: np.random.Generator, horizon_s: float
) -> list[_Arrival]:
    """Return begin, length [s] and severity [1] of each shock of a stream."""
    mean_s, found = YEAR_S / random.per_year.value, []
    # From well before the start, so that a shock may be under way on the first day.
    t_s = mean_s * stream.standard_exponential() - BEFORE_S
    while t_s < horizon_s:
        length_s, severity = _extent(random, stream)
        found.append((t_s, length_s, severity))
        if random.arrival == "renewal":
            t_s += length_s
        t_s += mean_s * stream.standard_exponential()
    return found


def herald(
    env: simpy.Environment, blows: tuple[Blow, ...], record: Recorder
) -> Generator[simpy.Event, Any, None]:
    """Tell each shock to whoever listens: warned of, begun, over."""
    told: list[tuple[float, str, str, str]] = []
    for blow in blows:
        lost = f"{blow.severity:.0%} {_WORDS[blow.takes]}"
        for node in blow.nodes:
            if blow.warning_s > 0:
                ahead = f"{blow.kind} from {blow.start_s:.0f} s: {lost}"
                told.append((blow.start_s - blow.warning_s, "warning", node, ahead))
            detail = f"{blow.kind}: {lost} until {blow.end_s:.0f} s"
            told.append((blow.start_s, "shock", node, detail))
            told.append((blow.end_s, "recovered", node, blow.kind))
    for t_s, kind, node, detail in sorted(told):
        if t_s >= 0:
            if t_s > env.now:
                yield At(env, t_s)
            record.event(env.now, kind, node, detail)
