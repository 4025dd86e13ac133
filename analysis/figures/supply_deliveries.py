"""Figure of deliveries against plan: all chips together, and the largest each for itself."""

from __future__ import annotations

import math

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style

__all__ = ["PANELS", "deliveries", "shown"]

#: Panels at most, the one of all chips among them.
PANELS = 6
_COLUMNS = 3
#: How each measure is drawn: label, colour, dash, width.
_LINES = {
    "ordered": ("ordered, mean", style.MUTED, style.dash(1), 1.3),
    "plan": ("plan of record", style.INK, style.dash(3), 1.0),
    "promised": ("promised, mean", style.INK, style.dash(2), 1.3),
    "in_service": ("in service, mean", style.colour(0), "-", 1.8),
}


def shown(data: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Return the chips that get a panel, the one of all first, and labels of those that do not."""
    chips = data["chip"].unique(maintain_order=True).to_list()
    left = data.filter(pl.col("chip").is_in(chips[PANELS:]))
    return chips[:PANELS], left["label"].unique(maintain_order=True).to_list()


@style.styled
def deliveries(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what was planned, ordered, promised and came, as sums since the start, by chip.

    Parameters
    ----------
    data : DataFrame
        ``chip`` (``all`` first), ``label``, ``quarter``, ``what``; means of sums by the
        quarter's end with ``_low`` and ``_high`` (10-90 %): ``racks``, ``musd`` [MUSD]. Of
        ``kept``, ``share`` of the promised with ``share_low`` and ``share_high`` [1].
    ax : Axes
        Its place is divided among the panels.
    """
    if data.is_empty():
        return style.nothing_to_show(ax, "Nothing is ordered")
    ax.set_axis_off()
    chips, _ = shown(data)
    columns = min(len(chips), _COLUMNS)
    width, height = 1 / columns, 1 / -(-len(chips) // columns)
    for k, chip in enumerate(chips):
        x0, y0 = (k % columns) * width, 1 - (k // columns + 1) * height
        panel = ax.inset_axes((x0, y0 + 0.12 * height, 0.86 * width, 0.70 * height))
        _panel(panel, data.filter(pl.col("chip") == chip), money=k == 0)
        if k == 0:
            ax.legend(*panel.get_legend_handles_labels(), loc="upper left", ncols=5,
                      bbox_to_anchor=(-0.01, 1.07), fontsize=8, handlelength=2.0)  # fmt: skip
    style.headline(ax, _finding(data))
    return ax


def _panel(panel: Axes, part: pl.DataFrame, *, money: bool) -> None:
    unit, factor = ("musd", 1e3) if money else ("racks", 1.0)
    quarters = part["quarter"].unique(maintain_order=True).to_list()
    edges = [k - 0.5 for k in range(len(quarters) + 1)]
    there = part.filter(pl.col("what") == "in_service")
    low, high = ((there[f"{unit}_{end}"] / factor).to_list() for end in ("low", "high"))
    panel.stairs(high, edges, baseline=low, fill=True, color=style.colour(0), alpha=0.25, lw=0,
                 label="in service, 10-90 % of runs")  # fmt: skip
    for what, (label, colour, dash, width) in _LINES.items():
        values = (part.filter(pl.col("what") == what)[unit] / factor).to_list()
        if any(values) or money:
            panel.stairs(values, edges, baseline=None, color=colour, ls=dash, lw=width,
                         label=label)  # fmt: skip
    firsts = [k for k, q in enumerate(quarters) if k == 0 or q.endswith("Q1")]
    panel.set_xticks(firsts, [quarters[k][:4] if k else quarters[k] for k in firsts], fontsize=7.5)
    panel.tick_params(axis="y", labelsize=7.5)
    panel.set_ylim(bottom=0)
    panel.grid(axis="y")
    name = "GUSD" if money else "racks"
    panel.set_title(f"{part['label'][0]} [{name}]", fontsize=8.5, fontweight="normal", pad=4)


def _finding(data: pl.DataFrame) -> str:
    whole = data.filter(pl.col("chip") == data["chip"][0])
    last = whole.filter(pl.col("what") == "kept").row(-1, named=True)
    if last["share"] is None:
        return f"Nothing is promised by the end of {last['quarter']}"
    text = f"By the end of {last['quarter']} {100 * last['share']:.0f}{_band(last)} % of what was "
    text += "promised is in service"
    least = _least(data)
    return f"{text}; least of {least}" if least else text


def _band(row: dict[str, float]) -> str:
    low, high = 100 * row["share_low"], 100 * row["share_high"]
    if not math.isfinite(high):
        return " (one replication: no interval)"
    return "" if f"{low:.0f}" == f"{high:.0f}" else f" [{low:.0f}, {high:.0f}]"


def _least(data: pl.DataFrame) -> str:
    """Name the chip of which least is there, if the intervals set it apart from all others."""
    last = data["quarter"][-1]
    rows = data.filter(
        (pl.col("what") == "kept") & (pl.col("quarter") == last) & pl.col("share").is_not_null()
    ).to_dicts()[1:]
    rows.sort(key=lambda row: row["share"])
    if len(rows) < 2 or not rows[0]["share_high"] < min(row["share_low"] for row in rows[1:]):
        return ""
    return f"{rows[0]['label']}, {100 * rows[0]['share']:.0f}{_band(rows[0])} %"
