"""Shocks as nodes, windows and orders feel them: expectations computed by hand."""

import numpy as np
import pytest

from simulator.units import DAY_S
from tests.world.buying import buying, node, run

QUAKE = {"quarter": "2025Q2", "duration": 1e7, "severity": 0.6, "kind": "quake"}
GRID = node("power", "TW", tags=["island"])
WATER = node("material", "TW", tags=["island"])


def least_health(nodes: dict, *shocks: dict, of: str = "fab", **more) -> float:
    """Health of a node at its worst."""
    health = run(buying(nodes=nodes, shocks=[*shocks], **more)).nodes.health(of)
    return 1.0 if health is None else float(np.min(health))


@pytest.mark.parametrize(
    "nodes",
    [
        {},
        {"tw": node("country", "TW")},
        {"grid": GRID, "fab": node("foundry", "TW", rests_on={"power": "grid"})},
        # Hit itself, by its country, and by the grid, which rests on the country too.
        {
            "tw": node("country", "TW"),
            "grid": GRID,
            "fab": node("foundry", "TW", rests_on={"power": "grid"}),
        },
    ],
)
def test_a_shock_of_a_country_is_felt_once_however_much_of_it_a_node_rests_on(nodes):
    assert least_health(nodes, {"country": "TW", **QUAKE}) == pytest.approx(0.4)


def test_a_tag_borne_by_two_things_a_node_rests_on_is_felt_once():
    fab = node("foundry", "KR", rests_on={"power": "grid", "water": "water"})
    nodes = {"grid": GRID, "water": WATER, "fab": fab}
    assert least_health(nodes, {"tag": "island", **QUAKE}) == pytest.approx(0.4)
    # Two shocks are two.
    apart = [{"node": name, **QUAKE} for name in ("grid", "water")]
    assert least_health(nodes, *apart) == pytest.approx(0.16)


@pytest.mark.parametrize(
    ("overlap", "left"), [("multiply", 0.4 * 0.8), ("worst", 0.4), ("add", 0.2)]
)
@pytest.mark.parametrize("nodes", [{}, {"tw": node("country", "TW")}])
def test_a_country_among_the_nodes_changes_no_overlap_of_its_plants(overlap, left, nodes):
    own = {"node": "fab", **QUAKE, "severity": 0.2, "duration": 30 * DAY_S}
    told = ({"country": "TW", **QUAKE}, own)
    assert least_health(nodes, *told, overlap=overlap) == pytest.approx(left)
