"""Figures of supply: who hangs on whom, the pipeline, what came, what the gate decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.figures import style

__all__ = ["deliveries", "dependency", "gate_chances", "pipeline", "supply_table"]

#: Loss is drawn from none to all.
_LOSS = mpl.colormaps["YlOrRd"]
#: Above this loss text is white.
_DARK = 0.55
_EDGE = "#7388a3"
#: Stages of an order, in the order it passes them, as the table names them; and their looks.
STAGES = {
    "allocation": 7,
    "money": 6,
    "queue": 2,
    "wafer": 3,
    "packaging": 4,
    "rack": 5,
    "ship": 1,
    "dock and install": 0,
}


def supply_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows as the table that is drawn and written beside the drawing."""
    return pl.DataFrame(list(rows), infer_schema_length=None)


@style.styled
def dependency(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw who hangs on whom: width is the share of purchases, colour what is lost if it fails.

    Parameters
    ----------
    data : DataFrame
        Rows of nodes (``what`` is ``node``): ``id``, ``label``, ``column`` (0 is furthest
        upstream), ``tier``, ``loss`` [1]; and of edges (``edge``): ``id`` (supplier),
        ``other`` (consumer), ``share`` [1].
    ax : Axes
    """
    nodes = [row for row in data.to_dicts() if row["what"] == "node"]
    if not nodes:
        return style.nothing_to_show(ax, "No chip is planned")
    edges = [row for row in data.to_dicts() if row["what"] == "edge"]
    place = _places(nodes)
    countries = {node["id"] for node in nodes if node["tier"] == "Country"}
    for edge in sorted(edges, key=lambda e: e["share"]):
        faint = edge["id"] in countries
        _ribbon(ax, place[edge["id"]], place[edge["other"]], edge["share"], faint=faint)
    for node in nodes:
        x, y = place[node["id"]]
        dark = node["loss"] > _DARK
        ax.text(x, y, f"{node['label']}  {100 * node['loss']:.0f} %", fontsize=7,
                ha="center", va="center", zorder=3, color="white" if dark else style.INK,
                bbox={"boxstyle": "round,pad=0.3", "fc": _LOSS(0.85 * node["loss"]),
                      "ec": style.MUTED, "lw": 0.5})  # fmt: skip
    columns = sorted({(node["column"], node["tier"]) for node in nodes})
    for column, tier in columns:
        ax.text(column, 1.03, tier, ha="center", va="bottom", fontsize=8.5, color=style.MUTED)
    _key(ax)
    ax.set_xlim(-0.55, columns[-1][0] + 0.55)
    ax.set_ylim(-0.09, 1.07)
    ax.set_axis_off()
    style.headline(ax, _dependency_finding(nodes))
    return ax


def _places(nodes: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    place = {}
    for column in {node["column"] for node in nodes}:
        here = [n for n in nodes if n["column"] == column]
        here.sort(key=lambda n: (-n["loss"], n["label"]))
        for k, node in enumerate(here):
            place[node["id"]] = (float(column), 1 - (k + 0.5) / len(here))
    return place


def _key(ax: Axes) -> None:
    """Say what widths and colours mean."""
    for k, share in enumerate((0.05, 0.25, 0.5, 1.0)):
        x = 0.35 + 0.42 * k
        ax.plot([x, x + 0.18], [-0.06, -0.06], color=_EDGE, alpha=0.55, lw=_width(share),
                solid_capstyle="butt")  # fmt: skip
        ax.text(x + 0.2, -0.06, f"{100 * share:.0f} %", va="center", fontsize=7)
    ax.text(0.3, -0.06, "of purchases pass here:", va="center", ha="right", fontsize=7)
    for k in range(6):
        ax.text(3.05 + 0.24 * k, -0.06, f"{20 * k} %", va="center", ha="center", fontsize=7,
                color="white" if 0.2 * k > _DARK else style.INK,
                bbox={"boxstyle": "round,pad=0.3", "fc": _LOSS(0.85 * 0.2 * k),
                      "ec": style.MUTED, "lw": 0.5})  # fmt: skip
    ax.text(2.88, -0.06, "lost if it stops:", va="center", ha="right", fontsize=7)


def _width(share: float) -> float:
    return 0.3 + 7 * share


def _ribbon(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], share: float, *, faint: bool
) -> None:
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    # Where a plant stands matters less to the eye than what goes into what.
    ax.add_patch(PathPatch(Path(points, codes), fc="none", ec=_EDGE, lw=_width(share),
                           alpha=0.15 if faint else 0.4, capstyle="butt", zorder=1))  # fmt: skip


def _dependency_finding(nodes: Sequence[dict[str, Any]]) -> str:
    inner = [n for n in nodes if n["tier"] not in ("Chip", "Country")]
    worst = max((n["loss"] for n in inner), default=0.0)
    names = [n["label"] for n in inner if n["loss"] >= worst - 1e-9]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    who = f"one of {listed}" if len(names) > 1 else listed
    return f"If {who} stops, {100 * worst:.0f} % of planned purchases cannot be made"


@style.styled
def pipeline(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what is in each stage at the quarters' starts, stacked.

    Parameters
    ----------
    data : DataFrame
        ``quarter``, ``stage``, ``musd``: mean worth of racks there. [MUSD]
    ax : Axes
    """
    quarters = data["quarter"].unique(maintain_order=True).to_list()
    floor = [0.0] * len(quarters)
    for stage, place in STAGES.items():
        rows = data.filter(pl.col("stage") == stage)
        values = dict(zip(rows["quarter"], rows["musd"], strict=True))
        height = [values.get(q, 0.0) / 1e3 for q in quarters]
        if any(height):
            ax.bar(range(len(quarters)), height, 0.72, bottom=floor, label=stage,
                   color=style.colour(place), hatch=style.hatch(place), edgecolor="white",
                   lw=0.4)  # fmt: skip
            floor = [a + b for a, b in zip(floor, height, strict=True)]
    style.quarters_axis(ax, quarters)
    ax.set_ylabel("Racks ordered and not in service [GUSD at price]")
    ax.grid(axis="y")
    style.legend(ax, title="Waits for, or is in", reverse=True)
    peak = max(range(len(quarters)), key=floor.__getitem__)
    style.headline(ax, f"The pipeline is fullest at the start of {quarters[peak]}: "
                       f"{floor[peak]:.1f} GUSD of racks")  # fmt: skip
    return ax


@style.styled
def deliveries(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what was to land, and what did, as sums since the start.

    Parameters
    ----------
    data : DataFrame
        ``quarter``; sums by its end of racks ordered, due at median times, and in
        service: ``ordered``, ``due``, ``mean``, ``low``, ``high`` (10-90 %). [MUSD at price]
    ax : Axes
    """
    rows = data.to_dicts()
    quarters = [row["quarter"] for row in rows]
    x = range(len(rows))
    ax.step(x, [r["ordered"] / 1e3 for r in rows], where="mid", color=style.MUTED,
            ls=style.dash(1), label="ordered")  # fmt: skip
    ax.step(x, [r["due"] / 1e3 for r in rows], where="mid", color=style.INK, lw=1.2, zorder=3,
            ls=style.dash(3), label="due at median times")  # fmt: skip
    ax.fill_between(x, [r["low"] / 1e3 for r in rows], [r["high"] / 1e3 for r in rows],
                    step="mid", color=style.colour(0), alpha=0.25, lw=0,
                    label="in service, 10-90 %")  # fmt: skip
    ax.step(x, [r["mean"] / 1e3 for r in rows], where="mid", color=style.colour(0), lw=1.8,
            label="in service, mean")  # fmt: skip
    style.quarters_axis(ax, quarters)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Racks, sum since the start [GUSD at price]")
    ax.grid(axis="y")
    style.legend(ax)
    last = rows[-1]
    part = last["mean"] / last["due"] if last["due"] else 1.0
    style.headline(ax, f"By the end {100 * part:.0f} % of what was due is in service "
                       f"({last['mean'] / 1e3:.1f} of {last['due'] / 1e3:.1f} GUSD)")  # fmt: skip
    return ax


@style.styled
def gate_chances(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw how often the gate decides what, and how often the chip deserved it.

    Parameters
    ----------
    data : DataFrame
        ``decision``, ``deserved`` (what the true chip would get), ``share``, ``low``, ``high``
        (95 %). [1]
    ax : Axes
    """
    rows = data.to_dicts()
    if not rows:
        return style.nothing_to_show(ax, "There is no in-house programme")
    names = {
        ("ramp", "ramp"): "ramps, rightly",
        ("ramp", "cancel"): "ramps a chip that misses its target",
        ("cancel", "cancel"): "is cancelled, rightly",
        ("cancel", "ramp"): "is cancelled though it meets its target",
        ("cancel", "none"): "is dropped: no pilot in time",
        ("none", "none"): "has not reached the gate",
    }
    y = range(len(rows))
    undecided = [row["deserved"] == "none" for row in rows]
    right = [row["decision"] == row["deserved"] or row["deserved"] == "none" for row in rows]
    colours = [style.colour(2 if ok else 3) for ok in right]
    ax.barh(y, [100 * r["share"] for r in rows], 0.6,
            color=[style.MUTED if u else c for u, c in zip(undecided, colours, strict=True)],
            hatch=["" if ok else "///" for ok in right], edgecolor="white", lw=0.4,
            xerr=[[100 * (r["share"] - r["low"]) for r in rows],
                  [100 * (r["high"] - r["share"]) for r in rows]],
            error_kw={"ecolor": style.INK, "lw": 1.0, "capsize": 3})  # fmt: skip
    ax.set_yticks(y, [names[row["decision"], row["deserved"]] for row in rows])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("Chance [%], bars of 95 %")
    ax.grid(axis="x")
    ramp = sum(row["share"] for row in rows if row["decision"] == "ramp")
    wrong = sum(row["share"] for row, ok in zip(rows, right, strict=True) if not ok)
    style.headline(ax, f"The in-house chip ramps with a chance of {100 * ramp:.0f} %; the gate "
                       f"decides wrongly with one of {100 * wrong:.0f} %")  # fmt: skip
    return ax
