"""Figures of what could fail, what holds back, and what the gate decides."""

from __future__ import annotations

import polars as pl
from matplotlib.axes import Axes

from analysis.estimates import of_row
from analysis.figures import style
from analysis.figures.rows import dot, label_rows, plain
from analysis.measures.binding import CAUSES, NAMES
from analysis.telling import too_few
from analysis.uncertainty import Estimate
from analysis.words import amount, difference, explained, number

_SHORT = {**NAMES, "power": "the site"}
_HELD_BY = {
    "money": "money (not funded yet)",
    "supply": "a supplier's stop or cut\n(later than its own lead time)",
    "power": "the site: power, floor or\nnetwork (on the dock)",
}


@style.styled
def stop_loss(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the work lost by stopping each node in each case, as a heat map; of one case, as rows.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.risk.work_lost_by_stop`.
    ax : Axes
    """
    if data.is_empty():
        style.headline(ax, "No stop was run")
        return style.nothing_to_show(ax, "The scenario forces no node to stop.")
    cases = data["case"].unique(maintain_order=True).sort().to_list()
    if len(cases) == 1:
        return _stops_of_one_case(data, ax)
    order = data.group_by("node", "label").agg(pl.col("lost").max()).sort("lost", descending=True)
    nodes = order["node"].to_list()
    grid = [[float("nan")] * len(cases) for _ in nodes]
    for row in data.iter_rows(named=True):
        grid[nodes.index(row["node"])][cases.index(row["case"])] = max(row["lost_share"], 0.0)
    top = max(*data["lost_share"], 1e-9)
    ax.imshow(grid, cmap="YlOrBr", vmin=0, vmax=1.25 * top, aspect="auto")
    told = []
    for row in data.iter_rows(named=True):
        told.append(_loss(row))
        where = (cases.index(row["case"]), nodes.index(row["node"]))
        dark = row["lost_share"] > 0.75 * top
        ax.text(*where, told[-1], ha="center", va="center", color="white" if dark else style.INK)
    ax.set_xticks(range(len(cases)), [case.replace("_", " ") for case in cases])
    ax.set_yticks(range(len(nodes)), order["label"].to_list())
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xlabel(
        "; ".join(filter(None, ("Work lost over the horizon, of the case's own [%], 95 % interval",
                                explained(told))))
    )
    style.headline(ax, _stop_finding(data))
    return ax


def _stops_of_one_case(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what each node's stop costs as a row with its interval, the dearest on top."""
    rows = data.sort("lost_share", "label", descending=[True, False]).to_dicts()
    for k, row in enumerate(rows):
        clear = row["verdict"] in ("higher", "lower")
        ends = style.names_of_ends(row, "lost_share")
        dot(ax, k, row, "lost_share", ends, colour=style.colour(3) if clear else "")
    ax.axvline(0, color=style.INK, lw=1)
    label_rows(ax, [row["label"] for row in rows])
    ax.set_xlabel(
        f"Work lost over the horizon, of {plain(rows[0]['case'])}'s own [%]\n"
        f"bars: {style.whiskers(rows, 'lost_share')}; open: not distinguishable from zero"
    )
    style.headline(ax, _stop_finding(data))
    return ax


def _loss(row: dict[str, object]) -> str:
    return difference(of_row(row, "lost_share", int(str(row["replications"]))), sign=False)


def _stop_finding(data: pl.DataFrame) -> str:
    clear = data.filter(pl.col("verdict") == "higher")
    if clear.is_empty():
        losses = [of_row(row, "lost", row["replications"]) for row in data.to_dicts()]
        if all(loss.low == loss.high == 0 for loss in losses):
            return "Stopping no node costs any work in any replication"
        if few := too_few(losses):
            return f"What a stop costs cannot be told: {few}"
        return "Stopping no node costs work that these replications can tell from zero"
    worst = clear.sort("lost_share").row(-1, named=True)
    share = of_row(worst, "lost_share", worst["replications"])
    return (
        f"Stopping {worst['label']} costs most: {amount(share, '%')} of the work, in "
        f"{worst['case'].replace('_', ' ')}"
    )


@style.styled
def held_back(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw racks wanted and not in service by quarter, stacked by what held them.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.risk.racks_held_back`.
    ax : Axes
    """
    quarters = data["quarter"].unique(maintain_order=True).to_list()
    bottom = [0.0] * len(quarters)
    for cause in CAUSES:
        part = data.filter(pl.col("cause") == cause)
        heights = part["racks"].to_list()
        ax.bar(
            range(len(quarters)), heights, 0.78, bottom=bottom, color=style.colour(cause),
            hatch=style.hatch(cause), edgecolor="white", linewidth=0.4, label=_HELD_BY[cause],
        )  # fmt: skip
        bottom = [b + h for b, h in zip(bottom, heights, strict=True)]
    totals = data.unique("quarter", keep="first", maintain_order=True).to_dicts()
    ax.errorbar(
        range(len(quarters)), bottom, yerr=style.reaches(totals, "total"), fmt="none",
        ecolor=style.INK, capsize=3, lw=1.0, label=f"total, {style.whiskers(totals, 'total')}",
    )  # fmt: skip
    style.quarters_axis(ax, quarters)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Racks wanted and not in service,\nmean over the quarter [racks]")
    ax.grid(axis="y")
    style.legend(ax, title="Held by")
    style.headline(ax, _binding_finding(data))
    return ax


def _binding_finding(data: pl.DataFrame) -> str:
    binding = data.filter("binds")
    quarters = data["quarter"].n_unique()
    if binding.is_empty():
        return "No rack that was wanted had to wait"
    counts = (
        binding.group_by("cause")
        .agg(n=pl.len(), clear=pl.col("clear").sum())
        .sort("n", "cause", descending=[True, False])
    )
    cause, n, clear = counts.row(0)
    if not counts["clear"].sum():
        leads = ", ".join(f"{_SHORT[name]} in {m}" for name, m, _ in counts.rows())
        return (
            f"What holds back most racks is not distinguishable in any of {quarters} quarters; "
            f"most in the mean: {leads}"
        )
    surely = "in none" if not clear else "in all" if clear == n else f"in {clear}"
    others = [f"{_SHORT[other]} in {m}" for other, m, _ in counts.rows()[1:]]
    idle = quarters - binding.height
    others += [f"nothing in {idle}"] if idle else []
    rest = f"; {', '.join(others)}" if others else ""
    name = _SHORT[cause][:1].upper() + _SHORT[cause][1:]
    return (
        f"{name} holds back most racks in {n} of {quarters} quarters, "
        f"beyond the luck of the draw {surely} of them{rest}"
    )


@style.styled
def gate(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw what the pilot measured against the gate's thresholds, a mark a replication.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.risk.gate_outcomes`.
    ax : Axes
    """
    if data.is_empty():
        style.headline(ax, "No replication reaches the gate")
        return style.nothing_to_show(
            ax, "There is no in-house programme, or its pilot never reached the gate."
        )
    first = data.row(0, named=True)
    for decision in ("ramp", "cancel"):
        part = data.filter(pl.col("decision") == decision)
        ax.plot(
            part["performance"], part["per_watt"], "o" if decision == "ramp" else "X", ms=9,
            color=style.colour(decision), markeredgecolor="white",
            label=f"{decision} ({part.height})",
        )  # fmt: skip
    ax.axvline(first["min_performance"], color=style.INK, ls="--", lw=1.2, label="thresholds")
    ax.axhline(first["min_per_watt"], color=style.INK, ls="--", lw=1.2)
    ax.margins(0.12)
    ax.set_xlabel("Measured performance over target [1]")
    ax.set_ylabel("Measured performance per watt\nover target [1]")
    ax.grid()
    style.legend(ax, title="Decision at the gate")
    style.headline(ax, _gate_finding(first))
    return ax


def _gate_finding(first: dict[str, object]) -> str:
    mean, low, high = (100 * float(str(first[name])) for name in ("ramp", "ramp_low", "ramp_high"))
    n = int(str(first["replications"]))
    if first["forced"]:
        return f"The case decides the gate beforehand: it ramps in {number(mean)} % of replications"
    return (
        f"The pilot chip passes its gate in {round(mean * n / 100)} of {n} replications: "
        f"{amount(Estimate(mean, low, high, n, 0.95), '%')}"
    )
