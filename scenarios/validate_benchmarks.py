"""``siliconmix validate mlperf``, ``vision`` and ``recommendation``: minutes to a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from scenarios.validate_catalog import Unknown, constant_lines
from scenarios.validate_show import Json, Largest, Loo, Refit, Rows, refuse, show, show_minutes

__all__ = ["mlperf", "recommendation", "vision"]

By = Annotated[
    str,
    typer.Option(
        help="What --loo leaves out at a time: family (a benchmark on a family of chips), chip, "
        "submitter or round"
    ),
]


def mlperf(
    rows: Rows = None,
    as_json: Json = False,
    loo: Loo = False,
    by: By = "family",
    largest: Largest = False,
    refit: Refit = False,
    sizes: Annotated[
        int,
        typer.Option(help="Predict sizes left out in every round, drawn so many times (10 s each)"),
    ] = 0,
    questions: Annotated[Path | None, typer.Option(help="Configurations to predict")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the predictions (CSV)")] = None,
) -> None:
    """Time to train of MLPerf Training entries."""
    from scenarios.validate_entries import group_of
    from scenarios.validate_mlperf import (
        answer,
        leave_largest,
        leave_out,
        predict_rows,
        read_rows,
        refitted_lines,
        typed_rows,
    )
    from scenarios.validate_sizes import leave_sizes, size_lines

    try:
        group = group_of(by)
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
        if sizes:
            draws = leave_sizes(cases, sizes)
            show([o for d in draws for o in d], refused, as_json, [("kind",), ("tier",)])
            for line in size_lines(draws):
                typer.echo(line, err=True)
            return
        if largest:
            outcomes = leave_largest(cases)
        else:
            outcomes = leave_out(cases, group) if loo else predict_rows(cases)
    except Unknown as fault:
        refuse(fault)
    show_minutes(outcomes, refused, as_json)


def vision(
    rows: Rows = None, as_json: Json = False, loo: Loo = False, by: By = "family",
    refit: Refit = False,
) -> None:  # fmt: skip
    """Time to train of MLPerf's vision and diffusion models, by the step law from their layers."""
    from scenarios import validate_vision as law

    groupings = [("kind",), ("chip",), ("kind", "chip")]
    kind = _Kind(law.vision_models(), law.vision_priors, law)
    _judge(kind, groupings, rows, as_json, loo, by, refit)


def recommendation(
    rows: Rows = None, as_json: Json = False, loo: Loo = False, by: By = "family",
    refit: Refit = False,
) -> None:  # fmt: skip
    """Time to train of MLPerf's DLRM-DCNv2, by the step law of recommendation models."""
    from scenarios import validate_recommendation as law

    kind = _Kind([law.BENCHMARK], law.table_priors, law)
    _judge(kind, [("kind",), ("kind", "chip")], rows, as_json, loo, by, refit)


class _Kind(NamedTuple):
    """Benchmarks that one law predicts from the model's own layers."""

    benchmarks: Sequence[str]
    priors: Callable[[], Mapping[str, Any]]
    #: The module that fits, leaves out and predicts entries.
    law: Any


def _judge(
    kind: _Kind,
    groupings: Sequence[tuple[str, ...]],
    rows: Path | None,
    as_json: bool,
    loo: bool,
    by: str,
    refit: bool,
) -> None:
    """Predict the entries of one kind, or print the constants that fit them."""
    from scenarios.validate_entries import group_of
    from scenarios.validate_mlperf import read_rows, typed_rows

    try:
        group = group_of(by)
        cases, refused = typed_rows() if rows is None else read_rows(rows)
        entries = [e for e in cases if e.benchmark in kind.benchmarks]
        if not entries:
            raise Unknown(f"no row is one of {', '.join(kind.benchmarks)}")
        if refit:
            found = kind.law.fit_entries(entries, evaluations=60)
            for line in constant_lines(found, kind.priors()):
                typer.echo(line)
            return
        law = kind.law
        outcomes = law.leave_out(entries, group) if loo else law.predict_entries(entries)
    except Unknown as fault:
        refuse(fault)
    others = [(e.id, f"{e.benchmark} is not of this kind") for e in cases if e not in entries]
    show_minutes(outcomes, [*refused, *others], as_json, groupings)
