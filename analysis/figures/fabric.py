"""Figure of an interconnect: what each tier could carry, does carry, and loses with a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style

__all__ = ["fabric_tiers", "tier_table"]


def tier_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows of tiers as the table that is drawn and written beside the drawing."""
    return pl.DataFrame(list(rows))


@style.styled
def fabric_tiers(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the tiers as bars of capacity, filled by load, with what one failed link costs.

    Parameters
    ----------
    data : DataFrame
        One row a tier, nearest the chips first: ``tier``, ``links``, ``capacity_b_per_s``,
        ``utilisation``, ``hottest``, ``lost_share``, ``cut``.
    ax : Axes
    """
    rows = data.to_dicts()
    if not rows:
        return style.nothing_to_show(ax, "The fabric has no links")
    places = range(len(rows))
    capacity = [row["capacity_b_per_s"] / 1e12 for row in rows]
    load = [row["capacity_b_per_s"] / 1e12 * row["utilisation"] for row in rows]
    ax.barh(places, capacity, 0.62, color="white", edgecolor=style.INK, lw=1.0, label="capacity")
    ax.barh(places, load, 0.62, color=style.colour(0), hatch=style.hatch(1), edgecolor="white",
            lw=0.4, label="load")  # fmt: skip
    ax.set_yticks(places, [f"{row['tier']}\n{row['links']:,} links" for row in rows])
    ax.set_xlim(0, max(capacity) * 1.02)
    for place, row in zip(places, rows, strict=True):
        ax.annotate(_note(row), (1.015, place), xycoords=("axes fraction", "data"), va="center",
                    fontsize=8.5)  # fmt: skip
    ax.set_xlabel("Bandwidth of the tier's links together, one way [TB/s]")
    ax.grid(axis="x")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    style.headline(ax, _finding(rows))
    return ax


def _note(row: dict[str, object]) -> str:
    lost, cut = float(str(row["lost_share"])), int(str(row["cut"]))
    cost = (
        f"one link down: -{100 * lost:.2g} % bandwidth"
        if lost >= 5e-7
        else "one link down: no loss"
    )
    stopped = f", {cut} cut off" if cut else ""
    used, hottest = float(str(row["utilisation"])), float(str(row["hottest"]))
    return f"{100 * used:.0f} % used, hottest {100 * hottest:.0f} %\n{cost}{stopped}"


def _finding(rows: list[dict[str, object]]) -> str:
    tight = max(rows, key=lambda row: float(str(row["utilisation"])))
    full = float(str(tight["utilisation"]))
    state = "binds" if full > 1 - 1e-6 else f"is the fullest, {100 * full:.0f} % used"
    return f"With all chips sending half the fabric away, the {tight['tier']} tier {state}"
