"""What commands that validate share: their options, and how they show rows, errors and refusals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from scenarios.validate_outcomes import Outcome, error_table, json_line, row_table, scores_by

__all__ = ["Json", "Largest", "Loo", "Refit", "Rows", "prose", "refuse", "show", "show_minutes"]

prose = Console(stderr=True)

Rows = Annotated[
    Path | None, typer.Option(help="Rows to predict (CSV, may be gzipped); the catalogue's if none")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a row on standard output")]
Loo = Annotated[
    bool, typer.Option("--loo", help="Refit for each group of rows, without them (minutes)")
]
Largest = Annotated[
    bool, typer.Option(help="Predict the largest count of each benchmark on each chip")
]
Refit = Annotated[
    bool, typer.Option(help="Print the constants these rows give, as lines of the calibration")
]


def refuse(fault: Exception) -> NoReturn:
    """End with one line on standard error and code 2."""
    typer.echo(f"siliconmix: {fault}", err=True)
    raise typer.Exit(2)


def show(
    outcomes: Sequence[Outcome],
    refused: Sequence[tuple[str, str]],
    as_json: bool,
    groupings: Sequence[tuple[str, ...]],
) -> None:
    """Rows on standard output; errors by group, coverage of bands and refusals on the other."""
    if as_json:
        for outcome in outcomes:
            typer.echo(json_line(outcome))
    else:
        Console().print(row_table(outcomes))
    for names in groupings:
        prose.print(error_table("by " + " and ".join(names), scores_by(outcomes, *names)))
    for name, reason in refused:
        typer.echo(f"not predicted: {name}: {reason}", err=True)
    typer.echo(f"{len(outcomes)} rows predicted, {len(refused)} not", err=True)


def show_minutes(
    outcomes: Sequence[Outcome],
    refused: Sequence[tuple[str, str]],
    as_json: bool,
    groupings: Sequence[tuple[str, ...]] = (("kind",), ("chip",)),
) -> None:
    """Show entries of MLPerf, with the median of their log errors."""
    show(outcomes, refused, as_json, groupings)
    logs = sorted(abs(math.log(o.predicted / o.measured)) for o in outcomes)
    median = logs[len(logs) // 2] if logs else math.nan
    inside = sum(o.low <= o.measured <= o.high for o in outcomes)
    typer.echo(f"median |log error| {median:.3f}", err=True)
    typer.echo(f"{inside} of {len(outcomes)} rows inside their 90 % band", err=True)
