"""Shocks whose number is given: so many, uniform over the horizon, by their rates."""

from pathlib import Path

import numpy as np
import pytest

from simulator.spec.loader import Given, load
from simulator.streams import Streams
from simulator.units import YEAR_S
from simulator.world.chain import Chain
from simulator.world.shocks import draw_shocks

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"
FIGURE = {"status": "published", "source": "a test", "date": "2025"}
RATES = {"fab-a": 0.3, "package": 0.1}


@pytest.fixture(scope="module")
def shaken() -> Given:
    shocks = [
        {
            "node": node,
            "per_year": {"value": rate, **FIGURE},
            "duration": {"median": "4 weeks", "p90": "20 weeks"},
        }
        for node, rate in RATES.items()
    ]
    return load(TINY).change({"supply.random_shocks": shocks})


def blows(given: Given, replication: int):
    scenario = given.scenario
    streams = Streams(3, replication)
    return [b for b in draw_shocks(Chain(scenario), streams) if b.start_s >= 0]


def counted(given: Given, number: int, or_more: bool = False) -> Given:
    return given.change({"supply.shock_count": {"shocks": number, "or_more": or_more}})


@pytest.mark.parametrize("number", [0, 1, 3])
def test_so_many_come_and_no_other(shaken: Given, number: int):
    conditioned = counted(shaken, number)
    assert {len(blows(conditioned, r)) for r in range(20)} == {number}


def test_more_shocks_are_those_of_fewer_and_others(shaken: Given):
    for replication in range(10):
        one, two = (set(blows(counted(shaken, k), replication)) for k in (1, 2))
        assert one < two


def test_what_came_before_the_start_is_left_to_chance(shaken: Given):
    streams = [Streams(3, r) for r in range(30)]
    free = [draw_shocks(Chain(shaken.scenario), s) for s in streams]
    none = counted(shaken, 0).scenario
    forced = [draw_shocks(Chain(none), Streams(3, r)) for r in range(30)]
    assert [[b for b in f if b.start_s < 0] for f in free] == [list(f) for f in forced]
    assert any(forced)


def test_times_are_uniform_and_nodes_go_by_their_rates(shaken: Given):
    horizon_s = shaken.scenario.horizon.calendar.horizon_s
    found = [b for r in range(400) for b in blows(counted(shaken, 2), r)]
    share = np.mean([b.nodes == ("fab-a",) for b in found])
    assert abs(share - 0.75) < 4 * np.sqrt(0.75 * 0.25 / len(found))
    at = np.array([b.start_s for b in found]) / horizon_s
    assert abs(at.mean() - 0.5) < 4 / np.sqrt(12 * len(found))


def test_strata_by_chance_are_the_free_process(shaken: Given):
    # Mean number within the horizon: sum of rates x years, free or given one or more.
    expected = sum(RATES.values()) * shaken.scenario.horizon.calendar.horizon_s / YEAR_S
    free = np.array([len(blows(shaken, r)) for r in range(800)])
    assert abs(free.mean() - expected) < 4 * free.std(ddof=1) / np.sqrt(free.size)
    some = np.array([len(blows(counted(shaken, 1, or_more=True), r)) for r in range(800)])
    together = (1 - np.exp(-expected)) * some
    error = 4 * together.std(ddof=1) / np.sqrt(some.size)
    assert abs(together.mean() - expected) < error


def test_severities_are_drawn_evenly_and_move_no_other_draw_of_the_first_shock(shaken: Given):
    """Between .2 and .8: mean .5, variance .36/12; lengths and times as with a fixed severity."""
    shocks = [
        {
            "node": node,
            "per_year": {"value": rate, **FIGURE},
            "duration": {"median": "4 weeks", "p90": "20 weeks"},
            "severity": 0.8,
            "least_severity": 0.2,
        }
        for node, rate in RATES.items()
    ]
    drawn = shaken.change({"supply.random_shocks": shocks})
    found = np.array([b.severity for r in range(300) for b in blows(drawn, r)])
    assert found.min() >= 0.2
    assert found.max() <= 0.8
    assert abs(found.mean() - 0.5) < 4 * np.sqrt(0.36 / 12 / found.size)
    assert abs(np.mean(found < 0.35) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / found.size)
    for replication in range(20):
        firsts = []
        for given in (shaken, drawn):
            every = draw_shocks(Chain(given.scenario), Streams(3, replication))
            mine = sorted((b for b in every if b.nodes == ("fab-a",)), key=lambda b: b.start_s)
            firsts.append([(b.start_s, b.end_s) for b in mine[:1]])
        assert firsts[0] == firsts[1]
