"""How long a node may stop before work is lost, against how long it takes to come back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import words
from analysis.bootstrap import bootstrap_interval
from analysis.studies.dependence import exposures, work_lost
from analysis.studies.record import Arm, Section
from analysis.uncertainty import mean_interval

Array = npt.NDArray[np.float64]

_Z90 = NormalDist().inv_cdf(0.9)
SCHEMA = {
    **dict.fromkeys(("case", "node"), pl.String),
    **{f"survives{end}": pl.Float64 for end in ("", "_low", "_high")},
    "at_least": pl.Boolean,
    **dict.fromkeys(("recovery_median", "recovery_p90"), pl.Float64),
    "exposed": pl.Boolean,
    **dict.fromkeys(("outlasts", "per_year"), pl.Float64),
    **{f"loss{end}": pl.Float64 for end in ("", "_low", "_high")},
    "exposure": pl.Float64,
    "replications": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Time to survive and time to recover of each node in each case.

    Returns
    -------
    DataFrame
        One row a case and node: ``survives``: the longest stop that costs no more work than
        the threshold, with a bootstrap interval that holds the stops tried next to it
        [days], ``at_least`` where no stop tried
        costs more; the median and 90th percentile of its time to recover [days];
        ``exposed``: the percentile is beyond what is survived; ``outlasts``: chance that a
        shock lasts longer than what is survived [1]; shocks a year [1/yr]; ``loss`` of a
        stop of the percentile's length, of work asked [%], and ``exposure``: it over the
        case's largest [1].
    """
    whole = {arm.case: arm for arm in section.arms if arm.stopped is None}
    rows: list[tuple[object, ...]] = []
    for case in whole:
        mine = [arm for arm in section.arms if arm.case == case and arm.stopped is not None]
        found = [
            _row(section, whole[case], [arm for arm in mine if arm.stopped == node])
            for node in dict.fromkeys(arm.stopped for arm in mine)
        ]
        index = exposures([float(str(row[-4])) for row in found])
        rows += [(*row[:-1], value, row[-1]) for row, value in zip(found, index, strict=True)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _row(section: Section, whole: Arm, stops: list[Arm]) -> tuple[object, ...]:
    days = [float(arm.settings["days"]) for arm in stops]
    lost = np.column_stack([work_lost(section, whole, arm) for arm in stops])
    threshold = 100.0 * float(section.says["threshold"])
    survived = bootstrap_interval(lost, lambda rows: survives(days, rows.mean(axis=0), threshold))
    # Between two stops tried, that the loss is straight is a guess: the bounds leave it open.
    before, beyond = tried_about(days, survived.mean)
    low, high = min(survived.low, before), max(survived.high, beyond)
    median, p90 = (float(stops[0].settings[f"recovery_{end}"]) for end in ("median", "p90"))
    at_p90 = np.array([_between(days, row, p90) for row in lost])
    loss = mean_interval(at_p90)
    return (
        *(whole.case, stops[0].stopped, survived.mean, low, high),
        *(survived.mean >= days[-1], median, p90, survived.mean < p90),
        *(_outlasts(median, p90, survived.mean), float(stops[0].settings["per_year"])),
        *(loss.mean, loss.low, loss.high, survived.n),
    )


def survives(days: Sequence[float], loss: Array, threshold: float) -> float:
    """Longest stop whose loss is within a threshold, the loss straight between those tried.

    Examples
    --------
    >>> survives([10, 20], np.array([0.0, 4.0]), 1.0)
    12.5
    """
    # A longer stop never costs less; where it seems so, that is luck.
    x, y = [0.0, *days], np.maximum.accumulate([0.0, *loss])
    beyond = int(np.argmax(y > threshold))
    if y[-1] <= threshold:
        return float(x[-1])
    share = (threshold - y[beyond - 1]) / (y[beyond] - y[beyond - 1])
    return float(x[beyond - 1] + share * (x[beyond] - x[beyond - 1]))


def tried_about(days: Sequence[float], survived: float) -> tuple[float, float]:
    """Longest stop tried that is no longer than a time, and the shortest that is no shorter.

    Examples
    --------
    >>> tried_about([10, 20, 30], 12.5), tried_about([10, 20], 20.0), tried_about([10, 20], 4.0)
    ((10.0, 20.0), (20.0, 20.0), (0.0, 10.0))
    """
    before = max((float(d) for d in days if d <= survived), default=0.0)
    return before, min((float(d) for d in days if d >= survived), default=float(days[-1]))


def _between(days: Sequence[float], loss: Array, at: float) -> float:
    return float(np.interp(at, [0.0, *days], [0.0, *loss]))


def _outlasts(median: float, p90: float, days: float) -> float:
    """Chance that a lognormal time is longer than some days. [1]"""
    if days <= 0:
        return 1.0
    return 1.0 - NormalDist().cdf(math.log(days / median) * _Z90 / math.log(p90 / median))


def finding(section: Section, nodes: pl.DataFrame) -> str:
    """Say who is exposed, the most first."""
    exposed = nodes.filter("exposed").sort("loss", descending=True)
    many = nodes["case"].n_unique() > 1
    threshold = words.number(100.0 * float(section.says["threshold"]), 2)
    if exposed.is_empty():
        chance = words.number(100.0 * float(nodes["outlasts"].fill_null(0.0).max()), 2)  # type: ignore[arg-type]
        return (
            f"Nine in ten stops of each node end before {threshold} % of the work is lost; "
            f"a stop outlasts that with a chance of {chance} % at most"
        )
    told = [
        section.named(row["node"])
        + (f" in {row['case'].replace('_', ' ')}" if many else "")
        + f" ({words.number(row['survives'], 2)} days survived, nine in ten stops end within "
        f"{words.number(row['recovery_p90'], 2)})"
        for row in exposed.head(2).iter_rows(named=True)
    ]
    return f"{exposed.height} of {nodes.height} are exposed, most {words.listing(told)}"
