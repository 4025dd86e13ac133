"""When sites get power and network and lose racks, in whatever order their file tells it."""

import math

import numpy as np
import pytest

from simulator.units import DAY_S, WEEK_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, run, spread, standing
from tests.world.test_market import order
from tests.world.test_sites_fill import at_sites, deliveries, site

QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")


def phase(quarter: str, racks: int, **more):
    return {"quarter": quarter, "it_power": 1e12, "racks": racks, **more}


def stand(world) -> list[int]:
    """Racks in service a second after each quarter of 2025 began."""
    at = world.scenario.horizon.calendar.at
    return [standing(world, at(quarter) + 1.0) for quarter in QUARTERS]


@pytest.mark.parametrize("turned", [False, True])
def test_each_block_comes_on_its_own_date(turned):
    """One site has places from 2025Q4 and 2025Q2 on, the other from 2025Q3: 20, 30, 50 in all."""
    late, early = phase("2025Q4", 20), phase("2025Q2", 20)
    phases = [early, late] if turned else [late, early]
    sites = {"a": site(0, phases=phases), "b": site(0, phases=[phase("2025Q3", 10)])}
    world = run(at_sites(sites, buying(plan=[order("gpu", 60)])))
    assert stand(world) == [0, 20, 30, 50]
    told = world.record.tables["events"]
    energised = [s for k, s in zip(told["kind"], told["subject"], strict=True) if k == "energised"]
    assert energised == ["a", "b", "a"]


def test_racks_are_retired_on_their_dates_and_no_more_than_stand_there():
    """Of ten, four in 2025Q2 and 90 in 2025Q4, as a file tells them the other way round."""
    gone = {"chip": "gpu", "site": "site"}
    world = run(
        buying(
            in_service=[{**gone, "racks": 10, "source": "a test"}],
            retirements=[
                {**gone, "quarter": "2025Q4", "racks": 90},
                {**gone, "quarter": "2025Q2", "racks": 4},
            ],
        )
    )
    assert stand(world) == [10, 6, 6, 0]


def test_what_retires_gives_back_its_power_and_its_places():
    """Ten racks of 1 W fill ten places and 10 W; six that go let six of eight others in."""
    world = run(
        buying(
            {"old": chip(), "new": chip()},
            site={"phases": [{"quarter": "2024Q4", "it_power": 10.0, "racks": 10}]},
            in_service=[{"chip": "old", "site": "site", "racks": 10, "source": "a test"}],
            retirements=[{"chip": "old", "site": "site", "quarter": "2025Q3", "racks": 6}],
            plan=[order("new", 8)],
        )
    )
    assert stand(world) == [10, 10, 10, 10]
    assert world.floor.racks == {("site", "old"): 4, ("site", "new"): 6}
    assert [(name, racks) for name, _, _, racks in deliveries(world)][1:] == [
        ("plan/new/2025Q1/1", 6)
    ]


@pytest.mark.parametrize("kind", ["phases", "network"])
def test_a_block_is_late_by_its_spread(kind):
    """Twenty weeks at the median and thirty in one case of ten, behind its quarter."""
    delay = spread(20 * WEEK_S, 30 * WEEK_S)
    there = {"phases": [phase("2024Q4", 9)], "network": [{"quarter": "2024Q4", "racks": 9}]}
    block = phase("2025Q2", 1) if kind == "phases" else {"quarter": "2025Q2", "racks": 1}
    there[kind] = [{**block, "delay": delay}]
    given, n = buying(site=there, plan=[order("gpu", 1)], quarters=12), 300
    chain = Chain(given)
    late_s = np.array(
        [run(given, 2, r, chain).record.tables["deliveries"]["in_service_s"][0] for r in range(n)]
    )
    late_s -= 90 * DAY_S
    for longer_s, part in ((20 * WEEK_S, 0.5), (30 * WEEK_S, 0.1)):
        assert abs(np.mean(late_s > longer_s) - part) < 4 * math.sqrt(part * (1 - part) / n)
    # sigma = ln(1.5) / 1.28155 = .31638.
    assert abs(np.log(late_s).std() / 0.31638 - 1) < 4 / math.sqrt(2 * n)
