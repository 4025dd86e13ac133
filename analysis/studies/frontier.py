"""Which alternatives no other beats in cost, work and risk at once."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis import words
from analysis.studies.record import Section
from analysis.uncertainty import mean_interval

_AXES = ("cost", "work", "risk")
SCHEMA = {
    **dict.fromkeys(("arm", "case"), pl.String),
    **{f"{axis}{end}": pl.Float64 for axis in _AXES for end in ("", "_low", "_high")},
    "frontier": pl.Boolean,
    "beaten_by": pl.String,
    "clearly": pl.Boolean,
}


def table(section: Section) -> pl.DataFrame:
    """Mark the alternatives that are on the frontier.

    Returns
    -------
    DataFrame
        One row an alternative: ``cost, work, risk`` with their intervals, each in its
        metric's unit; ``frontier``; for the others, by whom they are beaten (as good in
        all three on average, better in one), and whether one of those leads is a paired
        difference whose interval excludes zero.
    """
    names = [section.says[axis] for axis in _AXES]
    means = np.array([section.means(name) for name in names]).T
    # Less of cost and risk is better; of work, more.
    losses = means * np.array([1.0, -1.0, 1.0])
    within = {metric.id: metric.within for metric in section.metrics}
    rows = []
    for k, arm in enumerate(section.arms):
        better = np.all(losses <= losses[k], axis=1) & np.any(losses < losses[k], axis=1)
        by = int(np.argmin(np.where(better, losses[:, 2], np.inf))) if better.any() else None
        cells = []
        for name in names:
            x = section.sample(arm, name)["x"].to_numpy()
            e = mean_interval(x, within=within[name])
            cells += [e.mean, e.low, e.high]
        beaten = None if by is None else section.arms[by].label
        rows.append((arm.label, arm.case, *cells, by is None, beaten, _clearly(section, k, by)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _clearly(section: Section, k: int, by: int | None) -> bool | None:
    if by is None:
        return None
    deltas = [
        section.difference(section.arms[k], section.arms[by], section.says[axis]) for axis in _AXES
    ]
    return any(delta is not None and delta.distinguishable() for delta in deltas)


def finding(section: Section, marked: pl.DataFrame) -> str:
    """Name who is on the frontier."""
    on = marked.filter("frontier")["arm"].to_list()
    named = {m.id: m.label for m in section.metrics}
    axes = [words.within(named[section.says[axis]]) for axis in _AXES]
    who = words.listing(label.replace("_", " ") for label in on[:4])
    more = f" and {len(on) - 4} more" if len(on) > 4 else ""
    return (
        f"{len(on)} of {marked.height} are beaten by no other in {words.listing(axes)}: {who}{more}"
    )
