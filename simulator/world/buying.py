"""Buying rules: what is ordered in which quarter, as functions of the plan and of what came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

from simulator.distributions import Lognormal, quantile_of_sum
from simulator.spec.buying import Buying
from simulator.spec.orders import Order
from simulator.spec.scenario import Scenario
from simulator.units import YEAR_S, next_quarter, quarter_start
from simulator.world.treasury import CENT_USD

#: Lines of the plan as they are to be ordered, from the plan and the rule's settings.
Rule = Callable[[Scenario, Buying], list[Order]]


def as_planned(scenario: Scenario, buying: Buying) -> list[Order]:
    """Order each line in its quarter."""
    return list(scenario.supply.plan)


def commit_early(scenario: Scenario, buying: Buying) -> list[Order]:
    """Order each line so much earlier that it lands in time with the chance asked for.

    The plan reckons with the median lead time and the median wait of the vendor's queue:
    "plan P50, commit P90". Both have their spread; that the queue may be in another regime
    than it is known to be in, or starts in, is not reckoned with, nor are stops, money and
    allocation. Nothing is ordered before the run that was not.
    """
    start = scenario.horizon.start
    lines = []
    for line in scenario.supply.plan:
        early = ceil(_late_s(scenario, line, buying.service) / (YEAR_S / 4) - 1e-9)
        quarter = next_quarter(line.quarter, -early)
        if quarter_start(line.quarter) < quarter_start(start):
            quarter = line.quarter
        elif quarter_start(quarter) < quarter_start(start):
            quarter = start
        lines.append(line.model_copy(update={"quarter": quarter}))
    return lines


def _late_s(scenario: Scenario, line: Order, service: float) -> float:
    """By how much, with a chance, an order lands later at most than by its medians. [s]."""
    supply = scenario.supply
    total = supply.lead_times[line.chip].total
    lead = Lognormal.from_quantiles(total.median, total.p90)
    queue = supply.queues.get(scenario.catalog.chips[line.chip].vendor)
    regime = None if queue is None else queue.known.get(line.quarter, queue.start)
    if queue is None or regime is None or queue.regimes[regime].wait == 0:
        return lead.quantile(service) - total.median
    wait_s = queue.regimes[regime].wait
    wait = Lognormal.from_quantiles(wait_s, wait_s * queue.wait_spread)
    return quantile_of_sum(lead, wait, service) - total.median - wait_s


def hedge(scenario: Scenario, buying: Buying) -> list[Order]:
    """Give a part of each line's money to another chip.

    What buys no whole rack of either, or fewer than its contract's minimum, is kept for
    the same chip in the next line, so that small lines lose no purchase. A line's own price
    or discount is of its own chip; the other is bought at the catalogue's.
    """
    price = {chip: rack.price.value for chip, rack in scenario.catalog.racks.items()}
    start = quarter_start(scenario.horizon.start)
    kept: defaultdict[tuple[str, bool], float] = defaultdict(float)
    lines = []
    for line in sorted(scenario.supply.plan, key=lambda line: quarter_start(line.quarter)):
        if buying.other in (None, line.chip):
            lines.append(line)
            continue
        usd = line.usd(price[line.chip])
        other = {"chip": buying.other, "price": None, "discount": None}
        for parted, part in (
            (line, 1 - buying.share),
            (line.model_copy(update=other), buying.share),
        ):
            chip, rack_usd = parted.chip, parted.rack_usd(price[parted.chip])
            # What was paid before the run buys nothing in it.
            purse = chip, quarter_start(line.quarter) < start
            kept[purse] += part * usd
            racks = whole_racks(kept[purse], rack_usd)
            terms = scenario.supply.contracts.get(chip)
            if racks and (terms is None or racks >= terms.minimum):
                kept[purse] -= racks * rack_usd
                lines.append(parted.model_copy(update={"spend": None, "racks": racks}))
    return lines


@dataclass(frozen=True, slots=True)
class Purchase:
    """Whole racks of one chip that are ordered in a quarter.

    Attributes
    ----------
    name : str
        Cause, chip, quarter and ordinal.
    price_usd : float
        Of a rack. [USD]
    extra_wait_s : float
        Behind the vendor's queue, at its back. [s]
    cancel : str, optional
        Quarter in which it is called off, if it still can be.
    """

    name: str
    chip: str
    quarter: str
    cause: str
    racks: int
    price_usd: float
    extra_wait_s: float = 0.0
    cancel: str | None = None


def purchases(scenario: Scenario) -> list[Purchase]:
    """Return what the plan of record buys as the scenario's rule orders it, by quarter."""
    supply, racks = scenario.supply, scenario.catalog.racks
    lines = RULES[supply.buying.rule](scenario, supply.buying)
    ordinals: Counter[tuple[str, str]] = Counter()
    bought = []
    for line in sorted(lines, key=lambda line: quarter_start(line.quarter)):
        price_usd = line.rack_usd(racks[line.chip].price.value)
        count = line.racks
        if count is None:
            count = whole_racks(line.spend or 0.0, price_usd)
        if count:
            where = line.chip, line.quarter
            ordinals[where] += 1
            name = "/".join(("plan", *where, str(ordinals[where])))
            bought.append(Purchase(name, *where, "plan", count, price_usd, cancel=line.cancel))
    return bought


def whole_racks(usd: float, price_usd: float) -> int:
    """Return the whole racks that money buys."""
    return int((usd + CENT_USD) // price_usd)


#: By name; `react_to_slips` follows the plan and buys again what :func:`slipped`.
RULES: dict[str, Rule] = {
    "plan_of_record": as_planned,
    "commit_early": commit_early,
    "react_to_slips": as_planned,
    "hedge": hedge,
}


def slipped(
    orders: Iterable[tuple[str, float, float | None]], now_s: float, grace_s: float
) -> list[str]:
    """Names of orders that are overdue by more than a grace.

    Parameters
    ----------
    orders : iterable of (name, promised, landed)
        When each was to land by what is known when it is wanted, and when it did, if it has. [s]
    now_s, grace_s : float
        [s]

    Examples
    --------
    >>> slipped([("a", 5.0, None), ("b", 5.0, 6.0), ("c", 9.0, None)], 10.0, 2.0)
    ['a']
    """
    return [
        name
        for name, promised_s, landed_s in orders
        if landed_s is None and promised_s + grace_s < now_s
    ]
