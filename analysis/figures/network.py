"""Figure of the network between racks: how full it is, which links are hot, what faults cost."""

from __future__ import annotations

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style
from analysis.words import number


@style.styled
def network_load(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw load by tier over time, the hottest bundles, and the cost of outages by kind.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.network.load_and_failures`.
    ax : Axes
        Its place is divided among three panels.
    """
    tiers, links, outages = (
        data.filter(pl.col("panel") == name) for name in ("tier", "link", "outage")
    )
    if tiers.is_empty():
        return style.nothing_to_show(ax, "No rack has joined a network that jobs share")
    ax.set_axis_off()
    _tiers(ax.inset_axes((0.0, 0.62, 0.70, 0.36)), tiers)
    _links(ax.inset_axes((0.30, 0.06, 0.24, 0.40)), links)
    _outages(ax.inset_axes((0.76, 0.06, 0.24, 0.40)), outages)
    style.headline(ax, _finding(tiers, links))
    return ax


def _tiers(panel: Axes, data: pl.DataFrame) -> None:
    for k, ((label,), part) in enumerate(data.group_by("label", maintain_order=True)):
        months = part["month"] + 0.5
        panel.fill_between(
            months, 100 * part["mean"], 100 * part["peak"], color=style.colour(k), alpha=0.18, lw=0
        )
        panel.plot(
            months, 100 * part["peak"], color=style.colour(k), lw=0.9, ls=":",
            label=f"{label},\nwhile jobs exchange",
        )  # fmt: skip
        panel.plot(
            months, 100 * part["mean"], color=style.colour(k), lw=1.8, ls=style.dash(k),
            label=f"{label},\nin the mean",
        )  # fmt: skip
    panel.set_ylim(0, 102)
    panel.set_xlim(0, max(data["month"].to_list()) + 1)
    panel.set_ylabel("Load over capacity [%]")
    panel.set_xlabel("Months of 30 days from the start")
    panel.grid(axis="y")
    style.legend(panel, fontsize=7.5)


def _links(panel: Axes, data: pl.DataFrame) -> None:
    rows = data.to_dicts()[::-1]
    panel.barh(range(len(rows)), [100 * r["full"] for r in rows], 0.66, color=style.colour(1))
    panel.plot([100 * r["mean"] for r in rows], range(len(rows)), "D", ms=4, color=style.INK)
    panel.set_yticks(range(len(rows)), [r["label"] for r in rows], fontsize=7.5)
    panel.set_xlim(0, 100)
    panel.set_xlabel("Share of the horizon full (bar),\nmean load (mark) [%]", fontsize=8)
    panel.grid(axis="x")
    panel.set_title("Bundles of trunks full longest", fontsize=9, fontweight="normal", pad=4)


def _outages(panel: Axes, data: pl.DataFrame) -> None:
    panel.set_title("What outages cost", fontsize=9, fontweight="normal", pad=4)
    if data.is_empty():
        panel.set_axis_off()
        panel.text(0, 0.5, "nothing failed", transform=panel.transAxes, color=style.MUTED)
        return
    rows = data.sort("cost").to_dicts()
    rows = [r | {k: r[k] / 1e3 for k in r if k.startswith("cost")} for r in rows]
    panel.barh(
        range(len(rows)), [r["cost"] for r in rows], 0.6, color=style.colour(2),
        xerr=style.reaches(rows, "cost"), ecolor=style.INK, capsize=2,
    )  # fmt: skip
    labels = [
        f"{r['label']}\n{number(r['failures'])} failures, {number(r['stopped'])} stopped"
        for r in rows
    ]
    panel.set_yticks(range(len(rows)), labels, fontsize=7.5)
    panel.set_xlabel("Work lost and not done\n[thousand rce-days]", fontsize=8)
    panel.set_xlim(left=0)
    panel.grid(axis="x")


def _finding(tiers: pl.DataFrame, links: pl.DataFrame) -> str:
    by_label = (
        tiers.group_by("label", maintain_order=True)
        .agg(pl.col("mean", "peak").mean())
        .sort("peak", descending=True)
    )
    top = by_label.row(0, named=True)
    told = (
        f"{top['label']}, carry {number(100 * top['mean'])} % of what they could, "
        f"{number(100 * top['peak'])} % while jobs exchange"
    )
    if links.height:
        hot = links.row(0, named=True)
        told += f"; the hottest, {hot['label'].split(', ')[-1]} at {hot['label'].split(', ')[0]}, "
        told += f"are full {number(100 * hot['full'])} % of the time"
    return told
