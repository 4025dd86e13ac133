"""The programme on the real world: spins, the gate and its hold, and what each outcome costs."""

import math

import numpy as np
import pytest

from simulator.laws.gate import gate_pass_chance, spin_chances
from simulator.units import DAY_S, WEEK_S, YEAR_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, figure, lead, node, rack, run, spread

MONTH_S = YEAR_S / 12
SPINS = [0.14, 0.6, 0.8, 0.9]
NORMAL = 4.0  # standard errors a mean may stray


def programme(**more):
    gate = {
        "quarter": "2025Q3",
        "min_performance": 1.05,
        "min_performance_per_watt": 0.01,
        **more.pop("gate", {}),
    }
    return {
        "chip": "own",
        "pilot_racks": 1,
        "pilot_quarter": "2025Q1",
        "development": figure(1),
        "performance": spread(1.0),
        "energy": spread(1.0),
        "measurement_noise": figure(0.15),
        "measurements": 9,
        "pilot_run": 30 * DAY_S,
        "gate": gate,
        "reserve": {"2025Q4": 100.0},
        "fallback": "gpu",
        "fallback_delay": 10 * WEEK_S,
        "ports_after_ramp": [],
        **more,
    }


def scenario(quarters=8, **more):
    chips = {"gpu": chip(), "own": chip(kind="custom", vendor="partner")}
    prices = {"own": rack("own", usd=2.0), "gpu": rack("gpu", usd=2.0)}
    return buying(
        chips,
        racks=prices,
        nodes={"partner": node("design_partner")},
        quarters=quarters,
        lead_times={c: lead(4 * WEEK_S) for c in chips},
        programme=programme(**more),
    )


def states(world):
    told = world.record.tables["programme"]
    return dict(zip(told["state"], told["t_s"], strict=True))


def test_spins_until_the_silicon_works():
    """p = .14, .6, .8, .9, then certain: 2.2797 spins, at 4.5 months each 10.26 months."""
    silicon = {
        "start": "2025Q1",
        "design": spread(1.0),
        "spin": spread(4.5 * MONTH_S),
        "spin_success": SPINS,
        "bring_up": spread(1.0),
    }
    given = scenario(quarters=12, silicon=silicon)
    chain, n = Chain(given), 1500
    worlds = [run(given, 7, k, chain) for k in range(n)]
    chances = spin_chances(SPINS)
    mean = float(chances @ np.arange(1, 6))
    sd = math.sqrt(float(chances @ np.arange(1, 6) ** 2) - mean**2)
    assert mean == pytest.approx(2.2797, abs=1e-4)
    assert abs(np.mean([w.programme.spins for w in worlds]) - mean) < NORMAL * sd / math.sqrt(n)
    months = [(states(w)["pilot_ordered"] - 2.0) / MONTH_S for w in worlds]
    assert abs(np.mean(months) - 4.5 * mean) < NORMAL * 4.5 * sd / math.sqrt(n)
    for world, took in zip(worlds[:50], months, strict=False):
        assert took == pytest.approx(4.5 * world.programme.spins)


@pytest.mark.parametrize(("true", "chance"), [(1.0, 0.158655), (1.1, 0.841345)])
def test_the_gate_passes_as_often_as_its_operating_characteristic_says(true, chance):
    """Nine hosts, sd .15, cut 1.05."""
    given = scenario(performance=spread(true))
    chain, n = Chain(given), 1500
    ramps = ["ramp" in states(run(given, 8, k, chain)) for k in range(n)]
    assert gate_pass_chance(true, 1.05, 0.15, 9) == pytest.approx(chance, abs=1e-6)
    assert abs(np.mean(ramps) - chance) < NORMAL * math.sqrt(chance * (1 - chance) / n)


@pytest.mark.parametrize(("threshold", "always"), [(1e-9, "ramp"), (1e9, "cancel")])
def test_a_gate_that_is_always_or_never_passed(threshold, always):
    given = scenario(gate={"min_performance": threshold})
    for k in range(20):
        assert always in states(run(given, 1, k))


def test_certainty_asks_more_than_the_bare_value():
    """At 80 % the mean of nine must exceed the cut by .8416 standard errors of .05."""
    given = scenario(performance=spread(1.1), gate={"certainty": 0.8})
    chain, n = Chain(given), 1200
    chance = gate_pass_chance(1.1, 1.05 + 0.8416212 * 0.05, 0.15, 9)
    ramps = ["ramp" in states(run(given, 8, k, chain)) for k in range(n)]
    assert abs(np.mean(ramps) - chance) < NORMAL * math.sqrt(chance * (1 - chance) / n)


def test_a_held_pilot_measures_again_and_decides_later():
    given = scenario(gate={"certainty": 0.9, "hold": 60 * DAY_S, "hold_above": 0.2})
    chain = Chain(given)
    held = [w for w in (run(given, 2, k, chain) for k in range(60)) if "hold" in states(w)]
    assert held
    for world in held:
        told = states(world)
        decided = told.get("ramp", told.get("cancel"))
        assert decided == told["hold"] + 60 * DAY_S
        one, both = world.programme.measured(1), world.programme.measured(2)
        assert both.sd == pytest.approx(one.sd / math.sqrt(2))


def test_a_dropped_chip_costs_what_was_reserved_and_the_fallback_queues_at_the_back():
    given = scenario(gate={"forced": "cancel"}, take_or_pay=figure(7.0), die_yield=spread(0.5))
    world = run(given)
    assert world.programme.spent == [(states(world)["cancel"], 7.0)]
    (fallback,) = (o for o in world.supply.orders if o.cause == "fallback")
    # 100 USD buy 50 racks of the merchant, whose yield is not ours.
    assert (fallback.chip, fallback.racks) == ("gpu", 50)
    assert fallback.landed_s == pytest.approx(fallback.funded_s + 14 * WEEK_S)
    assert not [o for o in world.supply.orders if o.cause == "ramp"]


def test_half_the_yield_makes_each_chip_cost_twice():
    """A rack of 2 USD holds one chip of 1 USD: at half the yield it costs 3."""
    world = run(scenario(gate={"forced": "ramp"}, die_yield=spread(0.5)))
    (ramp,) = (o for o in world.supply.orders if o.cause == "ramp")
    assert ramp.price_usd == pytest.approx(3.0)
    assert ramp.racks == 33
