"""Whether a plan is paid for: purchases that wait for money, and those gone missing."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from math import ceil

from simulator.spec.faults import Loc
from simulator.spec.notices_orders import CENT_USD, PLAN, fewest, money, racks_of
from simulator.spec.orders import Order
from simulator.spec.scenario import Scenario

#: Part of the planned money that a plan may lose before it is said. [1]
_WORTH_SAYING = 0.01


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
        f"{len(gone)} purchases of the plan before it, {money(lost)}, are not in this one "
        f"({money(was)} planned before, {money(now)} now): 'plan' replaces the whole list; "
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
            if not queue and claim.usd <= balance + CENT_USD:
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
    while queue and queue[0].usd <= balance + CENT_USD:
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
        f"{text}: {money(lacks)} are lacking in {first.quarter}; racks have "
        f"economics.training_share, {share:g}, of the budget: economics.budget.{first.quarter} "
        f"of {money(enough, 6)} would pay for it, it is {money(now, 6)}"
    )


def _claims(scenario: Scenario) -> dict[str, list[_Claim]]:
    """Return what is due with each order, by quarter, in the order in which it is asked for."""
    supply, racks = scenario.supply, scenario.catalog.racks
    found: dict[str, list[_Claim]] = {}

    def claim(loc: Loc, quarter: str, chip: str, count: int, rack_usd: float) -> None:
        contract = supply.contracts.get(chip)
        prepay = 1.0 if contract is None else contract.prepay
        if count >= fewest(scenario, chip):
            usd = prepay * count * rack_usd
            found.setdefault(quarter, []).append(_Claim(loc, quarter, usd))

    programme = supply.programme
    if programme is not None:
        loc: Loc = ("supply", "programme", "pilot_racks")
        pilot = programme.chip, programme.pilot_racks, racks[programme.chip].price.value
        claim(loc, programme.pilot_quarter, *pilot)
    for index, order in enumerate(supply.plan):
        rack_usd = order.rack_usd(racks[order.chip].price.value)
        count = racks_of(scenario, order)
        claim((*PLAN, index), order.quarter, order.chip, count, rack_usd)
    if programme is not None:
        chip = programme.fallback if programme.gate.forced == "cancel" else programme.chip
        for quarter, usd in sorted(programme.reserve.items()):
            rack_usd = racks[chip].price.value
            count = int((usd + CENT_USD) // rack_usd)
            when = max(quarter, programme.gate.quarter)  # as text: 2025Q4 < 2026Q1
            claim(("supply", "programme", "reserve", quarter), when, chip, count, rack_usd)
    return found
