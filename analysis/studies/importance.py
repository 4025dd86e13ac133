"""Which node's luck matters: for certain, on average, and if it were mended."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis import words
from analysis.studies.record import Arm, Section
from analysis.uncertainty import Estimate
from simulator.laws.importance import importance

#: The risk whose importance is taken.
_RISK = "unserved_share"

SCHEMA = {
    "node": pl.String,
    "unavailability": pl.Float64,
    **{f"birnbaum{end}": pl.Float64 for end in ("", "_low", "_high")},
    **{f"mended{end}": pl.Float64 for end in ("", "_low", "_high")},
    **dict.fromkeys(
        ("contribution", "fussell_vesely", "achievement_worth", "reduction_worth"), pl.Float64
    ),
    "replications": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Importance of each node, on unserved work of the work asked.

    Returns
    -------
    DataFrame
        One row a node: ``unavailability`` [1]; ``birnbaum``: unserved with it failed for
        good less with it perfect, paired [% of work asked]; ``mended``: unserved as it is
        less with it perfect, paired [%]; ``contribution`` [%], ``fussell_vesely`` [1],
        ``achievement_worth`` [1], ``reduction_worth`` [1], null where no work is unserved.
    """
    base = section.arms[0]
    risk = _mean(section, base)
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
        found = importance(risk, [_mean(section, down)], [_mean(section, arm)], [q])
        ratios = (found.fussell_vesely, found.achievement_worth, found.reduction_worth)
        rows.append(
            (
                *(node, q, swing.mean, swing.low, swing.high),
                *(mended.mean, mended.low, mended.high, float(found.contribution[0])),
                *(float(x[0]) if np.isfinite(x[0]) else None for x in ratios),
                swing.n,
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("birnbaum", descending=True)


def _mean(section: Section, arm: Arm) -> float:
    return float(np.mean(section.sample(arm, _RISK)["x"].to_numpy()))


def finding(section: Section, nodes: pl.DataFrame) -> str:
    """Name the node that matters most for certain, and the one whose mending helps most."""
    if nodes.is_empty():
        return "No node's importance is known"
    worst = nodes.row(0, named=True)
    text = (
        f"Unserved work: {worst['node']} failed for good costs most, "
        f"{words.interval(_estimate(worst, 'birnbaum'), sign=True)} points"
    )
    best = nodes.sort("mended", descending=True).row(0, named=True)
    mended = _estimate(best, "mended")
    if mended.low > 0:
        return f"{text}; its luck matters most for {best['node']}: {words.interval(mended)} points"
    return f"{text}; no node's luck is distinguishable from none"


def _estimate(row: dict[str, float], name: str) -> Estimate:
    n = int(row["replications"])
    return Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"], n, 0.95)
