"""``siliconmix validate openb`` and ``helios``: whole clusters beside what is known of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from scenarios.cluster_logs import VARIABLE, data_folder
from scenarios.validate_catalog import Unknown

__all__ = ["helios", "openb"]

#: Counts of eight virtual clusters over May 2020.
LOG = "helios_earth_8vcs.csv.gz"

Data = Annotated[Path | None, typer.Option(help=f"Folder of public data; by default of {VARIABLE}")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a row on standard output")]


def _refuse(fault: Unknown) -> NoReturn:
    typer.echo(f"siliconmix: {fault}", err=True)
    raise typer.Exit(2)


def openb(
    data: Data = None,
    as_json: Json = False,
    replications: Annotated[int, typer.Option(min=1, help="Orders of arrival drawn")] = 10,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Chips a cluster of Alibaba's allocates by Random and by BestFit placement."""
    from scenarios.validate_openb import RULES, allocation_rows, allocation_table, worst

    try:
        rows = list(allocation_rows(data_folder(data), replications, seed))
    except Unknown as fault:
        _refuse(fault)
    if as_json:
        for row in rows:
            typer.echo(row.json())
    else:
        Console().print(allocation_table(rows))
    for rule in RULES:
        row = worst(rows, rule)
        text = f"{rule}: worst error {row.error_points:+.2f} points, at {row.asked_pct:.0f} % asked"
        typer.echo(text, err=True)


def helios(
    data: Data = None,
    as_json: Json = False,
    fit_days: Annotated[int, typer.Option(help="Days before the first that is forecast")] = 21,
    log: Annotated[str, typer.Option(help="Counts in the folder's traces")] = LOG,
    replications: Annotated[int, typer.Option(min=1, help="Sample paths a day")] = 40,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Running and pending GPUs of Helios Earth's virtual clusters, forecast a day ahead."""
    from scenarios.validate_helios import (
        occupancy_rows,
        occupancy_table,
        read_counts,
        total,
    )

    try:
        clusters = read_counts(data_folder(data), log)
        rows = list(occupancy_rows(clusters, fit_days, replications, seed))
    except Unknown as fault:
        _refuse(fault)
    if as_json:
        for row in rows:
            typer.echo(row.json())
    else:
        Console().print(occupancy_table(rows))
    for quantity in ("running", "pending"):
        every = total([row for row in rows if row.quantity == quantity])
        text = f"{quantity}: {every.forecast_mae:.1f} GPUs in all, naive {every.best_naive_mae:.1f}"
        typer.echo(text, err=True)
