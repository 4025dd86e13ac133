"""Closing the books at the horizon: what happened, by quarter.

Everything here is an exact integral of what the engine and the recorder wrote
down; nothing was sampled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.laws.intervals import step_integral, time_in_bins
from simulator.laws.power import facility_power_w, pool_energy_j
from simulator.spec.scenario import Scenario
from simulator.spec.supply import Programme
from simulator.world.demand import Demand
from simulator.world.engine import EngineRecord
from simulator.world.recorder import Columns
from simulator.world.supply import OrderState

Array = NDArray[np.floating[Any]]


class Books:
    """Quarterly accounts of one replication.

    Parameters
    ----------
    scenario : Scenario
    demand : Demand
        Jobs and the meaning of their codes.
    pools : sequence of (site id, chip id)
        Meaning of the engine's pool numbers.
    jobs : EngineRecord
        What the engine recorded, closed at the horizon.
    fleet : dict
        The recorder's ``fleet`` columns.
    energy_factor : float
        True power of the programme's chip over its target. [1]
    """

    def __init__(
        self,
        scenario: Scenario,
        demand: Demand,
        pools: tuple[tuple[str, str], ...],
        jobs: EngineRecord,
        fleet: Columns,
        energy_factor: float,
    ) -> None:
        self.scenario = scenario
        self.demand = demand
        self.pools = pools
        self.jobs = jobs
        calendar = scenario.horizon.calendar
        self.quarters = calendar.names()
        self.edges = np.asarray(calendar.edges_s())
        self.energy_factor = energy_factor
        self.rack_s = self._rack_seconds(fleet)

    def asked(self) -> Columns:
        """Work asked, by the quarter it was asked in."""
        table, classes = self.demand.table, self.demand.classes
        families = sorted({family for family, _ in classes})
        family = np.array([families.index(f) for f, _ in classes])[table.job_class]
        quarter = np.searchsorted(self.edges, table.submit_s, side="right") - 1
        sizes = (len(self.quarters), len(self.demand.services), len(families))
        key = np.ravel_multi_index((quarter, table.service, family), sizes)
        work = np.bincount(key, table.chips * table.work_s, minlength=int(np.prod(sizes)))
        jobs = np.bincount(key, minlength=int(np.prod(sizes)))
        used = np.flatnonzero(jobs)
        q, s, f = np.unravel_index(used, sizes)
        return {
            "quarter": [self.quarters[k] for k in q],
            "service": [self.demand.services[k] for k in s],
            "family": [families[k] for k in f],
            "jobs": jobs[used].tolist(),
            "work_rce_s": work[used].tolist(),
        }

    def work(self) -> Columns:
        """Chip time taken and work done by quarter, service, family and pool."""
        seg, table, classes = self.jobs.segments, self.demand.table, self.demand.classes
        families = sorted({family for family, _ in classes})
        family = np.array([families.index(f) for f, _ in classes])[table.job_class[seg["job"]]]
        sizes = (len(self.demand.services), len(families), len(self.pools))
        key = np.ravel_multi_index((table.service[seg["job"]], family, seg["pool"]), sizes)
        begin = seg["start_s"] + seg["restart_s"]
        held = time_in_bins(seg["start_s"], seg["end_s"], self.edges)
        ran = time_in_bins(begin, seg["end_s"], self.edges)
        total = np.maximum(seg["end_s"] - begin, 1e-300)
        work = seg["productive_rce_s"] + seg["lost_rce_s"]
        kept = np.divide(seg["productive_rce_s"], work, out=np.zeros_like(work), where=work > 0)
        chips = seg["chips"][:, None]
        measures = {
            "allocated_chip_s": held * chips,
            "productive_chip_s": ran * chips * kept[:, None],
            "productive_rce_s": ran * (seg["productive_rce_s"] / total)[:, None],
            "lost_rce_s": ran * (seg["lost_rce_s"] / total)[:, None],
            "restart_chip_s": (held - ran) * chips,
        }
        cells = int(np.prod(sizes))
        sums = {
            name: np.stack([np.bincount(key, column, minlength=cells) for column in values.T])
            for name, values in measures.items()
        }
        q, cell = np.nonzero(sums["allocated_chip_s"])
        s, f, p = np.unravel_index(cell, sizes)
        return {
            "quarter": [self.quarters[k] for k in q],
            "service": [self.demand.services[k] for k in s],
            "family": [families[k] for k in f],
            "site": [self.pools[k][0] for k in p],
            "chip": [self.pools[k][1] for k in p],
            **{name: values[q, cell].tolist() for name, values in sums.items()},
        }

    def job_rows(self) -> Columns:
        """One row a job."""
        table, classes, out = self.demand.table, self.demand.classes, self.jobs.jobs
        pool = out["pool"]
        site = np.array([p[0] for p in self.pools] + [None], dtype=object)
        chip = np.array([p[1] for p in self.pools] + [None], dtype=object)
        family = np.array([f for f, _ in classes], dtype=object)
        return {
            "job_id": table.job_id.tolist(),
            "service": np.array(self.demand.services, dtype=object)[table.service].tolist(),
            "family": family[table.job_class].tolist(),
            "chips": table.chips.tolist(),
            "submit_s": table.submit_s.tolist(),
            "start_s": _or_none(out["start_s"]),
            "finish_s": _or_none(out["finish_s"]),
            "site": site[pool].tolist(),
            "chip": chip[pool].tolist(),
            "restarts": out["restarts"].tolist(),
            "work_rce_s": (table.chips * table.work_s).tolist(),
            "productive_rce_s": out["productive_rce_s"].tolist(),
            "lost_rce_s": out["lost_rce_s"].tolist(),
            "gave_up": out["gave_up"].tolist(),
        }

    def fleet_quarters(self) -> Columns:
        """Chip time in service, and down for repair, by quarter and pool."""
        rows: Columns = {
            k: [] for k in ("quarter", "site", "chip", "in_service_chip_s", "down_chip_s")
        }
        for p, (site, chip) in enumerate(self.pools):
            rack = self.scenario.catalog.racks[chip]
            for q, quarter in enumerate(self.quarters):
                if self.rack_s[p, q] > 0:
                    down = self.jobs.host_down_s[p, q] * rack.chips_per_host
                    values = (quarter, site, chip, self.rack_s[p, q] * rack.chips, down)
                    for name, value in zip(rows, values, strict=True):
                        rows[name].append(value)
        return rows

    def energy(self) -> Columns:
        """Energy by quarter and pool: idle power always, training power while allocated."""
        busy = self._busy_rack_seconds()
        rows: Columns = {k: [] for k in ("quarter", "site", "chip", "it_j", "facility_j", "usd")}
        for p, (site_id, chip) in enumerate(self.pools):
            rack, site = self.scenario.catalog.racks[chip], self.scenario.sites[site_id]
            watts = rack.nameplate.value * self._energy_factor(chip)
            it_j = pool_energy_j(
                watts * rack.idle_share.value,
                watts * rack.busy_share.value,
                self.rack_s[p],
                np.minimum(busy[p], self.rack_s[p]),
            )
            facility_j = facility_power_w(it_j, site.pue.value)
            for q in np.flatnonzero(self.rack_s[p]):
                usd = facility_j[q] * site.energy_price.value
                values = (self.quarters[q], site_id, chip, it_j[q], facility_j[q], usd)
                for name, value in zip(rows, values, strict=True):
                    rows[name].append(value if isinstance(value, str) else float(value))
        return rows

    def cost(self, orders: list[OrderState], energy: Columns) -> Columns:
        """Cash paid, and cost accrued over lives, by quarter."""
        economics, racks = self.scenario.economics, self.scenario.catalog.racks
        rows: Columns = {k: [] for k in ("quarter", "basis", "category", "subject", "usd")}

        def add(quarter: str, basis: str, category: str, subject: str, usd: float) -> None:
            for name, value in zip(rows, (quarter, basis, category, subject, usd), strict=True):
                rows[name].append(value)

        for order in orders:
            if order.funded_s is not None and 0 <= order.funded_s < self.edges[-1]:
                q = int(np.searchsorted(self.edges, order.funded_s, side="right")) - 1
                add(self.quarters[q], "cash", "racks", order.chip, order.racks * order.price_usd)
        for p, (site, chip) in enumerate(self.pools):
            rack = racks[chip]
            for q in np.flatnonzero(self.rack_s[p]):
                span = float(self.rack_s[p, q])
                write_off = rack.price.value / economics.rack_life.value
                add(self.quarters[q], "accrual", "racks", chip, span * write_off)
                building = rack.nameplate.value * economics.facility_cost.value
                usd = span * building / economics.facility_life.value
                add(self.quarters[q], "accrual", "facility", site, usd)
        for quarter, chip, usd in zip(
            energy["quarter"], energy["chip"], energy["usd"], strict=True
        ):
            add(quarter, "cash", "energy", chip, usd)
            add(quarter, "accrual", "energy", chip, usd)
        if self.scenario.supply.programme is not None:
            self._add_development(self.scenario.supply.programme, add)
        return rows

    def waiting(self, orders: list[OrderState], deliveries: Columns) -> Columns:
        """Rack time wanted and not in service, by what held it."""
        rows: Columns = {k: [] for k in ("quarter", "chip", "cause", "rack_s")}
        spans: dict[tuple[str, str], Array] = {}

        def add(chip: str, cause: str, start_s: float, end_s: float, racks: int) -> None:
            inside = racks * time_in_bins([start_s], [end_s], self.edges)[0]
            spans[chip, cause] = spans.get((chip, cause), np.zeros(len(self.quarters))) + inside

        landed = {o.name: o.landed_s for o in orders}
        placed: dict[str, int] = {}
        for name, racks, at_s in zip(
            deliveries["order"], deliveries["racks"], deliveries["in_service_s"], strict=True
        ):
            placed[name] = placed.get(name, 0) + racks
            if landed.get(name) is not None:
                chip = next(o.chip for o in orders if o.name == name)
                add(chip, "power", landed[name], at_s, racks)
        for order in orders:
            funded = np.inf if order.funded_s is None else order.funded_s
            add(order.chip, "money", order.wanted_s, funded, order.racks)
            if order.due_s is not None:
                late = np.inf if order.landed_s is None else order.landed_s
                add(order.chip, "supply", order.due_s, late, order.racks)
            if order.landed_s is not None:
                left = order.racks - placed.get(order.name, 0)
                add(order.chip, "power", order.landed_s, np.inf, left)
        for (chip, cause), values in sorted(spans.items()):
            for q in np.flatnonzero(values):
                for name, value in zip(
                    rows, (self.quarters[q], chip, cause, float(values[q])), strict=True
                ):
                    rows[name].append(value)
        return rows

    def _rack_seconds(self, fleet: Columns) -> Array:
        """Integral of racks in service, shape (pools, quarters). [rack s]."""
        where = np.array(
            [self.pools.index(p) for p in zip(fleet["site"], fleet["chip"], strict=True)]
        )
        t, racks = np.asarray(fleet["t_s"]), np.asarray(fleet["racks"], float)
        return np.stack(
            [
                step_integral(t[where == p], racks[where == p], self.edges)
                for p in range(len(self.pools))
            ]
        )

    def _busy_rack_seconds(self) -> Array:
        """Integral of racks' worth of allocated chips, shape (pools, quarters). [rack s]."""
        seg = self.jobs.segments
        held = time_in_bins(seg["start_s"], seg["end_s"], self.edges) * seg["chips"][:, None]
        n = len(self.pools)
        chip_s = np.stack([np.bincount(seg["pool"], column, minlength=n) for column in held.T], 1)
        per_rack = np.array([self.scenario.catalog.racks[chip].chips for _, chip in self.pools])
        return chip_s / per_rack[:, None]

    def _energy_factor(self, chip: str) -> float:
        programme = self.scenario.supply.programme
        return self.energy_factor if programme is not None and chip == programme.chip else 1.0

    def _add_development(self, spec: Programme, add: Any) -> None:
        """Spread the programme's development evenly over the quarters before its gate."""
        calendar = self.scenario.horizon.calendar
        before = [q for q in self.quarters if calendar.at(q) < calendar.at(spec.gate.quarter)]
        for quarter in before:
            for basis in ("cash", "accrual"):
                usd = spec.development.value / len(before)
                add(quarter, basis, "development", spec.chip, usd)


def _or_none(values: Array) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]
