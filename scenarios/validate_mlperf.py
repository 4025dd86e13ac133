"""MLPerf Training entries: minutes to the target, also for chips that never entered."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import Unknown, calibration, chips, constant_lines
from scenarios.validate_entries import (
    GROUPS,
    Entry,
    as_entries,
    entry_outcomes,
    read_rows,
    typed_rows,
)
from scenarios.validate_fields import read_table
from scenarios.validate_outcomes import BAND, Outcome
from scenarios.validate_recommendation import (
    BENCHMARK,
    minutes_to_target,
    table_constants,
    table_priors,
)
from scenarios.validate_recommendation import fit_entries as fit_tables
from scenarios.validate_target import Table
from scenarios.validate_vision import fit_entries as fit_pictures
from scenarios.validate_vision import (
    vision_constants,
    vision_entries,
    vision_minutes,
    vision_models,
)
from simulator.laws.training_effects import fit_effects, sum_effects
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights

__all__ = [
    "Learnt",
    "answer",
    "learn",
    "leave_largest",
    "leave_out",
    "predict_rows",
    "read_rows",
    "refitted_lines",
    "typed_rows",
]

Array = NDArray[np.float64]
_NOISE = 0.07
#: Effects below this are left out of the catalogue. [1]
_LEAST_EFFECT = 0.005


@dataclass(frozen=True)
class Learnt:
    """Constants of the laws, and what groups of entries leave over (log)."""

    values: Mapping[str, float]
    """Of the law of time to a target."""
    tables: Mapping[str, float]
    """Of the law of recommendation steps."""
    images: Mapping[str, float]
    """Of the law of vision and diffusion steps."""
    effects: Mapping[str, float] = field(default_factory=dict)
    """By group of entries."""


def published() -> Learnt:
    """What the catalogue states."""
    section = calibration()["mlperf"]
    values = {k: float(v["value"]) for k, v in section["constants"].items()}
    effects = {k: float(v) for k, v in section["effects"].items()}
    return Learnt(values, table_constants(), vision_constants(), effects)


def _priors() -> Mapping[str, Prior]:
    found = calibration()["mlperf"]["constants"]
    return {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()}


def _groups(entry: Entry) -> list[str]:
    """Groups whose software an entry shares."""
    return [
        f"family:{entry.benchmark} {chips()[entry.chip]['family']}",
        f"chip:{entry.benchmark} {entry.chip}",
        f"round:{entry.benchmark} {entry.year:g}",
    ]


def _minutes(entries: Sequence[Entry], learnt: Learnt) -> Array:
    """Minutes of every entry; those of recommendation and of vision by their own laws."""
    minutes = Table(entries, list(learnt.values)).predict(learnt.values)
    pictures, lookups = set(vision_models()), {BENCHMARK}
    at = [i for i, e in enumerate(entries) if e.benchmark in lookups]
    if at:
        minutes[at] = minutes_to_target([entries[i] for i in at], learnt.tables)
    at = [i for i, e in enumerate(entries) if e.benchmark in pictures]
    if at:
        minutes[at] = vision_minutes([entries[i] for i in at], learnt.images)
    return minutes * np.exp(sum_effects([_groups(e) for e in entries], learnt.effects))


def predict_rows(entries: Sequence[Entry], learnt: Learnt | None = None) -> list[Outcome]:
    """Outcome of every entry, in minutes."""
    if not entries:
        return []
    minutes = _minutes(entries, published() if learnt is None else learnt)
    return entry_outcomes(entries, minutes, [_spread(e) for e in entries])


def fit_rows(
    entries: Sequence[Entry], *, start: Mapping[str, float] | None = None, evaluations: int = 25
) -> Fit:
    """Constants of the law that explain these entries best."""
    believed = _priors()
    table = Table(entries, list(believed))
    return fit_constants(
        table.predict,
        [e.measured_min for e in entries],
        believed,
        noise=_NOISE,
        weights=group_weights([f"{e.benchmark} {e.chip} {e.chips:g}" for e in entries], 4.0),
        start=start,
        evaluations=evaluations,
    )


def learn(
    entries: Sequence[Entry], *, start: Mapping[str, float] | None = None, evaluations: int = 25
) -> Learnt:
    """Constants and effects that explain these entries best."""
    values = fit_rows(entries, start=start, evaluations=evaluations).values
    runs = [e for e in entries if e.benchmark == BENCHMARK]
    tables = fit_tables(runs).values if runs else table_constants()
    pictures = vision_entries(entries)
    images = vision_constants()
    if pictures:
        images = dict(fit_pictures(pictures, start=images, evaluations=evaluations).values)
    section = calibration()["mlperf"]
    left = np.log([e.measured_min for e in entries]) - np.log(
        _minutes(entries, Learnt(values, tables, images))
    )
    effects = fit_effects(
        left,
        [_groups(e) for e in entries],
        {k: float(v) for k, v in section["effect_spread"].items()},
        noise=float(section["effect_noise"]),
    )
    return Learnt(values, tables, images, effects)


def refitted_lines(entries: Sequence[Entry]) -> list[str]:
    """Constants and effects learnt from these entries, as lines of the calibration."""
    fit, before = fit_rows(entries, evaluations=60), _priors()
    lines = ["mlperf, constants:", *constant_lines(fit, before)]
    runs = [e for e in entries if e.benchmark == BENCHMARK]
    if runs:
        tables = fit_tables(runs, evaluations=60)
        lines += ["recommendation, constants:", *constant_lines(tables, table_priors())]
    effects = learn(entries, start=fit.values, evaluations=1).effects
    known = {k: v for k, v in sorted(effects.items()) if abs(v) >= _LEAST_EFFECT}
    return [*lines, "mlperf, effects:", *(f'    "{k}": {v:.3f}' for k, v in known.items())]


def leave_out(entries: Sequence[Entry], key: Callable[[Entry], str] | None = None) -> list[Outcome]:
    """Outcome of every entry, learnt without its group: its benchmark on its chip family."""
    whole = fit_rows(entries, start=published().values).values
    group = key or GROUPS["family"]
    outcomes: list[Outcome] = []
    for name in sorted({group(e) for e in entries}):
        held = [e for e in entries if group(e) == name]
        rest = [e for e in entries if group(e) != name]
        outcomes += predict_rows(held, learn(rest, start=whole, evaluations=5))
    return outcomes


def leave_largest(entries: Sequence[Entry]) -> list[Outcome]:
    """Outcome of the largest count of each benchmark on each chip, learnt afresh from the rest."""
    counts: dict[tuple[str, str], set[float]] = {}
    for e in entries:
        counts.setdefault((e.benchmark, e.chip), set()).add(e.chips)

    def largest(e: Entry) -> bool:
        found = counts[e.benchmark, e.chip]
        return len(found) > 1 and e.chips == max(found)

    rest = [e for e in entries if not largest(e)]
    return predict_rows([e for e in entries if largest(e)], learn(rest, evaluations=20))


def answer(questions: Path, out: Path) -> tuple[int, list[tuple[str, str]]]:
    """Write every question with its predicted minutes and a 90 % band; count, and those refused."""
    rows = read_table(questions)
    known, refused = as_entries(rows, answered=False)
    minutes = _minutes(known, published()) if known else np.zeros(0)
    found = {e.id: (float(m), _spread(e)) for e, m in zip(known, minutes, strict=True)}
    columns = [*rows[0], "predicted_min", "low", "high"]
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            for number, row in enumerate(rows, start=1):
                name = row.get("id") or f"row {number}"
                extra = {"predicted_min": "", "low": "", "high": ""}
                if name in found:
                    middle, spread = found[name]
                    wide = math.exp(BAND * spread)
                    extra = {
                        "predicted_min": f"{middle:.4f}",
                        "low": f"{middle / wide:.4f}",
                        "high": f"{middle * wide:.4f}",
                    }
                writer.writerow({**row, **extra})
    except OSError as error:
        raise Unknown(f"cannot write {out}: {error.strerror}") from error
    return len(found), refused


def _spread(entry: Entry) -> float:
    """Spread of the log error of an entry: wider for a chip without a row of its own."""
    section = calibration()["mlperf"]
    seen = f"chip.{entry.chip}" in section["constants"]
    return float(section["log_error" if seen else "log_error_new_chip"]["value"])
