"""Orders, money, floor and programme on the tiny world: hand-computed histories."""

from pathlib import Path

import numpy as np
import pytest
import simpy

from simulator.spec.loader import Given, load
from simulator.streams import Streams
from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from simulator.world.floor import Consignment
from simulator.world.programme import Programme
from simulator.world.recorder import Recorder
from simulator.world.supply_world import SupplyWorld

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


class Buyer:
    """The supply half of the world, without jobs."""

    def __init__(self, given: Given, seed: int = 0) -> None:
        self.given, self.env, self.record = given, simpy.Environment(), Recorder()
        scenario, streams = given.scenario, Streams(seed, 0)
        world = SupplyWorld(self.env, Chain(scenario), streams, self.record)
        self.world, self.floor, self.treasury = world, world.floor, world.treasury
        self.nodes, self.programme, self.supply = world.nodes, world.programme, world.supply

    @property
    def racks(self) -> dict[tuple[str, str], int]:
        return self.floor.racks

    def run(self) -> "Buyer":
        self.world.run()
        return self

    def order(self, start: str):
        return next(o for o in self.supply.orders if o.name.startswith(start))


def tiny(case: str | None = None, **changes: object) -> Given:
    given = load(TINY, case)
    return given.change({k.replace("__", "."): v for k, v in changes.items()}) if changes else given


def test_an_order_lands_one_lead_time_after_it_is_paid():
    buyer = Buyer(tiny()).run()
    first = buyer.order("plan/gpu/2025Q1")
    # 6 MUSD x 0.5 in the first quarter pays 2 racks and the pilot's one.
    assert (first.wanted_s, first.funded_s) == (0.0, 0.0)
    assert first.landed_s == pytest.approx(20 * WEEK_S)


def test_spend_buys_whole_racks_and_waits_for_money():
    buyer = Buyer(
        tiny(
            supply__plan=[
                {"chip": "gpu", "quarter": "2025Q1", "spend": "3.9 MUSD"},
                {"chip": "gpu", "quarter": "2025Q1", "racks": 4},
            ]
        )
    ).run()
    calendar = buyer.given.scenario.horizon.calendar
    first, second = (o for o in buyer.supply.orders if o.cause == "plan")
    assert first.racks == 3
    assert first.funded_s == 0.0
    # 3 MUSD a quarter: 3 racks and then the pilot's rack come before; 4 more are paid in 2025Q3.
    assert second.funded_s == calendar.at("2025Q3")


def test_racks_wait_on_the_dock_for_power():
    buyer = Buyer(tiny()).run()
    # 500 kW carry 12 racks of 40 kW: 10 stand there, of 2 + 3 that come the rest waits for 2025Q4.
    calendar = buyer.given.scenario.horizon.calendar
    late = [
        t
        for t, c in zip(
            buyer.record.tables["deliveries"]["in_service_s"],
            buyer.record.tables["deliveries"]["order"],
            strict=True,
        )
        if c.startswith("plan/gpu/2025Q2")
    ]
    assert late == [calendar.at("2025Q4")]


def test_the_starting_fleet_must_fit():
    buyer = Buyer(tiny())
    buyer.floor.add_phase("north", buyer.given.scenario.sites["north"].phases[0])
    with pytest.raises(ValueError, match="power and floor for 12"):
        buyer.floor.install_at("north", Consignment("stock", "gpu", 13))


def test_a_vendor_stop_delays_only_what_has_not_passed():
    stop = [{"node": "merchant", "quarter": "2025Q2", "duration": "13 weeks", "severity": 1}]
    plain, hit = Buyer(tiny()).run(), Buyer(tiny(supply__shocks=stop)).run()
    calendar = plain.given.scenario.horizon.calendar
    a, b = plain.order("plan/gpu/2025Q1"), hit.order("plan/gpu/2025Q1")
    # Integration runs in weeks 15 to 20; the stop from day 90 holds what is left of it.
    begin = 15 * WEEK_S
    # It enters a line that has lost since day 90 and runs at 1.25 from week 13 after.
    end = calendar.at("2025Q2") + 13 * WEEK_S
    lag = end - calendar.at("2025Q2")
    place = begin + 5 * WEEK_S
    expected = end + (place - calendar.at("2025Q2")) / 1.25
    assert expected - (end + lag / 0.25) < 0  # still catching up
    assert b.landed_s == pytest.approx(expected)
    assert a.landed_s == pytest.approx(20 * WEEK_S)


def test_a_stop_of_a_node_nothing_hangs_on_changes_nothing():
    stop = [{"node": "fab-b", "quarter": "2025Q1", "duration": "50 weeks", "severity": 1}]
    plain, hit = Buyer(tiny()).run(), Buyer(tiny(supply__shocks=stop)).run()
    for a, b in zip(plain.supply.orders, hit.supply.orders, strict=False):
        if a.chip == "gpu" and a.cause == "plan":
            assert a == b


def test_the_fallback_is_bought_late_and_waits_longer():
    cancelled = Buyer(tiny("cancelled")).run()
    calendar = cancelled.given.scenario.horizon.calendar
    fallback = cancelled.order("fallback/gpu")
    assert fallback.racks == 4
    # The pilot's rack waits for the power of 2025Q4, runs 30 days, and only then the gate decides.
    assert fallback.wanted_s == calendar.at("2025Q4") + 30 * DAY_S
    assert fallback.due_s == pytest.approx(fallback.funded_s + 28 * WEEK_S)


def test_the_gate_follows_what_was_measured():
    for seed in range(20):
        buyer = Buyer(tiny(), seed).run()
        found = buyer.programme.assay.measured(1)
        good = min(found.performance, found.per_watt) >= 0.9
        assert buyer.record.tables["programme"]["state"][-1] == ("ramp" if good else "cancel")


def test_the_gate_waits_for_the_pilot():
    late = Buyer(tiny(supply__programme__pilot_run="200 days")).run()
    states = dict(
        zip(
            late.record.tables["programme"]["state"],
            late.record.tables["programme"]["t_s"],
            strict=True,
        )
    )
    assert states["gate"] == pytest.approx(states["pilot_in_service"] + 200 * DAY_S)


def test_measurement_noise_has_the_stated_spread():
    scenario = tiny().scenario
    error = [
        p.assay.measured(1).performance - p.performance
        for p in (
            Programme(simpy.Environment(), scenario, Streams(s, 0), Recorder()) for s in range(600)
        )
    ]
    assert abs(np.std(error) / 0.05 - 1) < 4 / np.sqrt(2 * 600)
    assert abs(np.mean(error)) < 4 * 0.05 / np.sqrt(600)


def test_money_in_is_money_out():
    buyer = Buyer(tiny()).run()
    bought = [o for o in buyer.supply.orders if o.cause != "in_service"]
    paid = sum(o.racks * o.price_usd for o in bought if o.funded_s is not None)
    released = 0.5 * 28e6
    assert paid == pytest.approx(buyer.treasury.paid_usd)
    assert buyer.treasury.balance_usd + paid == pytest.approx(released)


def test_racks_ordered_are_landed_or_in_the_pipeline():
    buyer = Buyer(tiny()).run()
    landed = sum(o.racks for o in buyer.supply.orders if o.landed_s is not None)
    standing = sum(buyer.racks.values())
    assert landed == standing + sum(w.racks for w in buyer.floor.dock)


def test_an_order_before_the_start_is_paid_and_under_way():
    plan = [{"chip": "gpu", "quarter": "2024Q4", "racks": 1}]
    buyer = Buyer(tiny(supply__plan=plan, supply__programme=None)).run()
    early = buyer.order("plan/gpu/2024Q4")
    assert early.landed_s == pytest.approx(20 * WEEK_S - 92 * DAY_S)
    assert buyer.treasury.paid_usd == 0


def test_half_an_output_costs_half_the_line():
    cut = [{"node": "merchant", "quarter": "2025Q2", "duration": "500 weeks", "severity": 0.5}]
    hit = Buyer(tiny(supply__shocks=cut)).run().order("plan/gpu/2025Q1")
    calendar = tiny().scenario.horizon.calendar
    # From day 90 on the line does half its plan; the order's place in it is week 20.
    lost = 20 * WEEK_S - calendar.at("2025Q2")
    assert hit.landed_s == pytest.approx(20 * WEEK_S + lost)


def test_reserve_orders_come_behind_the_plan_of_record():
    plan = [{"chip": "gpu", "quarter": "2025Q4", "racks": 1}] * 3
    buyer = Buyer(tiny("cancelled", supply__plan=plan)).run()
    assert [o.cause for o in buyer.supply.orders if o.cause != "in_service"] == [
        "pilot",
        "plan",
        "plan",
        "plan",
        "fallback",
    ]


def test_racks_ordered_together_share_their_lead_time():
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": 1}] * 2
    lead = {"median": "20 weeks", "p90": "40 weeks"}
    buyer = Buyer(tiny(supply__plan=plan, supply__lead_times__gpu__total=lead)).run()
    first, second = (o for o in buyer.supply.orders if o.cause == "plan")
    assert first.landed_s == second.landed_s != 20 * WEEK_S


def test_a_stop_under_way_on_the_first_day_is_told():
    stop = [{"node": "fab-a", "quarter": "2025Q1", "duration": "13 weeks", "severity": 1}]
    buyer = Buyer(tiny(supply__shocks=stop))
    buyer.nodes.tell(buyer.record)
    told = buyer.record.tables["nodes"]
    rows = zip(told["t_s"], told["node"], told["health"], strict=True)
    assert [(t, h) for t, node, h in rows if node == "fab-a"] == [(0.0, 0.0), (13 * WEEK_S, 1.0)]
