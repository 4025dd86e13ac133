"""Chips in service and the energy they took."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.laws.intervals import step_integral
from simulator.laws.power import facility_power_w, pool_energy_j
from simulator.spec.scenario import Scenario
from simulator.world.accounts.books import Array, Books
from simulator.world.recorder import Columns


def fleet_quarters(books: Books) -> Columns:
    """Chip time in service, and down for repair, by quarter and pool."""
    rows: Columns = {k: [] for k in ("quarter", "site", "chip", "in_service_chip_s", "down_chip_s")}
    for p, (site, chip) in enumerate(books.pools):
        rack = books.scenario.catalog.racks[chip]
        for q, quarter in enumerate(books.quarters):
            if books.rack_s[p, q] > 0:
                down = books.jobs.host_down_s[p, q] * rack.chips_per_host
                values = (quarter, site, chip, books.rack_s[p, q] * rack.chips, down)
                for name, value in zip(rows, values, strict=True):
                    rows[name].append(value)
    return rows


def energy(books: Books) -> Columns:
    """Energy by quarter and pool: idle power always, training power while allocated."""
    busy = books.busy_rack_seconds()
    rows: Columns = {k: [] for k in ("quarter", "site", "chip", "it_j", "facility_j", "usd")}
    for p, (site_id, chip) in enumerate(books.pools):
        rack, site = books.scenario.catalog.racks[chip], books.scenario.sites[site_id]
        watts = rack.nameplate.value * books.watts_factor(chip)
        it_j = pool_energy_j(
            watts * rack.idle_share.value,
            watts * rack.busy_share.value,
            books.rack_s[p],
            np.minimum(busy[p], books.rack_s[p]),
        )
        facility_j = facility_power_w(it_j, site.pue.value)
        for q in np.flatnonzero(books.rack_s[p]):
            usd = facility_j[q] * site.energy_price.value
            values = (books.quarters[q], site_id, chip, it_j[q], facility_j[q], usd)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value if isinstance(value, str) else float(value))
    return rows


def stranded(
    scenario: Scenario, fleet: Columns, runs_from_s: Callable[[str, str], float]
) -> Columns:
    """Chip time in service that is worthless to a family that asks for work, by quarter and chip.

    Parameters
    ----------
    fleet : dict
        Columns of the ``fleet`` table.
    runs_from_s : callable
        From family and chip to when the one runs on the other. [s]
    """
    calendar = scenario.horizon.calendar
    names, edges = calendar.names(), np.asarray(calendar.edges_s())
    asked = sorted({f for s in scenario.services.values() for f, x in s.families.items() if x > 0})
    rows: Columns = {k: [] for k in ("quarter", "chip", "family", "chip_s")}
    for chip in sorted(set(fleet["chip"])) if asked else ():
        ready = {family: runs_from_s(family, chip) for family in asked}
        for family, until_s in [*ready.items(), (None, min(ready.values()))]:
            for q, chip_s in enumerate(_standing_until(fleet, chip, until_s, edges)):
                if chip_s > 0:
                    for name, value in zip(rows, (names[q], chip, family, chip_s), strict=True):
                        rows[name].append(value)
    return rows


def _standing_until(fleet: Columns, chip: str, until_s: float, edges: Array) -> list[float]:
    """Integral of a chip's number in service up to a time, by quarter. [chip s]."""
    total = np.zeros(len(edges) - 1)
    kept = np.clip(edges, 0.0, max(0.0, until_s))
    where = np.array(fleet["chip"]) == chip
    for site in sorted(set(fleet["site"])):
        here = where & (np.array(fleet["site"]) == site)
        if here.any():
            t, chips = np.asarray(fleet["t_s"])[here], np.asarray(fleet["chips"], float)[here]
            total += step_integral(t, chips, kept)
    return [float(value) for value in total]
