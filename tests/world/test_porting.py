"""Ports on the real world: a team, its queue, and what a chip is worth before and after."""

from pathlib import Path

import pytest

from simulator.laws.dispatch import dispatch
from simulator.spec.loader import load
from simulator.units import YEAR_S
from simulator.world.supply_world import simulate_supply
from simulator.world.world import World
from tests.world.buying import buying, chip, figure, rack, run, spread, standing

MONTH_S = YEAR_S / 12
TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


def port(ready: str = "2024Q1") -> dict:
    return {"ready": ready, "first": figure(1), "mature": figure(1), "settle": figure(1e6)}


def with_ports(scenario, ports, porting):
    given = scenario.model_dump(mode="json")
    family = {"label": "F", "compute": figure(1), "memory": figure(0), "network": figure(0)}
    given["catalog"]["families"] = dict.fromkeys(ports, family)
    given["catalog"]["software"] = {"ports": ports}
    given["supply"]["porting"] = porting
    return type(scenario).from_si(given)


def task(family: str, months: float, engineers: int = 1, start: str = "2025Q1") -> dict:
    effort = spread(months)
    people = {"engineers": engineers, "effort": effort, "source": "a test"}
    return {"family": family, "chip": "custom", "start": start, **people}


def test_tasks_wait_for_people_and_take_effort_over_people():
    """Six people: 12 engineer-months by 4, 6 by 4 once they are free, 2 by 2 behind that."""
    tasks = [task("a", 12, 4), task("b", 6, 4), task("c", 2, 2)]
    ports = {f: {"custom": port()} for f in "abc"}
    scenario = buying({"custom": chip()})
    world = run(with_ports(scenario, ports, {"engineers": 6, "tasks": tasks}))
    done = {f: world.porting.ready_s[f, "custom"] / MONTH_S for f in "abc"}
    # The head of the line blocks: two are free for c at once, but b asked first.
    assert done == {"a": pytest.approx(3), "b": pytest.approx(4.5), "c": pytest.approx(4)}
    assert world.porting.team.level == 6


@pytest.mark.parametrize(("waits", "unserved"), [(False, 240), (True, 320)])
def test_a_chip_is_worth_nothing_to_a_family_until_it_is_ported(waits, unserved):
    """60 from a merchant that is out for four quarters, 40 of one's own; A 50 portable, B 50 not.

    60 a quarter are unserved, 240 in all; if A's port takes two quarters, 320: porting
    ahead is worth 80.
    """
    chips = {"merchant": chip(), "custom": chip(vendor="partner", fab="other")}
    nodes = {
        "partner": {"label": "p", "kind": "vendor", "country": "US", "source": "a test"},
        "other": {"label": "o", "kind": "foundry", "country": "KR", "source": "a test"},
    }
    calendar = buying(quarters=4).horizon.calendar
    out = {"node": "vendor", "quarter": "2025Q1", "duration": 2 * YEAR_S, "severity": 1.0}
    plan = [
        {"chip": "merchant", "quarter": "2025Q1", "racks": 60},
        {"chip": "custom", "quarter": "2025Q1", "racks": 40},
    ]
    scenario = buying(chips, nodes=nodes, quarters=4, plan=plan, shocks=[out])
    both = {"merchant": port()}
    # Two quarters of 2025 are 181 days, a trifle less than six months of a mean year.
    months = (calendar.at("2025Q3") if waits else 1e-3) / MONTH_S
    porting = {"engineers": 1, "tasks": [task("a", months)]}
    world = run(with_ports(scenario, {"a": {**both, "custom": port()}, "b": both}, porting))
    missed = 0.0
    for begin_s in calendar.edges_s()[:-1]:
        now_s = begin_s + 1.0
        there = [standing(world, now_s, c) for c in ("merchant", "custom")]
        kinds = ("merchant", "custom")
        runs = [[float(world.porting.runs(f, c, now_s)) for c in kinds] for f in "ab"]
        missed += dispatch([50.0, 50.0], there, runs).unserved
    assert missed == pytest.approx(unserved, abs=1e-9)


def test_chip_time_without_software_is_stranded_by_the_second():
    """40 chips in two racks from the start; a is ported in month 2, b in month 4, c never.

    One rack is retired with the second quarter, when month 3 has just begun; nobody asks for d.
    """
    chips = {"custom": chip()}
    stock = [{"chip": "custom", "site": "site", "racks": 2, "source": "a test"}]
    out = [{"chip": "custom", "site": "site", "quarter": "2025Q2", "racks": 1}]
    base = buying(
        chips,
        racks={"custom": rack("custom", chips=20)},
        quarters=4,
        in_service=stock,
        retirements=out,
    )
    ports = {"a": {"custom": port()}, "b": {"custom": port()}, "c": {}, "d": {}}
    tasks = [task("a", 2), task("b", 2)]
    given = with_ports(base, ports, {"engineers": 1, "tasks": tasks}).model_dump(mode="json")
    service = {"label": "s", "side": "social", "priority": 1, "demand": figure(1)}
    sizes = [{"chips": 8, "share": 1.0, "run_time": spread(1e5)}]
    service |= {"growth_per_year": figure(1), "daily_swing": 0.0, "weekly_swing": 0.0}
    families = {"a": 0.5, "b": 0.25, "c": 0.25, "d": 0.0}
    given["services"] = {"s": {**service, "families": families, "sizes": sizes, "patience": 1e6}}
    scenario = type(base).from_si(given)
    told = simulate_supply(scenario, 0, 0)["stranded"]
    found = {
        (family, quarter): chip_s for quarter, _, family, chip_s in zip(*told.values(), strict=True)
    }
    edges = scenario.horizon.calendar.edges_s()
    first = 40 * edges[1]
    assert found["a", "2025Q1"] == pytest.approx(40 * 2 * MONTH_S)
    assert found["b", "2025Q1"] == found["c", "2025Q1"] == pytest.approx(first)
    assert found["b", "2025Q2"] == pytest.approx(20 * (4 * MONTH_S - edges[1]))
    assert found["c", "2025Q4"] == pytest.approx(20 * (edges[4] - edges[3]))
    # Worth nothing to any until the first of them runs.
    assert {q for f, q in found if f is None} == {"2025Q1"}
    assert found[None, "2025Q1"] == found["a", "2025Q1"]
    assert not {f for f, _ in found} - {"a", "b", "c", None}


def test_no_job_runs_before_its_family_is_ported_and_a_withdrawn_licence_slows_the_rest():
    """On the whole world, jobs and all: the own chip does nothing for a family not yet there."""
    given = load(TINY, "same")
    effort = {"median": 6.0, "p90": 6.0}
    late = {"family": "ranking", "chip": "gpu", "start": "2025Q1", "engineers": 1}
    tasks = [{**late, "effort": effort, "source": "a test"}]
    ported = given.change({"supply.porting": {"engineers": 1, "tasks": tasks}}).scenario
    world = World(ported, 0, 0)
    world.run()
    jobs = world.close()["jobs"]
    begun = [t for t in jobs["start_s"] if t is not None and t == t]
    assert begun
    assert min(begun) >= 6 * MONTH_S
    lost = {"node": "merchant", "quarter": "2025Q1", "duration": "600 weeks", "severity": 0.3}
    withdrawn = given.change({"supply.shocks": [{**lost, "kind": "licence_withdrawal"}]}).scenario
    rates = []
    for scenario in (given.scenario, withdrawn):
        world = World(scenario, 0, 0)
        world.run()
        rates.append(world._rate_of("gpu"))
    assert rates[1] == pytest.approx(0.7 * rates[0])
