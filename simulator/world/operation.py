"""A scenario's policy as the job engine takes it: its disciplines, aims and prices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simulator.spec.scenario import Scenario
from simulator.units import DAY_S
from simulator.world.scheduler import Policy
from simulator.world.scheduler_pools import PoolChoice
from simulator.world.scheduler_programs import (
    least_cost,
    least_energy,
    max_min_fairness,
    max_throughput,
)

#: A pool of the engine: site and chip.
Pools = Sequence[tuple[str, str]]


def policy_of(
    scenario: Scenario, services: Sequence[str], pools: Pools, chip_w: Callable[[str], float]
) -> Policy:
    """Return the engine's policy.

    Parameters
    ----------
    scenario : Scenario
    services : sequence of str
        Service of a service code.
    pools : sequence of (str, str)
        Site and chip of each pool; it may grow in the course of time.
    chip_w : callable
        Power of a chip under load. [W]
    """
    policy = scenario.policy
    endless = np.iinfo(np.int64).max
    return Policy(
        policy.discipline,
        placement=policy.placement,
        backfill_depth=policy.backfill_depth,
        ageing_per_s=policy.ageing_per_day / DAY_S,
        round_s=policy.round,
        preemption=policy.preemption,
        run_time=policy.run_time,
        thresholds_chip_s=tuple(policy.attained),
        weights=tuple(policy.weights.get(name, 1.0) for name in services),
        quotas=tuple(policy.quotas.get(name, int(endless)) for name in services),
        pools=_choice(scenario, pools, chip_w),
    )


def _choice(scenario: Scenario, pools: Pools, chip_w: Callable[[str], float]) -> PoolChoice | None:
    aim = scenario.policy.aim
    if aim == "max_throughput":
        return max_throughput()
    if aim == "max_min_fairness":
        return max_min_fairness()
    if aim == "least_cost":
        return least_cost(
            lambda: [usd_per_chip_s(scenario, site, chip, chip_w(chip)) for site, chip in pools]
        )
    if aim == "least_energy":
        return least_energy(
            lambda: [scenario.sites[site].pue.value * chip_w(chip) for site, chip in pools]
        )
    return None


def usd_per_chip_s(scenario: Scenario, site: str, chip: str, chip_w: float) -> float:
    """Return what a chip at work costs: its rack and building written off, and energy. [USD/s].

    Parameters
    ----------
    scenario : Scenario
    site, chip : str
    chip_w : float
        Power of a chip under load. [W]
    """
    rack, money = scenario.catalog.racks[chip], scenario.economics
    building = rack.nameplate.value * money.facility_cost.value / money.facility_life.value
    capital = (rack.price.value / money.rack_life.value + building) / rack.chips
    place = scenario.sites[site]
    return capital + chip_w * place.pue.value * place.energy_price.value
