"""Figures of studies: what moves an outcome, where two cases meet, how sure we are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from analysis.estimates import of_row
from analysis.figures import style
from analysis.figures.rows import bars, dot, label_rows, plain
from analysis.words import difference, explained, lasting, number, scale, within


@dataclass(frozen=True)
class Labels:
    """What a study's figure says beside its data."""

    title: str
    """The finding."""
    outcome: str
    """What is shown."""
    unit: str
    """In which unit the table holds it."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Other words: of axes, inputs, cases."""


def tornado(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw the change of the outcome with each input at either end, the longest bar on top."""
    rows = data.to_dicts()
    factor, unit = scale([*data["at_low"], *data["at_high"]], text.unit)
    for end, place in (("low", 1), ("high", 0)):
        ax.barh(
            range(len(rows)), [(r[f"at_{end}"] or 0.0) / factor for r in rows], 0.62,
            color=style.colour(place), hatch=style.hatch(place), edgecolor="white",
            linewidth=0.4, label=f"input at its {end} end",
        )  # fmt: skip
        pairs = [style.reach(r[f"at_{end}"], r[f"at_{end}_low"], r[f"at_{end}_high"])
                 for r in rows]  # fmt: skip
        ax.errorbar(
            [r[f"at_{end}"] / factor for r in rows], range(len(rows)),
            xerr=[[p[k] / factor for p in pairs] for k in (0, 1)], fmt="none",
            ecolor=style.INK, capsize=2.5, lw=1.0,
        )  # fmt: skip
    ax.axvline(0, color=style.INK, lw=1)
    label_rows(ax, [f"{r['input']}\n{_ends(r)}" for r in rows])
    base = number(rows[0]["base"] / factor)
    ax.set_xlabel(f"Change of {within(text.outcome)} from {base} {unit} [{unit}]\n"
                  "bars: paired over common random numbers, with 95 % intervals")  # fmt: skip
    style.legend(ax)
    style.headline(ax, text.title)
    return ax


def _ends(row: Mapping[str, Any]) -> str:
    return f"{number(row['low'])} to {number(row['high'])} {row['unit']}".rstrip()


def break_even(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw the paired difference of two cases over an input, and where it is zero."""
    factor, unit = scale(data["difference"], text.unit)
    x = data["x"].to_numpy()
    middle, low, high = (data[c].to_numpy() / factor for c in ("difference", "low", "high"))
    ax.fill_between(x, low, high, color=style.colour(0), alpha=0.2, lw=0,
                    label="95 % interval")  # fmt: skip
    ax.plot(x, middle, color=style.colour(0), marker="o", ms=4, lw=1.6, label="mean difference")
    ax.axhline(0, color=style.INK, lw=1)
    if at := text.names.get("at"):
        ax.axvspan(float(text.names["low"]), float(text.names["high"]), color=style.colour(3),
                   alpha=0.15, lw=0, label="break-even, 95 %")  # fmt: skip
        ax.axvline(float(at), color=style.colour(3), lw=1.4, ls="--", label="break-even")
    ax.set_xlim(x.min(), x.max())
    ax.set_xlabel(text.names["input"])
    ax.set_ylabel(f"{text.names['case']} less {text.names['against']}\n{text.outcome} [{unit}]")
    ax.grid(axis="y")
    style.legend(ax)
    style.headline(ax, text.title)
    return ax


def nested(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw every draw of what is not known, in order, with its interval by luck alone."""
    draws = data.filter(~pl.col("is_base"))
    base = data.filter(pl.col("is_base")).row(0, named=True)
    factor, unit = scale(data["mean"], text.unit)
    share = (np.arange(draws.height) + 0.5) / draws.height
    y = draws["mean"].to_numpy() / factor
    scaled = draws.select(pl.col("mean", "low", "high") / factor)
    luck = [style.reach(*row) for row in scaled.iter_rows()]
    ax.errorbar(
        share, y, yerr=[[pair[k] for pair in luck] for k in (0, 1)], fmt="o", ms=4.5,
        color=style.colour(0), ecolor=style.colour(4), lw=1.1, capsize=2,
        label="a draw of what is not known;\nbar: luck, 95 %",
    )  # fmt: skip
    low, high = np.quantile(y, [0.05, 0.95])
    ax.axhspan(low, high, color=style.colour(1), alpha=0.16, lw=0, label="nine in ten draws")
    ax.axhline(base["mean"] / factor, color=style.INK, lw=1.2, ls="--", label="as it stands")
    ax.set_xlim(0, 1)
    ax.set_xlabel("Share of draws below")
    ax.set_ylabel(f"{text.outcome} [{unit}]")
    ax.grid(axis="y")
    style.legend(ax)
    style.headline(ax, text.title)
    return ax


def frontier(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw alternatives by cost and work, risk beside each; those that are beaten in grey."""
    rows = data.to_dicts()
    cost, cost_unit = scale(data["cost"], text.names["cost_unit"])
    work, work_unit = scale(data["work"], text.names["work_unit"])
    risk, risk_unit = scale(data["risk"], text.names["risk_unit"])
    for k, row in enumerate(rows):
        colour = style.colour(0) if row["frontier"] else style.MUTED
        ax.errorbar(
            row["cost"] / cost, row["work"] / work,
            xerr=[[v] for v in style.reach(row["cost"] / cost, row["cost_low"] / cost,
                                           row["cost_high"] / cost)],
            yerr=[[v] for v in style.reach(row["work"] / work, row["work_low"] / work,
                                           row["work_high"] / work)],
            fmt=style.marker(k), ms=8, lw=1, capsize=2, ecolor=colour, markeredgecolor=style.INK,
            markerfacecolor=colour if row["frontier"] else "white", label=_beside(row, risk,
                                                                                  risk_unit),
        )  # fmt: skip
    ax.set_xlabel(f"{text.names['cost']} [{cost_unit}]")
    ax.set_ylabel(f"{text.names['work']} [{work_unit}]")
    ax.grid()
    style.legend(ax, title=f"with {within(text.names['risk'])};\nopen, grey: beaten in all three")
    style.headline(ax, text.title)
    return ax


def _beside(row: Mapping[str, Any], factor: float, unit: str) -> str:
    return f"{plain(row['arm'])}: {number(row['risk'] / factor)} {unit}"


def stress(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw node by duration: how far each stop moves the outcome; of one duration, as rows."""
    if data["days"].n_unique() == 1:
        return _stops_of_one_length(data, ax, text)
    nodes = data.group_by("case", "node").agg(pl.col("difference").abs().max())
    order = nodes.sort("difference", "case", "node", descending=[True, False, False])
    many = data["case"].n_unique() > 1
    days = sorted(data["days"].unique())
    factor, unit = scale(data["difference"], text.unit)
    at = {(r["case"], r["node"], r["days"]): r for r in data.iter_rows(named=True)}
    grid, told = np.full((order.height, len(days)), np.nan), [""]
    for i, (case, node, _) in enumerate(order.iter_rows()):
        for j, day in enumerate(days):
            row = at.get((case, node, day))
            if row is not None:
                grid[i, j] = row["difference"] / factor
                told.append(difference(of_row(row, "difference", row["replications"]), factor))
                dark = abs(grid[i, j]) > 0.6 * np.nanmax(np.abs(data["difference"])) / factor
                ax.text(j, i, told[-1].replace(" [", "\n["), ha="center", va="center", fontsize=8.5,
                        color="white" if dark else style.INK)  # fmt: skip
    most = float(np.nanmax(np.abs(grid))) or 1.0
    ax.imshow(np.abs(grid), cmap="Oranges", aspect="auto", vmin=0, vmax=1.25 * most)
    names = [f"{plain(c)}: {n}" if many else n for c, n, _ in order.iter_rows()]
    ax.set_yticks(range(len(names)), names)
    ax.set_xticks(range(len(days)), [lasting(d) for d in days])
    ax.set_xlabel(
        f"Stopped for\nin the cells: change of {within(text.outcome)} [{unit}],\n"
        + "; ".join(filter(None, ("paired, 95 % interval", explained(told))))
    )
    style.headline(ax, text.title)
    return ax


def _stops_of_one_length(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw each node's stop as a row with its interval, the largest on top."""
    many = data["case"].n_unique() > 1
    order = data.sort(pl.col("difference").abs(), "case", "node", descending=[True, False, False])
    factor, unit = scale(data["difference"], text.unit)
    for k, row in enumerate(order.iter_rows(named=True)):
        clear = row["verdict"] in ("higher", "lower")
        ends = ("difference_low", "difference_high")
        dot(ax, k, row, "difference", ends, factor, colour=style.colour(3) if clear else "")
    ax.axvline(0, color=style.INK, lw=1)
    names = [
        f"{plain(case)}: {node}" if many else node
        for case, node in order.select("case", "node").iter_rows()
    ]
    label_rows(ax, names)
    ax.set_xlabel(
        f"Change of {within(text.outcome)} when stopped for {lasting(data['days'][0])} [{unit}]\n"
        "paired; bars: 95 % interval; open: not distinguishable from zero"
    )
    style.headline(ax, text.title)
    return ax


def differences(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw each run's paired difference from the first, with its interval."""
    rows = data.filter(pl.col("difference").is_not_null()).to_dicts()
    if not rows:
        style.headline(ax, text.title)
        return style.nothing_to_show(ax, "There is nothing to compare.")
    factor, unit = scale([r["difference"] for r in rows], text.unit)
    for k, row in enumerate(rows):
        clear = row["verdict"] in ("higher", "lower")
        ends = ("difference_low", "difference_high")
        dot(ax, k, row, "difference", ends, factor, colour=style.colour(0) if clear else "")
    ax.axvline(0, color=style.INK, lw=1)
    label_rows(ax, [r["arm"] for r in rows])
    ax.set_xlabel(f"{text.outcome}, less {plain(text.names['first'])}, same replications [{unit}]"
                  "\nbars: 95 % interval; open: not distinguishable from zero")  # fmt: skip
    style.headline(ax, text.title)
    return ax


def levels(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw each case's outcome and interval; those dropped from a race open."""
    rows = data.to_dicts()
    factor, unit = scale(data["mean"], text.unit)
    for k, row in enumerate(rows):
        colour = style.colour(2) if row["left"] else ""
        dot(ax, k, row, "mean", ("low", "high"), factor, colour=colour)
        ax.text(1.02, k, f"{row['replications']} replications", fontsize=8.5, va="center",
                transform=ax.get_yaxis_transform())  # fmt: skip
    label_rows(ax, [r["arm"] for r in rows])
    ax.set_xlabel(f"{text.outcome} [{unit}]; bars: 95 % interval; open: dropped out")
    style.headline(ax, text.title)
    return ax


def shares(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw one or two measures of each input with their intervals."""
    if data.is_empty():
        style.headline(ax, text.title)
        return style.nothing_to_show(ax, "The outcome does not vary.")
    rows = data.to_dicts()
    kinds = [c for c in ("first", "total", "correlation", "mean_absolute") if c in data.columns]
    factor, unit = 1.0, "1"
    if kinds == ["mean_absolute"]:
        factor, unit = scale(data["mean_absolute"], text.unit)
    bars(ax, rows, {kind: text.names.get(kind) for kind in kinds}, factor)
    label_rows(ax, [r["input"] for r in rows])
    ax.set_xlabel(f"{text.names['axis']} [{unit}]; bars: 95 % interval")
    if len(kinds) > 1:
        style.legend(ax)
    style.headline(ax, text.title)
    return ax


def strata(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw the outcome by number of shocks with each stratum's chance, and over all."""
    rows = data.to_dicts()
    factor, unit = scale(data["mean"], text.unit)
    for k, row in enumerate(rows):
        colour, mark = style.colour(3 if row["is_all"] else 0), "D" if row["is_all"] else "o"
        dot(ax, k, row, "mean", ("low", "high"), factor, colour=colour, mark=mark)
        ax.text(1.02, k, f"chance {number(row['chance'], 2)}", fontsize=8.5, va="center",
                transform=ax.get_yaxis_transform())  # fmt: skip
    label_rows(ax, [r["arm"] for r in rows])
    ax.set_xlabel(f"{text.outcome} [{unit}]; bars: 95 % interval; all: weighted by chance")
    style.headline(ax, text.title)
    return ax
