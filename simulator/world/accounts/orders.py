"""Orders, and what held racks that were wanted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.intervals import time_in_bins
from simulator.spec.scenario import Scenario
from simulator.world.accounts.books import Books
from simulator.world.orders import OrderState
from simulator.world.recorder import Columns

Array = NDArray[np.floating[Any]]


def waiting(books: Books, orders: list[OrderState], deliveries: Columns) -> Columns:
    """Rack time wanted and not in service, by what held it."""
    scenario = books.scenario
    rows: Columns = {k: [] for k in ("quarter", "chip", "cause", "rack_s")}
    spans: dict[tuple[str, str], Array] = {}

    def add(chip: str, cause: str, start_s: float, end_s: float, racks: int) -> None:
        if end_s <= start_s:
            return
        inside = racks * time_in_bins([start_s], [end_s], books.edges)[0]
        spans[chip, cause] = spans.get((chip, cause), np.zeros(len(books.quarters))) + inside

    bought = {order.name: order for order in orders if order.cause != "in_service"}
    placed: Counter[str] = Counter()
    for name, racks, at_s in zip(
        deliveries["order"], deliveries["racks"], deliveries["in_service_s"], strict=True
    ):
        placed[name] += racks
        if name in bought:
            landed_s = bought[name].landed_s or 0.0
            add(bought[name].chip, "power", landed_s, at_s - bought[name].commission_s, racks)
    for order in bought.values():
        over = np.inf if order.cancelled_s is None else order.cancelled_s
        granted = over if order.lacks_money_s is None else order.lacks_money_s
        add(order.chip, "supply", order.wanted_s, granted, order.racks)
        funded = over if order.funded_s is None else order.funded_s
        add(order.chip, "money", granted, funded, order.racks)
        ship_share = scenario.supply.lead_times[order.chip].ship_share
        for cause, start_s, end_s in _lateness(order, ship_share * order.total_s):
            add(order.chip, cause, start_s, min(end_s, over), order.racks)
        if order.landed_s is not None:
            left = order.racks - placed[order.name]
            add(order.chip, "power", order.landed_s, np.inf, left)
    for (chip, cause), values in sorted(spans.items()):
        # Less than a rack-second is the rounding of sums of stages.
        for q in np.flatnonzero(values > 1.0):
            for name, value in zip(
                rows, (books.quarters[q], chip, cause, float(values[q])), strict=True
            ):
                rows[name].append(value)
    return rows


def _lateness(order: OrderState, ship_s: float) -> list[tuple[str, float, float]]:
    """Cut the time from when an order was due until it landed by what held it. [s].

    Built racks that wait for their balance wait for money, for as long as they would have
    stood on the dock by then: `ship_s` behind.
    """
    due_s, landed_s = order.due_s, np.inf if order.landed_s is None else order.landed_s
    if due_s is None:
        return []
    if order.owing_s is None:
        return [("supply", due_s, landed_s)]
    ready_s = max(due_s, order.owing_s + ship_s)
    if order.settled_s is None:
        return [("supply", due_s, ready_s), ("money", ready_s, np.inf)]
    paid_s = max(due_s, min(order.settled_s + ship_s, landed_s))
    return [
        ("supply", due_s, ready_s),
        ("money", ready_s, paid_s),
        ("supply", max(ready_s, paid_s), landed_s),
    ]


def order_rows(scenario: Scenario, orders: list[OrderState]) -> Columns:
    """One row an order."""
    chips = scenario.catalog.chips
    return {
        "order": [o.name for o in orders],
        "chip": [o.chip for o in orders],
        "vendor": [chips[o.chip].vendor for o in orders],
        "cause": [o.cause for o in orders],
        "racks": [o.racks for o in orders],
        "price_usd": [o.price_usd for o in orders],
        "wanted_s": [o.wanted_s for o in orders],
        "funded_s": [o.funded_s for o in orders],
        "due_s": [o.due_s for o in orders],
        "landed_s": [o.landed_s for o in orders],
        "cancelled": [o.cancelled_s is not None for o in orders],
    }
