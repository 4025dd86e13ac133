"""Figure of whom purchases hang on: suppliers by tier, chips with a colour of their own each."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from analysis.figures import style
from analysis.figures.supply import between

__all__ = ["KEY", "dependency", "users"]

Row = Mapping[str, Any]

#: How to read the drawing.
KEY = (
    "Width: share of purchases behind the edge; faint where less than a fifth of them, or less "
    "than half of a chip's need, passes. Fill and percentage of a supplier: share of purchases "
    "that cannot be made if it stops; of a chip, its own share. Squares: the chips that hang on "
    "it, also through others."
)
#: Loss is drawn from none to all.
_LOSS = mpl.colormaps["YlOrRd"]
#: Above this loss text is white.
_DARK = 0.55
_EDGE = "#7388a3"
#: Suppliers whose stop costs less are only named.
_SMALL = 0.05
#: An edge that carries so much of purchases, or of its chip's need, is drawn strongly.
_MUCH, _HALF = 0.2, 0.5
#: Needs told beside a chip, by kind of supplier.
_NEEDS = {"packaging": "packaging", "memory": "HBM", "foundry": "logic", "substrate": "substrate"}
#: Lines of text that a column of chips has room for.
_LINES = 38
_CARD = 0.42


def users(edges: Sequence[Row], chips: Sequence[str]) -> dict[str, list[str]]:
    """Return the chips that hang on each supplier, straight or through others, in their order."""
    above: defaultdict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge["share"] > 0:
            above[edge["other"]].add(edge["id"])
    found: defaultdict[str, list[str]] = defaultdict(list)
    for chip in chips:
        seen: set[str] = set()
        waiting = [chip]
        while waiting:
            waiting += above[waiting.pop()] - seen
            seen.update(waiting)
        for node in seen:
            found[node].append(chip)
    return dict(found)


@style.styled
def dependency(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw who hangs on whom: width is the share of purchases, colour what is lost if it fails.

    Parameters
    ----------
    data : DataFrame
        Rows of nodes (``what`` is ``node``): ``id``, ``label``, ``kind``, ``column`` (0 is
        furthest upstream), ``tier``, ``loss``, ``loss_low``, ``loss_high`` [1]; and of edges
        (``edge``): ``id`` (supplier), ``other`` (consumer), ``share`` [1].
    ax : Axes
    """
    nodes = [row for row in data.to_dicts() if row["what"] == "node"]
    if not nodes:
        return style.nothing_to_show(ax, "No chip is bought")
    edges = [row for row in data.to_dicts() if row["what"] == "edge"]
    chips = sorted((n for n in nodes if n["tier"] == "Chip"), key=lambda n: (-n["loss"], n["id"]))
    colours = {chip["id"]: style.colour(k) for k, chip in enumerate(chips)}
    large = [n for n in nodes if n["tier"] == "Chip" or n["loss"] >= _SMALL]
    place = _places(large)
    by_id = {node["id"]: node for node in nodes}
    for edge in sorted(edges, key=lambda e: e["share"]):
        if edge["id"] in place and edge["other"] in place:
            _ribbon(ax, place, edge, by_id, colours)
    used = users(edges, [chip["id"] for chip in chips])
    for node in large:
        if node["tier"] == "Chip":
            needs = _needs(node, edges, by_id)[: max(0, _LINES // len(chips) - 2)]
            _chip(ax, place[node["id"]], node, needs, colours[node["id"]])
        else:
            _supplier(ax, place[node["id"]], node, [colours[c] for c in used.get(node["id"], [])])
    columns = sorted({(node["column"], node["tier"]) for node in nodes})
    for column, tier in columns:
        ax.text(column, 1.03, tier, ha="center", va="bottom", fontsize=9, color=style.MUTED)
        _name_small(ax, column, [n for n in nodes if n["column"] == column and n not in large])
    _key(ax)
    ax.set_xlim(-0.5, columns[-1][0] + _CARD + 0.18)
    ax.set_ylim(-0.16, 1.07)
    ax.set_axis_off()
    style.headline(ax, _finding(nodes, used, len(chips)))
    return ax


def _places(nodes: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """Put each tier in a column, where a stop costs most on top."""
    place = {}
    for column in {node["column"] for node in nodes}:
        here = [n for n in nodes if n["column"] == column]
        here.sort(key=lambda n: (-n["loss"], n["label"]))
        for k, node in enumerate(here):
            place[node["id"]] = (float(column), 1 - (k + 0.5) / len(here))
    return place


def _supplier(ax: Axes, at: tuple[float, float], node: Row, hang: Sequence[str]) -> None:
    x, y = at
    ax.text(x, y, f"{node['label']}  {_percent(node['loss'])}", fontsize=7.5, ha="center",
            va="center", zorder=3, color="white" if node["loss"] > _DARK else style.INK,
            bbox={"boxstyle": "round,pad=0.3", "lw": 1.6 if len(hang) > 1 else 0.5,
                  "ec": style.INK if len(hang) > 1 else style.MUTED,
                  "fc": _LOSS(0.85 * node["loss"])})  # fmt: skip
    for k, colour in enumerate(hang):
        ax.plot(x + 0.045 * (k - (len(hang) - 1) / 2), y - 0.0235, "s", ms=4.5, color=colour,
                zorder=4, markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip


def _needs(chip: Row, edges: Sequence[Row], by_id: Mapping[str, Row]) -> list[str]:
    """Return lines that tell what a chip needs of whom, in percent of its own need."""
    lines = []
    for kind, name in _NEEDS.items():
        suppliers = [
            (edge["share"] / chip["loss"], by_id[edge["id"]]["label"])
            for edge in edges
            if edge["other"] == chip["id"] and by_id[edge["id"]]["kind"] == kind
        ]
        suppliers.sort(reverse=True)
        told = [
            # Ibiden substrates of the substrates are Ibiden.
            f"{label.removesuffix(f' {kind}').removesuffix(f' {kind}s')} {100 * share:.0f} %"
            for share, label in suppliers
        ]
        if told:
            unbroken = ", ".join(text.replace(" ", "\u00a0") for text in told)
            lines += textwrap.wrap(f"{name}: {unbroken}", 38, subsequent_indent="   ")
    return lines


def _chip(
    ax: Axes, at: tuple[float, float], chip: Row, needs: Sequence[str], colour: str
) -> None:  # fmt: skip
    """Draw a chip, and below it what it needs."""
    x, y = at
    text = f"{chip['label']}  {_percent(chip['loss'])}"
    ax.text(x - _CARD, y, text, fontsize=8.5, fontweight="bold", color="white", va="bottom",
            ha="left", zorder=3,
            bbox={"boxstyle": "round,pad=0.3", "fc": colour, "ec": colour})  # fmt: skip
    ax.text(x - _CARD, y - 0.015, "\n".join(needs), fontsize=7, va="top", ha="left", zorder=3,
            linespacing=1.3,
            bbox={"fc": "white", "ec": "none", "pad": 1.0, "alpha": 0.85})  # fmt: skip


def _ribbon(
    ax: Axes,
    place: Mapping[str, tuple[float, float]],
    edge: Row,
    by_id: Mapping[str, Row],
    colours: Mapping[str, str],
) -> None:
    (x0, y0), (x1, y1) = place[edge["id"]], place[edge["other"]]
    share, own = edge["share"], colours.get(edge["other"])
    if own is not None:
        x1 -= _CARD
        strong = share >= _HALF * by_id[edge["other"]]["loss"]
    else:
        # Where a plant stands matters less to the eye than what goes into what.
        strong = share >= _MUCH and by_id[edge["id"]]["tier"] != "Country"
    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    ax.add_patch(PathPatch(Path(points, codes), fc="none", ec=own or _EDGE,
                           lw=_width(share) if strong else 0.5, alpha=0.6 if strong else 0.15,
                           capstyle="butt", zorder=2 if strong and own else 1))  # fmt: skip


def _width(share: float) -> float:
    return 0.6 + 6 * share


def _name_small(ax: Axes, column: int, small: Sequence[Row]) -> None:
    if small:
        names = ", ".join(sorted(n["label"] for n in small))
        text = f"below {100 * _SMALL:.0f} % each: {names}"
        ax.text(column, -0.015, textwrap.fill(text, 30), ha="center", va="top", fontsize=6.5,
                color=style.MUTED)  # fmt: skip


def _key(ax: Axes) -> None:
    """Say what widths and colours mean."""
    y = -0.145
    for k, share in enumerate((0.05, 0.25, 0.5, 1.0)):
        x = 0.35 + 0.42 * k
        ax.plot([x, x + 0.18], [y, y], color=_EDGE, alpha=0.6, lw=_width(share),
                solid_capstyle="butt")  # fmt: skip
        ax.text(x + 0.2, y, f"{100 * share:.0f} %", va="center", fontsize=7)
    ax.text(0.3, y, "of purchases pass here:", va="center", ha="right", fontsize=7)
    for k in range(6):
        ax.text(3.05 + 0.24 * k, y, f"{20 * k} %", va="center", ha="center", fontsize=7,
                color="white" if 0.2 * k > _DARK else style.INK,
                bbox={"boxstyle": "round,pad=0.3", "fc": _LOSS(0.85 * 0.2 * k),
                      "ec": style.MUTED, "lw": 0.5})  # fmt: skip
    ax.text(2.88, y, "lost if it stops:", va="center", ha="right", fontsize=7)


def _percent(share: float) -> str:
    """Return a share in whole percent; what is there and rounds to nothing is below one."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _finding(nodes: Sequence[Row], used: Mapping[str, Sequence[str]], chips: int) -> str:
    inner = [n for n in nodes if n["tier"] not in ("Chip", "Country")]
    if not inner:
        return "What is bought hangs on no node that is named"
    most = max(inner, key=lambda n: n["loss"])
    names = sorted(n["label"] for n in inner if n["loss"] >= most["loss"] - 1e-9)
    band = between(most["loss_low"], most["loss_high"])
    lost = f"{100 * most['loss']:.0f}{band} % of purchases cannot be made"
    memory = [n for n in inner if n["kind"] == "memory"]
    if memory and chips > 1:
        top = max(memory, key=lambda n: (len(used.get(n["id"], ())), n["loss"]))
        lost += f"; memory of {top['label']} is in {len(used.get(top['id'], ()))} of {chips} chips"
    if len(names) == 1:
        return f"If {names[0]} stops, {lost}"
    first = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    any_one = "any one of " if len(names) > 2 else ""
    return f"If {any_one}{', '.join(first[:-1])} or {first[-1]} stops, {lost}"
