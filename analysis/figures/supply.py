"""Figures of supply: what is in the pipeline, and what the gate decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style

__all__ = [
    "STAGES",
    "STAGE_NAMES",
    "between",
    "chance",
    "gate_chances",
    "outcome_name",
    "pipeline",
    "supply_table",
]

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
    ("ramp", "ramp"): "ramps; it meets all rules of the gate",
    ("ramp", "cancel"): "ramps, though it misses a rule of the gate",
    ("cancel", "cancel"): "is cancelled; it misses a rule of the gate",
    ("cancel", "ramp"): "is cancelled, though it meets all rules of the gate",
    ("cancel", "none"): "is dropped: no pilot in time",
    ("none", "ramp"): "is still held; it meets all rules of the gate",
    ("none", "cancel"): "is still held; it misses a rule of the gate",
    ("none", "none"): "has not reached the gate",
}


def outcome_name(decision: str, deserved: str) -> str:
    """Return in words what the gate did and whether the chip deserved it."""
    return _OUTCOMES[decision, deserved]


def chance(row: Mapping[str, Any], name: str, ends: tuple[str, str] | None = None) -> str:
    """Return a chance of a row in percent, with its interval in brackets."""
    low, high = ends or (f"{name}_low", f"{name}_high")
    return f"{100 * row[name]:.0f}{between(row[low], row[high])} %"


def supply_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows as the table that is drawn and written beside the drawing.

    Sums lose the last bits of their rounding.
    """
    table = pl.DataFrame(list(rows), infer_schema_length=None)
    return table.with_columns(pl.selectors.float().round(9))


def between(low: float, high: float, factor: float = 100.0, places: int = 0) -> str:
    """Return an interval in brackets, to stand behind its mean; nothing if it has no width."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return " (one replication: no interval)"
    texts = [f"{factor * value:.{places}f}" for value in (low, high)]
    return "" if texts[0] == texts[1] else f" [{texts[0]}, {texts[1]}]"


@style.styled
def pipeline(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what is in each stage at the quarters' starts, stacked.

    Parameters
    ----------
    data : DataFrame
        ``quarter``, ``stage``, ``musd``: mean worth of racks there; ``all``, ``all_low``,
        ``all_high``: of all stages together, with its interval; ``without``: what is there in
        the same runs without the shocks that ``stop`` names, and ``held``, ``held_low``,
        ``held_high`` what all stages hold more than that, or null. [MUSD]
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
    every = data.to_dicts()
    if every[0]["stop"] is not None:
        calm = data.group_by("quarter", maintain_order=True).agg(pl.col("without").sum())
        edges = [k - 0.5 for k in range(len(quarters) + 1)]
        ax.stairs(calm["without"] / 1e3, edges, baseline=None, color=style.INK, lw=1.4,
                  ls=style.dash(1), zorder=3, label="the same runs, no shock")  # fmt: skip
    style.quarters_axis(ax, quarters)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Racks ordered and not in service\n[GUSD at price], at the quarter's start")
    ax.grid(axis="y")
    style.legend(ax, title="Waits for, or is in", reverse=True)
    style.headline(ax, _pipeline_finding(every))
    return ax


def _pipeline_finding(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what a stop holds, at its worst and in the end; without one, what is on the way then."""
    last = rows[-1]
    if last["stop"] is None:
        band = between(last["all_low"], last["all_high"], 1e-3, 1)
        here = [row for row in rows if row["quarter"] == last["quarter"]]
        most = _stage(max(here, key=lambda row: row["musd"]))
        return (
            f"At the start of {last['quarter']} racks for {last['all'] / 1e3:.1f}{band} GUSD are "
            f"ordered and not in service, the largest part {most}"
        )
    worst = max(rows, key=lambda row: row["held"])
    if math.isfinite(worst["held_low"]) and worst["held_low"] <= 0:
        return f"{last['stop']}: holds nothing that these runs can tell from zero"
    here = [row for row in rows if row["quarter"] == worst["quarter"]]
    where = _stage(max(here, key=lambda row: row["musd"] - row["without"]))
    band = between(worst["held_low"], worst["held_high"], 1e-3, 1)
    more = f"{worst['held'] / 1e3:.1f}{band} GUSD of racks"
    if worst["quarter"] == last["quarter"]:
        return (
            f"{last['stop']}: at the start of {last['quarter']} {more} are still held by it, the "
            f"largest part {where}; it is not made up within the run"
        )
    band = between(last["held_low"], last["held_high"], 1e-3, 1)
    left = f"{last['held'] / 1e3:.1f}{band} GUSD" if last["held_high"] > 0.5 else "nothing"
    return (
        f"{last['stop']} holds {more} at its worst, at the start of {worst['quarter']}, the "
        f"largest part {where}; at that of {last['quarter']} {left} still"
    )


def _stage(row: Mapping[str, Any]) -> str:
    name = STAGE_NAMES.get(row["stage"], row["stage"])
    return f"waiting for {name}" if row["stage"] in ("allocation", "money") else f"in {name}"


@style.styled
def gate_chances(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw how often the gate decides what, and how often the chip deserved it.

    Parameters
    ----------
    data : DataFrame
        ``decision``, ``deserved`` (what the true chip would get), ``share``, ``low``, ``high``
        (95 %); of all rows alike ``ramps`` and ``errs``, with ``_low`` and ``_high`` [1], and
        ``forced``: what is decided whatever is measured, or null; ``ramps`` is then certain.
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
    style.headline(ax, _gate_finding(rows))
    return ax


def _gate_finding(rows: Sequence[Mapping[str, Any]]) -> str:
    first = rows[0]
    errs = chance(first, "errs")
    if first["forced"] is None:
        return (
            f"The in-house chip ramps with a chance of {chance(first, 'ramps')}; the gate errs "
            f"with one of {errs}"
        )
    verb = {"ramp": "ramps", "cancel": "cancels"}[first["forced"]]
    text = f"Whatever is measured, the case {verb} the in-house chip"
    missing = sum(row["share"] for row in rows if row["deserved"] == "none")
    if missing:
        text += f" ({100 * missing:.0f} % of runs have no pilot by then)"
    wrong = "misses a rule" if first["forced"] == "ramp" else "meets all rules"
    return f"{text}; with a chance of {errs} it {wrong} of the gate on that day"
