"""``siliconmix validate openb``: whole clusters beside what others published of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scenarios.cluster_logs import VARIABLE, data_folder
from scenarios.validate_catalog import Unknown

__all__ = ["openb"]

Data = Annotated[Path | None, typer.Option(help=f"Folder of public data; by default of {VARIABLE}")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a row on standard output")]


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
        typer.echo(f"siliconmix: {fault}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        for row in rows:
            typer.echo(row.json())
    else:
        Console().print(allocation_table(rows))
    for rule in RULES:
        row = worst(rows, rule)
        text = f"{rule}: worst error {row.error_points:+.2f} points, at {row.asked_pct:.0f} % asked"
        typer.echo(text, err=True)
