"""What was planned, ordered, promised and came, by quarter and chip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.uncertainty import Estimate, mean_interval
from simulator.spec.buying import Buying
from simulator.spec.scenario import Scenario
from simulator.world.buying import Purchase, purchases
from simulator.world.promises import service_s
from simulator.world.supply_world import SupplyWorld

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: What is counted, sums since the start. Ordered are plan, beyond the plan and programme together.
MEASURES = (
    "plan",
    "beyond_plan",
    "programme",
    "ordered",
    "promised",
    "landed",
    "in_service",
    "kept",
)
#: Stands for all chips together.
ALL = "all"
_PROGRAMME = ("pilot", "ramp", "fallback")


def delivery_rows(worlds: Sequence[SupplyWorld]) -> list[dict[str, Any]]:
    """Racks, chips and money planned, ordered, promised and come, by chip and quarter.

    A row a chip (``all`` first, then the largest), quarter and measure (``what``):

    - ``plan``: what the plan of record says, whole racks of each line from its quarter on;
    - ``programme``: the pilot, and what the gate lets the reserve buy;
    - ``beyond_plan``: what a buying rule, a contract's minimum or a call-off that came too
      late adds to the plan, or takes from it;
    - ``ordered``: the three together; a cancelled order counts until it is cancelled;
    - ``promised``: of the ordered, to be in service by now at the median lead time behind the
      median wait of the vendor's queue when it was ordered;
    - ``landed`` on the dock, and ``in_service``;
    - ``kept``: of the promised, in service.

    ``racks``, ``chips`` and ``musd`` are means over replications of sums from the start to the
    quarter's end, with ``_low`` and ``_high`` their 10 and 90 % quantiles over replications;
    ``new_racks`` those of the quarter alone. Money is at what each rack costs. Of ``kept``,
    ``share`` is its money over what was promised [1], with the interval of 95 %; None while
    nothing is promised.
    """
    scenario = worlds[0].scenario
    calendar = scenario.horizon.calendar
    edges = np.asarray(calendar.edges_s()[1:])
    shape = (len(worlds), len(edges))
    racks: dict[tuple[str, str], Array] = {}
    musd: dict[tuple[str, str], Array] = {}

    def add(k: int, chip: str, what: str, count: int, price_usd: float, when: Flags) -> None:
        for table, each in ((racks, float(count)), (musd, count * price_usd / 1e6)):
            table.setdefault((chip, what), np.zeros(shape))[k] += each * when

    for order, begin_s, over_s in _planned(scenario):
        when = (begin_s < edges) & (edges <= over_s)
        for k in range(len(worlds)):
            add(k, order.chip, "plan", order.racks, order.price_usd, when)
    for k, world in enumerate(worlds):
        for chip, what, count, price_usd, when in _counted(world, edges):
            add(k, chip, what, count, price_usd, when)
    chips = {chip for chip, _ in racks}
    for table in (racks, musd):
        _complete(table, chips, shape)
    by_size = sorted(chips, key=lambda chip: (-musd[chip, "ordered"].max(), chip))
    names = calendar.names()
    return [
        row
        for chip in ([ALL, *by_size] if chips else [])
        for row in _chip_rows(scenario, chip, by_size, racks, musd, names)
    ]


def _planned(scenario: Scenario) -> list[tuple[Purchase, float, float]]:
    """Return what the plan of record says, whatever rule buys: from when, until when. [s]."""
    asked = Buying(rule="plan_of_record")
    supply = scenario.supply.model_copy(update={"buying": asked})
    at = scenario.horizon.calendar.at
    return [
        (bought, at(bought.quarter), np.inf if bought.cancel is None else at(bought.cancel))
        for bought in purchases(scenario.model_copy(update={"supply": supply}))
    ]


def _counted(world: SupplyWorld, edges: Array) -> list[tuple[str, str, int, float, Flags]]:
    """Return what counts of one replication: chip, measure, racks, price [USD], in which sums."""
    leads = world.scenario.supply.lead_times
    found, known = [], {}
    for order in world.supply.orders:
        if order.cause == "in_service":
            continue
        over_s = np.inf if order.cancelled_s is None else order.cancelled_s
        promised_s = service_s(order, leads[order.chip], world.market)
        known[order.name] = (order, promised_s)
        ordered = (order.wanted_s < edges) & (edges <= over_s)
        marks = {"ordered": ordered, "promised": (promised_s < edges) & (edges <= over_s)}
        if order.cause in _PROGRAMME:
            marks["programme"] = ordered
        if order.landed_s is not None:
            marks["landed"] = order.landed_s < edges
        found += [(order.chip, what, order.racks, order.price_usd, w) for what, w in marks.items()]
    told = world.record.tables["deliveries"]
    for name, racks, t in zip(*(told[c] for c in ("order", "racks", "in_service_s")), strict=True):
        if name in known:
            order, promised_s = known[name]
            there = t < edges
            for what, when in (("in_service", there), ("kept", there & (promised_s < edges))):
                found.append((order.chip, what, racks, order.price_usd, when))
    return found


def _complete(table: dict[tuple[str, str], Array], chips: set[str], shape: tuple[int, int]) -> None:
    """Fill in what never happened, what is beyond the plan, and all chips together."""
    for chip in chips:
        for what in MEASURES:
            table.setdefault((chip, what), np.zeros(shape))
        beyond = table[chip, "ordered"] - table[chip, "programme"] - table[chip, "plan"]
        # Sums of money in another order differ by their last bits.
        beyond[np.abs(beyond) < 1e-6] = 0.0
        table[chip, "beyond_plan"] = beyond
    for what in MEASURES:
        table[ALL, what] = np.sum([table[chip, what] for chip in sorted(chips)], axis=0)


def _chip_rows(
    scenario: Scenario,
    chip: str,
    chips: Sequence[str],
    racks: Mapping[tuple[str, str], Array],
    musd: Mapping[tuple[str, str], Array],
    quarters: Sequence[str],
) -> list[dict[str, Any]]:
    catalog = scenario.catalog
    label = "All chips" if chip == ALL else catalog.chips[chip].label
    of = chips if chip == ALL else [chip]
    rows = []
    for q, quarter in enumerate(quarters):
        for what in MEASURES:
            count = racks[chip, what]
            chip_count = np.sum([catalog.racks[c].chips * racks[c, what][:, q] for c in of], axis=0)
            row: dict[str, Any] = {"chip": chip, "label": label, "quarter": quarter, "what": what}
            row |= _spread("racks", count[:, q])
            row |= _spread("new_racks", count[:, q] - (count[:, q - 1] if q else 0.0))
            row |= _spread("chips", chip_count) | _spread("musd", musd[chip, what][:, q])
            part = None
            if what == "kept":
                part = _ratio(musd[chip, what][:, q], musd[chip, "promised"][:, q])
            ends = (None,) * 3 if part is None else (part.mean, part.low, part.high)
            rows.append(row | dict(zip(("share", "share_low", "share_high"), ends, strict=True)))
    return rows


def _spread(name: str, sample: Array) -> dict[str, float]:
    low, high = np.quantile(sample, (0.1, 0.9))
    return {name: float(sample.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}


def _ratio(top: Array, bottom: Array) -> Estimate | None:
    """Return the ratio of two means over replications and its interval; None over nothing.

    What varies in it, to the first order, is the mean of each replication's ``top - ratio
    bottom``. Top is part of the bottom.
    """
    if not bottom.any():
        return None
    ratio = top.mean() / bottom.mean()
    return mean_interval(ratio + (top - ratio * bottom) / bottom.mean(), within=(0.0, 1.0))
