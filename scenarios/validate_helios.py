"""Running and waiting GPUs of Helios Earth's virtual clusters, forecast a day ahead.

The forecast is the median of sample paths. Beside three naive ones: as at midnight, as
a week before, and the mean of the first days. Few jobs wait, so the
median of the pending is mostly none at all, and its error near their mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from scenarios.cluster_logs import numbers, read_log
from scenarios.helios_days import DAY, Counts, Known, forecast, jobs_of, known_at
from scenarios.validate_catalog import Unknown
from simulator.streams import Streams

__all__ = ["OccupancyRow", "occupancy_rows", "occupancy_table", "read_counts"]

Floats = NDArray[np.float64]
COLUMNS = {
    "gpus": "total_gpu_num",
    "running_jobs": "running_gpujob_num",
    "running_gpus": "running_gpu_num",
    "waiting_jobs": "pending_gpujob_num",
    "waiting_gpus": "pending_gpu_num",
}


@dataclass(frozen=True)
class OccupancyRow:
    """Mean absolute errors of forecasts of one cluster's running or pending GPUs. [chip]"""

    cluster: str
    quantity: str
    gpus: int
    days: int
    #: Mean over the days forecast, and over all sample paths of them.
    measured: float
    forecast: float
    forecast_mae: float
    midnight_mae: float
    last_week_mae: float
    mean_mae: float

    @property
    def best_naive_mae(self) -> float:
        """Of the three naive forecasts, whichever did best here."""
        return min(self.midnight_mae, self.last_week_mae, self.mean_mae)

    def json(self) -> str:
        """The row as one JSON object."""
        relative = self.forecast_mae / self.measured if self.measured else None
        values = asdict(self) | {"unit": "GPU", "relative_error": relative}
        return json.dumps(
            {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
        )


def read_counts(folder: Path, name: str) -> list[Counts]:
    """Counts of each virtual cluster of a log.

    Raises
    ------
    Unknown
        If the log is not there, or its counts are not every ten minutes from a midnight.
    """
    rows = read_log(folder, name, ("time", "vc", *COLUMNS.values()))
    clusters = []
    for vc in dict.fromkeys(row["vc"] for row in rows):
        mine = [row for row in rows if row["vc"] == vc]
        times = np.array([row["time"] for row in mine], "datetime64[s]")
        first = times[0].astype(datetime)
        if np.any(np.diff(times) != np.timedelta64(600, "s")) or first.hour or first.minute:
            raise Unknown(f"{name}: {vc} is not counted every ten minutes from a midnight")
        columns = {field: numbers(mine, key).astype(np.int64) for field, key in COLUMNS.items()}
        clusters.append(Counts(name=vc, first=first, **columns))
    return clusters


def occupancy_rows(
    clusters: list[Counts], fit_days: int, replications: int, seed: int
) -> Iterator[OccupancyRow]:
    """Rows of each cluster: all days after those of inference.

    Raises
    ------
    Unknown
        If too few days are there.
    """
    for counts in clusters:
        if not 7 <= fit_days < counts.days:
            text = f"has {counts.days} days: infer from at least 7 and leave some, not {fit_days}"
            raise Unknown(f"{counts.name} {text}")
    jobs = {counts.name: jobs_of(counts) for counts in clusters}
    days = range(fit_days, min(counts.days for counts in clusters))
    known = [known_at(clusters, jobs, day) for day in days]
    for i, counts in enumerate(clusters):
        running, waiting = _forecasts([of_day[i] for of_day in known], replications, seed)
        yield _row(counts, "running", counts.running_gpus, running, fit_days)
        yield _row(counts, "pending", counts.waiting_gpus, waiting, fit_days)


def _forecasts(days: list[Known], replications: int, seed: int) -> list[Floats]:
    """Sample paths of a cluster's running and pending GPUs over the days, one after the other."""
    paths = []
    for known in days:
        stream = f"helios/{known.counts.name}/{known.day}"
        drawn = [forecast(known, Streams(seed, r)(stream)) for r in range(replications)]
        paths.append(np.array(drawn, float))
    running, waiting = np.concatenate(paths, axis=2).swapaxes(0, 1)
    return [running, waiting]


def _row(
    counts: Counts, quantity: str, measured: NDArray[np.int64], paths: Floats, fit_days: int
) -> OccupancyRow:
    # A day's counts are those after its midnight, the next midnight among them.
    last = counts.days * DAY
    at = np.arange(fit_days * DAY + 1, last + 1)
    at = at[at < len(measured)]
    truth = measured[at]

    def mae(guess: NDArray[np.float64] | NDArray[np.int64]) -> float:
        return float(np.mean(np.abs(truth - guess)))

    return OccupancyRow(
        cluster=counts.name,
        quantity=quantity,
        gpus=int(counts.gpus[-1]),
        days=counts.days - fit_days,
        measured=float(truth.mean()),
        forecast=float(paths[:, : len(at)].mean()),
        # Of all guesses the median has the least absolute error.
        forecast_mae=mae(np.median(paths, axis=0)[: len(at)]),
        midnight_mae=mae(measured[(at - 1) // DAY * DAY]),
        last_week_mae=mae(measured[at - 7 * DAY]),
        mean_mae=mae(np.full(len(at), measured[: fit_days * DAY].mean())),
    )


def occupancy_table(rows: list[OccupancyRow]) -> Table:
    """Every row, and the sums over clusters."""
    table = Table(title="mean absolute error of GPUs, forecast from each midnight")
    for name in ("cluster", "GPUs", "quantity"):
        table.add_column(name, justify="right" if name == "GPUs" else "left")
    for name in (
        "mean",
        "forecast",
        "error",
        "of mean",
        "as at midnight",
        "as last week",
        "as mean",
    ):
        table.add_column(name, justify="right")
    for quantity in ("running", "pending"):
        mine = [row for row in rows if row.quantity == quantity]
        for row in [*mine, total(mine)]:
            table.add_row(
                row.cluster,
                f"{row.gpus}",
                row.quantity,
                f"{row.measured:.2f}",
                f"{row.forecast:.2f}",
                f"{row.forecast_mae:.2f}",
                f"{row.forecast_mae / row.measured:.0%}" if row.measured else "-",
                f"{row.midnight_mae:.2f}",
                f"{row.last_week_mae:.2f}",
                f"{row.mean_mae:.2f}",
                end_section=row.cluster == "all",
            )
    return table


def total(rows: list[OccupancyRow]) -> OccupancyRow:
    """Sums over clusters."""
    errors = ("forecast_mae", "midnight_mae", "last_week_mae", "mean_mae")
    sums = {
        n: sum(getattr(row, n) for row in rows) for n in ("gpus", "measured", "forecast", *errors)
    }
    return OccupancyRow(cluster="all", quantity=rows[0].quantity, days=rows[0].days, **sums)
