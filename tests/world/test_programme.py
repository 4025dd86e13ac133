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


def scenario(quarters=8, own_watts=1.0, **more):
    chips = {"gpu": chip(), "own": chip(kind="custom", vendor="partner")}
    prices = {"own": rack("own", usd=2.0, watts=own_watts), "gpu": rack("gpu", usd=2.0)}
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
    # A last date behind five spins, so that none is dropped for its lateness.
    given = scenario(quarters=12, silicon=silicon, gate={"latest": "2027Q4"})
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
        one, both = world.programme.assay.measured(1), world.programme.assay.measured(2)
        assert both.sd == pytest.approx(one.sd / math.sqrt(2))


def test_a_dropped_chip_costs_what_was_reserved_and_the_fallback_queues_at_the_back():
    given = scenario(gate={"forced": "cancel"}, take_or_pay=figure(7.0), die_yield=spread(0.5))
    world = run(given)
    assert world.programme.spent == [(states(world)["cancel"], 7.0, "cancellation")]
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


def test_the_cost_of_work_by_hand():
    """A rack of 2 USD, half of it the chip, and 1 W: of 3.8431e-8 USD/s 69.4 % is power.

    Racks 2/1.7e8 = 1.17647e-8, energy .8 W x 1.25 x 1e-8 = 1e-8, building 10/6e8 = 1.66667e-8.
    """
    exact = {"measurement_noise": figure(0.0), "performance": spread(1.25)}
    parts = run(scenario(**exact)).programme.assay.parts
    assert (parts.chips, parts.rest) == (pytest.approx(1 / 1.7e8), pytest.approx(1 / 1.7e8))
    assert parts.power == pytest.approx(2.666667e-8)
    # A quarter more work for the same power and money; with half the yield and 1.5 x the power.
    for more, cost in (
        ({}, 0.8),
        (
            {"die_yield": spread(0.5), "energy": spread(1.5)},
            (3 / 1.7e8 + 4e-8) / 3.843137e-8 / 1.25,
        ),
    ):
        for bound, decided in ((cost * 1.001, "ramp"), (cost * 0.999, "cancel")):
            gate = {"min_performance": 0.01, "max_cost_of_work": bound}
            world = run(scenario(gate=gate, **exact, **more))
            assert decided in states(world), (cost, bound)
            assert world.record.tables["programme"]["cost_of_work_measured"][-1] == pytest.approx(
                cost, rel=1e-6
            )
            assert world.programme.deserves == decided


@pytest.mark.parametrize("certainty", [0.5, 0.8])
def test_the_rule_on_cost_passes_as_often_as_its_operating_characteristic_says(certainty):
    """Without power and yield cost is one over performance m, its deviation sd/m^2.

    The rule theta - 1/m >= z sd/m^2 is m >= (1 + sqrt(1 + 4 theta z sd)) / (2 theta).
    """
    theta, sd, true = 0.95, 0.05, 1.1
    gate = {"min_performance": 0.01, "max_cost_of_work": theta, "certainty": certainty}
    given = scenario(performance=spread(true), gate=gate, own_watts=1e-12)
    z = {0.5: 0.0, 0.8: 0.8416212}[certainty]
    cut = (1 + math.sqrt(1 + 4 * theta * z * sd)) / (2 * theta)
    chance, chain, n = gate_pass_chance(true, cut, 0.15, 9), Chain(given), 1200
    assert 0.2 < chance < 0.9
    ramps = ["ramp" in states(run(given, 9, k, chain)) for k in range(n)]
    assert abs(np.mean(ramps) - chance) < NORMAL * math.sqrt(chance * (1 - chance) / n)


@pytest.mark.parametrize(
    ("bound", "hold", "decided"),
    [(0.7, 0.0, "ramp"), (0.8, 0.0, "cancel"), (0.8, 100 * DAY_S, "ramp"), (1.0, 1.0, "cancel")],
)
def test_the_gate_asks_how_much_of_the_work_is_ported(bound, hold, decided):
    """a grows from 60 to four times a year, b stands at 40: 3/4 is a half a year on.

    b is ported in seven months, after the gate of 2025Q3 but within a hold of 100 days.
    """
    gate = {"min_performance": 0.01, "min_ported_share": bound, "hold": hold}
    tasks = [{"family": "b", "chip": "own", "start": "2025Q1", "engineers": 1,
              "effort": spread(7.0), "source": "a test"}]  # fmt: skip
    plain = scenario(gate=gate).model_dump(mode="json")
    ready = {"first": figure(1), "mature": figure(1), "settle": figure(1e6), "ready": "2024Q1"}
    plain["catalog"]["software"] = {"ports": {f: {"own": ready} for f in "ab"}}
    plain["supply"]["porting"] = {"engineers": 1, "tasks": tasks}
    plain["services"] = {
        name: {
            "label": name,
            "side": "social",
            "priority": 1,
            "demand": figure(demand),
            "growth_per_year": figure(growth),
            "daily_swing": 0.0,
            "weekly_swing": 0.0,
            "families": {name: 1.0},
            "sizes": [{"chips": 8, "share": 1.0, "run_time": spread(DAY_S)}],
            "patience": DAY_S,
        }
        for name, demand, growth in (("a", 60.0, 4.0), ("b", 40.0, 1.0))
    }
    world = run(type(scenario()).from_si(plain))
    told = states(world)
    assert decided in told
    begin = world.scenario.horizon.calendar.at("2025Q3")
    assert told[decided] == pytest.approx(begin + hold)
    assert world.porting.ready_s["b", "own"] == pytest.approx(7 * MONTH_S)
    (*_, why) = [
        detail
        for kind, detail in zip(
            *(world.record.tables["events"][c] for c in ("kind", "detail")), strict=True
        )
        if kind == "judged"
    ]
    assert why.startswith(f"{decided} by ")
    assert "min_ported_share" in why
