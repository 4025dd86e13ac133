"""Figures that set the cases beside each other."""

from __future__ import annotations

import math

import polars as pl
from matplotlib.axes import Axes

from analysis.estimates import of_row
from analysis.figures import style
from analysis.telling import too_few
from analysis.words import EXPLAINED, difference, explained, listing, number, scale, signed

_BESIDE = "at the side: of the baseline's work, 95 % interval"
_OPEN = f"open marker, {EXPLAINED}"
_CATEGORIES = ("racks", "facility", "energy", "development", "cancellation")


@style.styled
def work_difference(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw each case's paired difference in work from the baseline, with its interval.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.cases.work_differences`.
    ax : Axes
    """
    if data.is_empty():
        style.headline(ax, "There is no case to compare with the baseline")
        return style.nothing_to_show(ax, "The study has a baseline only.")
    rows = data.to_dicts()
    factor, unit = scale(data["difference"], "rce-days")
    for k, row in enumerate(rows):
        clear = row["verdict"] in ("higher", "lower")
        pair = style.reach(row["difference"], *style.ends(row, "difference"))
        ax.errorbar(
            row["difference"] / factor, k, xerr=[[p / factor] for p in pair],
            fmt=style.marker(row["rank"]), ms=8.5, ecolor=style.INK, capsize=3, lw=1.3,
            markeredgecolor=style.INK, markeredgewidth=0.8,
            markerfacecolor=style.colour(row["rank"]) if clear else "white",
        )  # fmt: skip
    ax.axvline(0, color=style.INK, lw=1)
    told = [_told(row) for row in rows]
    for k in range(len(rows)):
        beside = ax.get_yaxis_transform()
        ax.text(1.02, k, told[k], transform=beside, va="center", fontsize=8.5)
    ax.set_yticks(range(len(rows)), [row["label"] for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(
        f"Work done, case less baseline, same replications [{unit}]\n"
        f"bars: {style.whiskers(rows, 'difference')}; "
        + "; ".join(filter(None, (_BESIDE, explained(told) and _OPEN)))
    )
    ax.grid(axis="x")
    style.headline(ax, _difference_finding(rows))
    return ax


def _told(row: dict[str, object]) -> str:
    """Write the difference in percent of the baseline's work, with its interval."""
    base = float(str(row["baseline"])) / 100
    delta = of_row(row, "difference", int(str(row["replications"])))
    return difference(delta, base, "%") if base > 0 else ""


def _effect(row: dict[str, object]) -> str:
    apart, base = float(str(row["difference"])), float(str(row["baseline"]))
    return f"{signed(100 * apart / base, 2)} %" if base > 0 else ""


def _difference_finding(rows: list[dict[str, object]]) -> str:
    def named(verdict: str) -> list[str]:
        return [
            f"{row['label']} ({_effect(row)})" for row in rows if row["verdict"] == verdict
        ]

    parts = []
    if more := named("higher"):
        parts.append(f"more work than the baseline: {listing(more)}")
    if less := named("lower"):
        parts.append(f"less{'' if more else ' work than the baseline'}: {listing(less)}")
    exact = [row for row in rows if row["difference_low"] == row["difference_high"] == 0]
    if exact:
        parts.append(f"exactly as much: {listing(str(row['label']) for row in exact)}")
    others = [r for r in rows if r["verdict"] not in ("higher", "lower") and r not in exact]
    unclear = [str(row["label"]) for row in others]
    few = too_few(of_row(row, "difference", int(str(row["replications"]))) for row in others)
    if few and not (more or less):
        parts.append(few)
    elif unclear:
        parts.append(f"not distinguishable: {listing(unclear)}")
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


@style.styled
def unit_cost(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the accrued cost of a unit of work by case, stacked by category.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.cases.unit_cost_by_case`.
    ax : Axes
    """
    cases = data.unique("case", keep="first", maintain_order=True).to_dicts()
    left = [0.0] * len(cases)
    for category in _CATEGORIES:
        part = data.filter(pl.col("category") == category)
        at = dict(part.select("case", "cost").iter_rows())
        widths = [at.get(row["case"]) or 0.0 for row in cases]
        if not any(widths):
            continue
        ax.barh(
            range(len(cases)), widths, 0.66, left=left, color=style.colour(category),
            hatch=style.hatch(category), edgecolor="white", linewidth=0.4, label=category,
        )  # fmt: skip
        left = [a + w for a, w in zip(left, widths, strict=True)]
    known = [(k, row) for k, row in enumerate(cases) if row["total"] is not None]
    ax.errorbar(
        [row["total"] for _, row in known], [k for k, _ in known],
        xerr=style.reaches([row for _, row in known], "total"), fmt="none", ecolor=style.INK,
        capsize=3, lw=1.2, label=f"total, {style.whiskers(cases, 'total')}",
    )  # fmt: skip
    for k, row in known:
        high = style.ends(row, "total")[1]
        edge = high if math.isfinite(high) else row["total"]
        ax.annotate(
            number(row["total"]), (edge, k), (6, 0), textcoords="offset points", va="center"
        )
    ax.set_yticks(range(len(cases)), [row["label"] for row in cases])
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel(
        "Accrued cost per unit of training work done [USD/rce-day]\n"
        "where racks are short those there are stand fuller: less a unit, of less work"
    )
    ax.grid(axis="x")
    style.legend(ax)
    style.headline(ax, _cost_finding(cases))
    return ax


def _cost_finding(cases: list[dict[str, object]]) -> str:
    base = cases[0]
    if base["total"] is None:
        return "No work was done in some replication: there is no cost per unit of work"
    cost = number(float(str(base["total"])))
    text = f"A unit of work costs {cost} USD per rce-day in the baseline"
    dearer = [str(row["label"]) for row in cases[1:] if row["verdict"] == "higher"]
    cheaper = [str(row["label"]) for row in cases[1:] if row["verdict"] == "lower"]
    if dearer:
        text += f"; dearer: {listing(dearer)}"
    if cheaper:
        text += f"; cheaper: {listing(cheaper)}"
    return text if dearer or cheaper else f"{text}; no case differs distinguishably"


_BASES = (("vendor", "stock"), ("vendor", "flow"), ("foundry", "stock"), ("foundry", "flow"))


@style.styled
def concentration(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw vendor and foundry HHI on stock and on flow, by case.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.cases.concentration_by_case`.
    ax : Axes
    """
    cases = data.unique("case", keep="first", maintain_order=True).to_dicts()
    places = {row["case"]: k for k, row in enumerate(cases)}
    for j, (tier, basis) in enumerate(_BASES):
        part = data.filter((pl.col("tier") == tier) & (pl.col("basis") == basis))
        rows = part.drop_nulls("hhi").to_dicts()
        shade = style.colour(tier)
        ax.errorbar(
            [row["hhi"] for row in rows], [places[row["case"]] + 0.2 * (j - 1.5) for row in rows],
            xerr=style.reaches(rows, "hhi"), fmt="o" if tier == "vendor" else "s", ms=6.5,
            color=shade, markerfacecolor=shade if basis == "stock" else "white", capsize=2,
            label=f"{tier}, {basis}",
        )  # fmt: skip
    for k in range(1, len(cases)):
        ax.axhline(k - 0.5, color=style.GRID, lw=0.7)
    ax.set_yticks(range(len(cases)), [row["label"] for row in cases])
    ax.set_ylim(len(cases) - 0.5, -0.5)
    ax.set_xlim(0, 10_400)
    ax.set_xlabel("HHI of racks at their price [points]; a single supplier is 10,000")
    ax.grid(axis="x")
    style.legend(ax)
    style.headline(ax, _concentration_finding(data))
    return ax


def _concentration_finding(data: pl.DataFrame) -> str:
    base = data.filter(pl.col("case") == data["case"][0])
    at = {(r["tier"], r["basis"]): r["hhi"] for r in base.iter_rows(named=True)}
    parts = []
    for tier, plural in (("vendor", "vendors"), ("foundry", "foundries")):
        shown = [
            f"{number(1e4 / at[tier, basis], 2)} ({basis})"
            for basis in ("stock", "flow")
            if at.get((tier, basis))
        ]
        if shown:
            parts.append(f"{' and '.join(shown)} {plural}")
    if not parts:
        return "Nothing stands and nothing landed: there is no concentration"
    return f"By value the baseline hangs on the equal of {', and of '.join(parts)}"
