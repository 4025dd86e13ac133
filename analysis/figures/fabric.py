"""Figure of an interconnect: what each tier could carry, does carry, and loses with a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style

__all__ = ["fabric_tiers", "oversubscription", "tier_table"]


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
    # The outline lies over the load, or a full tier would seem to have none.
    ax.barh(places, capacity, 0.62, color="none", edgecolor=style.INK, lw=1.0, zorder=3,
            label="capacity")  # fmt: skip
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
        else f"one link down: no loss{' to the others' if cut else ''}"
    )
    stopped = f", {cut} flows cut off" if cut else ""
    used, hottest = float(str(row["utilisation"])), float(str(row["hottest"]))
    return f"{100 * used:.0f} % used, hottest {100 * hottest:.0f} %\n{cost}{stopped}"


def _finding(rows: list[dict[str, object]]) -> str:
    tight = max(rows, key=lambda row: float(str(row["utilisation"])))
    full = float(str(tight["utilisation"]))
    state = "binds" if full > 1 - 1e-6 else f"is the fullest, {100 * full:.0f} % used"
    return f"With all chips sending half the fabric away, the {tight['tier']} tier {state}"


@style.styled
def oversubscription(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw how much slower jobs go on one fabric at several oversubscriptions, and for whose sake.

    Parameters
    ----------
    data : DataFrame
        One row a job and ratio: ``oversubscription, job``, and ``slowdown_by_fabric, slowdown``
        [1].
    ax : Axes
    """
    jobs = data["job"].unique(maintain_order=True).to_list()
    ratios = data["oversubscription"].unique(maintain_order=True).to_list()
    width = 0.8 / len(ratios)
    for k, ratio in enumerate(ratios):
        rows = data.filter(pl.col("oversubscription") == ratio).to_dicts()
        at = [jobs.index(row["job"]) + (k - (len(ratios) - 1) / 2) * width for row in rows]
        alone = [_longer(row["slowdown_by_fabric"]) for row in rows]
        more = [_longer(row["slowdown"]) - a for row, a in zip(rows, alone, strict=True)]
        tone = style.colour(k)
        ax.bar(at, alone, 0.9 * width, color=tone, label=f"{ratio}, the fabric alone")
        ax.bar(
            at, more, 0.9 * width, bottom=alone, color=tone, alpha=0.45, hatch=style.hatch(1),
            edgecolor="white", lw=0.4, label=f"{ratio}, the neighbours on top",
        )  # fmt: skip
        for x, a, b in zip(at, alone, more, strict=True):
            ax.annotate(f"{a + b:.0f} %", (x, a + b), (0, 2), textcoords="offset points",
                        ha="center", fontsize=8)  # fmt: skip
    ax.set_xticks(range(len(jobs)), jobs)
    ax.set_ylabel("Step longer than at line rate [%]")
    ax.grid(axis="y")
    style.legend(ax)
    worst = data.sort("slowdown").row(-1, named=True)
    longer, own = _longer(worst["slowdown"]), _longer(worst["slowdown_by_fabric"])
    blame = "all of it" if own < 0.5 else f"{longer - own:.0f} points of it"
    style.headline(
        ax,
        f"{worst['job']}: at {worst['oversubscription']} a step takes {longer:.0f} % longer, "
        f"{blame} for the neighbours' sake",
    )
    return ax


def _longer(slowdown: float) -> float:
    """By how much a step is longer, without the last bit of arithmetic. [%]"""
    return max(0.0, round(100 * (slowdown - 1), 9))
