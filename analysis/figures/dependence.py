"""Figures of dependence: what hangs on whom, and what an addition is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from matplotlib.axes import Axes

from analysis.figures import style
from analysis.figures.rows import Row, bars, dot, label_rows, plain
from analysis.figures.studies import Labels
from analysis.words import number, scale


def dependence(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw each group's loss alone and its part of the loss when all stop."""
    rows = data.filter(pl.col("size") == 1).sort("loss", descending=True).to_dicts()
    names = [plain(r["groups"]) for r in rows]
    told = {"loss": "lost if it stops alone", "attributed": "its part of the loss if all stop"}
    ax.set_xlabel("Work not done, of the work asked [%]; bars: 95 % interval, paired")
    return _two_bars(rows, names, told, ax, text)


def importance(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw what each node costs failed for good, and what mending its luck would gain."""
    rows = data.to_dicts()
    names = [f"{r['node']}\ndown {r['unavailability']:.1%}" for r in rows]
    told = {"birnbaum": "failed for good, less never failing", "mended": "gained if never failing"}
    ax.set_xlabel("Change of unserved work [points of work asked]; bars: 95 % interval, paired")
    return _two_bars(rows, names, told, ax, text)


def _two_bars(
    rows: Sequence[Row],
    names: Sequence[str],
    told: Mapping[str, str],
    ax: Axes,
    text: Labels,
    factor: float = 1.0,
) -> Axes:
    """Draw two measures of each row, each with its interval, the names at the side."""
    bars(ax, rows, told, factor)
    label_rows(ax, names)
    style.legend(ax)
    style.headline(ax, text.title)
    return ax


def credit(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw the firm share of each addition's nameplate."""
    rows = data.to_dicts()
    for k, row in enumerate(rows):
        if row["share"] is None:
            ax.text(0.02, k, str(row["reason"]), va="center", fontsize=8.5,
                    transform=ax.get_yaxis_transform())  # fmt: skip
            continue
        dot(ax, k, row, "share", ("share_low", "share_high"), colour=style.colour(0))
    ax.axvline(100, color=style.INK, lw=1, ls="--")
    ax.text(100, -0.45, " firm", fontsize=8.5, va="top")
    ax.set_xlim(0, 110)
    label_rows(ax, [r["addition"].replace("-", " ") for r in rows])
    ax.set_xlabel("Demand carried at equal unserved work, of nameplate [%]; bars: 95 % bootstrap")
    style.headline(ax, text.title)
    return ax


def survival(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw what each node's stop is survived for, beside how long stops last."""
    rows = data.to_dicts()
    many = data["case"].n_unique() > 1
    red, green = style.colour(3), style.colour(2)
    for k, row in enumerate(rows):
        ax.barh(k, row["survives"], 0.5, color=red if row["exposed"] else green,
                hatch=style.hatch(1 if row["exposed"] else 0), edgecolor="white")  # fmt: skip
        pair = style.reach(row["survives"], row["survives_low"], row["survives_high"])
        ax.errorbar(row["survives"], k, xerr=[[p] for p in pair], fmt="none", ecolor=style.INK,
                    capsize=3, lw=1.1)  # fmt: skip
        ax.plot([row["recovery_median"], row["recovery_p90"]], [k, k], color=style.INK, lw=0.8,
                ls=":")  # fmt: skip
        ax.plot(row["recovery_median"], k, "|", color=style.INK, ms=13, mew=1.6)
        ax.plot(row["recovery_p90"], k, "D", color=style.INK, ms=6, mfc="white", mew=1.4)
        told = f"{'≥ ' if row['at_least'] else ''}{number(row['survives'], 2)} d"
        ax.text(1.01, k, f"{told}; costs {number(row['loss'], 2)} %", va="center", fontsize=8.5,
                transform=ax.get_yaxis_transform())  # fmt: skip
    names = [f"{plain(r['case'])}: {r['node']}" if many else r["node"] for r in rows]
    label_rows(ax, names)
    ax.set_xlim(left=0)
    ax.set_xlabel(
        "Days stopped. Bar: survived within the loss allowed, 95 % (green: longer than nine in "
        "ten stops; red, hatched:\nshorter). Tick and diamond: half and nine in ten stops have "
        "ended. At the side: survived; work lost by the diamond"
    )
    style.headline(ax, text.title)
    return ax


def pilot(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw what the gate's decisions are worth in money."""
    rows = data.filter((pl.col("unit") == "USD") & pl.col("value").is_not_null()).to_dicts()
    factor, unit = scale([r["value"] for r in rows], "USD")
    for k, row in enumerate(rows):
        clear = row["low"] > 0 or row["high"] < 0
        dot(ax, k, row, "value", ("low", "high"), factor, colour=style.colour(0) if clear else "")
    ax.axvline(0, color=style.INK, lw=1)
    label_rows(ax, [_broken(r["quantity"]) for r in rows])
    ax.set_xlabel(f"Worth [{unit}]; bars: 95 % interval; open: not distinguishable from zero")
    style.headline(ax, text.title)
    return ax


def _broken(label: str) -> str:
    head, comma, tail = label.partition(", ")
    return f"{head}{comma and ','}\n{tail}" if comma else head


def hedges(data: pl.DataFrame, ax: Axes, text: Labels) -> Axes:
    """Draw the work each hedge adds by the dollar; just the work if the cost of one is unknown."""
    nothing = pl.all_horizontal(pl.col("stated", "in_runs_low", "in_runs_high") == 0)
    free = data.filter(nothing)
    known = data.drop_nulls("stopped_per_kusd")
    by_the_dollar = free.is_empty() and not known.is_empty()
    rows = (known if by_the_dollar else data).to_dicts()
    told = {"stopped": "while it stops", "calm": "if nothing stops"}
    names = [f"{r['hedge'].replace('-', ' ')}\n{_costs(r)}" for r in rows]
    under = "under each name: cost as stated + cost in the runs"
    if by_the_dollar:
        told = {f"{measure}_per_kusd": label for measure, label in told.items()}
        what = "Work added by a thousand dollars [rce-days/kUSD]; bars: 95 % interval (Fieller)"
        ax.set_xlabel(f"{what}\n{under}")
        return _two_bars(rows, names, told, ax, text)
    factor, unit = scale([*data["stopped"], *data["calm"]], "rce-days")
    ax.set_xlabel(f"Work added [{unit}]; bars: 95 % interval\n{under}")
    return _two_bars(rows, names, told, ax, text, factor)


def _costs(row: Row) -> str:
    if row["stated"] == row["in_runs_low"] == row["in_runs_high"] == 0:
        return "no cost stated"
    factor, unit = scale([row["stated"], row["in_runs"]], "USD")
    return f"{number(row['stated'] / factor, 2)} + {number(row['in_runs'] / factor, 2)} {unit}"
