"""Purchases that come to nothing, or hardly cost what is meant."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.spec.faults import Loc
from simulator.spec.orders import Order
from simulator.spec.scenario import Scenario
from simulator.units import quarter_start

Findings = Iterator[tuple[Loc, str]]

PLAN: Loc = ("supply", "plan")
#: Sums of money that differ by less are one. [USD]
CENT_USD = 0.01
#: How many times dearer or cheaper than listed a rack must be for it to be said.
_FAR = 3.0


def orders(scenario: Scenario) -> Findings:
    """Yield path and message of each line of the plan that orders nothing, or at no cost."""
    calendar = scenario.horizon.calendar
    first, last = calendar.start, calendar.names()[-1]
    late = [k for k, order in enumerate(scenario.supply.plan)
            if calendar.at(order.quarter) >= calendar.horizon_s]  # fmt: skip
    for index in late[:1]:
        message = f"{scenario.supply.plan[index].quarter} is after the last quarter, {last}: it is"
        more = _nor(len(late) - 1)
        yield (*PLAN, index, "quarter"), f"{message} never ordered{more}"
    for index, order in enumerate(scenario.supply.plan):
        racks, least = racks_of(scenario, order), fewest(scenario, order.chip)
        price = order.rack_usd(scenario.catalog.racks[order.chip].price.value)
        loc: Loc = (*PLAN, index)
        if index in late:
            continue
        if order.racks == 0:
            yield (*loc, "racks"), f"0 racks of {order.chip!r}: nothing is ordered"
        elif order.spend and racks == 0:
            message = f"{money(order.spend)} buys no rack of {order.chip!r}, one costs"
            yield (*loc, "spend"), f"{message} {money(price)}: nothing is ordered"
        elif 0 < racks < least:
            message = f"{racks} racks of {order.chip!r} are fewer than its contract's minimum of"
            yield loc, f"{message} {least}: nothing is ordered"
        elif quarter_start(order.quarter) < quarter_start(first):
            message = f"{order.quarter} is before the start of the run, {first}: {racks} racks of"
            taken = "are paid and under way: they land when due, and cost this run no cash"
            yield (*loc, "quarter"), f"{message} {order.chip!r} {taken}"
        listed = scenario.catalog.racks[order.chip].price.value
        if order.price is not None and not listed / _FAR < price < listed * _FAR:
            message = f"{money(price)} for a rack of {order.chip!r}, which the catalogue lists"
            yield (*loc, "price"), f"{message} at {money(listed)}"


def _nor(others: int) -> str:
    if others == 0:
        return ""
    return ", nor is another purchase" if others == 1 else f", nor are {others} other purchases"


def fewest(scenario: Scenario, chip: str) -> int:
    """Return the fewest racks of a chip that can be ordered."""
    contract = scenario.supply.contracts.get(chip)
    return 1 if contract is None else contract.minimum


def racks_of(scenario: Scenario, order: Order) -> int:
    """Return the whole racks an order asks for."""
    if order.racks is not None:
        return order.racks
    price = order.rack_usd(scenario.catalog.racks[order.chip].price.value)
    return int(((order.spend or 0.0) + CENT_USD) // price)


def money(usd: float, digits: int = 3) -> str:
    """Write a sum as a file would.

    Examples
    --------
    >>> money(2.5e9), money(3e8), money(18.393e9, 6)
    ('2.5 GUSD', '300 MUSD', '18.393 GUSD')
    """
    for factor, unit in ((1e9, "GUSD"), (1e6, "MUSD"), (1e3, "kUSD")):
        if abs(usd) >= factor:
            return f"{usd / factor:.{digits}g} {unit}"
    return f"{usd:.{digits}g} USD"
