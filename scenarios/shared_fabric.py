"""Two language-model jobs and a recommendation job on one fabric, at three oversubscriptions.

Run it: ``python scenarios/shared_fabric.py [FOLDER]``; a folder gets a figure and its table. Job A
reduces gradients in two levels, inside a pod and across; job B (mixture of experts) and job R
(embedding tables) exchange all to all. A and B take 4,096 GPUs over three pods, R 1,024 over two.
What share of a step communicates is assumed. A second table says what it is worth, in GPUs and in
money, to buy wider trunks, or to move R to a pool of custom chips with a pod of its own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis.figures import style
from analysis.figures.fabric import oversubscription, tier_table
from scenarios.fabric import built
from simulator.laws.fabric import Fabric
from simulator.laws.maxmin import max_min_rates
from simulator.laws.paths import Routes, capacity_of
from simulator.laws.traffic import (
    Traffic,
    all_to_all,
    alone_b_per_s,
    gather_columns,
    hierarchical,
    job_rates,
    slowdown,
    tier_utilisation,
)
from simulator.spec.fabric import load_fabrics

CATALOG = Path(__file__).parent / "catalog" / "fabrics.yaml"
#: As the catalogue of networks has them: a 400 Gb/s port, and its price with optic and half a
#: cable, which is assumed (1 to 3 kUSD).
PORT_B_PER_S, PORT_USD = 50e9, 2000.0
#: Of a GPU installed: a rack of 32 H100 is 1.20 MUSD, assumed (1.0 to 1.5 MUSD).
GPU_USD = 1.2e6 / 32
#: Pod → GPUs of A, of B, of R.
PLACES = {"pod0": (1536, 1536, 0), "pod1": (1536, 1536, 0), "pod2": (1024, 1024, 512),
          "pod3": (0, 0, 512)}  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A job's name, its collective, the share of its step that waits for it [1] and its GPUs."""

    name: str
    collective: str
    communication_share: float
    gpus: int


JOBS = (
    Job("A: dense, 4,096 GPUs", "hierarchical", 0.15, 4096),
    Job("B: experts, 4,096 GPUs", "all-to-all", 0.25, 4096),
    Job("R: recommendation, 1,024 GPUs", "all-to-all", 0.35, 1024),
)


def phases(fabric: Fabric, jobs: int = len(JOBS)) -> tuple[list[Traffic], list[int]]:
    """Place the first jobs, side by side in each pod; return phases and whose each is."""
    used = dict.fromkeys(PLACES, 0)
    found: list[Traffic] = []
    whose: list[int] = []
    for number, job in enumerate(JOBS[:jobs]):
        parts = []
        for pod, gpus in PLACES.items():
            hosts = gpus[number] // 8
            parts.append(fabric.within(pod)[used[pod] : used[pod] + hosts])
            used[pod] += hosts
        ends = np.concatenate(parts)
        pods = np.repeat(np.arange(len(parts)), [part.size for part in parts])
        two_level = job.collective == "hierarchical"
        new = hierarchical(ends, pods, 8) if two_level else (all_to_all(ends, 8),)
        found += new
        whose += [number] * len(new)
    return found, whose


def case(pod_oversubscription: float, jobs: int = len(JOBS)) -> list[dict[str, Any]]:
    """Return a row for each job: its rate alone and shared, its slowdown and the reason.

    Parameters
    ----------
    pod_oversubscription : float
        Bandwidth below the pods' switches over bandwidth above. [1]
    jobs : int
        How many of the jobs are there, the first ones.
    """
    fabrics = load_fabrics(CATALOG)
    roce = fabrics.clos["roce-24k"].model_copy(
        update={"pod_oversubscription": pod_oversubscription}
    )
    changed = fabrics.model_copy(update={"clos": {"roce": roce}})
    _, fabric = built(changed, "roce")
    parts, whose = phases(fabric, jobs)
    routes, _ = Routes(fabric).incidence(gather_columns(parts))
    capacity, nic = capacity_of(fabric), roce.nic_bandwidth.value
    part = np.array([phase.share for phase in parts])
    rate = max_min_rates(routes, capacity, limit_b_per_s=part * nic)
    line = np.full(jobs, nic)
    alone = job_rates(alone_b_per_s(routes, capacity), part, whose, line)
    shared = job_rates(rate, part, whose, line)
    links, _ = tier_utilisation(fabric, routes, rate)
    pod_links = np.r_[fabric.tier, fabric.tier] == fabric.tiers.index("pod")
    share = np.array([job.communication_share for job in JOBS[:jobs]])
    own, both = slowdown(nic, alone, share), slowdown(nic, shared, share)
    return [
        {
            "oversubscription": f"1:{pod_oversubscription:g}",
            "job": job.name,
            "alone_b_per_s": float(alone[k]),
            "shared_b_per_s": float(shared[k]),
            "slowdown_by_fabric": float(own[k]),
            "slowdown_by_neighbours": float(both[k] / own[k]),
            "slowdown": float(both[k]),
            "hottest_pod_link": float(links[pod_links].max()),
            "trunks_usd": _trunks_usd(fabric),
        }
        for k, job in enumerate(JOBS[:jobs])
    ]


def choices() -> list[dict[str, Any]]:
    """Return what each way out of 1:7 costs, and the GPUs' worth of work it gives back.

    The custom chips stand in one pod of the fabric they have anyway: what R exchanges crosses no
    trunk to a spine there, and racks need as many ports below their pod in either place.

    Returns
    -------
    list of dict
        ``choice``; ``trunks_usd`` to buy more; ``freed`` for A and B and ``gained`` by R, GPUs at
        full speed [chips]; ``worth_usd`` at their price.
    """
    now = case(7.0)
    found = []
    for name, rows in (
        ("trunks at 1:3.5", case(3.5)),
        ("trunks at 1:1", case(1.0)),
        ("R on custom chips in a pod of their own", case(7.0, len(JOBS) - 1)),
    ):
        # Who is not there has left the fabric, and its trunks slow it no more.
        slowdowns = [row["slowdown"] for row in rows] + [1.0] * (len(JOBS) - len(rows))
        gains = [
            job.gpus * (1 / then - 1 / was["slowdown"])
            for job, then, was in zip(JOBS, slowdowns, now, strict=True)
        ]
        found.append(
            {
                "choice": name,
                "trunks_usd": rows[0]["trunks_usd"] - now[0]["trunks_usd"],
                "freed": sum(gains[:-1]),
                "gained": gains[-1],
                "worth_usd": GPU_USD * sum(gains),
            }
        )
    return found


def _trunks_usd(fabric: Fabric) -> float:
    """Price of all trunks between pods and spine: a port at both ends of each port's worth."""
    pods = fabric.tier == fabric.tiers.index("pod")
    ports = 2 * float(fabric.capacity_b_per_s[pods].sum()) / PORT_B_PER_S
    return ports * PORT_USD


def main() -> None:
    """Print the three cases as one table; draw them if a folder is named."""
    rows = [row for ratio in (1.0, 3.5, 7.0) for row in case(ratio)]
    heads = ("pods", "trunks MUSD", "job", "alone GB/s", "shared GB/s", "fabric", "neighbours")
    table = Table(*heads, "slowdown")
    for row in rows:
        table.add_row(
            row["oversubscription"],
            f"{row['trunks_usd'] / 1e6:.0f}",
            row["job"],
            f"{row['alone_b_per_s'] / 1e9:.1f}",
            f"{row['shared_b_per_s'] / 1e9:.1f}",
            *(f"{row[key]:.3f}" for key in ("slowdown_by_fabric", "slowdown_by_neighbours")),
            f"{row['slowdown']:.3f}",
        )
    Console().print(table)
    Console().print(_choices_table())
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        data = tier_table(rows)
        data.write_csv(folder / "shared_fabric.csv")
        figure, ax = style.canvas(9.0, 4.4)
        oversubscription(data, ax)
        footer = "24,576 GPUs in 8 pods, jobs over 3, 3 and 2 of them; scenarios/shared_fabric.py"
        style.save(figure, folder / "shared_fabric", footer)


def _choices_table() -> Table:
    table = Table(
        "instead of 1:7", "more trunks MUSD", "GPUs freed for A, B", "for R", "worth MUSD"
    )
    for row in choices():
        table.add_row(
            row["choice"],
            f"{row['trunks_usd'] / 1e6:.0f}",
            *(f"{row[key]:.0f}" for key in ("freed", "gained")),
            f"{row['worth_usd'] / 1e6:.1f}",
        )
    return table


if __name__ == "__main__":
    main()
