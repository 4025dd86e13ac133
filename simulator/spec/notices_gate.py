"""Gates that are never decided, or decided before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, hypot, log, sqrt
from statistics import NormalDist

from simulator.spec.base import Spread
from simulator.spec.faults import Loc
from simulator.spec.programme import Programme
from simulator.spec.scenario import Scenario
from simulator.units import YEAR_S

Findings = Iterator[tuple[Loc, str]]

_GATE: Loc = ("supply", "programme", "gate")
_NORMAL = NormalDist()
_Z90 = _NORMAL.inv_cdf(0.9)
#: A rule kept, or missed, with less than this chance decides nothing.
_NEVER = 1e-3
#: Where truth or noise is looked at, in standard deviations: beyond lie 2e-15 of all.
_STEPS = [k / 50 for k in range(-400, 401)]


def late_gate(scenario: Scenario) -> Findings:
    """Yield a gate that is decided after the run, or a last date of the pilot stated there."""
    programme, calendar = scenario.supply.programme, scenario.horizon.calendar
    if programme is None:
        return
    gate, last = programme.gate, calendar.names()[-1]
    if calendar.at(gate.quarter) >= calendar.horizon_s:
        message = f"{gate.quarter} is after the last quarter, {last}: nothing is decided in this"
        yield (*_GATE, "quarter"), f"{message} run, and what is kept for the ramp is not spent"
    elif gate.latest is not None and calendar.at(gate.latest) >= calendar.horizon_s:
        message = f"{gate.latest} is after the last quarter, {last}: where the pilot is late,"
        yield (*_GATE, "latest"), f"{message} nothing is decided in this run"


def thresholds(scenario: Scenario) -> Findings:
    """Yield each rule of a gate that hardly any chip keeps, or hardly any misses."""
    programme = scenario.supply.programme
    if programme is None or programme.gate.forced is not None:
        return
    gate = programme.gate
    speed, power = _lognormal(programme.performance), _lognormal(programme.energy)
    per_watt = (speed[0] - power[0], hypot(speed[1], power[1]))
    yields = None if programme.die_yield is None else _lognormal(programme.die_yield)
    rules = [
        ("min_performance", gate.min_performance, speed),
        ("min_performance_per_watt", gate.min_performance_per_watt, per_watt),
    ]
    if gate.min_yield > 0 and yields is not None:
        rules.append(("min_yield", gate.min_yield, yields))
    elif gate.min_yield > 0:
        message = "the yield goes by plan where programme.die_yield is not stated: it is always"
        yield (*_GATE, "min_yield"), f"{message} reached"
    for name, least, truth in rules:
        if message := _told(programme, least, truth):
            yield (*_GATE, name), message
    most = _most_ported(scenario, programme)
    if most < gate.min_ported_share - 1e-9:
        yield (
            (*_GATE, "min_ported_share"),
            f"{gate.min_ported_share:g} is never reached: at most {most:.3g} of the work asked is "
            f"of families that catalog.software.ports has a port of to {programme.chip!r}",
        )


def _told(programme: Programme, least: float, truth: tuple[float, float]) -> str:
    """Say that a rule is hardly ever kept or missed; empty if it decides something."""
    chances = [_kept(programme, least, truth, rounds) for rounds in (1, 2)]
    if programme.gate.hold == 0:
        chances = chances[:1]
    median, p90 = exp(truth[0]), exp(truth[0] + _Z90 * truth[1])
    spread = f"half of all chips are truly below {median:.3g}, one in ten above {p90:.3g}"
    if max(chances) < _NEVER:
        return (
            f"of a thousand pilots less than one reaches {least:g}: {spread}; the chip is dropped"
        )
    if min(chances) > 1 - _NEVER:
        return f"of a thousand pilots less than one misses {least:g}: {spread}; it decides nothing"
    return ""


def _kept(programme: Programme, least: float, truth: tuple[float, float], rounds: int) -> float:
    """Chance that what is measured of a lognormal truth reaches a value as surely as asked. [1]"""
    sd = programme.measurement_noise.value / sqrt(programme.measurements * rounds)
    bar = least + _NORMAL.inv_cdf(programme.gate.certainty) * sd
    median, sigma = exp(truth[0]), truth[1]
    # Steps are taken over the narrower of truth and noise, the wider's chance is exact at each.
    by_noise = sigma * median > sd

    def chance(z: float) -> float:
        if by_noise:
            needed = bar - sd * z
            return 1.0 if needed <= 0 else _NORMAL.cdf((truth[0] - log(needed)) / sigma)
        over = median * exp(sigma * z) - bar
        return _NORMAL.cdf(over / sd) if sd > 0 else float(over >= 0)

    weights = [exp(-z * z / 2) for z in _STEPS]
    kept = sum(weight * chance(z) for z, weight in zip(_STEPS, weights, strict=True))
    return kept / sum(weights)


def _lognormal(spread: Spread[float]) -> tuple[float, float]:
    """Return mean and standard deviation of the logarithm."""
    return log(spread.median), log(spread.p90 / spread.median) / _Z90


def _most_ported(scenario: Scenario, programme: Programme) -> float:
    """Most of the work asked from the gate on whose family may run on the chip. [1]"""
    calendar, ports = scenario.horizon.calendar, scenario.catalog.software.ports
    shares = [1.0] if not scenario.services else []
    for begin_s in calendar.edges_s():
        if begin_s < min(calendar.at(programme.gate.quarter), calendar.horizon_s):
            continue
        asked = ported = 0.0
        for service in scenario.services.values():
            demand = service.demand.value * service.growth_per_year.value ** (begin_s / YEAR_S)
            able = (
                part for f, part in service.families.items() if programme.chip in ports.get(f, {})
            )
            asked += demand
            ported += demand * sum(able)
        shares.append(ported / asked if asked else 1.0)
    return max(shares)
