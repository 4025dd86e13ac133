"""Studies written by hand: outcomes known beforehand, without a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from analysis.studies import Answers, open_answers, write_record

#: Luck of each replication, shared by every run. [% of asked]
LUCK = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])


class Told:
    """Stands for measured runs: each outcome is a formula of where the inputs stand."""

    def __init__(self, values: Mapping[str, Sequence[float]], metrics: Sequence[str]) -> None:
        self.values = values
        self.wanted = list(metrics)

    def frame(self, run: str, n: int) -> pl.DataFrame:
        x = np.asarray(self.values[run][:n], dtype=np.float64)
        of = x if x.ndim == 2 else np.repeat(x[:, None], len(self.wanted), axis=1)
        columns = dict(zip(self.wanted, of.T, strict=True))
        return pl.DataFrame({"replication": np.arange(len(x))} | columns)


def study(
    folder: Path,
    kind: str,
    arms: Sequence[Mapping[str, Any]],
    outcome: Callable[[Mapping[str, Any]], Sequence[float]],
    *,
    says: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
    metrics: Sequence[str] = ("unserved_share",),
) -> Answers:
    """Write and open a study of one section.

    An arm needs a ``label``; its settings are given to *outcome*, which returns one number
    a replication, or one a metric.
    """
    whole, values = [], {}
    for arm in arms:
        settings = dict(arm.get("settings", {}))
        sample = list(outcome({**settings, **arm}))
        whole.append(
            {
                "label": arm["label"],
                "case": arm.get("case", "baseline"),
                "stopped": arm.get("stopped"),
                "settings": settings,
                "changes": [],
                "run": f"run of {arm['label']}",
                "replications": len(sample),
            }
        )
        values[whole[-1]["run"]] = sample
    index = {
        "title": "By hand",
        "study_file": "hand.yaml",
        "scenario_file": "hand_scenario.yaml",
        "seed": 1,
        "outcome": metrics[0],
        "metrics": list(metrics),
        "sections": {
            kind: {"says": dict(says or {}), "inputs": dict(inputs or {}), "arms": whole}
        },
    }
    home = folder / "studies" / "hand"
    write_record(home, index, Told(values, metrics))  # type: ignore[arg-type]
    return open_answers(home)
