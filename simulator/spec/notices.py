"""What a valid scenario says and hardly means: what comes to nothing, purchases gone missing.

None of these is a fault, for each can be meant; but each has been meant otherwise, and a run
shows none of them. What is said is certain: what chance may do beside it is not foretold.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from simulator.spec.faults import Fault, Loc, fault
from simulator.spec.loader import Given
from simulator.spec.orders import Order
from simulator.spec.scenario import Scenario
from simulator.spec.shocks import Hit
from simulator.units import quarter_start

Findings = Iterator[tuple[Loc, str]]

#: Sums of money that differ by less are one. [USD]
_CENT_USD = 0.01
#: Part of the planned money that a plan may lose before it is said. [1]
_WORTH_SAYING = 0.01
#: How many times dearer or cheaper than listed a rack must be for it to be said.
_FAR = 3.0
_PLAN: Loc = ("supply", "plan")


def notices(given: Given, before: Scenario | None = None) -> list[Fault]:
    """Return what a scenario hardly means, each with its place.

    Parameters
    ----------
    given : Given
    before : Scenario, optional
        What it is compared with, such as the baseline, for purchases that went missing.
    """
    found = [*of_plan(given.scenario), *surges(given.scenario)]
    if before is not None and (message := removed(before, given.scenario)):
        found.append((_PLAN, message))
    return [fault(given.effective.place_of(loc), loc, message) for loc, message in found]


def of_plan(scenario: Scenario) -> list[tuple[Loc, str]]:
    """Return path and message of each purchase that comes to nothing, or costs nothing."""
    return [*orders(scenario), *((wait.loc, wait.message) for wait in waits(scenario))]


def removed(before: Scenario, after: Scenario) -> str:
    """Say which purchases a plan has no more that another has; empty if it spends as much.

    What a programme's pilot costs, and what it keeps for its ramp or fallback, is spent too.
    Quarters without money do not count: nothing is bought in them.
    """
    gone = [*(Counter(_priced(before, after)) - Counter(_priced(after, after))).elements()]
    was = sum(usd for _, usd in _priced(before, after))
    now = sum(usd for _, usd in _priced(after, after))
    less = was + _reserve(before) - now - _reserve(after)
    if not gone or less <= _WORTH_SAYING * was:
        return ""
    lost = sum(usd for _, usd in gone)
    return (
        f"{len(gone)} purchases of the plan before it, {_money(lost)}, are not in this one "
        f"({_money(was)} planned before, {_money(now)} now): 'plan' replaces the whole list; "
        "write 'plan+' to add to it"
    )


def _priced(plan: Scenario, at: Scenario) -> list[tuple[Order, float]]:
    """Return a plan's orders in quarters that have money, each with its sum. [USD]"""
    price = {chip: rack.price.value for chip, rack in at.catalog.racks.items()}
    return [
        (order, order.usd(price[order.chip]))
        for order in plan.supply.plan
        if at.economics.budget.get(order.quarter, 0.0) > 0
    ]


def _reserve(scenario: Scenario) -> float:
    """Return what a programme spends on racks, its pilot's and by its reserve. [USD]"""
    programme, budget = scenario.supply.programme, scenario.economics.budget
    if programme is None:
        return 0.0
    pilot = programme.pilot_racks * scenario.catalog.racks[programme.chip].price.value
    reserve = sum(usd for quarter, usd in programme.reserve.items() if budget.get(quarter, 0) > 0)
    return pilot + reserve


def orders(scenario: Scenario) -> Findings:
    """Yield path and message of each line of the plan that orders nothing, or at no cost."""
    calendar = scenario.horizon.calendar
    first, last = calendar.start, calendar.names()[-1]
    late = [k for k, order in enumerate(scenario.supply.plan)
            if calendar.at(order.quarter) >= calendar.horizon_s]  # fmt: skip
    for index in late[:1]:
        message = f"{scenario.supply.plan[index].quarter} is after the last quarter, {last}: it is"
        more = _nor(len(late) - 1)
        yield (*_PLAN, index, "quarter"), f"{message} never ordered{more}"
    for index, order in enumerate(scenario.supply.plan):
        racks, least = _racks(scenario, order), _least(scenario, order.chip)
        price = order.rack_usd(scenario.catalog.racks[order.chip].price.value)
        loc: Loc = (*_PLAN, index)
        if index in late:
            continue
        if order.spend and racks == 0:
            message = f"{_money(order.spend)} buys no rack of {order.chip!r}, one costs"
            yield (*loc, "spend"), f"{message} {_money(price)}: nothing is ordered"
        elif 0 < racks < least:
            message = f"{racks} racks of {order.chip!r} are fewer than its contract's minimum of"
            yield loc, f"{message} {least}: nothing is ordered"
        elif quarter_start(order.quarter) < quarter_start(first):
            message = f"{order.quarter} is before the start of the run, {first}: {racks} racks of"
            taken = "are paid and under way: they land when due, and cost this run no cash"
            yield (*loc, "quarter"), f"{message} {order.chip!r} {taken}"
        listed = scenario.catalog.racks[order.chip].price.value
        if order.price is not None and not listed / _FAR < price < listed * _FAR:
            message = f"{_money(price)} for a rack of {order.chip!r}, which the catalogue lists"
            yield (*loc, "price"), f"{message} at {_money(listed)}"


def surges(scenario: Scenario) -> Findings:
    """Yield path and message of each demand surge that hits nobody who has other customers."""
    nodes = scenario.supply.nodes
    feel = {i for i, n in nodes.items() if n.capacity and any(f.value for f in n.others.values())}
    sections: tuple[tuple[str, Sequence[Hit]], ...] = (
        ("shocks", scenario.supply.shocks),
        ("random_shocks", scenario.supply.random_shocks),
    )
    for section, shocks in sections:
        for index, shock in enumerate(shocks):
            hit = {i for i, n in nodes.items() if shock.hits(i, n.tags, n.country)}
            if shock.kind == "demand_surge" and not hit & feel:
                message = (
                    f"a demand surge raises what 'others' ask of a 'capacity': {shock.selector}"
                )
                yield ("supply", section, index), f"{message} has none, so nothing changes"


@dataclass
class _Claim:
    """A purchase that waits for money."""

    loc: Loc
    quarter: str
    usd: float


@dataclass(frozen=True)
class Wait:
    """Purchases that wait for money, from the first that finds none."""

    loc: Loc
    """Of the first."""
    quarter: str
    """In which it is wanted."""
    is_paid: bool
    """Whether it is paid for within the run."""
    message: str
    """What is said of it."""


def waits(scenario: Scenario) -> list[Wait]:
    """Follow the racks' budget, first come first served, if all goes as planned.

    Money due later than with the order is left out, and so is what chance adds: who waits
    here waits in any case.
    """
    if scenario.supply.buying.rule not in ("plan_of_record", "react_to_slips"):
        return []
    share, budget = scenario.economics.training_share.value, scenario.economics.budget
    balance, queue, told = 0.0, deque[_Claim](), list[tuple[_Claim, float, list[_Claim]]]()
    claims, paid, last = _claims(scenario), dict[int, str](), None
    for quarter in scenario.horizon.calendar.names():
        balance = _pay(queue, balance + share * budget.get(quarter, 0.0), quarter, paid)
        for claim in claims.get(quarter, ()):
            if not queue and claim.usd <= balance + _CENT_USD:
                last = None
            elif last is None:
                last = (claim, claim.usd - balance, [claim])
                told.append(last)
            else:  # the first of those that wait is what they wait for
                last[2].append(claim)
            queue.append(claim)
            balance = _pay(queue, balance, quarter, paid)
    return [
        Wait(
            first.loc,
            first.quarter,
            id(first) in paid,
            _wait(scenario, first, lacks, waiting, paid),
        )
        for first, lacks, waiting in told
    ]


def _pay(queue: deque[_Claim], balance: float, quarter: str, paid: dict[int, str]) -> float:
    while queue and queue[0].usd <= balance + _CENT_USD:
        claim = queue.popleft()
        balance -= claim.usd
        paid[id(claim)] = quarter
    return balance


def _wait(
    scenario: Scenario, first: _Claim, lacks: float, waiting: list[_Claim], paid: dict[int, str]
) -> str:
    share = scenario.economics.training_share.value
    never = sum(id(claim) not in paid for claim in waiting)
    until = paid.get(id(first))
    text = f"waits for money until {until}" if until else "is never paid for within the run"
    if len(waiting) > 1:
        behind = len(waiting) - 1
        text += f", and {behind} purchase{'s' if behind > 1 else ''} behind it with it"
        text += f" ({never} of them never paid for)" if never else ""
    now = scenario.economics.budget.get(first.quarter, 0.0)
    # Rounded up, so that what is written down pays for it.
    step = 1e6 if now + lacks > 1e8 else 1e3
    enough = ceil((now + lacks / share) / step) * step if share > 0 else now
    return (
        f"{text}: {_money(lacks)} are lacking in {first.quarter}; racks have "
        f"economics.training_share, {share:g}, of the budget: economics.budget.{first.quarter} "
        f"of {_money(enough, 6)} would pay for it, it is {_money(now, 6)}"
    )


def _claims(scenario: Scenario) -> dict[str, list[_Claim]]:
    """Return what is due with each order, by quarter, in the order in which it is asked for."""
    supply, racks = scenario.supply, scenario.catalog.racks
    found: dict[str, list[_Claim]] = {}

    def claim(loc: Loc, quarter: str, chip: str, count: int, rack_usd: float) -> None:
        contract = supply.contracts.get(chip)
        prepay = 1.0 if contract is None else contract.prepay
        if count >= _least(scenario, chip):
            usd = prepay * count * rack_usd
            found.setdefault(quarter, []).append(_Claim(loc, quarter, usd))

    programme = supply.programme
    if programme is not None:
        loc: Loc = ("supply", "programme", "pilot_racks")
        pilot = programme.chip, programme.pilot_racks, racks[programme.chip].price.value
        claim(loc, programme.pilot_quarter, *pilot)
    for index, order in enumerate(supply.plan):
        rack_usd = order.rack_usd(racks[order.chip].price.value)
        count = _racks(scenario, order)
        claim((*_PLAN, index), order.quarter, order.chip, count, rack_usd)
    if programme is not None:
        chip = programme.fallback if programme.gate.forced == "cancel" else programme.chip
        for quarter, usd in sorted(programme.reserve.items()):
            rack_usd = racks[chip].price.value
            count = int((usd + _CENT_USD) // rack_usd)
            when = max(quarter, programme.gate.quarter)  # as text: 2025Q4 < 2026Q1
            claim(("supply", "programme", "reserve", quarter), when, chip, count, rack_usd)
    return found


def _nor(others: int) -> str:
    if others == 0:
        return ""
    return ", nor is another purchase" if others == 1 else f", nor are {others} other purchases"


def _least(scenario: Scenario, chip: str) -> int:
    """Return the fewest racks of a chip that can be ordered."""
    contract = scenario.supply.contracts.get(chip)
    return 1 if contract is None else contract.minimum


def _racks(scenario: Scenario, order: Order) -> int:
    """Return the whole racks an order asks for."""
    if order.racks is not None:
        return order.racks
    price = order.rack_usd(scenario.catalog.racks[order.chip].price.value)
    return int(((order.spend or 0.0) + _CENT_USD) // price)


def _money(usd: float, digits: int = 3) -> str:
    """Write a sum as a file would.

    Examples
    --------
    >>> _money(2.5e9), _money(3e8), _money(18.393e9, 6)
    ('2.5 GUSD', '300 MUSD', '18.393 GUSD')
    """
    for factor, unit in ((1e9, "GUSD"), (1e6, "MUSD"), (1e3, "kUSD")):
        if abs(usd) >= factor:
            return f"{usd / factor:.{digits}g} {unit}"
    return f"{usd:.{digits}g} USD"
