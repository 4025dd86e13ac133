"""Shocks of chance keep what their file says: length, shape, warning, and what they take."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.streams import Streams
from simulator.units import DAY_S, WEEK_S, YEAR_S
from simulator.world.chain import Chain
from simulator.world.shocks import Blow, draw_shocks
from tests.world.buying import buying, figure, lead, run, spread

LENGTH = spread(4 * WEEK_S, 20 * WEEK_S)
MONTHLY = {
    arrival: Chain(
        buying(
            random_shocks=[
                {"node": "fab", "per_year": figure(12), "duration": LENGTH, "arrival": arrival}
            ]
        )
    )
    for arrival in ("poisson", "renewal")
}


def drawn(replications: int, per_year: float = 12.0, **more) -> list[Blow]:
    """Shocks of the fab in some replications of two years and the five before."""
    shock = {"node": "fab", "per_year": figure(per_year), "duration": LENGTH, **more}
    chain = Chain(buying(random_shocks=[shock]))
    return [blow for r in range(replications) for blow in draw_shocks(chain, Streams(11, r))]


def test_lengths_of_shocks_have_their_median_and_90th_percentile():
    """Half are longer than four weeks, one of ten is longer than twenty."""
    lengths_s = np.array([blow.end_s - blow.start_s for blow in drawn(30)])
    n = len(lengths_s)
    # 30 x 12 a year x 7 years = 2520 are expected.
    assert abs(n - 2520) < 4 * math.sqrt(2520)
    for longer_s, part in ((4 * WEEK_S, 0.5), (20 * WEEK_S, 0.1)):
        found = np.mean(lengths_s > longer_s)
        assert abs(found - part) < 4 * math.sqrt(part * (1 - part) / n)
    # By its logarithm's spread too: sigma = ln(5) / 1.28155 = 1.25584.
    sd = np.std(np.log(lengths_s))
    assert abs(sd / 1.25584 - 1) < 4 / math.sqrt(2 * n)


@pytest.mark.parametrize("arrival", ["poisson", "renewal"])
def test_the_first_shock_is_waited_for_from_five_years_before_the_start(arrival):
    """A month in the mean, and as much in its deviation: nothing happens at once."""
    n, month_s = 200, YEAR_S / 12
    waits_s = np.array(
        [
            min(blow.start_s for blow in draw_shocks(MONTHLY[arrival], Streams(7, r))) + 5 * YEAR_S
            for r in range(n)
        ]
    )
    assert waits_s.min() > 0
    assert abs(waits_s.mean() / month_s - 1) < 4 / math.sqrt(n)
    # The deviation of an exponential's estimated deviation is sqrt(2 / n) of it.
    assert abs(waits_s.std() / month_s - 1) < 4 * math.sqrt(2 / n)


@pytest.mark.parametrize(
    ("recovery", "part"),
    # What a shock takes of its length and severity: all, half, (1 - e^-3) / 3.
    [("step", 1.0), ("linear", 0.5), ("exponential", (1 - math.exp(-3)) / 3)],
)
def test_a_shock_of_chance_recovers_in_its_shape(recovery, part):
    blows = drawn(1, recovery=recovery, severity=0.4)
    assert len(blows) > 20
    for blow in blows:
        lost_s = sum((end - begin) * lost for begin, end, lost in blow.steps())
        assert lost_s == pytest.approx(0.4 * part * (blow.end_s - blow.start_s))


def test_a_shock_of_chance_is_warned_of_as_long_before_as_its_file_says():
    """Twenty days; of those that begin in the first twenty, before the run."""
    shock = {
        "node": "fab",
        "per_year": figure(4.0),
        "duration": LENGTH,
        "warning": 20 * DAY_S,
    }
    world = run(buying(random_shocks=[shock], quarters=20))
    told = world.record.tables["events"]
    of_kind = {
        kind: [t for t, k in zip(told["t_s"], told["kind"], strict=True) if k == kind]
        for kind in ("warning", "shock")
    }
    horizon_s = world.scenario.horizon.calendar.horizon_s
    assert len(of_kind["shock"]) > 5
    warned = [begin_s - 20 * DAY_S for begin_s in of_kind["shock"] if begin_s >= 20 * DAY_S]
    # What is warned of may begin behind the horizon's end: none is drawn there.
    assert of_kind["warning"] == pytest.approx(warned)
    assert max(of_kind["shock"]) < horizon_s < 5.01 * YEAR_S


@pytest.mark.parametrize("chance", [False, True])
@pytest.mark.parametrize(
    "kind", ["stop", "fire", "quake", "yield_excursion", "respin", "blockade", "export_rule"]
)
def test_a_shock_of_output_slows_what_is_made_and_refuses_nothing(kind, chance):
    """Half is lost for good: 100 racks are granted at once, and take 20 weeks instead of ten."""
    hit = {"node": "fab", "kind": kind, "severity": 0.5}
    how = {"shocks": [{**hit, "quarter": "2025Q1", "duration": 1e12}]}
    if chance:
        # In the five years before the start one has all but surely begun; none comes behind it.
        rare = {"per_year": figure(1.0), "duration": spread(1e12), "arrival": "renewal"}
        how = {"random_shocks": [{**hit, **rare}]}
    world = run(
        buying(
            plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 100}],
            lead_times={"gpu": lead(10 * WEEK_S, fab_share=1.0, package_share=0.0)},
            **how,
        ),
        seed=3,
    )
    assert all(blow.start_s <= 0 for blow in world.nodes.blows)
    (order,) = world.supply.orders
    assert (order.racks, order.granted_s) == (100, 0.0)
    assert order.landed_s == pytest.approx(20 * WEEK_S)


@pytest.mark.parametrize(
    ("kind", "racks", "weeks"),
    # Half of what is asked is refused; nothing of what is asked, made, or on its way is lost.
    [("allocation_cut", 50, 10), ("demand_surge", 100, 10), ("licence_withdrawal", 100, 10)],
)
def test_other_shocks_slow_nothing_that_is_made(kind, racks, weeks):
    shock = {"node": "fab", "kind": kind, "severity": 0.5, "quarter": "2025Q1", "duration": 1e12}
    world = run(
        buying(
            plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 100}],
            lead_times={"gpu": lead(10 * WEEK_S, fab_share=1.0, package_share=0.0)},
            shocks=[shock],
        )
    )
    first = world.supply.orders[0]
    assert (first.racks, first.granted_s) == (racks, 0.0)
    assert first.landed_s == pytest.approx(weeks * WEEK_S)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"per_year": 367.0}, "less than or equal to 366"),
        ({"severity": 0.3, "least_severity": 0.4}, "least_severity 0.4 is above severity 0.3"),
    ],
)
def test_what_comes_daily_is_no_shock_and_the_least_is_not_the_most(change, why):
    with pytest.raises(ValidationError, match=why):
        drawn(1, **change)
