"""What a buyer can reckon with when it orders: medians, and the state of the vendor's queue."""

from __future__ import annotations

from bisect import bisect_right

from simulator.spec.orders import LeadTime
from simulator.world.market import Market
from simulator.world.orders import OrderState


def landing_s(order: OrderState, lead: LeadTime, market: Market) -> float:
    """When an order is to land on the dock, as it looks when it is wanted. [s].

    The median lead time without installation and burn-in, behind the median wait of
    the regime its vendor's queue is in then. Neither the luck of the one nor of the
    other is known yet, nor whether there will be an allocation, money, or a stop.
    """
    commissioning = lead.install_share + lead.burn_in_share
    made_s = order.wanted_s + order.extra_wait_s + _queue_s(order, market)
    return made_s + lead.total.median * (1 - commissioning)


def service_s(order: OrderState, lead: LeadTime, market: Market) -> float:
    """When an order is to be in service, as :func:`landing_s` has it, if there is room. [s]."""
    commissioning = lead.install_share + lead.burn_in_share
    return landing_s(order, lead, market) + lead.total.median * commissioning


def _queue_s(order: OrderState, market: Market) -> float:
    """Median wait of the regime in which an order is wanted; none before the start. [s]."""
    vendor = market.vendor[order.chip]
    if order.wanted_s < 0 or vendor not in market.queues:
        return 0.0
    regime = market.regimes[vendor][bisect_right(market.edges_s, order.wanted_s) - 1]
    return market.queues[vendor].regimes[regime].wait
