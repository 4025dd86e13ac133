"""Which node's luck matters: for certain, on average, and if it were mended."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import words
from analysis.bootstrap import bootstrap_interval
from analysis.studies.record import Arm, Section
from analysis.uncertainty import Estimate, mean_interval
from simulator.laws.importance import importance

Array = npt.NDArray[np.float64]

#: The risk whose importance is taken.
_RISK = "unserved_share"

_RATIOS = ("fussell_vesely", "achievement_worth", "reduction_worth")

SCHEMA = {
    "node": pl.String,
    "unavailability": pl.Float64,
    **{f"birnbaum{end}": pl.Float64 for end in ("", "_low", "_high")},
    **{f"mended{end}": pl.Float64 for end in ("", "_low", "_high")},
    **{f"{ratio}{end}": pl.Float64 for ratio in _RATIOS for end in ("", "_low", "_high")},
    "replications": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Importance of each node, on unserved work of the work asked.

    Returns
    -------
    DataFrame
        One row a node: ``unavailability`` [1]; ``birnbaum``: unserved with it failed for
        good less with it perfect, paired [% of work asked]; ``mended``: unserved as it is
        less with it perfect, paired [%]; ``fussell_vesely`` [1], ``achievement_worth`` [1],
        ``reduction_worth`` [1], ratios of means with bootstrap intervals, null where the
        unserved work is not shown to be above zero. What a node contributes is measured,
        with it perfect: loss does not grow in proportion to the time down, so that time is
        no factor of anything here.
    """
    base = section.arms[0]
    rows = []
    for arm in section.arms[1:]:
        if arm.settings["state"] != "perfect":
            continue
        node, q = str(arm.settings["node"]), float(arm.settings["unavailability"])
        down = next(a for a in section.arms if a.settings.get("node") == node and a != arm)
        swing = section.difference(down, arm, _RISK)
        mended = section.difference(base, arm, _RISK)
        if swing is None or mended is None:
            continue
        rows.append(
            (
                *(node, q, swing.mean, swing.low, swing.high),
                *(mended.mean, mended.low, mended.high),
                *_ratios(_shared(section, base, down, arm)),
                swing.n,
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("birnbaum", descending=True)


def _ratios(risks: Array) -> Iterator[float | None]:
    """Yield each ratio and its bounds; of risks as is, failed and perfect, one row each.

    Over a risk that is not shown to be above zero, a ratio says nothing.
    """
    if mean_interval(risks[:, 0]).low <= 0:
        yield from (None,) * (3 * len(_RATIOS))
        return
    for ratio in _RATIOS:

        def of_means(rows: Array, ratio: str = ratio) -> float:
            risk, failed, perfect = rows.mean(axis=0)
            found = importance(risk, [failed], [perfect], [0.0])
            return float(getattr(found, ratio)[0])

        with np.errstate(invalid="ignore"):
            e = bootstrap_interval(risks, of_means, resamples=500)
        yield from (x if np.isfinite(x) else None for x in (e.mean, e.low, e.high))


def _shared(section: Section, *arms: Arm) -> Array:
    """Return the risk of some arms, a row a replication that all have."""
    frames = [section.sample(arm, _RISK) for arm in arms]
    both = frames[0].rename({"x": "0"})
    for k, frame in enumerate(frames[1:], start=1):
        both = both.join(frame.rename({"x": f"{k}"}), on="replication")
    return both.sort("replication").drop("replication").to_numpy()


def finding(section: Section, nodes: pl.DataFrame) -> str:
    """Name the node that matters most for certain, and the one whose mending helps most."""
    if nodes.is_empty():
        return "No node's importance is known"
    worst = nodes.row(0, named=True)
    text = (
        f"Unserved work: {section.named(worst['node'])} failed for good costs most, "
        f"{words.interval(_estimate(worst, 'birnbaum'), sign=True)} points"
    )
    best = nodes.sort("mended", descending=True).row(0, named=True)
    mended = _estimate(best, "mended")
    if mended.low > 0:
        who = section.named(best["node"])
        return f"{text}; its luck matters most for {who}: {words.interval(mended)} points"
    return f"{text}; no node's luck is distinguishable from none"


def _estimate(row: dict[str, float], name: str) -> Estimate:
    n = int(row["replications"])
    return Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"], n, 0.95)
