"""Entries of MLPerf Training as their tables state them, answered or asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from scenarios.validate_catalog import CATALOG, Unknown, calibration, chip_key, chips, read_yaml
from scenarios.validate_fields import Row, read_table
from scenarios.validate_outcomes import Outcome

__all__ = [
    "GROUPS",
    "INTRODUCED",
    "Entry",
    "as_entries",
    "entry_outcomes",
    "group_of",
    "read_rows",
    "typed_rows",
    "years",
]

_ROUNDS = {
    "v0.7": 2020.5, "v1.0": 2021.45, "v1.1": 2021.9, "v2.0": 2022.45, "v2.1": 2022.85,
    "v3.0": 2023.45, "v3.1": 2023.85, "v4.0": 2024.45, "v4.1": 2024.85, "v5.0": 2025.4,
    "v5.1": 2025.85,
}  # fmt: skip
#: Round in which a benchmark was first run, as a date.
INTRODUCED = {
    "resnet": 2018.9, "ssd": 2018.9, "maskrcnn": 2018.9, "gnmt": 2018.9, "transformer": 2018.9,
    "minigo": 2018.9, "bert": 2020.5, "dlrm": 2020.5, "unet3d": 2021.45, "rnnt": 2021.45,
    "retinanet": 2022.45, "gpt3": 2023.45, "dlrm_dcnv2": 2023.45, "stable_diffusion": 2023.85,
    "rgat": 2024.45, "llama2_70b_lora": 2024.45, "llama31_405b": 2025.4, "flux1": 2025.85,
    "llama31_8b": 2025.85,
}  # fmt: skip
_DEVELOPERS = ("nvidia", "google", "intel", "amd", "graphcore")


@dataclass(frozen=True)
class Entry:
    """One entry, or a configuration asked for (measured is nan)."""

    id: str
    benchmark: str
    chip: str
    chips: float
    nodes: float
    batch: float
    year: float
    developer: bool
    submitter: str
    measured_min: float


#: What entries may be left out together, by the name of the choice.
GROUPS: Mapping[str, Callable[[Entry], str]] = {
    "family": lambda e: f"{e.benchmark} on {chips()[e.chip]['family']}",
    "chip": lambda e: e.chip,
    "submitter": lambda e: e.submitter,
    "round": lambda e: f"{e.year:g}",
}


def group_of(by: str) -> Callable[[Entry], str]:
    """How entries are left out together.

    Raises
    ------
    Unknown
        If there is no such choice.
    """
    if by not in GROUPS:
        raise Unknown(f"--by is {by!r}, must be one of {', '.join(GROUPS)}")
    return GROUPS[by]


def entry_outcomes(
    entries: Sequence[Entry], minutes: ArrayLike, spreads: ArrayLike
) -> list[Outcome]:
    """Outcome of every entry whose time to the target is predicted [min]."""
    every = np.broadcast_to(np.asarray(spreads, np.float64), len(entries))
    return [
        Outcome(
            id=e.id,
            family=e.submitter,
            chip=e.chip,
            kind=e.benchmark,
            tier="A",
            measured=e.measured_min,
            predicted=float(m),
            unit="min",
            model=e.benchmark,
            count=e.chips,
            published="MLPerf Training results, mlcommons.org",
            spread=float(s),
        )
        for e, m, s in zip(entries, np.asarray(minutes).tolist(), every.tolist(), strict=True)
    ]


def read_rows(path: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Entries that can be predicted, and id with reason of those that cannot."""
    return as_entries(read_table(path), answered=True)


def typed_rows() -> tuple[list[Entry], list[tuple[str, str]]]:
    """Entries typed into the catalogue."""
    found = read_yaml(CATALOG / "validation" / "mlperf.yaml")
    rows = [
        {
            **{k: str(v) for k, v in group.items() if k != "rows"},
            **{k: str(v) for k, v in r.items()},
        }
        for group in found["groups"]
        for r in group["rows"]
    ]
    return as_entries(rows, answered=True)


def as_entries(rows: Iterable[Row], *, answered: bool) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Entries of some rows, and name with reason of rows that cannot be predicted."""
    entries: list[Entry] = []
    refused: list[tuple[str, str]] = []
    for number, row in enumerate(rows, start=1):
        name = row.get("id") or f"row {number}"
        try:
            entries.append(_with_batch(_entry(row, name, answered)))
        except Unknown as error:
            refused.append((name, str(error)))
    return entries, refused


def _entry(row: Row, name: str, answered: bool) -> Entry:
    year = _ROUNDS.get((row.get("round") or "").strip())
    if year is None:
        raise Unknown(f"unknown round {row.get('round')!r}; known: {', '.join(_ROUNDS)}")
    benchmark = (row.get("benchmark") or "").strip()
    if benchmark == "ssd" and year > 2022:
        # From v2.0 on "ssd" is RetinaNet on OpenImages, which v5.0 gave its name.
        benchmark = "retinanet"
    # The graph network of v4.0 was renamed too.
    benchmark = {"gnn": "rgat"}.get(benchmark, benchmark)
    accelerator = (row.get("accelerator") or "").strip()
    if benchmark not in INTRODUCED:
        raise Unknown(f"unknown benchmark {benchmark!r}; known: {', '.join(INTRODUCED)}")
    if accelerator == "CPU-only":
        raise Unknown("ran on processors without an accelerator")
    count = _value(row, "accel_count")
    if not count:
        raise Unknown("number of chips is not given")
    measured = _value(row, "ttt_min_unscaled") or math.nan
    if answered and math.isnan(measured):
        raise Unknown("no time measured")
    return Entry(
        id=name,
        benchmark=benchmark,
        chip=chip_key(accelerator),
        chips=count,
        nodes=_value(row, "nodes") or math.ceil(count / 8.0),
        batch=_value(row, "global_batch"),
        year=year,
        developer=(row.get("submitter") or "").lower().startswith(_DEVELOPERS),
        submitter=row.get("submitter") or "",
        measured_min=measured,
    )


def years(month: str) -> float:
    """A month such as ``2024-11`` as a date in years [a]."""
    return float(month[:4]) + (float(month[5:7]) - 0.5) / 12.0


def _value(row: Row, key: str) -> float:
    text = (row.get(key) or "").strip()
    try:
        value = float(text) if text else 0.0
    except ValueError as error:
        raise Unknown(f"{key} is {text!r}, not a number") from error
    if not math.isfinite(value) or value < 0:
        raise Unknown(f"{key} is {text!r}, must be finite and not negative")
    return value


def _with_batch(entry: Entry) -> Entry:
    """The entry; its batch is the benchmark's usual one where the row leaves it out."""
    usual: Mapping[str, float] = calibration()["mlperf"]["usual_batch_per_chip"]
    if entry.benchmark not in usual:
        raise Unknown(f"benchmark {entry.benchmark!r} has no constants")
    if entry.batch > 0:
        return entry
    return replace(entry, batch=max(float(usual[entry.benchmark]) * entry.chips, 1.0))
