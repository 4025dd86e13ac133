"""Tables of what could fail, what holds back, and what the gate decides."""

from __future__ import annotations

import polars as pl

from analysis.estimates import bounds, complete, over_replications, settled, span
from analysis.measures import binding, dependence, gate
from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from analysis.uncertainty import paired_difference, proportion_interval
from analysis.words import verdict


def work_lost_by_stop(study: Study) -> pl.DataFrame:
    """Work lost by stopping each node, against the same case without the stop.

    Returns
    -------
    DataFrame
        ``case, node, lost, lost_low, lost_high`` [rce-days], ``lost_share, lost_share_low,
        lost_share_high`` [% of the case's work] and, of two to four replications,
        ``lost_share_least, lost_share_most``; ``replications, verdict, label, rank`` of
        the node.
    """
    rows = []
    groups = dependence.stops(study).group_by("case", "node", maintain_order=True)
    for (case, node), group in groups:
        run = group["run"].to_numpy()
        stopped = settled(group["stopped"].to_numpy(), run)
        loss = paired_difference(run, stopped)
        scale = 100.0 / float(run.mean()) if run.mean() > 0 else 0.0
        numbers = bounds(loss)
        shares = [b * scale if b is not None else None for b in (*numbers, *span(run - stopped))]
        rows.append((case, node, *numbers, *shares, loss.n, verdict(loss)))
    real = [f"lost{end}" for end in ("", "_low", "_high")]
    real += [f"lost_share{end}" for end in ("", "_low", "_high", "_least", "_most")]
    schema = (
        {"case": pl.String(), "node": pl.String()}
        | dict.fromkeys(real, pl.Float64())
        | {"replications": pl.Int64(), "verdict": pl.String()}
    )
    return study.named(pl.DataFrame(rows, schema=schema, orient="row"), "nodes", "node")


def racks_held_back(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Racks wanted and not in service, mean over each quarter, by what held them.

    Returns
    -------
    DataFrame
        ``quarter, cause, racks, racks_low, racks_high, total, total_low, total_high``
        [racks], every quarter and cause; the totals are the quarter's. ``binds`` for the
        cause that holds back most racks in its quarter, and ``clear`` where its lead over the
        next, in pairs of the same replication, is distinguishable from zero.
    """
    keys = ["quarter", "cause"]
    counted = binding.waiting_racks(study, case)
    found = over_replications(complete(counted, keys, study.replications), keys, ["racks"])
    summed = tally(counted.lazy(), ("replication", "quarter"), total=pl.col("racks"))
    totals = over_replications(
        complete(summed, ["quarter"], study.replications), ["quarter"], ["total"]
    )
    names = study.calendar(case).names()
    grid = (
        pl.DataFrame({"quarter": names})
        .join(pl.DataFrame({"cause": binding.CAUSES}), how="cross")
        .join(totals, on="quarter", how="left", maintain_order="left")
    )
    both = grid.join(found, on=keys, how="left", maintain_order="left")
    filled = both.select(*keys, "^racks.*$", "^total.*$").with_columns(
        pl.selectors.float().fill_null(0.0)
    )
    marks = [_leader(quarter, filled, counted, study.replications) for quarter in names]
    return (
        filled.join(pl.concat(marks), on="quarter", how="left")
        .with_columns(binds=(pl.col("cause") == pl.col("leader")).fill_null(False))
        .drop("leader")
    )


def _leader(
    quarter: str, held: pl.DataFrame, counted: pl.DataFrame, replications: int
) -> pl.DataFrame:
    """Return which cause leads in a quarter, and whether its lead over the next is clear."""
    ranked = held.filter(pl.col("quarter") == quarter).sort(
        "racks", descending=True, maintain_order=True
    )
    first, second = ranked["cause"][0], ranked["cause"][1]
    leads = ranked["racks"][0] > 0
    samples = []
    for cause in (first, second):
        found = counted.filter((pl.col("quarter") == quarter) & (pl.col("cause") == cause))
        at = dict(found.select("replication", "racks").iter_rows())
        samples.append([at.get(k, 0.0) for k in range(replications)])
    lead = paired_difference(samples[0], samples[1])
    return pl.DataFrame(
        {
            "quarter": [quarter],
            "leader": [first if leads else None],
            "clear": [leads and lead.distinguishable()],
        },
        schema={"quarter": pl.String, "leader": pl.String, "clear": pl.Boolean},
    )


def gate_outcomes(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """What the pilot measured in each replication, the thresholds, and the share that ramps.

    Returns
    -------
    DataFrame
        ``replication, performance, per_watt, decision, min_performance, min_per_watt`` [1],
        ``ramp, ramp_low, ramp_high`` the probability to ramp with Wilson's interval [1],
        ``forced`` whether the case decides beforehand. Replications that never reached the
        gate count as not ramped and have no row.
    """
    decided = gate.decisions(study, case)
    ramps = decided.filter(pl.col("decision") == "ramp").height
    chance = proportion_interval(ramps, study.replications)
    mean, low, high = bounds(chance)
    return decided.with_columns(
        ramp=pl.lit(mean),
        ramp_low=pl.lit(low),
        ramp_high=pl.lit(high),
        replications=pl.lit(study.replications),
        forced=pl.lit(gate.forced(study, case)),
    )
