"""The fluid fidelity on the tiny world, beside the job engine that shares its draws."""

from pathlib import Path

import numpy as np
import pytest

from simulator.spec.loader import load
from simulator.units import DAY_S
from simulator.world.world import simulate

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


def totals(tables, name, column):
    return float(np.sum(tables[name][column]))


@pytest.fixture(scope="module")
def both():
    given = load(TINY)
    fluid = given.change({"policy.fidelity": "fluid"})
    return [simulate(g.scenario, 0, range(3)) for g in (given, fluid)]


def test_the_world_is_the_same_world(both):
    for jobs, fluid in zip(*both, strict=True):
        for name in ("fleet", "orders", "deliveries", "nodes", "programme", "events"):
            assert jobs[name] == fluid[name]
        for column in ("quarter", "service", "family", "jobs", "work_rce_s"):
            assert jobs["asked"][column] == fluid["asked"][column]


def test_chips_bound_the_work(both):
    for fluid in both[1]:
        in_service = totals(fluid, "fleet_quarter", "in_service_chip_s")
        down = totals(fluid, "fleet_quarter", "down_chip_s")
        assert totals(fluid, "work", "allocated_chip_s") <= (in_service - down) * (1 + 1e-9)
        asked = totals(fluid, "asked", "work_rce_s")
        assert totals(fluid, "work", "productive_rce_s") <= asked * (1 + 1e-9)
        assert 0 <= totals(fluid, "asked", "unserved_rce_s") <= asked


def test_a_fleet_without_limits_serves_all_there_is_to_do():
    light = {"policy.fidelity": "fluid", "services.feed.demand.value": "60 rce_day/day"}
    given = load(TINY).change(light)
    (tables,) = simulate(given.scenario, 0, [0])
    assert totals(tables, "asked", "unserved_rce_s") == pytest.approx(0, abs=1e-3 * DAY_S)


def test_replications_side_by_side_are_as_each_alone(both):
    given = load(TINY).change({"policy.fidelity": "fluid"})
    for number, tables in enumerate(both[1]):
        (alone,) = simulate(given.scenario, 0, [number])
        assert totals(alone, "work", "productive_rce_s") == totals(
            tables, "work", "productive_rce_s"
        )


def test_the_same_call_gives_the_same_numbers(both):
    given = load(TINY).change({"policy.fidelity": "fluid"})
    again = simulate(given.scenario, 0, range(3))
    for first, second in zip(both[1], again, strict=True):
        assert np.array_equal(first["work"]["productive_rce_s"], second["work"]["productive_rce_s"])
