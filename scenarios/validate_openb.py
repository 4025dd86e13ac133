"""Allocation a cluster of many kinds of host reaches, beside another simulator's.

The experiment of Weng et al., Beware of Fragmentation (USENIX ATC 2023), on
Alibaba's cluster of 2023: its 1,213 hosts with chips (6,212 GPUs) are filled
with its 8,152 tasks in random order and then with tasks drawn from the same log,
until 1.3 times the chips were asked. A task that fits nowhere is turned away;
nothing ends. Tasks ask processor, memory and a share of one chip or whole chips.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from scenarios.cluster_logs import numbers, read_log
from simulator.streams import Streams
from simulator.world.packing import Cluster, Requests, Rule, fill

__all__ = ["AllocationRow", "allocation_rows", "allocation_table", "worst"]

Floats = NDArray[np.float64]

#: Rules, and what the published curves call them.
RULES: dict[Rule, str] = {"random": "01-Random", "best_fit": "05-BestFit"}
#: Chips asked, in per cent of those there, at which the curves are given.
ASKED = np.arange(131)
MIB_B = 2.0**20


@dataclass(frozen=True)
class AllocationRow:
    """Chips allocated at one level of chips asked, of all chips. [%]"""

    rule: str
    asked_pct: float
    allocated_pct: float
    #: Standard deviation over replications.
    allocated_sd: float
    published_pct: float
    published_sd: float

    @property
    def error_points(self) -> float:
        """Ours less theirs, between means. [percentage points]."""
        return self.allocated_pct - self.published_pct

    def json(self) -> str:
        """The row as one JSON object."""
        values = asdict(self) | {"error_points": self.error_points, "unit": "% of chips"}
        return json.dumps(
            {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
        )


def allocation_rows(folder: Path, replications: int, seed: int) -> Iterator[AllocationRow]:
    """Rows of each rule, mean over replications.

    Raises
    ------
    Unknown
        If a log is not there or not as expected.
    """
    columns = ("cpu_milli", "memory_mib")
    pods = read_log(folder, "openb2023_pods.csv.gz", (*columns, "num_gpu", "gpu_milli"))
    nodes = read_log(folder, "openb2023_nodes.csv.gz", (*columns, "gpu"))
    curves = read_log(folder, "openb2023_fgd_alloc_curves.csv.gz", ("sc_policy", *map(str, ASKED)))
    nodes = [node for node in nodes if node["gpu"] != "0"]
    for rule, name in RULES.items():
        ours = np.array([curve(nodes, pods, rule, Streams(seed, r)) for r in range(replications)])
        theirs_all = [row for row in curves if row["sc_policy"] == name]
        theirs = np.array([numbers(theirs_all, str(asked)) for asked in ASKED]).T
        for i, asked in enumerate(ASKED):
            spread = ours[:, i].std(ddof=1) if replications > 1 else np.nan
            yield AllocationRow(
                rule,
                float(asked),
                float(ours[:, i].mean()),
                float(spread),
                float(theirs[:, i].mean()),
                float(theirs[:, i].std(ddof=1)),
            )


def curve(
    nodes: list[dict[str, str]], pods: list[dict[str, str]], rule: Rule, streams: Streams
) -> Floats:
    """Mean chips allocated while chips asked round to each of :data:`ASKED`. [%]"""
    tasks = Requests(
        processor=numbers(pods, "cpu_milli") / 1000,
        memory=numbers(pods, "memory_mib") * MIB_B,
        chips=numbers(pods, "num_gpu").astype(np.int64),
        share=numbers(pods, "gpu_milli") / 1000,
    )
    cluster = Cluster(
        numbers(nodes, "cpu_milli") / 1000,
        numbers(nodes, "memory_mib") * MIB_B,
        numbers(nodes, "gpu"),
    )
    chips = float(cluster.free[:, 2].sum())
    rows = order_of_arrival(tasks.chip_shares, ASKED[-1] / 100 * chips, streams("openb/order"))
    asked, allocated = fill(cluster, tasks.take(rows), rule, streams("openb/placement"))
    level = np.rint(asked / chips * 100).astype(np.int64)
    totals = np.bincount(level, allocated, minlength=len(ASKED))[: len(ASKED)]
    return totals / np.bincount(level, minlength=len(ASKED))[: len(ASKED)] / chips * 100


def order_of_arrival(
    chip_shares: Floats, until: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """All tasks in random order, then tasks drawn anew, until so many chips are asked."""
    n = len(chip_shares)
    rows = rng.permutation(n)
    while chip_shares[rows].sum() <= until:
        rows = np.concatenate([rows, rng.integers(n, size=n)])
    return rows[: np.searchsorted(np.cumsum(chip_shares[rows]), until)]


def worst(rows: list[AllocationRow], rule: str) -> AllocationRow:
    """The row of a rule that is furthest from the published one."""
    return max((r for r in rows if r.rule == rule), key=lambda r: abs(r.error_points))


def allocation_table(rows: list[AllocationRow], every: int = 10) -> Table:
    """Each tenth row, and the worst of each rule."""
    table = Table(title="chips allocated, % of all, mean (standard deviation over replications)")
    for name in ("rule", "asked, %", "ours", "published", "error, points"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    shown = [row for row in rows if row.asked_pct and row.asked_pct % every == 0]
    worst_of = [worst(rows, rule) for rule in RULES]
    for row in sorted({*shown, *worst_of}, key=rows.index):
        table.add_row(
            row.rule,
            f"{row.asked_pct:.0f}",
            f"{row.allocated_pct:.2f} ({row.allocated_sd:.2f})",
            f"{row.published_pct:.2f} ({row.published_sd:.2f})",
            f"{row.error_points:+.2f}" + (" worst" if row in worst_of else ""),
        )
    return table
