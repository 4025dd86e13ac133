"""What hedges save while suppliers stop, and while none does, by what they cost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import words
from analysis.bootstrap import bootstrap_interval
from analysis.estimates import bounds, of_row, settled
from analysis.studies.record import Arm, Section
from analysis.uncertainty import mean_interval

Array = npt.NDArray[np.float64]

_MEASURES = ("calm", "stopped", "cash", "calm_per_kusd", "stopped_per_kusd")
SCHEMA = {
    "hedge": pl.String,
    **{f"{name}{end}": pl.Float64 for name in _MEASURES for end in ("", "_low", "_high")},
    "replications": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Work that each hedge adds, and what it costs.

    Returns
    -------
    DataFrame
        One row a hedge: work it adds without the stop (``calm``) and with it (``stopped``),
        paired [rce-days]; ``cash``: what it takes beyond what it is held against, with what
        is stated beside [USD]; work added by a thousand dollars, with bootstrap intervals
        [rce-days/kUSD], null where it costs nothing on average.
    """
    arms = {arm.label: arm for arm in section.arms}
    rows = []
    for name, hedge in section.says["hedges"].items():
        calm, stopped, cost = _samples(section, arms, f"with {name}")
        cost = cost + float(hedge["costs"])
        pays = cost.mean() > 0
        rows.append(
            (
                name,
                *(x for sample in (calm, stopped, cost) for x in bounds(mean_interval(sample))),
                *(x for gain in (calm, stopped) for x in _per_kusd(gain, cost, pays)),
                len(cost),
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _samples(section: Section, arms: dict[str, Arm], label: str) -> tuple[Array, Array, Array]:
    """Work added calm and stopped [rce-days] and cash [USD], replication by replication."""
    without = str(arms[label].settings["without"])
    frame = _apart(section, arms[label], arms[without], "work_done", "calm")
    hit = _apart(
        section, arms[f"{label}, stopped"], arms[f"{without}, stopped"], "work_done", "stopped"
    )
    cash = _apart(section, arms[label], arms[without], "capital", "cost")
    whole = frame.join(hit, on="replication").join(cash, on="replication").sort("replication")
    return whole["calm"].to_numpy(), whole["stopped"].to_numpy(), whole["cost"].to_numpy()


def _apart(section: Section, one: Arm, other: Arm, metric: str, name: str) -> pl.DataFrame:
    both = section.sample(one, metric).join(
        section.sample(other, metric), on="replication", suffix="_other"
    )
    base = both["x_other"].to_numpy()
    apart = settled(both["x"].to_numpy(), base) - base
    return both.select("replication", pl.Series(name, apart))


def _per_kusd(gain: Array, cost: Array, pays: bool) -> list[float | None]:
    """Ratio of means with its interval. [rce-days/kUSD]"""
    if not pays:
        return [None, None, None]

    def ratio(rows: Array) -> float:
        mean = rows.mean(axis=0)
        return float(1000.0 * mean[0] / mean[1])

    return bounds(bootstrap_interval(np.column_stack([gain, cost]), ratio))


def _alike(section: Section, one: str, other: str) -> bool:
    """Tell whether two hedges cannot be told apart in what they save by the dollar."""
    arms = {arm.label: arm for arm in section.arms}
    columns: list[Array] = []
    for name in (one, other):
        _, stopped, cost = _samples(section, arms, f"with {name}")
        columns += [stopped, cost + float(section.says["hedges"][name]["costs"])]

    def lead(rows: Array) -> float:
        mean = rows.mean(axis=0)
        return float(mean[0] / mean[1] - mean[2] / mean[3])

    apart = bootstrap_interval(np.column_stack(columns), lead)
    return apart.low <= 0.0 <= apart.high


def finding(section: Section, hedges: pl.DataFrame) -> str:
    """Name the hedge that saves most by the dollar while the stop lasts."""
    known = hedges.drop_nulls("stopped_per_kusd").sort("stopped_per_kusd", descending=True)
    stopped = section.says["stop"]["nodes"]
    nodes = words.listing(stopped)
    quarter = section.says["stop"].get("quarter")
    since = f" from {quarter}" if quarter else ""
    while_it = f"While {nodes} {'stop' if len(stopped) > 1 else 'stops'}{since}"
    if known.is_empty():
        return f"No hedge against a stop of {nodes} costs anything"
    best = known.row(0, named=True)
    gain = of_row(best, "stopped_per_kusd", best["replications"])
    calm = of_row(best, "calm_per_kusd", best["replications"])
    text = f"{while_it}, {best['hedge'].replace('-', ' ')} saves most by the dollar"
    if not gain.distinguishable() or best["stopped_low"] <= 0:
        return f"{while_it}, no hedge is shown to save work"
    alike = [name for name in known["hedge"][1:] if _alike(section, best["hedge"], name)]
    if alike:
        level = words.listing([name.replace("-", " ") for name in (best["hedge"], *alike)])
        text = f"{while_it}, {level} are not told apart in what they save by the dollar; the first"
    if hedges.height == 1:
        text = f"{while_it}, {best['hedge'].replace('-', ' ')} saves work"
    return (
        f"{text}: {words.interval(gain)} rce-days a thousand USD, "
        f"{words.interval(calm)} if nothing stops"
    )
