"""The in-house chip's gate: what the pilot measured, and what was decided."""

from __future__ import annotations

import polars as pl

from analysis.study_reader import BASELINE, Study


def decisions(study: Study, case: str = BASELINE) -> pl.DataFrame:
    """Measurement and decision of each replication that reached the gate.

    Returns
    -------
    DataFrame
        ``replication, performance, per_watt, decision, min_performance, min_per_watt``
        [1, relative to target]; empty without a programme.
    """
    programme = study.scenarios[case]["supply"].get("programme")
    gate = programme["gate"] if programme else {}
    # Dropped for want of a pilot, a chip was never measured and saw no gate.
    decided = pl.col("state").is_in(["ramp", "cancel"])
    decided &= pl.col("performance_measured").is_not_null()
    return (
        study.scan("programme", case)
        .filter(decided)
        .sort("replication", "t_s")
        .select(
            "replication",
            performance="performance_measured",
            per_watt="performance_per_watt_measured",
            decision="state",
            min_performance=pl.lit(gate.get("min_performance"), dtype=pl.Float64),
            min_per_watt=pl.lit(gate.get("min_performance_per_watt"), dtype=pl.Float64),
        )
        .collect()
    )


def forced(study: Study, case: str = BASELINE) -> bool:
    """Tell whether the case decides the gate beforehand."""
    programme = study.scenarios[case]["supply"].get("programme")
    return bool(programme and programme["gate"].get("forced"))
