"""Figures of dependence: what hangs on whom, and what an addition is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style
from analysis.figures.studies import Labels


def dependence(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw each group's loss alone and its part of the loss when all stop."""
    rows = data.filter(pl.col("size") == 1).sort("loss", descending=True).to_dicts()
    names = [str(r["groups"]).replace("_", " ") for r in rows]
    told = {"loss": "lost if it stops alone", "attributed": "its part of the loss if all stop"}
    ax.set_xlabel("Work not done, of the work asked [%]; bars: 95 % interval, paired")
    return _two_bars(rows, names, told, ax, text)


def importance(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw what each node costs failed for good, and what mending its luck would gain."""
    rows = data.to_dicts()
    names = [f"{r['node']}\ndown {r['unavailability']:.1%}" for r in rows]
    told = {"birnbaum": "failed for good, less never failing", "mended": "gained if never failing"}
    ax.set_xlabel("Change of unserved work [points of work asked]; bars: 95 % interval, paired")
    return _two_bars(rows, names, told, ax, text)


def _two_bars(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    told: Mapping[str, str],
    ax: Axes,
    text: Labels,
) -> Axes:
    """Draw two measures of each row, each with its interval, the names at the side."""
    for j, (kind, label) in enumerate(told.items()):
        y = np.arange(len(rows)) + (j - 0.5) * 0.38
        pairs = [style.reach(r[kind], r[f"{kind}_low"], r[f"{kind}_high"]) for r in rows]
        ax.barh(
            y, [r[kind] for r in rows], 0.36, color=style.colour(j), hatch=style.hatch(j),
            edgecolor="white", linewidth=0.4, label=label,
        )  # fmt: skip
        ax.errorbar([r[kind] for r in rows], y, xerr=[[p[k] for p in pairs] for k in (0, 1)],
                    fmt="none", ecolor=style.INK, capsize=2.5, lw=1.0)  # fmt: skip
    ax.axvline(0, color=style.INK, lw=1)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(axis="x")
    style.legend(ax)
    style.headline(ax, text.title)
    return ax


def credit(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw the firm share of each addition's nameplate."""
    rows = data.to_dicts()
    for k, row in enumerate(rows):
        if row["share"] is None:
            ax.text(0.02, k, str(row["reason"]), va="center", fontsize=8.5,
                    transform=ax.get_yaxis_transform())  # fmt: skip
            continue
        pair = style.reach(row["share"], row["share_low"], row["share_high"])
        ax.errorbar(
            row["share"], k, xerr=[[p] for p in pair], fmt="o", ms=7.5, ecolor=style.INK,
            capsize=3, lw=1.2, markeredgecolor=style.INK, markerfacecolor=style.colour(0),
        )  # fmt: skip
    ax.axvline(100, color=style.INK, lw=1, ls="--")
    ax.text(100, -0.45, " firm", fontsize=8.5, va="top")
    ax.set_xlim(0, 110)
    ax.set_yticks(range(len(rows)), [str(r["addition"]).replace("_", " ") for r in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(axis="x")
    ax.set_xlabel("Demand carried at equal unserved work, of nameplate [%]; bars: 95 % bootstrap")
    style.headline(ax, text.title)
    return ax
