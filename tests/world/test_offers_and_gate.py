"""Luck of lead times by chip, what a held pilot is judged by, and the reserve by quarter."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from simulator.streams import Streams
from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from simulator.world.nodes import Nodes
from simulator.world.offers import Offers
from tests.world.buying import buying, chip, figure, lead, run, spread
from tests.world.test_market import order
from tests.world.test_programme import scenario, states


def test_chips_have_lead_times_of_their_own_luck():
    """Of one spread: one beats the other in half of the cases, and they are not correlated."""
    names = ("a", "b", "c")
    given = buying(
        {name: chip() for name in names},
        lead_times={name: lead(10 * WEEK_S, 20 * WEEK_S) for name in names},
        plan=[order(name, 1) for name in names],
        quarters=1,
    )
    made, n = Chain(given), 400
    z = np.array(
        [[math.log(o.total_s) for o in run(given, 5, r, made).supply.orders] for r in range(n)]
    ).T
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.mean(z[one] < z[other]) - 0.5) < 4 * math.sqrt(0.25 / n)
        assert abs(np.corrcoef(z[one], z[other])[0, 1]) < 4 / math.sqrt(n)
    # Of each the logarithm's deviation is ln(2) / 1.28155 = .54087, about ln(10 weeks).
    assert np.abs(z.std(axis=1) / 0.54087 - 1).max() < 4 / math.sqrt(2 * n)
    assert np.abs(z.mean(axis=1) - math.log(10 * WEEK_S)).max() < 4 * 0.54087 / math.sqrt(n)


def test_orders_of_before_the_start_have_luck_of_their_own_by_chip():
    """Two chips in 2024Q4, and the first in the run too: no two of three go together."""
    leads = {name: lead(100 * WEEK_S, 200 * WEEK_S) for name in ("a", "b")}
    plan = [order("a", 1, "2024Q4"), order("b", 1, "2024Q4"), order("a", 1)]
    given = buying({"a": chip(), "b": chip()}, lead_times=leads, plan=plan, quarters=1)
    made, n = Chain(given), 200
    z = [[math.log(o.total_s) for o in run(given, 5, r, made).supply.orders] for r in range(n)]
    found = np.corrcoef(np.array(z).T)[np.triu_indices(3, 1)]
    assert np.abs(found).max() < 4 / math.sqrt(n)


def test_lead_times_are_exponentials_taken_one_by_one():
    """To the last digit, so that no processor's way with arrays moves a date."""
    leads = {"gpu": lead(10 * WEEK_S, 20 * WEEK_S)}
    made = Chain(buying(lead_times=leads, quarters=40))
    sigma = math.log(2) / NormalDist().inv_cdf(0.9)
    for r in range(5):
        drawn = Streams(5, r)("lead/gpu").standard_normal(40)
        alone = [10 * WEEK_S * math.exp(sigma * float(z)) for z in drawn]
        streams = Streams(5, r)
        assert [*Offers(made, streams, Nodes(made, streams)).of["gpu"].lead_s.values()] == alone


def test_a_held_pilot_is_judged_by_both_rounds():
    """Nine hosts, sd .15: one round's mean errs by .05, that of two by .05 / sqrt(2) = .0354.

    To ramp with a chance of .9 the mean must exceed 1.05 by 1.28155 of these.
    """
    given = scenario(
        performance=spread(1.12),
        gate={"certainty": 0.9, "hold": 60 * DAY_S, "hold_above": 0.05},
    )
    made = Chain(given)
    held = [w for w in (run(given, 6, r, made) for r in range(80)) if "hold" in states(w)]
    decided = set()
    for world in held:
        assay, told = world.programme.assay, world.record.tables["programme"]
        first, second = assay.noise[0], assay.noise[3]
        one, both = 1.12 + 0.05 * first, 1.12 + 0.05 * (first + second) / 2
        by_state = dict(zip(told["state"], told["performance_measured"], strict=True))
        assert by_state["gate"] == by_state["hold"] == pytest.approx(one)
        assert one < 1.05 + 1.28155 * 0.05
        decision = "ramp" if both > 1.05 + 1.28155 * 0.05 / math.sqrt(2) else "cancel"
        assert by_state[decision] == pytest.approx(both)
        decided.add(decision)
    assert decided == {"ramp", "cancel"}


@pytest.mark.parametrize(("decided", "bought"), [("ramp", "own"), ("cancel", "gpu")])
def test_the_reserve_is_spent_in_each_of_its_quarters(decided, bought):
    """100, 51 and 6 USD buy 50, 25 and 3 racks of 2 USD, of the chip or of the merchant's."""
    reserve = {"2026Q2": 6.0, "2025Q4": 100.0, "2026Q1": 51.0}
    world = run(scenario(gate={"forced": decided}, reserve=reserve))
    found = [
        (o.chip, o.quarter, o.racks, o.wanted_s)
        for o in world.supply.orders
        if o.cause in ("ramp", "fallback")
    ]
    at = world.scenario.horizon.calendar.at
    assert found == [
        (bought, "2025Q4", 50, at("2025Q4")),
        (bought, "2026Q1", 25, at("2026Q1")),
        (bought, "2026Q2", 3, at("2026Q2")),
    ]


@pytest.mark.parametrize("before", [[], ["2025Q3"], ["2025Q2", "2025Q3"]])
def test_the_reserve_comes_behind_the_plan_of_its_quarter(before):
    """However long each has waited for 2025Q4: 103 USD pay the pilot's 2, the plan's and no ramp.

    The gate decides as 2025Q2 begins; racks are 2 USD, the plan's one a line, the ramp's 50.
    """
    given = scenario(gate={"quarter": "2025Q2", "forced": "ramp"})
    tree = given.model_dump(mode="json")
    tree["supply"]["plan"] = [order("gpu", 1, quarter) for quarter in (*before, "2025Q4")]
    tree["economics"]["budget"] = {"2025Q1": 103.0}
    orders = run(type(given).from_si(tree)).supply.orders
    last = [(o.cause, o.funded_s is not None) for o in orders if o.quarter == "2025Q4"]
    assert last == [("plan", True), ("ramp", False)]


def test_money_kept_for_quarters_before_the_decision_is_spent_with_it():
    """The gate decides as 2025Q3 begins: what was kept for 2025Q1 buys its racks then."""
    world = run(scenario(gate={"forced": "ramp"}, reserve={"2025Q1": 10.0, "2025Q3": 4.0}))
    when_s = world.scenario.horizon.calendar.at("2025Q3")
    found = [(o.racks, o.wanted_s) for o in world.supply.orders if o.cause == "ramp"]
    assert found == [(5, when_s), (2, when_s)]


@pytest.mark.parametrize("factor", [2.0, 0.8])
def test_measured_work_per_watt_falls_with_the_power_it_needs(factor):
    """Performance 1.2 of plan at that much of its power is 1.2 / that for a watt."""
    exact = {"performance": spread(1.2), "energy": spread(factor)}
    gate = {"min_performance": 0.01, "min_performance_per_watt": 1.2 / factor}
    for shift, decided in ((-1e-3, "ramp"), (1e-3, "cancel")):
        bound = {**gate, "min_performance_per_watt": 1.2 / factor + shift}
        world = run(scenario(gate=bound, measurement_noise=figure(0.0), **exact))
        assert decided in states(world)
        told = world.record.tables["programme"]["performance_per_watt_measured"]
        assert told[-1] == pytest.approx(1.2 / factor)
        assert world.programme.deserves == decided


@pytest.mark.parametrize(("bound", "decided"), [(0.79, "ramp"), (0.81, "cancel")])
def test_the_gate_asks_for_a_yield(bound, decided):
    """Four fifths of what was planned; known, where it goes by plan, to be all of it."""
    gate = {"min_performance": 0.01, "min_yield": bound}
    exact = {"measurement_noise": figure(0.0)}
    assert decided in states(run(scenario(gate=gate, die_yield=spread(0.8), **exact)))
    assert "ramp" in states(run(scenario(gate=gate)))


def test_a_yield_is_measured_with_noise():
    """At .8 + .05 z of a true .8 it passes in half of the cases."""
    given = scenario(gate={"min_performance": 0.01, "min_yield": 0.8}, die_yield=spread(0.8))
    made, n = Chain(given), 200
    passed = np.mean(["ramp" in states(run(given, 4, r, made)) for r in range(n)])
    assert abs(passed - 0.5) < 4 * math.sqrt(0.25 / n)


def test_a_yield_that_goes_by_plan_is_known():
    """All of it, without noise: it reaches a bound of 1 whatever else is measured."""
    given = scenario(gate={"min_performance": 0.01, "min_yield": 1.0})
    made = Chain(given)
    assert all("ramp" in states(run(given, 4, r, made)) for r in range(20))


@pytest.mark.parametrize("forced", ["ramp", "cancel"])
@pytest.mark.parametrize(("true", "deserves"), [(1.2, "ramp"), (0.9, "cancel")])
def test_what_a_chip_deserves_is_told_whatever_is_forced(forced, true, deserves):
    """The cut is 1.05."""
    world = run(scenario(performance=spread(true), gate={"forced": forced}))
    assert forced in states(world)
    assert world.programme.deserves == deserves


def test_a_spin_before_the_start_is_not_paid_in_the_run():
    """From 2024Q1, 366 days before it: tape-outs after 100, 250, 400 and 550 days, that works.

    The first is in development; of spins 2 to 4 the second is before the start.
    """
    silicon = {
        "start": "2024Q1",
        "design": spread(100 * DAY_S),
        "spin": spread(150 * DAY_S),
        "spin_success": [0.0, 0.0, 0.0],
        "spin_cost": figure(5.0),
        "bring_up": spread(1 * DAY_S),
    }
    world = run(scenario(silicon=silicon, gate={"latest": "2026Q4"}))
    assert world.programme.spins == 4
    paid = [(t / DAY_S, usd) for t, usd, *_ in world.programme.spent]
    assert paid == [(pytest.approx(34), 5.0), (pytest.approx(184), 5.0)]


def test_a_ramp_does_not_queue_where_a_fallback_would():
    """Lead time of four weeks; the fallback's extra wait of ten is not of the chip itself."""
    world = run(scenario(gate={"forced": "ramp"}))
    (ramp,) = (o for o in world.supply.orders if o.cause == "ramp")
    assert ramp.made_s == ramp.funded_s == world.scenario.horizon.calendar.at("2025Q4")
    assert ramp.landed_s == pytest.approx(ramp.funded_s + 4 * WEEK_S)
