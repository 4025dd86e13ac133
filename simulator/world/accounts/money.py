"""Cash paid, cost accrued, and what is still to be paid at the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simulator.spec.programme import Programme
from simulator.units import next_quarter
from simulator.world.accounts.books import Books
from simulator.world.accounts.write_off import lots, write_offs
from simulator.world.orders import OrderState
from simulator.world.recorder import Columns
from simulator.world.treasury import CENT_USD


def cost(
    books: Books,
    orders: list[OrderState],
    energy: Columns,
    deliveries: Columns,
    spent: Sequence[tuple[float, float, str]] = (),
) -> Columns:
    """Cash paid, and cost accrued over lives, by quarter; what is still to be paid at the end.

    Racks are written off at their own price, as :func:`write_offs` does; what a vendor keeps of an
    order that was called off, in the quarter it was. Under ``cash`` that is paid for racks
    until the order is called off, and moved to ``cancellation`` then, so that nothing is
    counted twice. In the last quarter ``owed`` is what firm orders leave to be paid, and
    ``pending`` the worth of orders that have no allocation or no money yet.

    Parameters
    ----------
    spent : sequence of (s, USD, category)
        What the programme paid beside its planned development.
    """
    economics, racks = books.scenario.economics, books.scenario.catalog.racks
    rows: Columns = {k: [] for k in ("quarter", "basis", "category", "subject", "usd")}

    def add(quarter: str, basis: str, category: str, subject: str, usd: float) -> None:
        for name, value in zip(rows, (quarter, basis, category, subject, usd), strict=True):
            rows[name].append(value)

    for order in orders:
        for paid_s, usd in order.payments:
            if 0 <= paid_s < books.edges[-1]:
                called_off = order.cancelled_s is not None and paid_s > order.cancelled_s
                what = "cancellation" if called_off else "racks"
                add(_quarter(books, paid_s), "cash", what, order.chip, usd)
        if order.cancelled_s is not None and order.owed_usd:
            _add_cancelled(_quarter(books, order.cancelled_s), order.cancelled_s, order, add)
        if order.cause != "in_service":
            for basis, category, usd in to_be_paid(order):
                add(books.quarters[-1], basis, category, order.chip, usd)
    for p, (site, chip) in enumerate(books.pools):
        rack = racks[chip]
        for q in np.flatnonzero(books.rack_s[p]):
            span = float(books.rack_s[p, q])
            building = (
                max(1.0, books.watts_factor(chip))
                * rack.nameplate.value
                * economics.facility_cost.value
            )
            usd = span * building / economics.facility_life.value
            add(books.quarters[q], "accrual", "facility", site, usd)
    stood = lots(orders, deliveries, books.fleet)
    for chip, written in write_offs(stood, economics.rack_life.value, books.edges).items():
        for q in np.flatnonzero(written):
            add(books.quarters[q], "accrual", "racks", chip, float(written[q]))
    for quarter, chip, usd in zip(energy["quarter"], energy["chip"], energy["usd"], strict=True):
        add(quarter, "cash", "energy", chip, usd)
        add(quarter, "accrual", "energy", chip, usd)
    if books.scenario.supply.programme is not None:
        _add_development(books, books.scenario.supply.programme, add)
        for paid_s, usd, category in spent:
            if 0 <= paid_s < books.edges[-1]:
                for basis in ("cash", "accrual"):
                    chip = books.scenario.supply.programme.chip
                    add(_quarter(books, paid_s), basis, category, chip, usd)
    return rows


def to_be_paid(order: OrderState) -> list[tuple[str, str, float]]:
    """Return what an order leaves to be paid, as basis, category and USD; nothing if nothing is.

    A firm order owes its price less what was paid; one that was called off, what its vendor
    keeps less what was paid. One without an allocation or without money is not firm: called
    off, it would cost nothing.
    """
    if order.cancelled_s is not None:
        basis, category, usd = "owed", "cancellation", order.owed_usd - order.paid_usd
    elif order.funded_s is not None:
        basis, category, usd = "owed", "racks", order.worth_usd - order.paid_usd
    else:
        basis, category, usd = "pending", "racks", order.worth_usd
    return [(basis, category, usd)] if usd > CENT_USD else []


def _add_cancelled(quarter: str, when_s: float, order: OrderState, add: Any) -> None:
    """Book what a vendor keeps of an order that was called off, when it was."""
    # What bought no rack is written off at once.
    add(quarter, "accrual", "cancellation", order.chip, order.owed_usd)
    until = [usd for paid_s, usd in order.payments if 0 <= paid_s <= when_s and usd > 0]
    if kept_usd := min(order.owed_usd, sum(until)):
        add(quarter, "cash", "racks", order.chip, -kept_usd)
        add(quarter, "cash", "cancellation", order.chip, kept_usd)


def _quarter(books: Books, t_s: float) -> str:
    return books.quarters[int(np.searchsorted(books.edges, t_s, side="right")) - 1]


def _add_development(books: Books, spec: Programme, add: Any) -> None:
    """Spread the programme's development evenly over the quarters from the start to its gate."""
    calendar = books.scenario.horizon.calendar
    quarters = 1
    while calendar.at(next_quarter(calendar.start, quarters)) < calendar.at(spec.gate.quarter):
        quarters += 1
    usd = spec.development.value / quarters
    for quarter in books.quarters[:quarters]:
        for basis in ("cash", "accrual"):
            add(quarter, basis, "development", spec.chip, usd)
