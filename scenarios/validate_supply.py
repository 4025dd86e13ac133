"""The build-out of 2022 to 2024 replayed: the fleet in service beside what was published.

The purchases are modelled by others from revenue. The replay takes them as orders,
which wait as buyers waited then; and, as revenue is booked when goods are shipped, a
second time as shipments, which are only installed and burnt in. Truth lies between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp, log
from pathlib import Path
from statistics import NormalDist

import numpy as np
from rich.table import Table

from analysis.studies.terminal import Fitted
from scenarios.validate_catalog import CATALOG, read_yaml
from simulator.laws.arrays import Array
from simulator.spec.loader import Given, load
from simulator.spec.scenario import Scenario
from simulator.streams import Streams
from simulator.units import next_quarter
from simulator.world.supply_world import SupplyWorld, run_supply

__all__ = [
    "Fleet",
    "Reading",
    "json_row",
    "read_fleet",
    "replay_buildout",
    "row_table",
    "verdicts",
]

SCENARIO = Path(__file__).parent / "buildout_2024.yaml"
READINGS = ("orders", "shipments")
#: What was shipped waits in no queue.
_LOOSE = dict.fromkeys(("2023Q1", "2023Q3", "2024Q1", "2024Q2"), "loose")
_Runs = dict[str, Array]
_Z95 = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True)
class Fleet:
    """Published figures, and how a model counts chips."""

    equivalents: Mapping[str, float]
    """H100-equivalents of a chip. [1]"""
    low: float
    high: float
    """90 % interval of all purchases over their median. [1]"""
    rows: Sequence[Mapping[str, object]]
    """What was published, each with its source."""


@dataclass(frozen=True)
class Reading:
    """One published figure beside one reading of the purchases."""

    id: str
    what: str
    unit: str
    end_of: str
    kind: str
    """``stated`` by the owner, ``floor`` (at least so much), or ``modelled`` purchases."""
    reading: str
    published: float
    median: float
    low: float
    high: float
    """Median and 5-95 % over replications, each with purchases drawn from their interval."""
    source: str

    @property
    def ratio(self) -> float:
        """Replayed over published. [1]"""
        return self.median / self.published


def read_fleet() -> Fleet:
    """Read the published figures."""
    tree = read_yaml(CATALOG / "validation" / "fleet.yaml")
    band = tree["purchases"]
    return Fleet(tree["equivalents"], band["low"], band["high"], tree["rows"])


def replay_buildout(replications: int, seed: int) -> tuple[list[Reading], Table]:
    """Replay both readings and set them beside every published figure.

    Returns
    -------
    readings : list of Reading
    table : Table
        Purchased and in service by quarter, in H100-equivalents.
    """
    fleet, given = read_fleet(), load(SCENARIO)
    sizes = _sizes(fleet, replications, seed)
    in_service = {reading: _runs(_as(given, reading), sizes, seed) for reading in READINGS}
    readings = [
        _reading(fleet, row, reading, in_service, given.scenario)
        for row in fleet.rows
        for reading in READINGS
    ]
    return readings, _quarter_table(fleet, given.scenario, in_service)


def _sizes(fleet: Fleet, replications: int, seed: int) -> list[float]:
    """Draw all purchases over their median for each replication, lognormal in their interval.

    One from each of as many equal parts of the distribution, in an order left to chance.
    """
    sigma = log(fleet.high / fleet.low) / (2 * _Z95)
    parts = Streams(seed, 0)("purchases/size").permutation(replications)
    chances = ((int(part) + 0.5) / replications for part in parts)
    return [exp(sigma * NormalDist().inv_cdf(chance)) for chance in chances]


def _as(given: Given, reading: str) -> Scenario:
    if reading == "shipments":
        shares = {"fab_share": 0.0, "package_share": 0.0, "ship_share": 0.0}
        chips = given.scenario.supply.lead_times
        at_dock = {"total": {"median": "6 weeks", "p90": "10 weeks"}, "install_share": 0.58}
        lead = {chip: {**at_dock, **shares, "burn_in_share": 0.42} for chip in chips}
        given = given.change({"supply.lead_times": lead, "supply.queues.nvidia.known": _LOOSE})
    return given.scenario


def _scaled(scenario: Scenario, size: float) -> Scenario:
    supply = scenario.supply
    plan = [o.model_copy(update={"racks": round((o.racks or 0) * size)}) for o in supply.plan]
    return scenario.model_copy(update={"supply": supply.model_copy(update={"plan": plan})})


def _runs(scenario: Scenario, sizes: Sequence[float], seed: int) -> _Runs:
    """Chips in service at the ends of quarters, shape (replications, quarters), by chip."""
    edges = np.asarray(scenario.horizon.calendar.edges_s()[1:])
    found = {c: np.zeros((len(sizes), len(edges))) for c in scenario.catalog.racks}
    for k, size in enumerate(sizes):
        for chip, counts in _standing(run_supply(_scaled(scenario, size), seed, k), edges).items():
            found[chip][k] = counts
    return found


def _standing(world: SupplyWorld, edges: Array) -> dict[str, Array]:
    told = world.record.tables["deliveries"]
    found: dict[str, Array] = {}
    for chip, racks, t in zip(told["chip"], told["racks"], told["in_service_s"], strict=True):
        chips = racks * world.scenario.catalog.racks[chip].chips
        found[chip] = found.get(chip, np.zeros(len(edges))) + chips * (t < edges)
    return found


def _reading(
    fleet: Fleet,
    row: Mapping[str, object],
    reading: str,
    in_service: Mapping[str, _Runs],
    scenario: Scenario,
) -> Reading:
    quarter = scenario.horizon.calendar.names().index(str(row["end_of"]))
    chips = [str(chip) for chip in row["chips"]]  # type: ignore[attr-defined]
    weight = fleet.equivalents if row["unit"] == "H100e" else dict.fromkeys(chips, 1.0)
    runs = in_service[reading]
    total = np.sum([weight[c] * runs[c][:, quarter] for c in chips], axis=0)
    median, low, high = map(float, np.quantile(total, (0.5, 0.05, 0.95)))
    return Reading(
        str(row["id"]),
        str(row["what"]),
        str(row["unit"]),
        str(row["end_of"]),
        str(row["kind"]),
        reading,
        float(str(row["value"])),
        median,
        low,
        high,
        str(row["source"]),
    )


def _quarter_table(fleet: Fleet, scenario: Scenario, in_service: Mapping[str, _Runs]) -> Table:
    """Purchased, and in service by both readings, at each quarter's end. [H100e]"""
    bought: dict[str, float] = {}
    for order in scenario.supply.plan:
        chips = (order.racks or 0) * scenario.catalog.racks[order.chip].chips
        worth = chips * fleet.equivalents[order.chip]
        bought[order.quarter] = bought.get(order.quarter, 0.0) + worth
    table = Table(title="Thousand H100-equivalents at the quarter's end, all chips")
    for column in ("quarter", "purchased", *(f"in service, as {r} (5-95 %)" for r in READINGS)):
        table.add_column(column, justify="right" if table.columns else "left")
    for q, quarter in enumerate(scenario.horizon.calendar.names()):
        so_far = sum(usd for when, usd in bought.items() if when < next_quarter(quarter))
        cells = [quarter, f"{so_far / 1e3:,.0f}"]
        for reading in READINGS:
            runs = in_service[reading]
            sums = np.sum([w * runs[c][:, q] for c, w in fleet.equivalents.items()], axis=0)
            middle, low, high = np.quantile(sums, (0.5, 0.05, 0.95))
            cells.append(f"{middle / 1e3:,.0f} ({low / 1e3:,.0f}-{high / 1e3:,.0f})")
        table.add_row(*cells)
    return table


def row_table(readings: Sequence[Reading]) -> Fitted:
    """Every published figure beside both readings."""
    heads = ("What, read as", "End of", "Published", "Replayed", "5-95 %", "Ratio", "Kind")
    rows = [
        (
            *(f"{r.what}, {r.reading}", r.end_of, f"{r.published / 1e3:,.0f} K {r.unit}"),
            *(f"{r.median / 1e3:,.0f} K", f"{r.low / 1e3:,.0f}-{r.high / 1e3:,.0f}"),
            *(f"{r.ratio:.2f}", r.kind),
        )
        for r in readings
    ]
    return Fitted(heads, rows)


def verdicts(readings: Sequence[Reading]) -> list[str]:
    """Say which reading a floor contradicts, and which rows hold the input against itself."""
    said = [
        f"Read as {r.reading}, {r.low / 1e3:,.0f} to {r.high / 1e3:,.0f} K {r.what} by {r.end_of}, "
        f"but {r.published / 1e3:,.0f} K certainly stood by then: that reading is contradicted."
        for r in readings
        if r.kind == "floor" and r.high < r.published
    ]
    return [*said, "Modelled purchases read as shipments are the input again: no test of anything."]


def json_row(reading: Reading) -> dict[str, object]:
    """One reading as plain values."""
    return asdict(reading) | {"ratio": reading.ratio}
