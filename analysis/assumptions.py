"""Every assumed figure of a scenario, with its range and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.words import number
from simulator.units import DAY_S, HOUR_S, WEEK_S, YEAR_S

# Unit by field, as the specs state it; a bare name where it is the same everywhere.
_UNITS = {
    "peak_bf16": "FLOP/s",
    "chips.memory": "B",
    "memory_bandwidth": "B/s",
    "scaleup_bandwidth": "B/s",
    "scaleout_bandwidth": "B/s",
    "tdp": "W",
    "nameplate": "W",
    "price": "USD",
    "development": "USD",
    "energy_price": "USD/J",
    "facility_cost": "USD/W",
    "rack_life": "s",
    "facility_life": "s",
    "settle": "s",
    "checkpoint_write": "s",
    "restart": "s",
    "host_repair": "s",
    "demand": "rce",
    "host_faults_per_day": "1/day",
    "per_year": "1/yr",
}
_SI = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SPANS = ((YEAR_S, "yr"), (WEEK_S, "wk"), (DAY_S, "d"), (HOUR_S, "h"), (60.0, "min"))


@dataclass(frozen=True)
class Assumption:
    """One assumed figure: where it stands, its value and range as text, and the source."""

    path: str
    value: str
    low: str
    high: str
    source: str


def assumptions(scenario: Mapping[str, Any]) -> list[Assumption]:
    """List the figures a scenario assumes, in its own order.

    Parameters
    ----------
    scenario : mapping
        The effective scenario of a manifest, in SI units.
    """
    found = []
    for path, figure in _figures(scenario, ()):
        if figure["status"] == "assumed":
            unit = _unit(path)
            value, low, high = (_text(figure[k], unit) for k in ("value", "low", "high"))
            found.append(Assumption(_name(path), value, low, high, figure["source"]))
    return found


def counts(scenario: Mapping[str, Any]) -> dict[str, int]:
    """Count a scenario's figures by status: measured, published, assumed."""
    found = dict.fromkeys(("measured", "published", "assumed"), 0)
    for _, figure in _figures(scenario, ()):
        found[figure["status"]] += 1
    return found


def _figures(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, Mapping):
        if {"value", "status", "source"} <= set(node):
            yield path, dict(node)
            return
        for key, child in node.items():
            yield from _figures(child, (*path, key))
    elif isinstance(node, list):
        for k, child in enumerate(node):
            yield from _figures(child, (*path, str(k + 1)))


def _unit(path: tuple[str, ...]) -> str:
    shelf = next((part for part in path if part in ("chips", "families")), "")
    return _UNITS.get(f"{shelf}.{path[-1]}", _UNITS.get(path[-1], ""))


def _name(path: tuple[str, ...]) -> str:
    kept = [part for part in path if part not in ("catalog", "software", "supply")]
    return " › ".join(part.replace("_", " ") for part in kept)


def _text(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "USD/J":
        return f"{number(value * 3.6e9)} USD/MWh"
    if unit == "s":
        size, name = next(((s, n) for s, n in _SPANS if value >= s), (1.0, "s"))
        return f"{number(value / size)} {name}"
    if unit in ("FLOP/s", "B", "B/s", "W", "USD"):
        size, prefix = next(((s, p) for s, p in _SI if value >= s), (1.0, ""))
        return f"{number(value / size)} {prefix}{unit}"
    return f"{number(value)} {unit}".rstrip()
