"""Figures of what stands in service, the power for it, and what its chips do."""

from __future__ import annotations

import polars as pl
from matplotlib.axes import Axes

from analysis.estimates import of_row
from analysis.figures import style
from analysis.words import amount, listing, number, scale


@style.styled
def chips_in_service(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw chips in service at each quarter's end, stacked by kind.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.fleet.chips_by_quarter`.
    ax : Axes
    """
    quarters = data["quarter"].unique(maintain_order=True).to_list()
    factor, unit = scale(data["total"], "chips")
    bottom = [0.0] * len(quarters)
    for (label, rank), part in data.group_by("label", "rank", maintain_order=True):
        at = dict(part.select("quarter", "chips").iter_rows())
        heights = [at.get(q, 0.0) / factor for q in quarters]
        ax.bar(
            range(len(quarters)), heights, 0.78, bottom=bottom, color=style.colour(int(rank)),
            hatch=style.hatch(int(rank)), edgecolor="white", linewidth=0.4, label=label,
        )  # fmt: skip
        bottom = [b + h for b, h in zip(bottom, heights, strict=True)]
    totals = data.unique("quarter", keep="first", maintain_order=True).to_dicts()
    ax.errorbar(
        range(len(quarters)), [r["total"] / factor for r in totals],
        yerr=style.reaches(totals, "total", factor), fmt="none", ecolor=style.INK, capsize=3,
        lw=1.2, label=f"total, {style.whiskers(totals, 'total')}",
    )  # fmt: skip
    style.quarters_axis(ax, quarters)
    ax.set_ylabel(f"Chips in service at quarter's end\n[{unit}]")
    ax.grid(axis="y")
    style.legend(ax, reverse=True)
    style.headline(ax, _growth_finding(data))
    return ax


def _growth_finding(data: pl.DataFrame) -> str:
    if data.is_empty():
        return "No chip is in service"
    first, last = data["quarter"][0], data["quarter"][-1]
    begin = data.filter(pl.col("quarter") == first)
    end = data.filter(pl.col("quarter") == last)
    row = end.row(0, named=True)
    total = of_row(row, "total", row["replications"])
    factor, unit = scale([begin["total"][0]], "chips")
    top = end.sort("chips").row(-1, named=True)
    share = 100 * top["chips"] / row["total"] if row["total"] else 0.0
    return (
        f"Chips in service go from {number(begin['total'][0] / factor)} {unit} at the end of "
        f"{first} to {amount(total, 'chips')} at the end of {last}; "
        f"{number(share, 2)} % of them {top['label']}"
    )


@style.styled
def power_by_site(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw nameplate power in service against power energised, a panel a site.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.fleet.power_by_site`.
    ax : Axes
        Its place is divided among the sites.
    """
    ax.set_axis_off()
    groups = list(data.group_by("label", "rank", maintain_order=True))
    top = 1.08 * max(*data["energised"], *data["in_service"], 1e-9)
    columns = min(len(groups), 3)
    rows = -(-len(groups) // columns)
    width, height = 1 / columns, 1 / rows
    for k, ((label, rank), part) in enumerate(groups):
        x0, y0 = (k % columns) * width, 1 - (k // columns + 1) * height
        box = (x0, y0 + 0.15 * height, 0.86 * width, 0.70 * height)
        panel = ax.inset_axes(box)
        _power_panel(panel, part, int(rank))
        panel.set_ylim(0, top)
        panel.set_title(str(label), fontsize=9, fontweight="normal", pad=4)
        if k % columns:
            panel.set_yticklabels([])
        else:
            panel.set_ylabel("MW")
        if k == 0:
            panel.legend(loc="upper left", fontsize=7.5, handlelength=1.6)
    style.headline(ax, _power_finding(data))
    return ax


def _power_panel(panel: Axes, part: pl.DataFrame, rank: int) -> None:
    rows = part.to_dicts()
    x = range(len(rows))
    panel.bar(
        x, part["in_service"], 0.8, color=style.colour(rank), hatch=style.hatch(rank),
        edgecolor="white", linewidth=0.3, label="in service",
    )  # fmt: skip
    panel.errorbar(
        x, part["in_service"], yerr=style.reaches(rows, "in_service"), fmt="none",
        ecolor=style.INK, capsize=1.5, lw=0.8,
    )  # fmt: skip
    panel.step(x, part["energised"], where="mid", color=style.INK, lw=1.3, ls="--",
               label="energised")  # fmt: skip
    quarters = part["quarter"].to_list()
    firsts = [k for k, q in enumerate(quarters) if k == 0 or q.endswith("Q1")]
    panel.set_xticks(firsts, [quarters[k] for k in firsts])
    panel.set_xlim(-0.6, len(rows) - 0.4)
    panel.grid(axis="y")


def _power_finding(data: pl.DataFrame) -> str:
    last = data.filter(pl.col("quarter") == data["quarter"].max())
    used, there = float(last["in_service"].sum()), float(last["energised"].sum())
    if there == 0:
        return "No power is energised"
    fill = last.filter(pl.col("energised") > 0).with_columns(
        fill=100 * pl.col("in_service") / pl.col("energised")
    )
    fullest = fill.sort("fill").row(-1, named=True)
    return (
        f"At the end racks in service take {number(used)} of {number(there)} MW energised "
        f"({number(100 * used / there, 2)} %); fullest is {fullest['label']} "
        f"({number(fullest['fill'], 2)} %)"
    )


@style.styled
def chip_time(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the shares of chip time allocated, busy and productive by case.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.fleet.chip_time_by_case`.
    ax : Axes
    """
    rows = data.to_dicts()
    for k, key in enumerate(("allocated", "busy", "productive")):
        x = [i + 0.27 * (k - 1) for i in range(len(rows))]
        ax.bar(
            x, data[key], 0.25, color=style.colour(key), hatch=style.hatch(key),
            edgecolor="white", linewidth=0.3, label=key,
            yerr=style.reaches(rows, key), ecolor=style.INK, capsize=2,
        )  # fmt: skip
    ax.set_xticks(range(len(rows)), [row["label"].replace(" ", "\n") for row in rows])
    ax.set_ylim(0, 100)
    ax.set_ylabel("Share of chip time in service [%]")
    ax.grid(axis="y")
    style.legend(ax)
    first = rows[0]
    style.headline(
        ax,
        f"In the {first['label']}, {number(first['allocated'], 3)} % of chip time in service is "
        f"allocated, {number(first['busy'], 3)} % busy and "
        f"{number(first['productive'], 3)} % productive",
    )
    return ax


@style.styled
def stranded(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the share of chip time in service that each family cannot use, by quarter.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.fleet.stranded_by_quarter`.
    ax : Axes
    """
    if data.is_empty():
        style.headline(ax, "No chip in service is worthless to any family")
        return style.nothing_to_show(ax, "Every family runs on every chip that stands.")
    quarters = sorted(data["quarter"].unique())
    groups = list(data.group_by("label", "rank", maintain_order=True))
    for k, ((label, rank), part) in enumerate(groups):
        rows, place = part.to_dicts(), None if rank is None else int(rank)
        # Beside each other, as families that lack the same chips have the same share.
        beside = 0.12 * (k - (len(groups) - 1) / 2)
        x = [quarters.index(row["quarter"]) + beside for row in rows]
        ax.errorbar(
            x, part["share"], yerr=style.reaches(rows, "share"), capsize=2.5, lw=1.5,
            color=style.INK if place is None else style.colour(place),
            ls="-" if place is None else style.dash(place),
            marker="o" if place is None else style.marker(place), ms=5, elinewidth=0.9,
            label="all of them" if label is None else label,
        )  # fmt: skip
    style.quarters_axis(ax, quarters)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Chip time in service without\nsoftware for the family [%]")
    ax.grid(axis="y")
    style.legend(ax, title=f"Stranded for\n({style.whiskers(data.to_dicts(), 'share')})")
    style.headline(ax, _stranded_finding(data))
    return ax


def _stranded_finding(data: pl.DataFrame) -> str:
    families = data.filter(pl.col("label").is_not_null())
    worst = families.sort("share").row(-1, named=True)
    none = data.filter(pl.col("label").is_null())
    idle = float(str(none["share"].max())) if len(none) else 0.0
    at_worst = families.filter(
        (pl.col("quarter") == worst["quarter"]) & (pl.col("share") >= worst["share"] * (1 - 1e-9))
    )
    share = f"{number(worst['share'], 2)} % of chip time in service in {worst['quarter']}"
    told = f"On {share} there is no software for {listing(at_worst['label'].to_list())}"
    if idle == 0:
        return f"{told}; every chip runs some family"
    return f"{told}; up to {number(idle, 2)} % runs no family at all"
