"""Figures of supply: who hangs on whom, the pipeline, what came, what the gate decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.figures import style

__all__ = [
    "STAGES",
    "STAGE_NAMES",
    "deliveries",
    "dependency",
    "gate_chances",
    "outcome_name",
    "pipeline",
    "supply_table",
]

#: Loss is drawn from none to all.
_LOSS = mpl.colormaps["YlOrRd"]
#: Above this loss text is white.
_DARK = 0.55
_EDGE = "#7388a3"
#: Of chips, whose percentage is no loss.
_CHIP = "#e8edf4"
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
#: What stages are called where their word alone says too little.
STAGE_NAMES = {
    "queue": "vendor's queue",
    "wafer": "wafers",
    "rack": "racks, test",
    "ship": "transit",
}
#: What the gate decides of what the true chip would get.
_OUTCOMES = {
    ("ramp", "ramp"): "ramps, rightly",
    ("ramp", "cancel"): "ramps a chip that misses its target",
    ("cancel", "cancel"): "is cancelled, rightly",
    ("cancel", "ramp"): "is cancelled though it meets its target",
    ("cancel", "none"): "is dropped: no pilot in time",
    ("none", "ramp"): "is still held; it meets its target",
    ("none", "cancel"): "is still held; it misses its target",
    ("none", "none"): "has not reached the gate",
}


def outcome_name(decision: str, deserved: str) -> str:
    """Return in words what the gate did and whether the chip deserved it."""
    return _OUTCOMES[decision, deserved]


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
        upstream), ``tier``, ``loss``, ``loss_low``, ``loss_high`` [1]; and of edges
        (``edge``): ``id`` (supplier), ``other`` (consumer), ``share`` [1].
    ax : Axes
    """
    nodes = [row for row in data.to_dicts() if row["what"] == "node"]
    if not nodes:
        return style.nothing_to_show(ax, "No chip is bought")
    edges = [row for row in data.to_dicts() if row["what"] == "edge"]
    place = _places(nodes)
    countries = {node["id"] for node in nodes if node["tier"] == "Country"}
    for edge in sorted(edges, key=lambda e: e["share"]):
        faint = edge["id"] in countries
        _ribbon(ax, place[edge["id"]], place[edge["other"]], edge["share"], faint=faint)
    for node in nodes:
        x, y = place[node["id"]]
        chip = node["tier"] == "Chip"
        dark = node["loss"] > _DARK and not chip
        ax.text(x, y, f"{node['label']}  {_percent(node['loss'])}", fontsize=7,
                ha="center", va="center", zorder=3, color="white" if dark else style.INK,
                bbox={"boxstyle": "round,pad=0.3", "lw": 0.5, "ec": style.MUTED,
                      "fc": _CHIP if chip else _LOSS(0.85 * node["loss"])})  # fmt: skip
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


def _percent(share: float) -> str:
    """Return a share in whole percent; what is there and rounds to nothing is below one."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _between(low: float, high: float, factor: float = 100.0, places: int = 0) -> str:
    """Return an interval in brackets, to stand behind its mean; nothing if it has no width."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return " (one replication: no interval)"
    texts = [f"{factor * value:.{places}f}" for value in (low, high)]
    return "" if texts[0] == texts[1] else f" [{texts[0]}, {texts[1]}]"


def _dependency_finding(nodes: Sequence[dict[str, Any]]) -> str:
    inner = [n for n in nodes if n["tier"] not in ("Chip", "Country")]
    if not inner:
        return "What is bought hangs on no node that is named"
    most = max(inner, key=lambda n: n["loss"])
    names = sorted(n["label"] for n in inner if n["loss"] >= most["loss"] - 1e-9)
    band = _between(most["loss_low"], most["loss_high"])
    lost = f"{100 * most['loss']:.0f}{band} % of purchases cannot be made"
    if len(names) == 1:
        return f"If {names[0]} stops, {lost}"
    first = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    any_one = "any one of " if len(names) > 2 else ""
    return f"If {any_one}{', '.join(first[:-1])} or {first[-1]} stops, {lost}"


@style.styled
def pipeline(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what is in each stage at the quarters' starts, stacked.

    Parameters
    ----------
    data : DataFrame
        ``quarter``, ``stage``, ``musd``: mean worth of racks there; ``all``, ``all_low``,
        ``all_high``: of all stages together, with its interval. [MUSD]
    ax : Axes
    """
    if data.is_empty():
        return style.nothing_to_show(ax, "Nothing is ordered")
    quarters = data["quarter"].unique(maintain_order=True).to_list()
    floor = [0.0] * len(quarters)
    for stage, place in STAGES.items():
        rows = data.filter(pl.col("stage") == stage)
        values = dict(zip(rows["quarter"], rows["musd"], strict=True))
        height = [values.get(q, 0.0) / 1e3 for q in quarters]
        if any(height):
            ax.bar(range(len(quarters)), height, 0.72, bottom=floor,
                   label=STAGE_NAMES.get(stage, stage), color=style.colour(place),
                   hatch=style.hatch(place), edgecolor="white", lw=0.4)  # fmt: skip
            floor = [a + b for a, b in zip(floor, height, strict=True)]
    style.quarters_axis(ax, quarters)
    ax.set_ylim(0, 1.05 * max(*floor, 1e-9))
    ax.set_ylabel("Racks ordered and not in service [GUSD at price]")
    ax.grid(axis="y")
    style.legend(ax, title="Waits for, or is in", reverse=True)
    peak = max(data.to_dicts(), key=lambda row: row["all"])
    band = _between(peak["all_low"], peak["all_high"], 1e-3, 1)
    most = max((r for r in data.to_dicts() if r["quarter"] == peak["quarter"]),
               key=lambda row: row["musd"])  # fmt: skip
    part = ""
    if most["musd"] > peak["all"] / 2:
        verb = "waits for" if most["stage"] in ("allocation", "money") else "is in"
        part = f", most of which {verb} {STAGE_NAMES.get(most['stage'], most['stage'])}"
    style.headline(ax, f"The pipeline is fullest at the start of {peak['quarter']}: "
                       f"{peak['all'] / 1e3:.1f}{band} GUSD of racks{part}")  # fmt: skip
    return ax


@style.styled
def deliveries(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what was to land, and what did, as sums since the start.

    Parameters
    ----------
    data : DataFrame
        ``quarter``; sums by its end of racks ordered, due at median times, and in
        service: ``ordered``, ``due``, ``mean``, ``low``, ``high`` (10-90 %) [MUSD at price];
        ``of_due``: in service over due, with ``of_due_low`` and ``of_due_high`` [1].
    ax : Axes
    """
    rows = data.to_dicts()
    quarters = [row["quarter"] for row in rows]
    edges = [k - 0.5 for k in range(len(rows) + 1)]
    musd = {n: [r[n] / 1e3 for r in rows] for n in ("ordered", "due", "mean", "low", "high")}
    ax.stairs(musd["high"], edges, baseline=musd["low"], fill=True, color=style.colour(0),
              alpha=0.25, lw=0, label="in service, 10-90 % of runs")  # fmt: skip
    ax.stairs(musd["mean"], edges, baseline=None, color=style.colour(0), lw=1.8,
              label="in service, mean")  # fmt: skip
    ax.stairs(musd["due"], edges, baseline=None, color=style.INK, lw=1.2, ls=style.dash(3),
              zorder=3, label="due at median times")  # fmt: skip
    ax.stairs(musd["ordered"], edges, baseline=None, color=style.MUTED, lw=1.5,
              ls=style.dash(1), label="ordered")  # fmt: skip
    style.quarters_axis(ax, quarters)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Racks by the quarter's end, sum [GUSD at price]")
    ax.grid(axis="y")
    style.legend(ax, reverse=True)
    style.headline(ax, _delivery_finding(rows[-1]))
    return ax


def _delivery_finding(last: dict[str, Any]) -> str:
    if last["of_due"] is None:
        return f"Nothing is due by the end of {last['quarter']}"
    band = _between(last["of_due_low"], last["of_due_high"])
    return (
        f"By the end {100 * last['of_due']:.0f}{band} % of what was due is in service "
        f"({last['mean'] / 1e3:.1f} of {last['due'] / 1e3:.1f} GUSD)"
    )


@style.styled
def gate_chances(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw how often the gate decides what, and how often the chip deserved it.

    Parameters
    ----------
    data : DataFrame
        ``decision``, ``deserved`` (what the true chip would get), ``share``, ``low``, ``high``
        (95 %); of all rows alike ``ramps`` and ``errs``, with ``_low`` and ``_high`` [1], and
        ``forced``: what is decided whatever is measured, or null.
    ax : Axes
    """
    rows = data.to_dicts()
    if not rows:
        return style.nothing_to_show(ax, "There is no in-house programme")
    y = range(len(rows))
    undecided = ["none" in (row["decision"], row["deserved"]) for row in rows]
    right = [u or r["decision"] == r["deserved"] for u, r in zip(undecided, rows, strict=True)]
    colours = [style.colour(2 if ok else 3) for ok in right]
    ax.barh(y, [100 * r["share"] for r in rows], 0.6,
            color=[style.MUTED if u else c for u, c in zip(undecided, colours, strict=True)],
            hatch=["" if ok else "///" for ok in right], edgecolor="white", lw=0.4,
            xerr=[[100 * (r["share"] - r["low"]) for r in rows],
                  [100 * (r["high"] - r["share"]) for r in rows]],
            error_kw={"ecolor": style.INK, "lw": 1.0, "capsize": 3})  # fmt: skip
    ax.set_yticks(y, [outcome_name(row["decision"], row["deserved"]) for row in rows])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.set_xlabel("Chance [%], with intervals of 95 %")
    ax.grid(axis="x")
    first = rows[0]
    chances = [f"{100 * first[n]:.0f}{_between(first[f'{n}_low'], first[f'{n}_high'])} %"
               for n in ("ramps", "errs")]  # fmt: skip
    errs = f"the gate errs with one of {chances[1]}"
    if first["forced"] is not None:
        errs = f"that is forced, and wrong with one of {chances[1]}"
    style.headline(ax, f"The in-house chip ramps with a chance of {chances[0]}; {errs}")
    return ax
