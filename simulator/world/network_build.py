"""The network of a scenario: its sites' plants, what its job classes send, what its pools bring."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded import Senders, spread_parts
from simulator.laws.spread import LEVELS
from simulator.laws.traffic import slowdown
from simulator.spec.network import Network as NetworkSpec
from simulator.spec.network import PodFabric
from simulator.spec.scenario import Scenario
from simulator.world.network import ClassTraffic, PoolTraffic
from simulator.world.network_plant import Plant
from simulator.world.rates import Rates

__all__ = ["class_traffic", "plants", "pool_traffic", "spread_speeds"]

Floats = NDArray[np.float64]


def plants(scenario: Scenario, network: NetworkSpec) -> dict[str, Plant]:
    """Return every site's fabrics by ``site/fabric``, as yet without racks."""
    found = {}
    for site_id, site in sorted(scenario.sites.items()):
        racks = sum(phase.racks for phase in site.phases)
        for fabric_id, spec in network.fabrics.items():
            name = f"{site_id}/{fabric_id}"
            # A kind that leaves keeps its pods, so each may fill the site once.
            pods = (racks // spec.racks + 1) * len(spec.chips)
            found[name] = Plant(name, spec, pods)
    return found


def class_traffic(network: NetworkSpec, classes: tuple[tuple[str, int], ...]) -> ClassTraffic:
    """Return what each job class (family, gang size) sends."""
    sent = [network.exchanges[family] for family, _ in classes]
    return ClassTraffic(
        np.array([exchange.all_to_all.value for exchange in sent]),
        np.array([exchange.replica.value for exchange in sent]),
    )


def pool_traffic(
    scenario: Scenario, rates: Rates, chip: str, rate: Callable[[], Floats]
) -> PoolTraffic:
    """Return what racks of a chip bring to their fabric."""
    return PoolTraffic(
        scenario.catalog.racks[chip].chips_per_host,
        scenario.catalog.racks[chip].hosts,
        scenario.catalog.chips[chip].scaleout_bandwidth.value,
        rates.communication(chip),
        rate,
    )


def spread_speeds(
    spec: PodFabric, sent: ClassTraffic, pool: PoolTraffic, chips: NDArray[np.floating]
) -> Floats:
    """Speed of a job alone on full pods, by how far it is spread, over that at full line rate.

    Parameters
    ----------
    spec : PodFabric
    sent : ClassTraffic
    pool : PoolTraffic
    chips : ndarray, shape (classes,)
        Gang of each class on the pool. [chips]

    Returns
    -------
    ndarray, shape (classes, 5)
        In the order of `LEVELS`; inside a rack nothing is shared. [1]
    """
    speed = np.ones((chips.size, len(LEVELS)))
    hosts = np.ceil(chips / pool.chips_per_host).astype(int)
    pod_hosts = pool.hosts_per_rack * spec.racks
    for k in np.flatnonzero(hosts > 1).tolist():
        for level, least in (("pod", 1), ("site", 2)):
            pods = max(least, -(-hosts[k] // pod_hosts))
            speed[k, LEVELS.index(level)] = _alone(spec, sent, pool, k, int(hosts[k]), int(pods))
    return np.asarray(np.minimum.accumulate(speed, axis=1))


def _alone(
    spec: PodFabric, sent: ClassTraffic, pool: PoolTraffic, k: int, hosts: int, pods: int
) -> float:
    """Speed of a job of class *k* by itself over so many pods."""
    plant = Plant("alone/full", spec, pods)
    for _ in range(pods):
        plant.enter(plant.open() + np.arange(spec.racks), pool.rack_b_per_s)
    senders = Senders(
        pool.chips_per_host,
        int(np.ceil(sent.replica[k] / pool.chips_per_host)),
        sent.all_to_all[k],
        pool.line_b_per_s,
    )
    shared = plant.share(spread_parts(hosts, pods, pool.hosts_per_rack, spec.racks), senders)
    waits = pool.communication[k]
    return float(1 / slowdown(pool.line_b_per_s, shared.alone_b_per_s, waits)[0])
