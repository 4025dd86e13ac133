"""``siliconmix validate``: predictions against measurements, with the error of every row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scenarios.validate_benchmarks import mlperf, recommendation, vision
from scenarios.validate_catalog import Unknown
from scenarios.validate_clusters import helios, openb
from scenarios.validate_ranks import rank_lines
from scenarios.validate_show import Json, Loo, Rows, prose, refuse, show

__all__ = ["validate_app"]

validate_app = typer.Typer(help="Compare predictions with published measurements.")
validate_app.command()(openb)
validate_app.command()(helios)
validate_app.command()(mlperf)
validate_app.command()(vision)
validate_app.command()(recommendation)


@validate_app.command()
def training(
    rows: Annotated[
        list[Path] | None,
        typer.Option(
            help="Rows to predict (CSV, may be gzipped), more than once for several files"
        ),
    ] = None,
    as_json: Json = False,
    loo: Loo = False,
    by: Annotated[
        str,
        typer.Option(
            help="What --loo leaves out at a time: model (on a chip family), family (of models, "
            "on a chip family), chip or source"
        ),
    ] = "model",
    largest: Annotated[
        bool, typer.Option(help="Predict the largest run of each series from the smaller ones")
    ] = False,
    refit: Annotated[
        bool, typer.Option(help="Print the constants these rows give, as lines of the calibration")
    ] = False,
) -> None:
    """Step times, token rates and utilisation of training runs."""
    from scenarios.validate_rows import read_cases, read_table, typed_cases
    from scenarios.validate_training import (
        GROUPS,
        leave_largest,
        leave_out,
        predict_cases,
        refitted_lines,
    )

    def progress(name: str) -> None:
        typer.echo(f"without {name}", err=True)

    try:
        if by not in GROUPS:
            raise Unknown(f"--by is {by!r}, must be one of {', '.join(GROUPS)}")
        if rows:
            cases, refused = read_cases(row for path in rows for row in read_table(path))
        else:
            cases, refused = typed_cases()
        if refit:
            for line in refitted_lines(cases):
                typer.echo(line)
            return
        if largest:
            outcomes = leave_largest(cases)
        elif loo:
            outcomes = leave_out(cases, GROUPS[by], progress)
        else:
            outcomes = predict_cases(cases)
    except Unknown as fault:
        refuse(fault)
    show(
        outcomes,
        refused,
        as_json,
        [("kind", "tier"), ("kind", "family"), ("kind", "chip")],
    )
    for line in rank_lines([o for o in outcomes if o.kind == "sweep"]):
        typer.echo(line, err=True)


@validate_app.command()
def supply(
    replications: Annotated[int, typer.Option(min=2, help="Runs of each replay.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the runs.")] = 0,
    as_json: Json = False,
) -> None:
    """The fleet of 2022 to 2024, replayed from modelled purchases with lead times of the time."""
    from scenarios.validate_supply import json_row, replay_buildout, row_table, verdicts

    readings, by_quarter = replay_buildout(replications, seed)
    if as_json:
        for reading in readings:
            typer.echo(json.dumps(json_row(reading)))
        return
    Console().print(by_quarter)
    Console().print(row_table(readings))
    for verdict in verdicts(readings):
        prose.print(verdict)
    prose.print(
        "Modelled purchases of H100 and H200 (486 K) exceed the H100 stated for the end of 2024 "
        "(350 K): ordered, shipped and in service are not the same, and neither figure was audited."
    )


@validate_app.command()
def collectives(rows: Rows = None, as_json: Json = False, loo: Loo = False) -> None:
    """Bus bandwidth of collectives by message size."""
    from scenarios.validate_collectives import leave_out, predict_rows, read_rows, typed_rows

    try:
        cases, refused = typed_rows() if rows is None else read_rows(rows)
        outcomes = leave_out(cases) if loo else predict_rows(cases)
    except Unknown as fault:
        refuse(fault)
    show(outcomes, refused, as_json, [("kind",), ("kind", "chip")])
