"""``siliconmix validate``: predictions against measurements, with the error of every row."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from scenarios.validate_catalog import Unknown, constant_lines
from scenarios.validate_clusters import helios, openb
from scenarios.validate_outcomes import (
    Outcome,
    error_table,
    json_line,
    rank_correlation,
    row_table,
    scores_by,
)

__all__ = ["validate_app"]

validate_app = typer.Typer(help="Compare predictions with published measurements.")
validate_app.command()(openb)
validate_app.command()(helios)
_prose = Console(stderr=True)

Rows = Annotated[
    Path | None, typer.Option(help="Rows to predict (CSV, may be gzipped); the catalogue's if none")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a row on standard output")]
Loo = Annotated[
    bool, typer.Option("--loo", help="Refit for each group of rows, without them (minutes)")
]


def _refuse(fault: Exception) -> NoReturn:
    typer.echo(f"siliconmix: {fault}", err=True)
    raise typer.Exit(2)


def _show(
    outcomes: Sequence[Outcome],
    refused: Sequence[tuple[str, str]],
    as_json: bool,
    groupings: Sequence[tuple[str, ...]],
) -> None:
    if as_json:
        for outcome in outcomes:
            typer.echo(json_line(outcome))
    else:
        Console().print(row_table(outcomes))
    for names in groupings:
        _prose.print(error_table("by " + " and ".join(names), scores_by(outcomes, *names)))
    for name, reason in refused:
        typer.echo(f"not predicted: {name}: {reason}", err=True)
    typer.echo(f"{len(outcomes)} rows predicted, {len(refused)} not", err=True)


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
        _refuse(fault)
    _show(
        outcomes,
        refused,
        as_json,
        [("kind", "tier"), ("kind", "family"), ("kind", "chip")],
    )
    ranks = rank_correlation([o for o in outcomes if o.kind == "sweep"])
    for model, rho in ranks.items():
        typer.echo(f"rank correlation over plans of {model}: {rho:.3f}", err=True)
    if ranks:
        mean = sum(ranks.values()) / len(ranks)
        typer.echo(f"rank correlation, mean of {len(ranks)} models: {mean:.3f}", err=True)


@validate_app.command()
def supply(
    replications: Annotated[int, typer.Option(min=2, help="Runs of each replay.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the runs.")] = 0,
    as_json: Json = False,
) -> None:
    """The fleet of 2022 to 2024, replayed from modelled purchases with lead times of the time."""
    from scenarios.validate_supply import json_row, replay_buildout, row_table

    readings, by_quarter = replay_buildout(replications, seed)
    if as_json:
        for reading in readings:
            typer.echo(json.dumps(json_row(reading)))
        return
    Console().print(by_quarter)
    Console().print(row_table(readings))
    _prose.print(
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
        _refuse(fault)
    _show(outcomes, refused, as_json, [("kind",), ("kind", "chip")])


@validate_app.command()
def mlperf(
    rows: Rows = None,
    as_json: Json = False,
    loo: Loo = False,
    largest: Annotated[
        bool,
        typer.Option(help="Predict the largest count of each benchmark on each chip"),
    ] = False,
    refit: Annotated[
        bool, typer.Option(help="Print the constants these rows give, as lines of the calibration")
    ] = False,
    questions: Annotated[Path | None, typer.Option(help="Configurations to predict")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the predictions (CSV)")] = None,
) -> None:
    """Time to train of MLPerf Training entries."""
    from scenarios.validate_mlperf import (
        answer,
        leave_largest,
        leave_out,
        predict_rows,
        read_rows,
        refitted_lines,
        typed_rows,
    )

    try:
        if questions is not None:
            if out is None:
                raise Unknown("--questions needs --out FILE for the predictions")
            answered, refused = answer(questions, out)
            for name, reason in refused:
                typer.echo(f"not predicted: {name}: {reason}", err=True)
            typer.echo(f"{answered} questions answered, {len(refused)} not: {out}", err=True)
            return
        cases, refused = typed_rows() if rows is None else read_rows(rows)
        if refit:
            for line in refitted_lines(cases):
                typer.echo(line)
            return
        if largest:
            outcomes = leave_largest(cases)
        else:
            outcomes = leave_out(cases) if loo else predict_rows(cases)
    except Unknown as fault:
        _refuse(fault)
    _show(outcomes, refused, as_json, [("kind",), ("chip",)])
    logs = [abs(math.log(o.predicted / o.measured)) for o in outcomes]
    typer.echo(f"median |log error| {_median(logs):.3f}", err=True)


@validate_app.command()
def vision(
    rows: Rows = None,
    as_json: Json = False,
    loo: Loo = False,
    refit: Annotated[
        bool, typer.Option(help="Print the constants these rows give, as lines of the calibration")
    ] = False,
) -> None:
    """Time to train of MLPerf's vision and diffusion models, by the step law from their layers."""
    from scenarios.validate_mlperf import read_rows, typed_rows
    from scenarios.validate_vision import (
        fit_entries,
        leave_out,
        predict_entries,
        vision_entries,
        vision_models,
        vision_priors,
    )

    try:
        cases, refused = typed_rows() if rows is None else read_rows(rows)
        entries = vision_entries(cases)
        if not entries:
            raise Unknown(f"no row is one of {', '.join(vision_models())}")
        if refit:
            for line in constant_lines(fit_entries(entries, evaluations=60), vision_priors()):
                typer.echo(line)
            return
        outcomes = leave_out(entries) if loo else predict_entries(entries)
    except Unknown as fault:
        _refuse(fault)
    others = [(e.id, f"{e.benchmark} is not of this kind") for e in cases if e not in entries]
    _show(outcomes, [*refused, *others], as_json, [("kind",), ("chip",), ("kind", "chip")])
    logs = [abs(math.log(o.predicted / o.measured)) for o in outcomes]
    typer.echo(f"median |log error| {_median(logs):.3f}", err=True)


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else math.nan
