"""What the network between racks costs, in words: contention, outages, and the price of more."""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis.measures import network, work
from analysis.study_reader import BASELINE, Study
from analysis.uncertainty import mean_interval
from analysis.words import amount, listing, number

__all__ = ["cost_of_the_network"]


def cost_of_the_network(study: Study) -> tuple[str, tuple[str, ...]]:
    """Return the answer in a sentence, and what supports it, of a study whose jobs share it."""
    lost = network.lost(study)
    if lost.is_empty():
        return "No job left its rack.", ()
    whole = (lost.group_by("replication").agg(pl.col("by_fabric", "by_neighbours").sum())).sort(
        "replication"
    )
    done = work.done(study).sort("replication")["done"].to_numpy()
    own, others = (whole[name].to_numpy() for name in ("by_fabric", "by_neighbours"))
    share = mean_interval(100 * (own + others) / (done + own + others))
    headline = (
        f"Jobs would do {amount(mean_interval(own + others), 'rce-days')} more on a network that "
        f"is never short ({amount(share, '%')} of their work): "
        f"{amount(mean_interval(own), 'rce-days')} are lost to the fabric itself, "
        f"{amount(mean_interval(others), 'rce-days')} to neighbours."
    )
    fabrics = study.scenarios[BASELINE]["network"]["fabrics"]
    details = [_of_fabric(study, key, spec, lost) for key, spec in fabrics.items()]
    details += _outages(study)
    return headline, tuple(text for text in details if text)


def _of_fabric(study: Study, key: str, spec: dict[str, Any], lost: pl.DataFrame) -> str:
    """Who shares a fabric, how full it is, and what less oversubscription costs and can gain."""
    months = network.by_month(study).filter((pl.col("fabric") == key) & (pl.col("tier") == "pod"))
    chips = study.scenarios[BASELINE]["catalog"]["chips"]
    stands = study.scan("deliveries").select("chip").unique().collect()["chip"].to_list()
    shared = [chips[c]["label"] for c in spec["chips"] if c in stands]
    if months.is_empty() or not shared:
        return ""
    sums = months.select(pl.col("capacity", "mean", "peak").sum()).row(0, named=True)
    mine = lost.filter(pl.col("fabric") == key)
    missed = float((mine["by_fabric"] + mine["by_neighbours"]).sum()) / study.replications
    ends = study.scan("links").filter((pl.col("fabric") == key) & (pl.col("tier") == "pod"))
    last = ends.group_by("replication", "site").agg(pl.col("capacity_b_per_s").last()).collect()
    trunks_b_per_s = float(last["capacity_b_per_s"].sum()) / study.replications
    ports = 2 * trunks_b_per_s / spec["port"]["value"]
    usd = ports * spec["port_price"]["value"]
    ratio = spec["pod_oversubscription"]
    told = (
        f"{spec['label']}, shared by {listing(shared)} and by no other chip: its pods' trunks "
        f"carry {number(100 * sums['mean'] / sums['capacity'])} % in the mean and "
        f"{number(100 * sums['peak'] / sums['capacity'])} % while jobs exchange; they are "
        f"{number(ports)} ports at the end, {number(usd / 1e6)} MUSD, 1:{ratio:g}."
    )
    if ratio > 1:
        told += (
            f" As many again (1:{max(1.0, ratio / 2):g}) would cost "
            f"{number(usd * min(1.0, ratio - 1) / 1e6)} MUSD and return at most the "
            f"{number(missed)} rce-days lost there; a case with that ratio measures how much."
        )
    return told


def _outages(study: Study) -> list[str]:
    rows = network.outages(study)
    if rows.is_empty():
        return ["No trunk, switch or site link failed."]
    by_kind = rows.group_by("kind", maintain_order=True).agg(
        pl.col("failures", "stopped", "down_d", "lost", "slower").sum()
    )
    found = []
    for row in by_kind.sort(pl.col("lost") + pl.col("slower"), descending=True).to_dicts():
        cost = (row["lost"] + row["slower"]) / row["failures"]
        hours = 24 * row["down_d"] / row["failures"]
        found.append(
            f"a {row['kind'].replace('-', ' ')} {number(cost)} rce-days "
            f"({number(row['failures'] / study.replications)} a replication, {number(hours)} h "
            f"each, {number(row['stopped'] / row['failures'])} runs stopped)"
        )
    return [f"An outage costs, on average: {listing(found)}."]
