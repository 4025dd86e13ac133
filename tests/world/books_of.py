"""The books of a supply world that has run, for its accounts without jobs."""

from typing import Any

import numpy as np

from simulator.laws.intervals import step_integral
from simulator.world.accounts.books import Books
from simulator.world.accounts.money import cost
from simulator.world.accounts.orders import waiting
from simulator.world.supply_world import SupplyWorld

NO_ENERGY: dict[str, list[Any]] = {"quarter": [], "chip": [], "usd": []}


def books_of(world: SupplyWorld) -> Books:
    """Return books of the fleet, without a job."""
    books = Books.__new__(Books)
    books.scenario, calendar = world.scenario, world.scenario.horizon.calendar
    books.quarters, books.edges = calendar.names(), np.asarray(calendar.edges_s())
    books.energy_factor = world.programme.energy
    books.fleet = world.record.tables["fleet"]
    fleet = {k: np.asarray(v) for k, v in world.record.tables["fleet"].items()}
    books.pools = tuple(sorted({*zip(fleet.get("site", ()), fleet.get("chip", ()), strict=True)}))
    books.rack_s = np.zeros((len(books.pools), len(books.quarters)))
    for p, (site, chip) in enumerate(books.pools):
        here = (fleet["site"] == site) & (fleet["chip"] == chip)
        t_s, racks = fleet["t_s"][here].astype(float), fleet["racks"][here].astype(float)
        books.rack_s[p] = step_integral(t_s, racks, books.edges)
    return books


def costs(world: SupplyWorld, basis: str, category: str) -> dict[str, float]:
    """Return sums of the cost table by quarter. [USD]."""
    told = cost(
        books_of(world),
        world.supply.orders,
        NO_ENERGY,
        world.record.tables["deliveries"],
        world.programme.spent,
    )
    usd: dict[str, float] = {}
    columns = (told[k] for k in ("quarter", "basis", "category", "usd"))
    for quarter, on, what, each in zip(*columns, strict=True):
        if (on, what) == (basis, category):
            usd[quarter] = usd.get(quarter, 0.0) + each
    return usd


def rack_s_waited(world: SupplyWorld) -> dict[str, float]:
    """Return the waiting table's sums by cause. [rack s]."""
    empty: dict[str, list[Any]] = {"order": [], "racks": [], "in_service_s": []}
    deliveries = world.record.tables.get("deliveries") or empty
    told = waiting(books_of(world), world.supply.orders, deliveries)
    spans: dict[str, float] = {}
    for cause, rack_s in zip(told["cause"], told["rack_s"], strict=True):
        spans[cause] = spans.get(cause, 0.0) + rack_s
    return spans
