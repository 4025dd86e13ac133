"""What hedges save while suppliers stop, and while none does, by what they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import words
from analysis.estimates import bounds, of_row, settled
from analysis.ratios import ratio_apart, ratio_of_means
from analysis.studies.record import Arm, Section
from analysis.telling import too_few
from analysis.uncertainty import Estimate, mean_interval

Array = npt.NDArray[np.float64]

_MEASURES = ("calm", "stopped", "in_runs", "calm_per_kusd", "stopped_per_kusd")
SCHEMA = {
    "hedge": pl.String,
    **{f"{name}{end}": pl.Float64 for name in _MEASURES[:2] for end in ("", "_low", "_high")},
    "stated": pl.Float64,
    **{f"{name}{end}": pl.Float64 for name in _MEASURES[2:] for end in ("", "_low", "_high")},
    "replications": pl.Int64,
}
#: How the columns by the dollar are known.
BY_THE_DOLLAR = (
    "Cost in the runs: cash paid and owed on firm orders, beyond what the hedge is held against, "
    "if nothing stops. By a thousand USD of both costs, by Fieller's interval: where the cost is "
    "certain, that of the work added, divided."
)


@dataclass(frozen=True)
class _Hedge:
    """One hedge, replication by replication."""

    name: str
    calm: Array
    """Work added if nothing stops. [rce-days]"""
    stopped: Array
    """Work added while the stop lasts. [rce-days]"""
    stated: float
    """What the study says it costs beside the runs. [USD]"""
    in_runs: Array
    """Paid and owed beyond what it is held against. [USD]"""

    @property
    def label(self) -> str:
        return self.name.replace("-", " ")

    @property
    def cost(self) -> Array:
        return self.in_runs + self.stated

    @property
    def has_no_price(self) -> bool:
        """Whether it states no cost, and what it changes costs the runs nothing."""
        return self.stated == 0 and not self.in_runs.any()


def _hedges(section: Section) -> list[_Hedge]:
    arms = {arm.label: arm for arm in section.arms}
    found = []
    for name, told in section.says["hedges"].items():
        calm, stopped, in_runs = _samples(section, arms, f"with {name}")
        found.append(_Hedge(name, calm, stopped, float(told["costs"]), in_runs))
    return found


def table(section: Section) -> pl.DataFrame:
    """Work that each hedge adds, and what it costs.

    Returns
    -------
    DataFrame
        One row a hedge: work it adds without the stop (``calm``) and with it (``stopped``),
        paired [rce-days]; ``stated``: its cost as the study says; ``in_runs``: what is paid
        and owed beyond what it is held against [USD]; work added by a thousand dollars of
        both, with Fieller's interval [rce-days/kUSD], null where it costs nothing on average.
    """
    rows = []
    for hedge in _hedges(section):
        pays = hedge.cost.mean() > 0
        by_the_dollar = [
            _per_kusd(gain, hedge.cost) if pays else [None] * 3
            for gain in (hedge.calm, hedge.stopped)
        ]
        rows.append(
            (
                hedge.name,
                *bounds(mean_interval(hedge.calm)),
                *bounds(mean_interval(hedge.stopped)),
                hedge.stated,
                *bounds(mean_interval(hedge.in_runs)),
                *(x for ratio in by_the_dollar for x in ratio),
                len(hedge.calm),
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _samples(section: Section, arms: dict[str, Arm], label: str) -> tuple[Array, Array, Array]:
    """Work added calm and stopped [rce-days] and cost [USD], replication by replication."""
    without = str(arms[label].settings["without"])
    pair = arms[label], arms[without]
    hit = arms[f"{label}, stopped"], arms[f"{without}, stopped"]
    # What is not paid by the end, but owed, is a cost of the hedge too.
    paid: list[str] = [m for m in ("capital", "owed") if m in section.rows.columns]
    parts = (
        _apart(section, *pair, ["work_done"], "calm"),
        _apart(section, *hit, ["work_done"], "stopped"),
        _apart(section, *pair, paid, "cost"),
    )
    whole = parts[0].join(parts[1], on="replication").join(parts[2], on="replication")
    whole = whole.sort("replication")
    return whole["calm"].to_numpy(), whole["stopped"].to_numpy(), whole["cost"].to_numpy()


def _apart(section: Section, one: Arm, other: Arm, metrics: list[str], name: str) -> pl.DataFrame:
    """Return ``replication`` and *name*: the sum of metrics in one run less that in another."""
    both = _sum(section, one, metrics).join(
        _sum(section, other, metrics), on="replication", suffix="_other"
    )
    base = both["x_other"].to_numpy()
    apart = settled(both["x"].to_numpy(), base) - base
    return both.select("replication", pl.Series(name, apart))


def _sum(section: Section, arm: Arm, metrics: list[str]) -> pl.DataFrame:
    mine = section.rows.filter(pl.col("arm") == arm.label).drop_nulls(metrics)
    return mine.select("replication", x=pl.sum_horizontal(metrics))


def _per_kusd(gain: Array, cost: Array) -> list[float | None]:
    """Ratio of means with its interval. [rce-days/kUSD]"""
    return bounds(ratio_of_means(1000.0 * gain, cost))


@dataclass(frozen=True)
class _Scale:
    """By what hedges are ranked."""

    most: str
    of: Callable[[_Hedge], float]
    lead: Callable[[_Hedge, _Hedge], Estimate]
    told: Callable[[dict[str, Any]], str]


def _told_work(row: dict[str, Any]) -> str:
    factor, unit = words.scale([row["stopped"]], "rce-days")
    return _told(row, ("stopped", "calm"), factor, unit)


def _told_by_the_dollar(row: dict[str, Any]) -> str:
    return _told(row, ("stopped_per_kusd", "calm_per_kusd"), 1.0, "rce-days a thousand USD")


def _told(row: dict[str, Any], names: tuple[str, str], factor: float, unit: str) -> str:
    stopped, calm = (of_row(row, name, row["replications"]) for name in names)
    nothing = words.EXACTLY_NONE
    if not calm.low == calm.high == 0:
        nothing = words.interval(calm, factor, sign=True)
        nothing += "" if calm.distinguishable() else " (not distinguishable from zero)"
    return f"{words.interval(stopped, factor)} {unit}, {nothing} if nothing stops"


_BY_WORK = _Scale(
    "most work",
    lambda h: float(h.stopped.mean()),
    lambda one, other: mean_interval(one.stopped - other.stopped),
    _told_work,
)
_BY_THE_DOLLAR = _Scale(
    "most by the dollar",
    lambda h: float(h.stopped.mean() / h.cost.mean()),
    lambda one, other: ratio_apart((one.stopped, one.cost), (other.stopped, other.cost)),
    _told_by_the_dollar,
)


def finding(section: Section, hedges: pl.DataFrame) -> str:
    """Name the hedge that saves most, by the dollar if each has its price, while the stop lasts."""
    stop = section.says["stop"]
    nodes = words.listing(section.named(node) for node in stop["nodes"])
    since = f" from {stop['quarter']}" if stop.get("quarter") else ""
    while_it = f"While {nodes} {'stop' if len(stop['nodes']) > 1 else 'stops'}{since}"
    known = _hedges(section)
    if not any(_saves(h) for h in known):
        few = too_few(mean_interval(h.stopped) for h in known)
        return f"{while_it}, no hedge is shown to save work{few and f': {few}'}"
    rows = {row["hedge"]: row for row in hedges.iter_rows(named=True)}
    free = [h for h in known if h.has_no_price]
    priced = [h for h in known if h.cost.mean() > 0]
    if free or not any(_saves(h) for h in priced):
        text = _first(_BY_WORK, known, rows)
    else:
        text = _first(_BY_THE_DOLLAR, priced, rows)
    cheaper = [h.label for h in known if h not in priced and h not in free]
    if free:
        text += f"; not told by the dollar, for no cost is stated: {_labels(free)}"
    if cheaper:
        text += f"; less is spent with {words.listing(cheaper)} than without"
    return f"{while_it}, {text}"


def _first(scale: _Scale, known: list[_Hedge], rows: dict[str, dict[str, Any]]) -> str:
    """Name the first of some hedges if it is told from all others, or say that none is."""
    best = max((h for h in known if _saves(h)), key=scale.of)
    others = [h for h in known if h is not best]
    told = scale.told(rows[best.name])
    alike = [h for h in others if not scale.lead(best, h).distinguishable()]
    if not others:
        return f"{best.label} saves work: {told}"
    if alike:
        return (
            f"none can be said to save {scale.most}: {_labels([best, *alike])} are not told "
            f"apart. {best.label.capitalize()}: {told}"
        )
    return f"{best.label} saves {scale.most}: {told}"


def _saves(hedge: _Hedge) -> bool:
    return mean_interval(hedge.stopped).low > 0


def _labels(hedges: list[_Hedge]) -> str:
    return words.listing(h.label for h in hedges)


def warnings(section: Section) -> list[str]:
    """Say of which hedges no cost is known, and what would tell it."""
    return [
        f"{h.label.capitalize()}: what it changes costs the runs nothing, and the study states no "
        f"cost (hedges.hedges.{h.name}.costs), so its work cannot be told by the dollar."
        for h in _hedges(section)
        if h.has_no_price
    ]
