"""Figures of work and waiting by service."""

from __future__ import annotations

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from analysis.estimates import of_row
from analysis.figures import style
from analysis.words import amount, number, scale


@style.styled
def work_by_service(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw work done beside work asked, a pair of bars a service.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.work.work_by_service`.
    ax : Axes
    """
    rows = data.filter(pl.col("rank") >= 0).to_dicts()
    factor, unit = scale(data.filter(pl.col("rank") >= 0)["asked"], "rce-days")
    for k, row in enumerate(rows):
        ax.barh(
            k - 0.2, row["asked"] / factor, 0.36, facecolor="white", edgecolor=style.MUTED,
            label="asked" if k == 0 else None,
        )  # fmt: skip
        ax.barh(
            k + 0.2, row["done"] / factor, 0.36, facecolor=style.colour(row["rank"]),
            hatch=style.hatch(row["rank"]), edgecolor="white", linewidth=0,
            label="done" if k == 0 else None,
        )  # fmt: skip
        # Beside the bar of what was asked: that of what was done has its whisker.
        right = max(row["asked"], row["done"]) / factor
        share = f"{number(row['share'], 2)} % done" if row["share"] is not None else "none asked"
        ax.annotate(share, (right, k - 0.2), (6, 0), textcoords="offset points", va="center")
    done = [row["done"] / factor for row in rows]
    ax.errorbar(
        done, [k + 0.2 for k in range(len(rows))], xerr=style.reaches(rows, "done", factor),
        fmt="none", ecolor=style.INK, capsize=2.5, lw=1.0,
        label=style.whiskers(rows, "done"),
    )  # fmt: skip
    ax.set_yticks(range(len(rows)), [row["label"] for row in rows])
    ax.invert_yaxis()
    ax.margins(x=0.16)
    ax.set_xlabel(f"Training work over the horizon [{unit}]")
    ax.grid(axis="x")
    style.legend(ax)
    style.headline(ax, _work_finding(data))
    return ax


def _work_finding(data: pl.DataFrame) -> str:
    whole = data.row(by_predicate=pl.col("rank") < 0, named=True)
    asked = data.filter((pl.col("rank") >= 0) & pl.col("share").is_not_null())
    if whole["share"] is None or asked.is_empty():
        return "No training work was asked for"
    share = of_row(whole, "share", whole["replications"])
    least = asked.sort("share").row(0, named=True)
    return (
        f"Of the training work asked for, {amount(share, '%')} was done; "
        f"{least['label']} got least of what it asked, {number(least['share'], 2)} %"
    )


@style.styled
def supply_demand(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the fans of work asked and work done by quarter.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.work.supply_demand`.
    ax : Axes
    """
    factor, unit = scale([*data["asked_p90"], *data["done_p90"]], "rce")
    x = list(range(len(data)))
    names = {"asked": ("work asked", "s"), "done": ("work done", "o")}
    for key, (label, mark) in names.items():
        low, mid, high = ((data[f"{key}_{p}"] / factor).to_list() for p in ("p10", "p50", "p90"))
        shade = style.colour(key)
        line = "--" if key == "asked" else "-"
        few = f"{key}_least" in data.columns
        if few:
            _ends(ax, data, key, factor, shade)
        else:
            ax.fill_between(x, low, high, color=shade, alpha=0.18, lw=0)
        told = "median, lowest and highest run" if few else "median, P10–P90"
        ax.plot(x, mid, line, color=shade, marker=mark, ms=4, label=f"{label}: {told}")
    style.quarters_axis(ax, data["quarter"].to_list())
    ax.set_ylim(bottom=0)
    ax.set_ylabel(f"Reference chips kept productive\n[{unit}]")
    ax.grid(axis="y")
    ax.legend(loc="upper left")
    style.headline(ax, _gap_finding(data))
    return ax


def _ends(ax: Axes, data: pl.DataFrame, key: str, factor: float, shade: str) -> None:
    """Mark the lowest and the highest of too few runs for a band."""
    for end in ("least", "most"):
        values = (data[f"{key}_{end}"] / factor).to_list()
        ax.plot(range(len(values)), values, "_", color=shade, ms=5)


@style.styled
def services_by_quarter(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw the fans of work asked and done by quarter, a panel a service.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.work.services_by_quarter`.
    ax : Axes
        Its place is divided among the services.
    """
    if data.is_empty():
        return style.nothing_to_show(ax, "No service asks for training work")
    ax.set_axis_off()
    groups = list(data.group_by("label", "rank", maintain_order=True))
    columns = min(len(groups), 4)
    width, height = 1 / columns, 1 / -(-len(groups) // columns)
    # One unit for all, that suits the service in the middle.
    tops = sorted(max(*part["asked_p90"], *part["done_p90"]) for _, part in groups)
    factor, unit = scale([tops[len(tops) // 2]], "rce")
    for k, ((label, rank), part) in enumerate(groups):
        x0, y0 = (k % columns) * width, 1 - (k // columns + 1) * height
        panel = ax.inset_axes((x0, y0 + 0.13 * height, 0.86 * width, 0.63 * height))
        _service_panel(panel, part, int(rank), factor)
        panel.set_title(f"{label}\n[{unit}]", fontsize=8, fontweight="normal", pad=4)
        if k == 0:
            panel.legend(loc="upper left", fontsize=7, handlelength=1.4)
    style.headline(ax, _service_finding(data))
    return ax


def _service_panel(panel: Axes, part: pl.DataFrame, rank: int, factor: float) -> None:
    """Draw one service."""
    x = list(range(len(part)))
    done = {p: (part[f"done_{p}"] / factor).to_list() for p in ("p10", "p50", "p90")}
    panel.plot(x, (part["asked_p50"] / factor).to_list(), ls="--", lw=1.1, color=style.INK,
               label="asked")  # fmt: skip
    if "done_least" in part.columns:
        _ends(panel, part, "done", factor, style.colour(rank))
    else:
        panel.fill_between(x, done["p10"], done["p90"], color=style.colour(rank), alpha=0.25, lw=0)
    panel.plot(x, done["p50"], lw=1.6, color=style.colour(rank), label="done")
    quarters = part["quarter"].to_list()
    firsts = [k for k, q in enumerate(quarters) if k == 0 or q.endswith("Q1")]
    panel.set_xticks(firsts, [quarters[k][:4] if k else quarters[k] for k in firsts], fontsize=7.5)
    panel.tick_params(axis="y", labelsize=7.5)
    panel.set_ylim(0, 1.15 * max(*part["asked_p50"] / factor, *done["p90"], 1e-9))
    panel.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    panel.grid(axis="y")


def _service_finding(data: pl.DataFrame) -> str:
    """Name the service of which most work goes unserved, and the one with the largest share."""
    services = data.unique("service", keep="first", maintain_order=True)
    if services["unserved"].sum() <= 0:
        return "No service leaves work unserved within the run"
    most = services.sort("unserved", descending=True, maintain_order=True).row(0, named=True)
    factor, unit = scale([most["unserved"]], "rce-days")
    text = (
        f"Most work goes unserved in {most['label']}: {number(most['unserved'] / factor)} {unit}, "
        f"{number(most['unserved_share'], 2)} % of what it asks"
    )
    asked = services.drop_nulls("unserved_share").sort(
        "unserved_share", descending=True, maintain_order=True
    )
    worst = asked.row(0, named=True)
    if worst["service"] == most["service"]:
        return f"{text}, the largest share too"
    return f"{text}; the largest share in {worst['label']}, {number(worst['unserved_share'], 2)} %"


def _gap_finding(data: pl.DataFrame) -> str:
    # Short where even a good replication's work stays under a modest one's demand.
    few = "done_least" in data.columns
    best, modest = ("done_most", "asked_least") if few else ("done_p90", "asked_p10")
    how = "in every run" if few else "clearly"
    short = data.filter(pl.col(best) < pl.col(modest))
    last = data.row(-1, named=True)
    if short.is_empty():
        if few:
            return "In no quarter is work done below work asked in every run"
        return "In no quarter is work done clearly below work asked in every replication's range"
    gap = 100 * (1 - last["done_p50"] / last["asked_p50"]) if last["asked_p50"] > 0 else 0.0
    ends = (
        f"{number(gap, 2)} % of the median demand is not done in {last['quarter']}"
        if gap > 0
        else f"in {last['quarter']} the median work done covers the demand"
    )
    return (
        f"Work done stays {how} below work asked in {len(short)} of {len(data)} quarters, "
        f"first in {short['quarter'][0]}; {ends}"
    )


@style.styled
def queue_wait(data: pl.DataFrame, ax: Axes) -> Axes:
    """Draw median and 95th percentile of the queue wait by service.

    Parameters
    ----------
    data : DataFrame
        :func:`analysis.views.work.waits_by_service`.
    ax : Axes
    """
    rows = data.to_dicts()
    y = range(len(rows))
    longest = max((max(row["p95"], _finite(style.ends(row, "p95")[1])) for row in rows), default=1)
    # A linear stretch up to an hour holds waits of zero; hours to weeks need a logarithm.
    ax.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    for row, k in zip(rows, y, strict=True):
        ax.plot([row["p50"], row["p95"]], [k, k], color=style.GRID, lw=3, zorder=1)
    for key, mark, shade, label in (
        ("p50", "o", style.colour(4), "median"),
        ("p95", "D", style.colour(0), "95th percentile"),
    ):
        values = [row[key] for row in rows]
        ax.errorbar(
            values, list(y), xerr=style.reaches(rows, key), fmt=mark, color=shade,
            markeredgecolor=style.INK, markeredgewidth=0.5, ms=7, capsize=2.5, label=label,
        )  # fmt: skip
    for row, k in zip(rows, y, strict=True):
        edge = max(row["p95"], _finite(style.ends(row, "p95")[1]))
        text = f"{_span(row['p50'])} / {_span(row['p95'])}"
        ax.annotate(text, (edge, k), (8, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(list(y), [row["label"] for row in rows])
    ax.invert_yaxis()
    ticks = [(t, name) for t, name in _WAIT_TICKS if t <= 6 * max(longest, 1.0)]
    ax.set_xticks([t for t, _ in ticks], [name for _, name in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlim(-0.15, 6 * max(longest, 1.0))
    ax.set_xlabel("Wait from submission to start (linear below one hour, logarithmic above)")
    ax.grid(axis="x")
    style.legend(ax)
    style.headline(ax, _wait_finding(data))
    return ax


_WAIT_TICKS = ((0, "0"), (1, "1 h"), (6, "6 h"), (24, "1 d"), (72, "3 d"), (168, "1 wk"),
               (672, "4 wk"), (2184, "13 wk"), (8766, "1 yr"))  # fmt: skip


def _span(hours: float) -> str:
    if hours >= 48:
        return f"{number(hours / 24, 2)} d"
    return f"{number(hours, 2)} h" if hours >= 0.1 or hours == 0 else "< 0.1 h"


def _wait_finding(data: pl.DataFrame) -> str:
    if data.is_empty():
        return "No job was submitted after the start"
    worst = data.sort("p95").row(-1, named=True)
    if worst["p95"] == 0:
        return "In every service at least 95 jobs of 100 start at once"
    best = data.sort("p95").row(0, named=True)
    text = f"One job in twenty of {worst['label']} waits longer than {_span(worst['p95'])}; "
    if best["p95"] == 0:
        return f"{text}of {best['label']}, at least 95 of 100 start at once"
    return f"{text}of {best['label']}, longer than {_span(best['p95'])}"


def _finite(value: float) -> float:
    return value if abs(value) < float("inf") else 0.0
