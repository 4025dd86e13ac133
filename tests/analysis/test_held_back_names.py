"""What held racks back: lateness after an order's own lead time, by a name of its own."""

import numpy as np
import pytest

from simulator.units import WEEK_S
from simulator.world.accounts.orders import _lateness
from simulator.world.chain import Chain
from simulator.world.supply_world import run_supply
from tests.world.buying import buying, lead, rack


def late_s(shocks, replications):
    """Times between an order's own due date and its landing, by replication. [s]."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100}
    leads = {"gpu": lead(20 * WEEK_S, 40 * WEEK_S)}
    given = buying(
        racks={"gpu": rack("gpu", usd=1e6)},
        plan=[line],
        lead_times=leads,
        quarters=12,
        shocks=shocks,
    )
    found, landed = [], []
    for r in range(replications):
        (order,) = run_supply(given, 0, r, Chain(given)).supply.orders
        found.append(sum(end - begin for _, begin, end in _lateness(order, 0.0)))
        landed.append(order.landed_s)
    return np.array(found), np.array(landed)


def test_ordinary_spread_of_lead_times_is_no_suppliers_stop():
    """Ten orders land at ten dates, half later than the median, and none is held by a supplier."""
    late, landed = late_s([], 10)
    assert np.ptp(landed) > WEEK_S
    assert (landed > 20 * WEEK_S).any()
    assert late == pytest.approx(np.zeros(10), abs=1.0)


def test_a_stop_is_counted_from_the_orders_own_lead_time_on():
    """A fab that stands four weeks from the start holds each order up by as much."""
    stop = {"node": "fab", "quarter": "2025Q1", "duration": 4 * WEEK_S, "severity": 1.0}
    late, _ = late_s([stop], 10)
    assert late == pytest.approx(np.full(10, 4 * WEEK_S))
