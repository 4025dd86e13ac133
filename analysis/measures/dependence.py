"""Whom the fleet depends on: concentration by tier and basis, and what a stop costs in work.

Stock is what runs at the end of the horizon; flow is what went into service within
it. They are two dependences and are never blended: a supplier that stops takes
nothing from the stock. Amounts are racks at their price, so the index does not
depend on how fast a chip is thought to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from analysis.measures import fleet, work
from analysis.study_reader import BASELINE, Study
from simulator.laws.concentration import hhi

#: Tiers and the field of a chip that names its sources there.
TIERS: Mapping[str, str] = {"vendor": "vendor", "foundry": "foundry"}


def concentration(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Herfindahl-Hirschman index of vendors and foundries, on stock and on flow.

    Returns
    -------
    DataFrame
        ``replication, tier, basis, hhi`` [points]; null where nothing stands or landed.
    """
    scenario = study.scenarios[case]
    rows = []
    for basis, racks in (("stock", _stock(study, case)), ("flow", _flow(study, case))):
        for replication in range(study.replications):
            dollars = _dollars(racks.filter(pl.col("replication") == replication), scenario)
            for tier, field in TIERS.items():
                sourced = _by_source(dollars, scenario["catalog"]["chips"], field)
                rows.append((replication, tier, basis, hhi(sourced) if any(sourced) else None))
    return pl.DataFrame(
        rows,
        schema={
            "replication": pl.Int64,
            "tier": pl.String,
            "basis": pl.String,
            "hhi": pl.Float64,
        },
        orient="row",
    )


def _stock(study: Study, case: str) -> pl.DataFrame:
    last = study.calendar(case).names()[-1]
    standing = fleet.at_quarter_ends(study, case).filter(pl.col("quarter") == last)
    return standing.group_by("replication", "chip").agg(pl.col("racks").sum())


def _flow(study: Study, case: str) -> pl.DataFrame:
    # What stands at the start went into service at 0.
    landed = study.scan("deliveries", case).filter(pl.col("in_service_s") > 0)
    return landed.group_by("replication", "chip").agg(pl.col("racks").sum()).collect()


def _dollars(racks: pl.DataFrame, scenario: Mapping[str, Any]) -> dict[str, float]:
    prices = scenario["catalog"]["racks"]
    return {
        chip: count * float(prices[chip]["price"]["value"])
        for chip, count in racks.select("chip", "racks").sort("chip").iter_rows()
    }


def _by_source(dollars: Mapping[str, float], chips: Mapping[str, Any], field: str) -> list[float]:
    sums: dict[str, float] = {}
    for chip, usd in dollars.items():
        source = chips[chip][field]
        parts = {source: 1.0} if isinstance(source, str) else source
        for node, share in parts.items():
            sums[node] = sums.get(node, 0.0) + share * usd
    return list(sums.values())


def stops(study: Study) -> pl.DataFrame:
    """Work lost by stopping each node, against the same case without the stop.

    Returns
    -------
    DataFrame
        ``case, node, replication, run, stopped`` [rce-days]: work done in the case's own
        run and in the run with the same luck in which the node stops.
    """
    parts = []
    for case, nodes in study.stops.items():
        own = work.done(study, case).rename({"done": "run"})
        for node in nodes:
            stopped = work.done(study, case, node).rename({"done": "stopped"})
            parts.append(
                own.join(stopped, on="replication").select(
                    pl.lit(case).alias("case"), pl.lit(node).alias("node"), pl.all()
                )
            )
    schema = {
        "case": pl.String,
        "node": pl.String,
        "replication": pl.Int64,
        "run": pl.Float64,
        "stopped": pl.Float64,
    }
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)
