"""Builds the smallest scenario that buys something, for tests to change in one place."""

from typing import Any

import simpy

from simulator.spec.quantities import INSIDE
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.units import DAY_S
from simulator.world.chain import Chain
from simulator.world.recorder import Recorder
from simulator.world.supply_world import SupplyWorld

#: As short as a lead time can be, against quarters of 8e6 s. [s]
AT_ONCE_S = 1e-6


def figure(value: float) -> dict[str, Any]:
    return {"value": float(value), "status": "published", "source": "a test", "date": "2025"}


def node(kind: str, country: str = "US", **more: Any) -> dict[str, Any]:
    return {"label": kind, "kind": kind, "country": country, "source": "a test", **more}


def spread(median: float, p90: float | None = None) -> dict[str, float]:
    return {"median": float(median), "p90": float(median if p90 is None else p90)}


def chip(fab: str = "fab", line: str = "line", maker: str = "maker", **more: Any) -> dict[str, Any]:
    return {
        "label": "Chip",
        "kind": "gpu",
        "vendor": "vendor",
        "foundry": {fab: 1.0},
        "packaging": {line: 1.0},
        "memory_makers": {maker: 1.0},
        "peak_bf16": figure(1e15),
        "memory": figure(8e10),
        "memory_bandwidth": figure(3e12),
        "scaleup_bandwidth": figure(4e11),
        "scaleup_domain": 8,
        "scaleout_bandwidth": figure(5e10),
        "tdp": figure(700),
        "price": figure(1),
        **more,
    }


def rack(name: str, chips: int = 1, watts: float = 1.0, usd: float = 1.0) -> dict[str, Any]:
    return {
        "chip": name,
        "hosts": 1,
        "chips_per_host": chips,
        "cooling": "air",
        "nameplate": figure(watts),
        "busy_share": figure(0.8),
        "idle_share": figure(0.2),
        "price": figure(usd),
        "host_faults_per_day": figure(0.01),
    }


def lead(total_s: float = AT_ONCE_S, p90_s: float | None = None, **shares: float) -> dict[str, Any]:
    parts = {"fab_share": 0.5, "package_share": 0.25, **shares}
    return {"total": spread(total_s, p90_s), "source": "a test", **parts}


def buying(
    chips: dict[str, dict[str, Any]] | None = None,
    *,
    racks: dict[str, dict[str, Any]] | None = None,
    quarters: int = 8,
    budget: float = 1e12,
    site: dict[str, Any] | None = None,
    nodes: dict[str, Any] | None = None,
    **supply: Any,
) -> Scenario:
    """Return a scenario without services: boundless money, floor and power unless stated."""
    chips = chips or {"gpu": chip()}
    everything = {
        "title": "A test",
        "horizon": {"start": "2025Q1", "quarters": quarters},
        "catalog": {
            "reference_chip": min(chips),
            "chips": chips,
            "racks": {c: rack(c) for c in chips} | (racks or {}),
            "families": {},
            "software": {"ports": {}},
        },
        "sites": {
            "site": {
                "label": "Site",
                "cooling": ["air"],
                "pue": figure(1.25),
                "energy_price": figure(1e-8),
                "phases": [{"quarter": "2024Q4", "it_power": 1e12, "racks": 10**9}],
                **(site or {}),
            }
        },
        "services": {},
        "supply": {
            "nodes": {
                "vendor": node("vendor"),
                "fab": node("foundry", "TW"),
                "line": node("packaging", "TW"),
                "maker": node("memory", "KR"),
                **(nodes or {}),
            },
            "lead_times": {c: lead() for c in chips},
            "catch_up": figure(0.0),
            "in_service": [],
            "plan": [],
            **supply,
        },
        "economics": {
            "budget": {"2025Q1": float(budget)},
            "training_share": figure(1.0),
            "rack_life": figure(1.7e8),
            "facility_cost": figure(10),
            "facility_life": figure(6e8),
        },
        "policy": {
            "discipline": "fcfs",
            "checkpoint_write": figure(60),
            "restart": figure(600),
            "host_repair": figure(DAY_S),
        },
    }
    return Scenario.model_validate(everything, context=INSIDE)


def world_of(
    scenario: Scenario, seed: int = 0, replication: int = 0, chain: Chain | None = None
) -> SupplyWorld:
    """Return a supply world that has not begun."""
    streams = Streams(seed, replication)
    return SupplyWorld(simpy.Environment(), chain or Chain(scenario), streams, Recorder())


def run(
    scenario: Scenario, seed: int = 0, replication: int = 0, chain: Chain | None = None
) -> SupplyWorld:
    """Run a supply world to its horizon."""
    world = world_of(scenario, seed, replication, chain)
    world.run()
    return world


def standing(world: SupplyWorld, t_s: float, chip: str | None = None) -> int:
    """Racks in service at a time, read off the fleet table."""
    fleet = world.record.tables["fleet"]
    last: dict[tuple[str, str], int] = {}
    for t, site, kind, racks in zip(
        *(fleet.get(k, ()) for k in ("t_s", "site", "chip", "racks")), strict=True
    ):
        if t <= t_s and chip in (None, kind):
            last[site, kind] = racks
    return sum(last.values())
