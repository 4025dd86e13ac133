"""Supply rows at the edges of quarters, at their quantiles, and of worlds that buy nothing."""

import numpy as np
import pytest

from scenarios.supply_deliveries import delivery_rows
from scenarios.supply_graph import bought_shares
from scenarios.supply_rows import pipeline_rows, runs
from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, lead, rack, run

LINE = {"chip": "gpu", "quarter": "2025Q1", "racks": 10}
MUSD = {"gpu": rack("gpu", usd=1e6)}


def test_what_enters_a_stage_as_a_quarter_begins_is_in_it_then():
    """Of 180 days wafers take 90: at the start of 2025Q1 in wafers, of 2025Q2 in packaging."""
    world = run(buying(racks=MUSD, plan=[LINE], lead_times={"gpu": lead(180 * DAY_S)}, quarters=3))
    held = {(row["quarter"], row["stage"]): row["musd"] for row in pipeline_rows([world])}
    found = [[stage for (q, stage), musd in held.items() if musd and q == quarter]
             for quarter in ("2025Q1", "2025Q2", "2025Q3")]  # fmt: skip
    # 2025Q3 begins on day 181, a day after they went into service.
    assert found == [["wafer"], ["packaging"], []]
    assert set(held.values()) == {0.0, 10.0}


@pytest.mark.parametrize(("days", "from_quarter"), [(89.0, 0), (90.0, 1), (91.0, 1)])
def test_what_comes_as_a_quarter_begins_is_of_that_quarter(days, from_quarter):
    """2025Q2 begins on day 90: what is promised and comes then is in no sum of 2025Q1."""
    given = buying(racks=MUSD, plan=[LINE], lead_times={"gpu": lead(days * DAY_S)}, quarters=3)
    rows = delivery_rows(runs(Chain(given), 0, 1))
    for what in ("promised", "landed", "in_service", "kept"):
        racks = [r["racks"] for r in rows if r["chip"] == "gpu" and r["what"] == what]
        assert racks == [0.0] * from_quarter + [10.0] * (3 - from_quarter), what


def test_what_comes_before_it_was_promised_is_kept_only_once_it_is():
    """Promised for day 100, in 2025Q2; some draw a shorter way and serve in 2025Q1."""
    given = buying(racks=MUSD, plan=[LINE], lead_times={"gpu": lead(1e2 * DAY_S, 2e2 * DAY_S)})
    early = 0
    for world in runs(Chain(given), 1, 12):
        told = {r["what"]: r["racks"] for r in delivery_rows([world])
                if (r["chip"], r["quarter"]) == ("gpu", "2025Q1")}  # fmt: skip
        came = world.supply.orders[0].landed_s < 90 * DAY_S
        assert (told["in_service"], told["promised"], told["kept"]) == (10.0 * came, 0.0, 0.0)
        early += came
    assert 0 < early < 12


def test_low_and_high_are_the_tenth_and_ninetieth_percentiles_over_replications():
    """Six lines of lead times of their own: sums of many sizes, counted from the deliveries."""
    plan = [{"chip": name, "quarter": "2025Q1", "racks": 2**k} for k, name in enumerate("abcdef")]
    given = buying(
        {name: chip() for name in "abcdef"},
        plan=plan,
        lead_times={name: lead(26 * WEEK_S, 40 * WEEK_S) for name in "abcdef"},
        quarters=4,
    )
    worlds = runs(Chain(given), 3, 30)
    rows = delivery_rows(worlds)
    for quarter, end_s in zip(("2025Q1", "2025Q2", "2025Q3"), (90, 181, 273), strict=True):
        came = []
        for world in worlds:
            told = world.record.tables["deliveries"]
            pairs = zip(told["racks"], told["in_service_s"], strict=True)
            came.append(sum(racks for racks, t in pairs if t < end_s * DAY_S))
        (row,) = (r for r in rows if (r["chip"], r["quarter"], r["what"])
                  == ("all", quarter, "in_service"))  # fmt: skip
        low, high = np.quantile(came, (0.1, 0.9))
        assert (row["racks"], row["racks_low"], row["racks_high"]) == (
            pytest.approx(np.mean(came)),
            pytest.approx(low),
            pytest.approx(high),
        )


def test_a_world_that_buys_nothing_weighs_nothing_in_what_is_bought():
    """One buys 10 of a and 30 of b, one nothing, one a alone."""
    chips = {"a": chip(), "b": chip()}

    def world(**racks: int):
        lines = [{"chip": c, "quarter": "2025Q1", "racks": n} for c, n in racks.items()]
        return run(buying(chips, plan=lines))

    shares = bought_shares([world(a=10, b=30), world(), world(a=7)])
    assert {c: share.tolist() for c, share in shares.items()} == {
        "a": [0.25, 1.0],
        "b": [0.75, 0.0],
    }
