"""The replayed build-out beside what was published: nothing tuned, nothing hidden."""

import pytest

from scenarios.validate_supply import SCENARIO, Reading, read_fleet, replay_buildout, verdicts
from simulator.spec.loader import load


@pytest.fixture(scope="module")
def readings():
    found, _ = replay_buildout(12, 1)
    return {(r.id, r.reading): r for r in found}


def bought(chip: str) -> int:
    scenario = load(SCENARIO).scenario
    per_rack = scenario.catalog.racks[chip].chips
    return sum((o.racks or 0) * per_rack for o in scenario.supply.plan if o.chip == chip)


def test_the_plan_is_the_published_purchases():
    """Epoch AI's modelled units of 2022 to 2024, by owner; racks are whole."""
    assert bought("h100-sxm") == pytest.approx(486_046, rel=1e-3)
    assert bought("a100-sxm") == pytest.approx(117_953, rel=1e-3)
    assert bought("gb200-nvl72") == pytest.approx(31_288, rel=2e-3)
    assert bought("mi300x") == pytest.approx(127_163, rel=1e-3)


def test_chips_are_counted_as_the_model_counts_them():
    """Its 606 402 H100-equivalents are the sum over NVIDIA's chips at the end of 2024."""
    worth = read_fleet().equivalents
    chips = ("a100-sxm", "h100-sxm", "gb200-nvl72")
    assert sum(bought(c) * worth[c] for c in chips) == pytest.approx(606_402, rel=0.01)


def test_the_stated_fleet_lies_inside_the_band_of_the_orders(readings):
    for row in ("stated-h100", "stated-h100e"):
        found = readings[row, "orders"]
        assert found.low < found.published < found.high


def test_what_is_ordered_comes_later_than_what_is_shipped_and_never_exceeds_it(readings):
    for (row, reading), found in readings.items():
        assert found.low <= found.median <= found.high
        if reading == "orders":
            assert found.median <= readings[row, "shipments"].median


def test_the_conflict_of_the_sources_is_there(readings):
    stated, modelled = readings["stated-h100", "orders"], readings["bought-h100", "orders"]
    assert (stated.published, modelled.published) == (350_000, 486_046)
    assert stated.median == modelled.median


def test_purchases_are_drawn_from_their_interval(readings):
    """Nearly all that was shipped stands: the modelled interval over its median, 0.75 to 1.33."""
    found = readings["bought-2024", "shipments"]
    assert found.low / found.published == pytest.approx(0.75, abs=0.06)
    assert found.high / found.published == pytest.approx(1.33, abs=0.1)


def test_a_reading_below_what_certainly_stood_is_said_to_be_contradicted(readings):
    floor = readings["two-clusters", "orders"]
    assert ("contradicted" in verdicts([floor])[0]) == (floor.high < floor.published)
    said = ("a", "H100", "chips", "2024Q1", "floor", "orders")
    below = Reading(*said, published=5e4, median=3e4, low=2e4, high=4e4, source="hand")
    assert verdicts([below])[0].startswith("Read as orders, 20 to 40 K H100 by 2024Q1, but 50 K")
