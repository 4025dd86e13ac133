"""Racks written off, each lot at its own price from when it serves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simulator.laws.intervals import time_in_bins
from simulator.world.accounts.books import Array
from simulator.world.orders import OrderState
from simulator.world.recorder import Columns


@dataclass(frozen=True)
class Lot:
    """Racks of one order that go into service together, and out again.

    Attributes
    ----------
    rack_usd : float
        What was, or is to be, paid for each. [USD]
    begin_s, end_s : float
        When they go into service, and out; infinite if they stay. [s]
    bought : bool
        Whether they were ordered, or stood there at the start.
    """

    chip: str
    racks: int
    rack_usd: float
    begin_s: float
    end_s: float = np.inf
    bought: bool = True


def lots(orders: Iterable[OrderState], deliveries: Columns, fleet: Columns) -> Iterator[Lot]:
    """Yield the racks that serve; of a chip at a site the oldest are retired first.

    Parameters
    ----------
    orders : iterable of OrderState
    deliveries, fleet : dict
        The recorder's columns: what went into service, and what stands when, by site and chip.
    """
    of_name = {order.name: order for order in orders}
    stands: dict[tuple[str, str], deque[Lot]] = {}
    for site, chip, begin_s, racks, name in _rows(
        deliveries, "site", "chip", "in_service_s", "racks", "order"
    ):
        order = of_name[name]
        bought = order.cause != "in_service"
        lot = Lot(chip, racks, order.price_usd, begin_s, bought=bought)
        stands.setdefault((site, chip), deque()).append(lot)
    before: dict[tuple[str, str], int] = {}
    for site, chip, t_s, racks in _rows(fleet, "site", "chip", "t_s", "racks"):
        pool = site, chip
        gone = before.get(pool, 0) - racks
        before[pool] = racks
        while gone > 0:
            old = stands[pool].popleft()
            out = min(gone, old.racks)
            yield replace(old, racks=out, end_s=t_s)
            if out < old.racks:
                stands[pool].appendleft(replace(old, racks=old.racks - out))
            gone -= out
    for each in stands.values():
        yield from each


def _rows(table: Columns, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table.get(name, ()) for name in names), strict=True)


def write_offs(found: Iterable[Lot], life_s: float, edges_s: Array) -> dict[str, Array]:
    """Return what is written off of each chip's racks between each two edges. [USD].

    Evenly over a life from when they serve, and what is left of it when they go. Those that
    stood there at the start are of no known age: nothing is left of them.
    """
    usd: dict[str, Array] = {}
    for lot in found:
        until_s = min(lot.end_s, lot.begin_s + life_s)
        paid_usd = lot.racks * lot.rack_usd
        part = time_in_bins([lot.begin_s], [until_s], edges_s)[0] / life_s
        if lot.bought and until_s == lot.end_s < edges_s[-1]:
            left = 1.0 - (until_s - lot.begin_s) / life_s
            part[int(np.searchsorted(edges_s, until_s, side="right")) - 1] += left
        usd[lot.chip] = usd.get(lot.chip, np.zeros(len(edges_s) - 1)) + paid_usd * part
    return usd
