"""Sanity cases of dependency risk, hand-computed, on the world that studies run.

Each case is a row of the literature's worked examples; the world is the one the
studies run, without jobs. Exact cases hold to 1e-9.
"""

import math

import numpy as np
import pytest

from simulator.laws.shocks import compound_loss, none_active, none_active_without_overlap
from simulator.units import DAY_S, YEAR_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, figure, lead, node, rack, run, spread, standing

QUARTERS = [f"{2025 + k // 4}Q{k % 4 + 1}" for k in range(20)]


def order(name: str, racks: int, quarter: str = "2025Q1", **more):
    return {"chip": name, "quarter": quarter, "racks": racks, **more}


def test_the_scarcest_input_of_the_bill_of_materials_binds():
    """30 000 wafers of 60 dies at yield .6, 2 dies a chip; 12 000 interposers of 16; 8 stacks."""
    terms = {
        "foundry": {"per_unit": figure(2 / (60 * 0.6)), "source": "a test"},
        "packaging": {"per_unit": figure(1 / 16), "source": "a test"},
        "memory_makers": {"per_unit": figure(8), "source": "a test"},
    }
    substrate = {"shares": {"film": 1.0}, "stage": "packaging", "source": "a test"}
    scenario = buying(
        {"gpu": chip(terms=terms, inputs={"substrate": substrate})},
        racks={"gpu": rack("gpu", chips=64)},
        nodes={
            "fab": node("foundry", capacity={"2025Q1": figure(30_000)}),
            "line": node("packaging", capacity={"2025Q1": figure(12_000)}),
            "maker": node("memory", capacity={"2025Q1": figure(2_000_000)}),
            "film": node("substrate", capacity={"2025Q1": figure(300_000)}),
        },
        quarters=1,
        plan=[order("gpu", 10_000)],
    )
    world = run(scenario)
    assert standing(world, DAY_S) * 64 == 192_000
    events = world.record.tables["events"]
    told = [d for k, d in zip(events["kind"], events["detail"], strict=True) if k == "short"]
    assert told == ["3000 of 10000 racks; line binds"]


@pytest.mark.parametrize(
    ("sharing", "granted"),
    [
        ({}, (40, 20)),
        ({"rule": "priority", "ranks": {"a": 1, "b": 2}}, (60, 0)),
        ({"rule": "priority", "ranks": {"a": 2, "b": 1}}, (20, 40)),
        ({"rule": "contract", "floors": {"b": 30.0}}, (27, 33)),
    ],
)
def test_a_short_node_shares_out_by_its_rule(sharing, granted):
    """Supply 60 a quarter, asked 80 and 40; racks are whole (26.67 and 33.33 by contract)."""
    fab = node("foundry", capacity={"2025Q1": figure(60)}, sharing=sharing)
    world = run(
        buying(
            {"a": chip(), "b": chip()},
            nodes={"fab": fab},
            quarters=1,
            plan=[order("a", 80), order("b", 40)],
        )
    )
    assert (standing(world, DAY_S, "a"), standing(world, DAY_S, "b")) == granted


def test_what_is_not_granted_comes_first_in_the_next_quarter():
    fab = node("foundry", capacity={"2025Q1": figure(60)})
    world = run(buying(nodes={"fab": fab}, quarters=3, plan=[order("gpu", 150)]))
    calendar = world.scenario.horizon.calendar
    assert [standing(world, calendar.at(q) + 1.0) for q in QUARTERS[:3]] == [60, 120, 150]


def down_at(arrival: str, t_s: float, rate: float, length_s: float, replications: int):
    shocks = [
        {
            "node": "fab",
            "per_year": figure(rate),
            "duration": spread(length_s),
            "arrival": arrival,
        }
    ]
    scenario = buying(quarters=20, random_shocks=shocks)
    chain = Chain(scenario)
    return [
        any(b.start_s <= t_s < b.end_s for b in run(scenario, 5, r, chain).nodes.blows)
        for r in range(replications)
    ]


@pytest.mark.parametrize(
    ("arrival", "law"), [("poisson", none_active), ("renewal", none_active_without_overlap)]
)
def test_chance_that_no_shock_is_under_way(arrival, law):
    """exp(-.2 x .5) = .904837 with overlaps, 1/(1 + .2 x .5) = .909091 without."""
    up = 1 - np.array(down_at(arrival, 1.3 * YEAR_S, 0.2, 0.5 * YEAR_S, 1500))
    expected = law(0.2 / YEAR_S, 0.5 * YEAR_S)
    assert expected == pytest.approx({"poisson": 0.904837, "renewal": 0.909091}[arrival], abs=1e-6)
    assert abs(up.mean() - expected) < 4 * math.sqrt(expected * (1 - expected) / len(up))


def test_capacity_lost_to_overlapping_shocks_adds_up():
    """C = 100, s = .5, .2 a year, half a year each, five years: mean 25, sd 25 rce-years."""
    shocks = [
        {
            "node": "fab",
            "per_year": figure(0.2),
            "duration": spread(0.5 * YEAR_S),
            "severity": 0.5,
        }
    ]
    scenario = buying(quarters=20, random_shocks=shocks, overlap="add")
    chain, five_years_s = Chain(scenario), 5 * YEAR_S
    losses = []
    for replication in range(1500):
        nodes = run(scenario, 6, replication, chain).nodes
        begun = [b for b in nodes.blows if 0 <= b.start_s < five_years_s]
        booked = sum(100 * b.severity * (b.end_s - b.start_s) / YEAR_S for b in begun)
        losses.append(booked)
        if len(nodes.blows) == len(begun) <= 2 and begun:
            # What the line loses is what is booked, overlaps added.
            health = nodes.health("fab")
            lost = float(np.sum((1 - health[:-1]) * np.diff(nodes.t_s))) * 100 / YEAR_S
            assert lost == pytest.approx(booked, rel=1e-9)
    # The horizon of 20 quarters ends a quarter of a day before five Julian years.
    law = compound_loss(0.2 / YEAR_S, scenario.horizon.calendar.horizon_s, 100 * 0.5 * 0.5)
    assert (law.mean, law.sd) == (pytest.approx(25, rel=1e-3), pytest.approx(25, rel=1e-3))
    assert abs(np.mean(losses) - law.mean) < 4 * law.sd / math.sqrt(len(losses))
    # Fourth central moment of a compound Poisson sum of equal losses.
    fourth = 25**4 * (3 + 1)
    assert abs(np.var(losses) - law.sd**2) < 4 * math.sqrt((fourth - law.sd**4) / len(losses))


def test_linear_recovery_is_the_resilience_triangle():
    """40 % lost, recovered evenly in 6 months: 120 %-months, of which a step would lose 240."""
    month_s = YEAR_S / 12
    lost = {}
    for recovery in ("linear", "step"):
        shock = {
            "node": "fab",
            "quarter": "2025Q1",
            "duration": 6 * month_s,
            "severity": 0.4,
            "recovery": recovery,
        }
        nodes = run(buying(shocks=[shock])).nodes
        lost[recovery] = np.sum((1 - nodes.health("fab")[:-1]) * np.diff(nodes.t_s))
    assert lost["linear"] * 100 / month_s == pytest.approx(120, rel=1e-9)
    assert lost["step"] * 100 / month_s == pytest.approx(240, rel=1e-9)


def test_the_pipeline_holds_what_littles_law_says():
    """100 racks a month, nine months from order to service: 900 in the pipeline."""
    year_s = 365 * DAY_S
    plan = [order("gpu", 300, q) for q in QUARTERS[:12]]
    world = run(buying(quarters=12, plan=plan, lead_times={"gpu": lead(0.75 * year_s)}))
    held = sum(
        o.racks * max(0.0, min(o.landed_s or math.inf, 2 * year_s) - max(o.wanted_s, year_s))
        for o in world.supply.orders
    )
    assert held / year_s == pytest.approx(900, rel=1e-9)


def test_growth_stopped_for_two_quarters_is_a_quarter_of_all_work():
    """100 a quarter, 60 % from a supplier that stops for quarters 1 and 2, nothing made up.

    The gap is 60, then 120; of 3600 rce-quarters 900 are lost: SDR .25. At the
    moment of the stop nothing of the stock is lost.
    """
    calendar = buying().horizon.calendar
    stop = {
        "node": "vendor",
        "quarter": "2025Q1",
        "duration": calendar.at("2025Q3"),
        "severity": 1.0,
    }
    chips = {"main": chip(), "other": chip(vendor="second")}
    given = {
        "nodes": {"second": node("vendor")},
        "in_service": [{"chip": "main", "site": "site", "racks": 500, "source": "a test"}],
        "plan": [order(c, n, q) for q in QUARTERS[:8] for c, n in (("main", 60), ("other", 40))],
    }
    plain, hit = run(buying(chips, **given)), run(buying(chips, shocks=[stop], **given))
    # Racks land at the quarter's start: a millisecond covers a lead time of a microsecond.
    starts = [t + 1e-3 for t in calendar.edges_s()[:-1]]
    whole = [standing(plain, t) - 500 for t in starts]
    gap = [standing(plain, t) - standing(hit, t) for t in starts]
    assert whole == [100 * k for k in range(1, 9)]
    assert gap == [60, *[120] * 7]
    assert sum(gap) / sum(whole) == pytest.approx(0.25, abs=1e-9)
    assert standing(hit, 0.0, "main") == 500


def test_dates_that_must_all_be_met_are_met_together_less_often():
    """Power, network and chips, each on time four times in five: .512."""
    due_s = 100 * DAY_S
    # 80 % of the draws of this spread lie below one.
    z80, z90 = 0.8416212335729143, 1.2815515655446004
    late = spread(due_s * math.exp(-z80), due_s * math.exp(z90 - z80))
    block = {"quarter": "2025Q1", "racks": 10, "delay": late}
    scenario = buying(
        site={
            "phases": [{**block, "it_power": 1e6}],
            "network": [block],
        },
        plan=[order("gpu", 1)],
        lead_times={"gpu": {**lead(), "total": late}},
        quarters=4,
    )
    chain = Chain(scenario)
    on_time = np.array([standing(run(scenario, 3, r, chain), due_s) for r in range(1500)])
    assert abs(on_time.mean() - 0.512) < 4 * math.sqrt(0.512 * 0.488 / len(on_time))


def test_power_buys_the_chip_that_does_more_with_a_watt():
    """1 GW, PUE 1.25: 571 429 chips of 1.4 kW, or 800 000 of 1.0 kW that do .9 each."""
    it_w = 1e9 / 1.25
    site = {"phases": [{"quarter": "2024Q4", "it_power": it_w, "racks": 10**7}]}
    done = {}
    for name, watts, worth in (("merchant", 1400, 1.0), ("custom", 1000, 0.9)):
        world = run(
            buying(
                {name: chip()},
                racks={name: rack(name, watts=watts)},
                site=site,
                plan=[order(name, 2_000_000)],
                quarters=1,
            )
        )
        done[name] = standing(world, DAY_S) * worth
    assert done["merchant"] == math.floor(800e6 / 1400) == 571_428
    assert done["custom"] == pytest.approx(720_000, rel=1e-9)
    assert done["custom"] / done["merchant"] == pytest.approx(1.26, rel=1e-5)


def test_money_buys_the_chip_that_does_more_for_a_dollar():
    """39 GUSD: merchant at 35 kUSD, or 1 GUSD of design and chips of 15 kUSD that do .5 each."""
    done = {}
    for name, usd, budget, worth in (
        ("merchant", 35e3, 39e9, 1.0),
        ("custom", 15e3, 38e9, 0.5),
    ):
        plan = [{"chip": name, "quarter": "2025Q1", "spend": budget}]
        world = run(
            buying(
                {name: chip()},
                racks={name: rack(name, usd=usd)},
                budget=budget,
                plan=plan,
                quarters=1,
            )
        )
        done[name] = standing(world, DAY_S) * worth
        assert world.treasury.paid_usd <= budget
    assert done["merchant"] == math.floor(39e9 / 35e3) == 1_114_285
    assert done["custom"] == math.floor(38e9 / 15e3) * 0.5 == pytest.approx(1_266_667, abs=1)
    assert 0.5 * done["merchant"] / done["custom"] == pytest.approx(0.43985, abs=1e-5)


@pytest.mark.parametrize("stopped", [["fab"], ["line"], ["fab", "line"]])
def test_a_stop_that_reaches_two_stages_of_an_order_holds_it_up_once(stopped):
    """Forty weeks from order to dock, lines stopped for 26 in the middle: 26 weeks late."""
    week_s = 7 * DAY_S
    stop = {"quarter": "2025Q2", "duration": 26 * week_s, "severity": 1.0}
    shocks = [{"node": name, **stop} for name in stopped]
    given = {"plan": [order("gpu", 1)], "lead_times": {"gpu": lead(40 * week_s)}}
    on_time, late = run(buying(**given)), run(buying(shocks=shocks, **given))
    (first,), (second,) = on_time.supply.orders, late.supply.orders
    assert second.landed_s - first.landed_s == pytest.approx(26 * week_s, rel=1e-9)


LOGIC = {"shares": {"fab-2": 1.0}, "source": "a test"}


def _switches(stock_weeks: float, *shocks: dict) -> list[float]:
    """When racks land whose switches, needed as they are built, have stocks and stops."""
    week_s = 7 * DAY_S
    switch = {
        "shares": {"switch": 1.0}, "stage": "rack", "source": "a test",
        "stock": stock_weeks * week_s,
    }  # fmt: skip
    scenario = buying(
        {"gpu": chip(inputs={"switch": switch})},
        nodes={"switch": node("switch_silicon", inputs={"logic": LOGIC}), "fab-2": node("foundry")},
        lead_times={"gpu": lead(20 * week_s)},
        plan=[order("gpu", 1, quarter) for quarter in QUARTERS[:8]],
        quarters=16,
        shocks=[{"severity": 1.0, "duration": 10 * week_s, **shock} for shock in shocks],
    )
    return [o.landed_s for o in run(scenario).supply.orders]


@pytest.mark.parametrize("stopped", ["switch", "fab-2"])
def test_a_stop_is_felt_once_the_stock_of_a_part_is_gone(stopped):
    """Ten weeks' stop behind four of stock: as six weeks' stop that comes four later."""
    week_s, stop = 7 * DAY_S, {"node": stopped, "quarter": "2025Q3"}
    calm = _switches(0)
    assert _switches(10, stop) == calm
    assert _switches(4, stop) != calm
    delays = [b - a for a, b in zip(calm, _switches(4, stop), strict=True)]
    # Nothing is caught up: an order behind the stop is six weeks late for ever.
    assert max(delays) == delays[-1] == pytest.approx(6 * week_s, rel=1e-9)
    unstocked = [b - a for a, b in zip(calm, _switches(0, stop), strict=True)]
    assert max(unstocked) == unstocked[-1] == pytest.approx(10 * week_s, rel=1e-9)
    assert all(a <= b for a, b in zip(delays, unstocked, strict=True))


def test_a_stock_that_is_not_filled_again_does_not_help_twice():
    week_s = 7 * DAY_S
    twice = [{"node": "switch", "quarter": quarter} for quarter in ("2025Q2", "2025Q4")]
    calm = _switches(12)
    # Ten weeks leave two of twelve; no spare rate brings them back.
    late = [b - a for a, b in zip(calm, _switches(12, *twice), strict=True)]
    assert late[-1] == pytest.approx(8 * week_s, rel=1e-9)


def test_each_rack_holds_a_port_of_the_network_until_more_are_connected():
    """Thirty ports, and thirty more in 2025Q3: of two orders of twenty, ten racks wait for them."""
    network = [{"quarter": "2024Q4", "racks": 30}, {"quarter": "2025Q3", "racks": 30}]
    site = {
        "phases": [{"quarter": "2024Q4", "it_power": 1e6, "racks": 100}],
        "network": network,
    }
    plan = [{"chip": "gpu", "quarter": q, "racks": 20} for q in ("2025Q1", "2025Q2")]
    world = run(buying(site=site, plan=plan))
    told = world.record.tables["deliveries"]
    at = world.scenario.horizon.calendar.at
    found = [*zip(told["racks"], told["in_service_s"], strict=True)]
    assert found == [
        (20, pytest.approx(0.0, abs=1.0)),
        (10, pytest.approx(at("2025Q2"), abs=1.0)),
        (10, at("2025Q3")),
    ]


def test_orders_of_before_the_start_share_their_luck_by_quarter():
    lines = [("2024Q2", 1), ("2024Q3", 1), ("2024Q3", 2)]
    scenario = buying(
        plan=[{"chip": "gpu", "quarter": q, "racks": n} for q, n in lines],
        lead_times={"gpu": lead(560 * DAY_S, 840 * DAY_S)},
    )
    first, second, third = (o.total_s for o in run(scenario).supply.orders)
    assert second == third != first
