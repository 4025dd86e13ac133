"""Training work: asked, done, and left undone.

Work is in reference-chip-equivalent days of the job's own family [rce-days]. Done
is productive work; what faults destroyed and was computed again counts once.
"""

from __future__ import annotations

import polars as pl

from analysis.measures.tally import tally
from analysis.study_reader import BASELINE, Study
from simulator.units import DAY_S

_KEYS = ("replication", "quarter", "service")


def by_quarter(study: Study, case: str = BASELINE, node: str | None = None) -> pl.DataFrame:
    """Work asked and done by quarter and service.

    Returns
    -------
    DataFrame
        ``replication, quarter, service, asked, done`` [rce-days].
    """
    asked = tally(study.scan("asked", case, node), _KEYS, asked=pl.col("work_rce_s") / DAY_S)
    done = tally(study.scan("work", case, node), _KEYS, done=pl.col("productive_rce_s") / DAY_S)
    both = asked.join(done, on=_KEYS, how="full", coalesce=True)
    return both.with_columns(pl.col("asked", "done").fill_null(0.0)).sort(_KEYS)


def unserved(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Work of jobs that were given up, or had not started by the horizon.

    Returns
    -------
    DataFrame
        ``replication, service, unserved`` [rce-days]; a service that lost nothing has 0.
    """
    work = pl.col("unserved_rce_s") / DAY_S
    return tally(study.scan("asked", case), ("replication", "service"), unserved=work)


def done(study: Study, case: str = BASELINE, node: str | None = None) -> pl.DataFrame:
    """Work done in the whole horizon: ``replication, done`` [rce-days]."""
    work = pl.col("productive_rce_s") / DAY_S
    return tally(study.scan("work", case, node), ["replication"], done=work)


def network_share(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Step time the network holds up, by the families' stated profile.

    The work done in a family is weighted with its share of step time bound by the
    network on the reference chip: what was assumed, not a simulated link load.

    Returns
    -------
    DataFrame
        ``replication, network`` [1].
    """
    families = study.scenarios[case]["catalog"]["families"]
    profile = pl.LazyFrame(
        [(key, float(f["network"]["value"])) for key, f in families.items()],
        schema={"family": pl.String, "share": pl.Float64},
        orient="row",
    )
    work = pl.col("productive_rce_s")
    sums = tally(
        study.scan("work", case).join(profile, on="family", how="left"),
        ["replication"],
        bound=work * pl.col("share"),
        work=work,
    )
    return sums.select("replication", network=pl.col("bound") / pl.col("work"))
