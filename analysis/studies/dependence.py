"""What work hangs on whom: loss alone and together, attribution, exposure, cut sets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import words
from analysis.estimates import bounds, of_row, settled
from analysis.studies.record import Arm, Section
from analysis.telling import too_few
from analysis.uncertainty import Estimate, mean_interval
from simulator.laws.attribution import shapley
from simulator.laws.exposure import risk_exposure_index

Array = npt.NDArray[np.float64]

SCHEMA = {
    "groups": pl.String,
    "size": pl.Int64,
    **{f"loss{end}": pl.Float64 for end in ("", "_low", "_high")},
    **{f"attributed{end}": pl.Float64 for end in ("", "_low", "_high")},
    "exposure": pl.Float64,
    **{f"beyond_parts{end}": pl.Float64 for end in ("", "_low", "_high")},
    "is_minimal_cut": pl.Boolean,
    "replications": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Every set of groups with what its stop costs.

    Returns
    -------
    DataFrame
        One row a set: ``groups`` (joined by `` + ``), ``size``; ``loss``: work not done,
        of work asked, paired with the run without a stop [%]; of single groups
        ``attributed``: Shapley's part of the loss when all stop (stress value: all of a
        set is down) [%], and ``exposure``: loss over the largest single loss (risk
        exposure index) [1]; of larger ones ``beyond_parts``: loss beyond the sum of its
        groups' own, in the same replications [%]; whether it is a minimal cut: its loss
        reaches the threshold, that of no part of it does.
    """
    losses = _losses(section)
    groups = list(section.says["groups"])
    means = {members: float(loss.mean()) for members, loss in losses.items()}
    attributed = _attributed(groups, losses)
    exposure = exposures([means[frozenset([group])] for group in groups])
    cuts = minimal_cuts(means, 100.0 * float(section.says["threshold"]))
    rows = []
    for members, loss in losses.items():
        names = [group for group in groups if group in members]
        lone = names[0] if len(names) == 1 else None
        level = mean_interval(loss)
        apart = sum(losses[frozenset([g])] for g in names)
        part = bounds(mean_interval(attributed[lone])) if lone else [None] * 3
        beyond = [None] * 3 if lone else bounds(mean_interval(loss - apart))
        rows.append(
            (
                *(" + ".join(names), len(names), *bounds(level), *part),
                exposure[groups.index(lone)] if lone else None,
                *(*beyond, members in cuts),
                level.n,
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _losses(section: Section) -> dict[frozenset[str], Array]:
    """Work lost by each set in each replication, of work asked. [%]"""
    whole = section.arms[0]
    return {_members(section, arm): work_lost(section, whole, arm) for arm in section.arms[1:]}


def work_lost(section: Section, whole: Arm, stopped: Arm) -> Array:
    """Work not done because of a stop, of the work asked, replication by replication. [%]"""
    both = _work(section, whole).join(_work(section, stopped), on="replication", suffix="_stopped")
    done, left = both["done"].to_numpy(), both["done_stopped"].to_numpy()
    return np.asarray(100.0 * (done - settled(left, done)) / both["asked"].to_numpy())


def _work(section: Section, arm: Arm) -> pl.DataFrame:
    asked = section.sample(arm, "work_asked").rename({"x": "asked"})
    done = section.sample(arm, "work_done").rename({"x": "done"})
    return asked.join(done, on="replication").sort("replication")


def _members(section: Section, arm: Arm) -> frozenset[str]:
    return frozenset(group for group in section.says["groups"] if arm.settings[group])


def _attributed(groups: list[str], losses: dict[frozenset[str], Array]) -> dict[str, Array]:
    """Each group's part of the loss when all stop, replication by replication. [%]"""
    n = len(next(iter(losses.values())))
    parts = [
        shapley(groups, lambda members, k=k: float(losses[members][k]) if members else 0.0)  # type: ignore[misc]
        for k in range(n)
    ]
    return {group: np.array([part[group] for part in parts]) for group in groups}


def exposures(impacts: list[float]) -> list[float | None]:
    """Risk exposure index of each loss: it over the largest; None where nothing is lost."""
    # Luck may turn a stop of a node that nothing hangs on into a tiny gain.
    clipped = np.maximum(impacts, 0.0)
    if not clipped.max() > 0:
        return [None] * len(impacts)
    return [float(x) for x in risk_exposure_index(clipped)]


def minimal_cuts(means: dict[frozenset[str], float], threshold: float) -> set[frozenset[str]]:
    """Return the smallest sets whose loss reaches a threshold.

    Parameters
    ----------
    means : dict of frozenset to float
        Loss of every set that is not empty. [any]
    threshold : float
        From which a loss counts. [unit of loss]

    Examples
    --------
    >>> loss = {"N": 0.6, "C": 0.2, "T": 1.0, "NC": 1.0, "NT": 1.0, "CT": 1.0, "NCT": 1.0}
    >>> found = minimal_cuts({frozenset(k): v for k, v in loss.items()}, 0.9)
    >>> sorted("".join(sorted(cut)) for cut in found)
    ['CN', 'T']
    """
    found: set[frozenset[str]] = set()
    for members in sorted(means, key=len):
        if means[members] >= threshold and not any(cut <= members for cut in found):
            found.add(members)
    return found


def in_brief(sets: pl.DataFrame) -> pl.DataFrame:
    """Order sets for who reads the first of them: the groups, then what costs most beyond them."""
    order = pl.when(pl.col("size") > 1).then(pl.col("beyond_parts"))
    return sets.sort(order, descending=True, nulls_last=False, maintain_order=True)


def finding(section: Section, sets: pl.DataFrame) -> str:
    """Say on whom most hangs, and the smallest ways to lose as much as the threshold."""
    single = sets.filter(pl.col("size") == 1).sort("loss", descending=True)
    worst = single.row(0, named=True)
    level: Estimate = of_row(worst, "loss", worst["replications"])
    lasting = words.lasting(float(section.says["duration"]) / 86_400)
    threshold = words.number(100.0 * float(section.says["threshold"]))
    cuts = sets.filter("is_minimal_cut")["groups"].to_list()
    ways = "; ".join(cuts) if len(cuts) <= 3 else f"{len(cuts)} sets"
    text = (
        f"Most hangs on {worst['groups']}: stopped for {lasting} it costs "
        f"{words.interval(level, 1.0)} % of the work asked"
    )
    if not level.distinguishable():
        text = _together(section, sets, lasting)
    tail = f"{threshold} % or more is lost by {ways}" if cuts else f"no set loses {threshold} %"
    return f"{text}; {tail}"


def _together(section: Section, sets: pl.DataFrame, lasting: str) -> str:
    """Say what is lost by groups of which none alone costs distinguishable work."""
    shown = sets.filter((pl.col("size") > 1) & (pl.col("loss_low") > 0))
    if not shown.is_empty():
        worst = shown.sort("size", "loss", descending=[False, True]).row(0, named=True)
        level = of_row(worst, "loss", worst["replications"])
        return (
            f"No group alone costs distinguishable work when it stops for {lasting}, but "
            f"{worst['groups']} together cost {words.interval(level, 1.0)} % of the work asked"
        )
    if few := too_few(of_row(row, "loss", row["replications"]) for row in sets.to_dicts()):
        return f"What a stop of {lasting} costs: {few}"
    text = f"No stop of {lasting}, of one group or of several, costs distinguishable work"
    if "unserved_share" in section.rows.columns:
        share = section.sample(section.arms[0], "unserved_share")["x"].to_numpy()
        if share.size and share.mean() < 1.0:
            text += " (without one less than 1 % is unserved: idle chips make up for it)"
    return text
