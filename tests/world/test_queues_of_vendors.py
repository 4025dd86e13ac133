"""Queues of vendors: regimes by quarter, waits, and what is accepted; by hand and by chance."""

from typing import Any

import numpy as np
import pytest

from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, lead, run
from tests.world.test_market import granted, order, tight

#: Quarters of 2025 begin on days 0, 90, 181 and 273.
Q2_S, Q3_S, Q4_S = 90 * DAY_S, 181 * DAY_S, 273 * DAY_S


def queue(wait_weeks: dict[str, float], leaves: dict[str, dict[str, float]]) -> dict[str, Any]:
    regimes = {
        name: {"wait": weeks * WEEK_S, "leaves_to": leaves.get(name, {})}
        for name, weeks in wait_weeks.items()
    }
    return {"vendor": {"regimes": regimes, "start": "loose", "source": "a test"}}


def test_a_queue_starts_in_its_first_regime_and_moves_from_the_second_quarter_on():
    """From loose to tight to sold out and back, each for sure: waits of 0, 3, 6, 0 weeks."""
    round_about = {"loose": {"tight": 1.0}, "tight": {"sold_out": 1.0}, "sold_out": {"loose": 1.0}}
    waits = {"loose": 0.0, "tight": 3.0, "sold_out": 6.0}
    quarters = ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
    scenario = buying(
        queues=queue(waits, round_about), plan=[order("gpu", 1, quarter) for quarter in quarters]
    )
    world = run(scenario)
    assert world.market.regimes["vendor"][:4] == ["loose", "tight", "sold_out", "loose"]
    weeks = [(o.made_s - o.funded_s) / WEEK_S for o in world.supply.orders]
    assert weeks == pytest.approx([0, 3, 6, 0])
    told = world.record.tables["events"]
    rows = zip(told["t_s"], told["kind"], told["detail"], strict=True)
    found = [(t, regime) for t, kind, regime in rows if kind == "regime"]
    # Told when it changes, which here is in each quarter.
    assert found[:4] == [(0.0, "loose"), (Q2_S, "tight"), (Q3_S, "sold_out"), (Q4_S, "loose")]


def test_a_regime_that_stays_is_told_once_and_one_that_is_known_is_as_known():
    known = {"2025Q3": "sold_out", "2026Q1": "loose"}
    of = queue({"loose": 0.0, "sold_out": 6.0}, {})
    of["vendor"]["known"] = known
    world = run(buying(queues=of))
    path = ["loose"] * 2 + ["sold_out"] * 2 + ["loose"] * 4
    assert world.market.regimes["vendor"] == path
    told = world.record.tables["events"]
    rows = zip(told["t_s"], told["kind"], told["detail"], strict=True)
    at = world.scenario.horizon.calendar.at
    assert [(t, regime) for t, kind, regime in rows if kind == "regime"] == [
        (0.0, "loose"),
        (at("2025Q3"), "sold_out"),
        (at("2026Q1"), "loose"),
    ]


def test_chances_to_leave_a_regime_add_up():
    """.3 to sold out, .5 to tight, the rest stays."""
    ways = {"loose": {"sold_out": 0.3, "tight": 0.5}}
    waits = {"loose": 0.0, "tight": 3.0, "sold_out": 6.0}
    scenario = buying(queues=queue(waits, ways), quarters=2)
    chain, n = Chain(scenario), 600
    second = [run(scenario, 2, r, chain).market.regimes["vendor"][1] for r in range(n)]
    for regime, chance in {"sold_out": 0.3, "tight": 0.5, "loose": 0.2}.items():
        part = np.mean([found == regime for found in second])
        assert abs(part - chance) < 4 * np.sqrt(chance * (1 - chance) / n), regime


def test_a_rack_accepted_by_tenths_is_accepted_once():
    """One asked a quarter at a tenth comes in the tenth; the next, asked then, ten later.

    Ten tenths are a little less than one in floating point, and count as one.
    """
    asked = [order("gpu", 1), order("gpu", 1, "2027Q3")]
    scenario = buying(plan=asked, queues=tight(0.1), quarters=24)
    assert [k for k, racks in enumerate(granted(scenario), 1) if racks] == [10, 20]


def test_an_order_waits_by_the_queue_of_when_it_is_paid():
    """Wanted in 2025Q1, when nobody waits, and paid in 2025Q2, when it is 30 weeks."""
    states = {"loose": {"wait": 0.0}, "sold_out": {"wait": 30 * WEEK_S}}
    known = {"2025Q2": "sold_out"}
    of = {"vendor": {"regimes": states, "start": "loose", "known": known, "source": "a test"}}
    tree = buying(
        plan=[order("gpu", 100)], queues=of, lead_times={"gpu": lead(10 * WEEK_S)}
    ).model_dump(mode="json")
    tree["economics"]["budget"] = {"2025Q1": 99.0, "2025Q2": 1.0}
    (paid,) = run(type(buying()).from_si(tree)).supply.orders
    assert (paid.wanted_s, paid.funded_s) == (0.0, Q2_S)
    assert paid.made_s == pytest.approx(Q2_S + 30 * WEEK_S)
    assert paid.landed_s == pytest.approx(Q2_S + 40 * WEEK_S)
