"""The build-out of 2022 to 2024 replayed: the fleet in service beside what was published.

The purchases are modelled by others from revenue. The replay takes them as orders,
which wait as buyers waited then; and, as revenue is booked when goods are shipped, a
second time as shipments, which are only installed and burnt in. Truth lies between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from scenarios.validate_catalog import CATALOG, read_yaml
from simulator.laws.arrays import Array
from simulator.spec.loader import Given, load
from simulator.spec.scenario import Scenario
from simulator.units import next_quarter
from simulator.world.chain import Chain
from simulator.world.supply_world import SupplyWorld, read_supplies

__all__ = ["Fleet", "Reading", "json_row", "read_fleet", "replay_buildout", "row_table"]

SCENARIO = Path(__file__).parent / "buildout_2024.yaml"
READINGS = ("orders", "shipments")
#: What was shipped waits in no queue.
_LOOSE = dict.fromkeys(("2023Q1", "2023Q3", "2024Q1", "2024Q2"), "loose")
_Runs = dict[str, Array]


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
    """Median over replications, and 5-95 % over them and the purchases' 90 % interval."""
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
    in_service = {
        (reading, scale): _runs(_as(given, reading, scale), replications, seed)
        for reading in READINGS
        for scale in (fleet.low, 1.0, fleet.high)
    }
    readings = [
        _reading(fleet, row, reading, in_service, given.scenario)
        for row in fleet.rows
        for reading in READINGS
    ]
    return readings, _quarter_table(fleet, given.scenario, in_service)


def _as(given: Given, reading: str, scale: float) -> Scenario:
    if reading == "shipments":
        shares = {"fab_share": 0.0, "package_share": 0.0, "ship_share": 0.0}
        chips = given.scenario.supply.lead_times
        at_dock = {"total": {"median": "6 weeks", "p90": "10 weeks"}, "install_share": 0.58}
        lead = {chip: {**at_dock, **shares, "burn_in_share": 0.42} for chip in chips}
        given = given.change({"supply.lead_times": lead, "supply.queues.nvidia.known": _LOOSE})
    supply = given.scenario.supply
    plan = [o.model_copy(update={"racks": round((o.racks or 0) * scale)}) for o in supply.plan]
    return given.scenario.model_copy(update={"supply": supply.model_copy(update={"plan": plan})})


def _runs(scenario: Scenario, replications: int, seed: int) -> _Runs:
    """Chips in service at the ends of quarters, shape (replications, quarters), by chip."""
    chain = Chain(scenario)
    edges = np.asarray(scenario.horizon.calendar.edges_s()[1:])
    found = {c: np.zeros((replications, len(edges))) for c in chain.bought}
    standing = read_supplies(chain, seed, replications, lambda world: _standing(world, edges))
    for k, counts in enumerate(standing):
        for chip in counts:
            found[chip][k] = counts[chip]
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
    in_service: Mapping[tuple[str, float], _Runs],
    scenario: Scenario,
) -> Reading:
    quarter = scenario.horizon.calendar.names().index(str(row["end_of"]))
    chips = [str(chip) for chip in row["chips"]]  # type: ignore[attr-defined]

    def total(scale: float) -> Array:
        runs = in_service[reading, scale]
        weight = fleet.equivalents if row["unit"] == "H100e" else dict.fromkeys(chips, 1.0)
        return np.sum([weight[c] * runs[c][:, quarter] for c in chips], axis=0)

    return Reading(
        str(row["id"]),
        str(row["what"]),
        str(row["unit"]),
        str(row["end_of"]),
        str(row["kind"]),
        reading,
        float(str(row["value"])),
        float(np.median(total(1.0))),
        float(np.quantile(total(fleet.low), 0.05)),
        float(np.quantile(total(fleet.high), 0.95)),
        str(row["source"]),
    )


def _quarter_table(
    fleet: Fleet, scenario: Scenario, in_service: Mapping[tuple[str, float], _Runs]
) -> Table:
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
            sums = {
                scale: np.sum(
                    [w * in_service[reading, scale][c][:, q] for c, w in fleet.equivalents.items()],
                    axis=0,
                )
                for scale in (fleet.low, 1.0, fleet.high)
            }
            low, high = np.quantile(sums[fleet.low], 0.05), np.quantile(sums[fleet.high], 0.95)
            middle = np.median(sums[1.0])
            cells.append(f"{middle / 1e3:,.0f} ({low / 1e3:,.0f}-{high / 1e3:,.0f})")
        table.add_row(*cells)
    return table


def row_table(readings: Sequence[Reading]) -> Table:
    """Every published figure beside both readings."""
    table = Table(title="Published figures beside the replay")
    for column in ("what", "end of", "kind", "published", "read as", "replayed", "5-95 %", "ratio"):
        table.add_column(column, justify="left" if column in ("what", "kind") else "right")
    for r in readings:
        band = f"{r.low / 1e3:,.0f}-{r.high / 1e3:,.0f}"
        cells = (r.what, r.end_of, r.kind, f"{r.published / 1e3:,.0f} K {r.unit}", r.reading)
        table.add_row(*cells, f"{r.median / 1e3:,.0f} K", band, f"{r.ratio:.2f}")
    return table


def json_row(reading: Reading) -> dict[str, object]:
    """One reading as plain values."""
    return asdict(reading) | {"ratio": reading.ratio}
