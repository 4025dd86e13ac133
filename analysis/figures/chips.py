"""Figure that sets chips beside each other on one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style
from analysis.words import scale


def rates_frame(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Table of chips for `chip_rates`, a row a chip."""
    return pl.DataFrame(list(rows))


@style.styled
def chip_rates(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what a chip does of a model, with its band; chips it does not fit say why.

    Parameters
    ----------
    data : DataFrame
        A row a chip, best first: ``chip``, ``model``, ``count``, ``unit``, and, a chip, ``rate``,
        ``low``, ``high`` [unit/s]; ``reason`` where it does not run.
    ax : Axes
    """
    rows = data.to_dicts()
    runs = [row for row in rows if not row["reason"]]
    if not runs:
        style.headline(ax, f"{rows[0]['model']} runs on none of these chips")
        return style.nothing_to_show(ax, "; ".join(sorted({row["reason"] for row in rows})))
    unit = f"{rows[0]['unit']}/s"
    factor, shown = scale(pl.Series([row["high"] for row in runs]), unit)
    for k, row in enumerate(rows):
        if row["reason"]:
            ax.text(0, k, f"  {row['reason']}", va="center", fontsize=8, color=style.MUTED)
            continue
        pair = style.reach(row["rate"], row["low"], row["high"])
        ax.errorbar(
            row["rate"] / factor, k, xerr=[[p / factor] for p in pair], fmt="o", ms=6,
            color=style.COLOURS[0], ecolor=style.INK, capsize=3, lw=1.2,
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), [row["chip"] for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"A chip's work on {rows[0]['model']}, {rows[0]['count']} of them [{shown}]\n"
                  "bars: 90 % band of the law")  # fmt: skip
    ax.grid(axis="x")
    style.headline(ax, _finding(runs))
    return ax


def _finding(runs: list[dict[str, object]]) -> str:
    best = runs[0]
    if len(runs) == 1:
        return f"Only {best['chip']} runs {best['model']} on so many chips"
    within = [r for r in runs[1:] if float(str(r["high"])) > float(str(best["low"]))]
    if within:
        return f"{best['chip']} leads, {len(within)} more lie within the bands"
    return f"{best['chip']} leads, clear of the bands of all others"
