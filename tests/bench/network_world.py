"""A world of 100,000 chips whose jobs share the network, for its memory."""

from __future__ import annotations

from simulator import load
from simulator.units import DAY_S
from simulator.world.world import World
from tests.bench.network import SCENARIO


def warm() -> None:
    """Read the catalogue; reading compiled code from disk counts."""
    load(SCENARIO)


def hold(days: int = 14) -> None:
    """Run the first days of the pilot study, whose fleet stands at 148,000 chips."""
    scenario = load(SCENARIO).change({"network.fidelity": "contended"}).scenario
    world = World(scenario, 0, 0)
    world.begin()
    world.env.run(until=days * DAY_S)
