"""The network under running jobs: one recomputation, a fortnight of the pilot study, memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator import load
from simulator.spec.network import PodFabric
from simulator.units import DAY_S
from simulator.world.network import ClassTraffic, Network, PoolTraffic
from simulator.world.network_plant import Plant
from simulator.world.recorder import Recorder
from simulator.world.world import World
from tests.bench.measure import Row, peak_bytes, seconds

SCENARIO = Path(__file__).parents[2] / "scenarios" / "inhouse_pilot.yaml"
#: The published 24,576-GPU cluster: racks of 16 GPUs, 192 a pod, 1:7 above.
CHIPS, HOSTS, RACKS, LINE = 8, 2, 192, 50e9
JOBS = 700
FORTNIGHT_S = 14 * DAY_S
Ints = NDArray[np.int64]


class Runs(NamedTuple):
    """Runs as the engine shows them."""

    run: Ints
    job_class: Ints
    pool: Ints
    chips: Ints
    indptr: Ints
    rack: Ints
    hosts: Ints


def fabric() -> PodFabric:
    """Return pods of 3,072 GPUs under 16 planes of 4 spines, 1:7 above."""
    figure = {"status": "published", "source": "Llama 3, arXiv 2407.21783", "date": "2024-07"}
    return PodFabric.model_validate(
        {
            "label": "24K-GPU RoCE cluster",
            "source": "Llama 3, arXiv 2407.21783",
            "chips": ["h100-sxm"],
            "racks": RACKS,
            "planes": 16,
            "spines": 4,
            "pod_oversubscription": 7,
            "port": {"value": "50 GB/s", **figure},
            "port_price": {"value": "2 kUSD", **figure},
        }
    )


def cluster(pods: int) -> Network:
    """Return a fabric of so many full pods."""
    plant = Plant("bench/pods", fabric(), pods)
    sent = ClassTraffic(np.array([0.7, 0.0]), np.array([64.0, 128.0]))
    network = Network({plant.name: plant}, sent, lambda: 0.0, Recorder())
    rate = np.ones(2)
    network.add_pool(0, plant.name, PoolTraffic(CHIPS, HOSTS, LINE, np.full(2, 0.2), lambda: rate))
    network.enter(0, pods * RACKS)
    return network


def gangs(jobs: int, pods: int, largest: int = 512) -> Runs:
    """Return gangs of 24 chips up that many, over racks all over the fabric, hosts shared.

    Sizes are drawn evenly in logarithm. A rack has two hosts, so one host a rack is as scattered
    as a gang can lie; more jobs than hosts hold lie in each other's racks.
    """
    rng = np.random.default_rng(11)
    chips = np.exp(rng.uniform(np.log(24), np.log(largest), jobs))
    hosts = np.maximum(3, np.round(chips / CHIPS)).astype(np.int64)
    racks = [np.sort(rng.choice(pods * RACKS, size, replace=False)) for size in hosts]
    return Runs(
        np.arange(jobs),
        rng.integers(0, 2, jobs),
        np.zeros(jobs, np.int64),
        hosts * CHIPS,
        np.r_[0, np.cumsum(hosts)],
        np.concatenate(racks),
        np.ones(int(hosts.sum()), np.int64),
    )


def one(runs: Runs, k: int) -> Runs:
    """Return one run of several."""
    part = slice(int(runs.indptr[k]), int(runs.indptr[k + 1]))
    return Runs(
        *(column[k : k + 1] for column in runs[:4]),
        np.array([0, part.stop - part.start]),
        runs.rack[part],
        runs.hosts[part],
    )


def recomputations(network: Network, runs: Runs, times: int) -> None:
    """Let one run after another go and come back; each time all rates are found again."""
    none = Runs(*(np.empty(0, np.int64),) * 4, np.zeros(1, np.int64), *(np.empty(0, np.int64),) * 2)
    nobody = np.empty(0, np.int64)
    for k in range(times // 2):
        network.follow(none, runs.run[k : k + 1])
        network.follow(one(runs, k), nobody)


def summed(runs: Runs, times: int) -> None:
    """The barest pass over the same parts: add up, per pod, the hosts that lie there."""
    for _ in range(times):
        np.bincount(runs.rack // RACKS, runs.hosts)


def recomputation() -> Row:
    """Rates of 700 gangs of 24 to 512 GPUs on eight pods, found again after each change."""
    network, runs, times = cluster(8), gangs(JOBS, 8), 400
    network.follow(runs, np.empty(0, np.int64))
    recomputations(network, runs, 4)
    spent_s = seconds(lambda: recomputations(network, runs, times)) / times
    bare_s = seconds(lambda: summed(runs, times)) / times
    beside = {
        "ratio to a bincount of the parts": spent_s / bare_s,
        "jobs": float(JOBS),
        "parts": float(runs.rack.size),
        "GPUs of the jobs": float(runs.chips.sum()),
    }
    return Row("one recomputation, 24,576 GPUs", 1e3 * spent_s, "ms", "", 20.0, beside=beside)


def fortnight(fidelity: str) -> tuple[float, float]:
    """Processor time to set a world of the pilot study up, and of its first fortnight. [s]"""
    scenario = load(SCENARIO).change({"network.fidelity": fidelity}).scenario
    began = time.process_time()
    world = World(scenario, 0, 0)
    world.begin()
    world.env.run(until=1.0)
    there = time.process_time()
    world.env.run(until=FORTNIGHT_S)
    return there - began, time.process_time() - there


def fortnights(times: int = 3) -> Iterator[Row]:
    """Contended against tiered, with the world set up and without."""
    spent: dict[str, Any] = {}
    for fidelity in ("tiered", "contended"):
        fortnight(fidelity)
        spent[fidelity] = np.median([fortnight(fidelity) for _ in range(times)], axis=0)
    (up, run), (other_up, other_run) = spent["contended"], spent["tiered"]
    against = "tiered, same draws"
    beside = {"contended s": up + run, "tiered s": other_up + other_run}
    whole = (up + run) / (other_up + other_run)
    yield Row("fortnight, world set up and run", whole, "1", against, 3.0, beside=beside)
    beside = {"contended s": run, "tiered s": other_run}
    yield Row("fortnight, run alone", run / other_run, "1", against, 3.0, beside=beside)


def warm() -> None:
    """Compile what is measured."""
    hold(1, 20)


def hold(pods: int, jobs: int) -> None:
    """Hold a fabric and its jobs, and find their rates ten times."""
    network, runs = cluster(pods), gangs(jobs, pods)
    network.follow(runs, np.empty(0, np.int64))
    recomputations(network, runs, 10)


def rows(size: float) -> Iterator[Row]:
    """What the network costs."""
    yield recomputation()
    yield from fortnights(3 if size >= 1 else 1)
    held = peak_bytes(__name__, "hold", 33, 3000)
    beside = {"chips": 33 * RACKS * HOSTS * CHIPS, "jobs": 3000}
    yield Row("network of 100,000 chips", held / 2**30, "GiB", "", 2.0, beside=beside)
    world = peak_bytes("tests.bench.network_world", "hold")
    yield Row("world of 100,000 chips, contended", world / 2**30, "GiB", "", 2.0)
