"""Marks of figures that have a row a thing: bars and dots with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from analysis.figures import style

Row = Mapping[str, Any]


def plain(label: object) -> str:
    """Write a name as words."""
    return str(label).replace("_", " ")


def label_rows(ax: Axes, labels: Sequence[str]) -> None:
    """Name the rows, the first on top."""
    ax.set_yticks(range(len(labels)), [plain(label) for label in labels])
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="x")


def dot(
    ax: Axes, y: float, row: Row, value: str, ends: tuple[str, str], factor: float = 1.0,
    *, colour: str = "", mark: str = "o",
) -> None:  # fmt: skip
    """Draw one estimate; without a colour it is open."""
    pair = style.reach(row[value], row[ends[0]], row[ends[1]])
    ax.errorbar(
        row[value] / factor, y, xerr=[[p / factor] for p in pair], fmt=mark, ms=7.5,
        ecolor=style.INK, capsize=3, lw=1.2, markeredgecolor=style.INK,
        markerfacecolor=colour or "white",
    )  # fmt: skip


def bars(
    ax: Axes, rows: Sequence[Row], told: Mapping[str, str | None], factor: float = 1.0
) -> None:
    """Draw one or two measures of each row, each with its interval.

    A measure ``x`` has its ends in ``x_low`` and ``x_high``, or in ``low`` and ``high``.
    """
    for j, (kind, label) in enumerate(told.items()):
        y = np.arange(len(rows)) + (j - (len(told) - 1) / 2) * 0.38
        ends = (f"{kind}_low", f"{kind}_high") if f"{kind}_low" in rows[0] else ("low", "high")
        pairs = [style.reach(r[kind], r[ends[0]], r[ends[1]]) for r in rows]
        ax.barh(
            y, [r[kind] / factor for r in rows], 0.74 / len(told), color=style.colour(j),
            hatch=style.hatch(j), edgecolor="white", linewidth=0.4, label=label,
        )  # fmt: skip
        ax.errorbar([r[kind] / factor for r in rows], y,
                    xerr=[[p[k] / factor for p in pairs] for k in (0, 1)],
                    fmt="none", ecolor=style.INK, capsize=2.5, lw=1.0)  # fmt: skip
    ax.axvline(0, color=style.INK, lw=1)
