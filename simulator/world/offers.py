"""On what terms a chip's racks are bought and how they are made, in one replication."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist

import numpy as np

from simulator.laws.pipeline import ProductionClock
from simulator.spec.base import Spread
from simulator.spec.orders import Contract, LeadTime
from simulator.streams import Streams
from simulator.world.chain import STAGES, Chain
from simulator.world.nodes import Nodes

_Z90 = NormalDist().inv_cdf(0.9)
#: Quarters before the start whose orders have lead times of their own.
_EARLIER = 40
_PLAIN = Contract(source="no contract is named: paid in full with the order")
#: A stage that hangs on nodes, its part of the lead time [1] and its line's clock.
Stage = tuple[str, float, ProductionClock | None]


@dataclass(slots=True)
class Offer:
    """What a vendor offers of one chip.

    Attributes
    ----------
    price_usd : float
        Of a rack. [USD]
    contract : Contract
    lead : LeadTime
    commission_share : float
        Of the lead time, from the dock to service: to install and to burn in. [1]
    unshipped, shipped, whole : list of stages
        The way before the balance is due, behind it, and all of it.
    lead_s : dict of str to float
        Lead time of orders of each quarter of the run. [s]
    earlier_s : list of float
        Those of orders of quarters before, the latest first. [s]
    """

    price_usd: float
    contract: Contract
    lead: LeadTime
    commission_share: float
    unshipped: list[Stage]
    shipped: list[Stage]
    whole: list[Stage]
    lead_s: dict[str, float]
    earlier_s: list[float] | None = None


class Offers:
    """The offer of each chip that can be ordered: racks of one quarter share their luck."""

    def __init__(self, chain: Chain, streams: Streams, nodes: Nodes) -> None:
        self.chain = chain
        self.streams = streams
        self.nodes = nodes
        leads = chain.scenario.supply.lead_times
        chips = [chip for chip in chain.bought if chip in leads]
        self.of = {chip: self._offer(chip, leads[chip], streams(f"lead/{chip}")) for chip in chips}

    def earlier_s(self, chip: str, wanted_s: float) -> float:
        """Return the lead time of an order from before the run. [s]."""
        offer = self.of[chip]
        if offer.earlier_s is None:
            offer.earlier_s = _draw(offer.lead.total, self.streams(f"lead/{chip}/before"), _EARLIER)
        return offer.earlier_s[min(_quarters_before(wanted_s), _EARLIER - 1)]

    def _offer(self, chip: str, lead: LeadTime, luck: np.random.Generator) -> Offer:
        scenario, quarters = self.chain.scenario, self.chain.quarters
        shares = (lead.fab_share, lead.package_share, lead.rack_share, lead.ship_share)
        clocks = self.nodes.clocks(chip)
        way = [*zip(STAGES, shares, clocks, strict=True)]
        shipped = way[-1:] if lead.ship_share else []
        return Offer(
            scenario.catalog.racks[chip].price.value,
            scenario.supply.contracts.get(chip, _PLAIN),
            lead,
            lead.install_share + lead.burn_in_share,
            way[:-1],
            shipped,
            way[:-1] + shipped,
            dict(zip(quarters, _draw(lead.total, luck, len(quarters)), strict=True)),
        )


def _draw(total: Spread[float], luck: np.random.Generator, quarters: int) -> list[float]:
    """Draw a lead time for each of some quarters. [s]."""
    sigma = log(total.p90 / total.median) / _Z90
    # One by one: the exponentials of an array differ in their last digit from processor to
    # processor, and so would the dates of a run.
    return [total.median * exp(sigma * z) for z in luck.standard_normal(quarters).tolist()]


def _quarters_before(t_s: float) -> int:
    """Return how many quarters before the start a quarter began; the first is 0."""
    return max(0, round(-t_s / (365.25 / 4 * 86400)) - 1)
