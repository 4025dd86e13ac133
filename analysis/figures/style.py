"""One look for all figures: palette, hatches, canvas and files that are equal byte for byte.

Colours are Okabe and Ito's, which the colour-blind tell apart; hatch, marker and dash
repeat the distinction for grey print. A thing's place in the catalogue decides all
four, so a chip, a service or a case looks the same in every figure.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

#: Draws a table into axes and returns them.
Draw = Callable[[pl.DataFrame, Axes], Axes]

#: Okabe and Ito, Color Universal Design (2008), yellow and black last.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")
HATCHES = ("", "///", "..", "\\\\\\", "xx", "--", "oo", "++")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 2, 2, 2)))

INK = "#222222"
MUTED = "#6b6b6b"
GRID = "#dddddd"
#: Places of words that are not in the catalogue.
PLACES = {
    **{"money": 1, "supply": 0, "power": 3},
    **{"racks": 0, "facility": 2, "energy": 1, "development": 5, "cancellation": 3},
    **{"allocated": 4, "busy": 0, "productive": 2},
    **{"vendor": 0, "foundry": 3},
    **{"ramp": 2, "cancel": 3},
    **{"asked": 7, "done": 0},
}

_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.labelsize": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.5,
    "hatch.color": "white",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # Fixed salt and paths for glyphs: equal figures are equal files, on any machine.
    "svg.hashsalt": "siliconmix",
    "svg.fonttype": "path",
}


def colour(place: int | str) -> str:
    """Return the colour of a thing by its rank, or of a word of :data:`PLACES`."""
    return COLOURS[_place(place) % len(COLOURS)]


def hatch(place: int | str) -> str:
    """Return its hatch. Beyond eight things colours repeat, with another hatch."""
    k = _place(place)
    return HATCHES[(k + k // len(COLOURS)) % len(HATCHES)]


def marker(place: int | str) -> str:
    """Return its marker."""
    return MARKERS[_place(place) % len(MARKERS)]


def dash(place: int | str) -> Any:
    """Return its line style."""
    return DASHES[_place(place) % len(DASHES)]


def _place(place: int | str) -> int:
    return PLACES[place] if isinstance(place, str) else place


def canvas(width_in: float = 9.0, height_in: float = 4.6) -> tuple[Figure, Axes]:
    """Return a figure and its axes in the common look. [in]"""
    with mpl.rc_context(_RC):
        layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
        figure = Figure(figsize=(width_in, height_in), layout=layout)
        return figure, figure.subplots()


def styled(draw: Draw) -> Draw:
    """Draw in the common look, whatever look the caller has set."""

    @wraps(draw)
    def drawn(data: pl.DataFrame, ax: Axes) -> Axes:
        with mpl.rc_context(_RC):
            return draw(data, ax)

    return drawn


def headline(ax: Axes, text: str) -> None:
    """Set the finding as the title."""
    ax.set_title(textwrap.fill(text, 72), loc="left")


def _spread_headline(figure: Figure) -> None:
    # Labels of the vertical axis take room from a title that starts at the axes.
    ax = figure.axes[0]
    text = " ".join(ax.get_title(loc="left").split())
    ax.set_title("", loc="left")
    figure.suptitle(
        textwrap.fill(text, int(figure.get_figwidth() * 10.4)),
        **{"x": 0.01, "ha": "left", "fontsize": 11, "fontweight": "bold"},
    )


def quarters_axis(ax: Axes, quarters: Sequence[str]) -> None:
    """Label an axis of quarters: the quarter under each, the year under each first."""
    labels = [
        f"{q[4:]}\n{q[:4]}" if k == 0 or q.endswith("Q1") else q[4:] for k, q in enumerate(quarters)
    ]
    ax.set_xticks(range(len(quarters)), labels)
    ax.set_xlim(-0.6, len(quarters) - 0.4)


def legend(ax: Axes, title: str | None = None, **options: Any) -> None:
    """Put the legend beside the axes, where it hides nothing."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, title=title,
              alignment="left", **options)  # fmt: skip


def reach(mean: float, low: float, high: float) -> tuple[float, float]:
    """Return error-bar lengths; none where an interval is infinite or has no width."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.nan, math.nan
    return max(mean - low, 0.0), max(high - mean, 0.0)


def names_of_ends(row: Mapping[str, Any], value: str) -> tuple[str, str]:
    """Return the columns of a value's interval; of few replications, of the lowest and highest."""
    few = row.get(f"{value}_least") is not None
    return (f"{value}_least", f"{value}_most") if few else (f"{value}_low", f"{value}_high")


def ends(row: Mapping[str, Any], value: str) -> tuple[float, float]:
    """Return a value's interval; of replications too few for one, the lowest and the highest."""
    low, high = (row[name] for name in names_of_ends(row, value))
    return low, high


def whiskers(rows: Sequence[Mapping[str, Any]], value: str) -> str:
    """Return what the bars of :func:`reaches` show, for a legend."""
    few = any(row.get(f"{value}_least") is not None for row in rows)
    return "lowest and highest run" if few else "95 % interval"


def reaches(
    rows: Sequence[Mapping[str, Any]], value: str, factor: float = 1.0
) -> list[list[float]]:
    """Return matplotlib's ``xerr`` or ``yerr`` of a value with its :func:`ends`."""
    pairs = [reach(r[value], *ends(r, value)) for r in rows]
    return [[pair[k] / factor for pair in pairs] for k in (0, 1)]


def nothing_to_show(ax: Axes, why: str) -> Axes:
    """Say in the empty axes why they are empty."""
    ax.set_axis_off()
    ax.text(0.0, 0.5, why, transform=ax.transAxes, color=MUTED)
    return ax


def save(figure: Figure, path: Path, footer: str = "") -> tuple[Path, Path]:
    """Write a figure as PNG (160 dpi) and SVG, the same bytes for the same figure.

    Parameters
    ----------
    figure : Figure
    path : Path
        Without a suffix.
    footer : str
        Unit, horizon, replications, interval and origin.

    Returns
    -------
    png, svg : Path
    """
    with mpl.rc_context(_RC):
        if len(figure.axes) == 1:
            _spread_headline(figure)
        if footer:
            width = int(figure.get_figwidth() * 17.5)
            figure.supxlabel(
                textwrap.fill(footer, width), x=0.01, ha="left", fontsize=7, color=MUTED
            )
        png, svg = path.with_suffix(".png"), path.with_suffix(".svg")
        figure.savefig(png, dpi=160, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return png, svg
