"""Chips in service and the energy they took."""

from __future__ import annotations

import numpy as np

from simulator.laws.power import facility_power_w, pool_energy_j
from simulator.world.accounts.books import Books
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
