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
from scenarios.validate_entries import INTRODUCED, Entry, as_entries, read_rows, typed_rows, years
from scenarios.validate_fields import read_table
from scenarios.validate_outcomes import Outcome
from scenarios.validate_recommendation import (
    fit_minutes,
    minutes_to_target,
    table_constants,
    table_priors,
)
from simulator.laws.training_effects import fit_effects, sum_effects
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights
from simulator.laws.training_target import chip_rate, measured_samples, time_to_target_min

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
_LANGUAGE = ("bert", "gpt3", "llama2_70b_lora", "llama31_8b", "llama31_405b")
_LOOKUPS = "dlrm_dcnv2"
_BENCHMARK = ("work_min", "latency_samples", "spread", "fixed_min", "gain", "memory_share")
#: From this year on 4-bit matmuls are allowed and used.
_FOUR_BITS = 2025.7
_NOISE = 0.07
#: Effects below this are left out of the catalogue. [1]
_LEAST_EFFECT = 0.005
#: Two-sided 90 % of a normal distribution, in standard deviations.
_BAND = 1.645


@dataclass(frozen=True)
class Learnt:
    """Constants of the laws, and what groups of entries leave over (log)."""

    values: Mapping[str, float]
    """Of the law of time to a target."""
    tables: Mapping[str, float]
    """Of the law of recommendation steps."""
    effects: Mapping[str, float] = field(default_factory=dict)
    """By group of entries."""


class _Table:
    """Entries as arrays, and where each finds its constants."""

    def __init__(self, entries: Sequence[Entry], names: Sequence[str]) -> None:
        place = {name: i for i, name in enumerate(names)}
        neutral = len(names)
        self.names = tuple(names)
        self.benchmark = {
            key: np.array([place[f"{e.benchmark}.{key}"] for e in entries]) for key in _BENCHMARK
        }
        kinds = [chips()[e.chip] for e in entries]
        self.chip = np.array([place.get(f"chip.{e.chip}", neutral) for e in entries])
        self.family = np.array([place.get(f"family.{k['family']}", neutral) for k in kinds])
        self.year = np.array([e.year for e in entries])
        self.known = self.year - np.array([INTRODUCED[e.benchmark] for e in entries])
        self.count = np.array([e.chips for e in entries])
        # Where nobody published how samples grow with the batch, a fitted batch doubles them.
        self.measured = np.array([_growth(e.benchmark, e.batch) for e in entries])
        self.doubling = np.array(
            [place.get(f"{e.benchmark}.critical_batch", neutral) for e in entries]
        )
        self.batch = np.array([e.batch for e in entries])
        self.developer = np.array([e.developer for e in entries])
        self.peak = np.array([float(k["peak_bf16_tflops"]) for k in kinds]) / 989.0
        language = np.array([e.benchmark in _LANGUAGE for e in entries])
        eight = np.array(
            [float(k.get("peak_fp8_tflops", 0.0)) / float(k["peak_bf16_tflops"]) for k in kinds]
        )
        self.eight = np.where(language, np.maximum(eight, 1.0), 1.0)
        four = np.array(
            [
                float(k.get("peak_fp4_tflops", 0.0)) / float(k.get("peak_fp8_tflops", 1.0))
                for k in kinds
            ]
        )
        allowed = language & (self.year > _FOUR_BITS)
        self.four = np.where(allowed, np.maximum(four, 1.0), 1.0)
        self.memory = np.array([float(k["memory_tb_per_s"]) for k in kinds]) / 3.35
        self.age = self.year - np.array([years(str(k["available"])) for k in kinds])
        domain = np.array([float(k["domain_chips"]) for k in kinds])
        host = np.array([e.chips / e.nodes for e in entries])
        inside = np.where(domain > 16, domain, np.minimum(domain, np.maximum(host, 1.0)))
        self.domains = np.maximum(self.count / inside, 1.0)

    def predict(self, constants: Mapping[str, float]) -> Array:
        """Minutes to the target of every entry."""
        values = np.array([constants[name] for name in self.names] + [1.0])
        pick = {key: values[index] for key, index in self.benchmark.items()}
        peak = self.peak * self.eight ** constants["eight"] * self.four ** constants["four"]
        own = values[self.chip] * values[self.family]
        young = 1.0 - min(constants["young"], 0.9) * np.exp(-np.maximum(self.age, 0.0))
        learnt = 1.0 - np.exp(-self.known / constants["learning_years"])
        software = young * np.exp(pick["gain"] * learnt)
        software = software * np.where(self.developer, constants["developer"], 1.0)
        rate = own * software * chip_rate(peak, self.memory, np.minimum(pick["memory_share"], 1.0))
        fitted = 1.0 + self.batch / values[self.doubling]
        convergence = np.where(np.isnan(self.measured), fitted, self.measured)
        latency = pick["latency_samples"] / np.maximum(own * peak, 0.05) ** constants["quicker"]
        return time_to_target_min(
            batch=self.batch,
            chips=self.count,
            domains=self.domains,
            rate=rate,
            work_min=pick["work_min"],
            convergence=convergence,
            latency_samples=latency,
            spread=pick["spread"],
            fixed_min=pick["fixed_min"],
        )


def _growth(benchmark: str, batch: float) -> float:
    """Samples to the target over the least that reference runs took; nan where there are none."""
    found = calibration()["mlperf"]["convergence"].get(benchmark)
    if found is None:
        return math.nan
    taken = measured_samples(batch, found["batch"], found["samples"])
    return float(taken) / float(found["samples"][0])


def published() -> Learnt:
    """What the catalogue states."""
    section = calibration()["mlperf"]
    values = {k: float(v["value"]) for k, v in section["constants"].items()}
    effects = {k: float(v) for k, v in section["effects"].items()}
    return Learnt(values, table_constants(), effects)


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
    """Minutes of every entry; recommendation by its own law."""
    minutes = _Table(entries, list(learnt.values)).predict(learnt.values)
    lookups = np.array([e.benchmark == _LOOKUPS for e in entries], dtype=np.bool_)
    if lookups.any():
        runs = [e for e in entries if e.benchmark == _LOOKUPS]
        minutes[lookups] = minutes_to_target(runs, learnt.tables)
    return minutes * np.exp(sum_effects([_groups(e) for e in entries], learnt.effects))


def predict_rows(entries: Sequence[Entry], learnt: Learnt | None = None) -> list[Outcome]:
    """Outcome of every entry, in minutes."""
    if not entries:
        return []
    minutes = _minutes(entries, published() if learnt is None else learnt)
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
        )
        for e, m in zip(entries, minutes, strict=True)
    ]


def fit_rows(
    entries: Sequence[Entry], *, start: Mapping[str, float] | None = None, evaluations: int = 25
) -> Fit:
    """Constants of the law that explain these entries best."""
    believed = _priors()
    table = _Table(entries, list(believed))
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
    runs = [e for e in entries if e.benchmark == _LOOKUPS]
    tables = fit_minutes(runs, [e.measured_min for e in runs]).values if runs else table_constants()
    section = calibration()["mlperf"]
    left = np.log([e.measured_min for e in entries]) - np.log(
        _minutes(entries, Learnt(values, tables))
    )
    effects = fit_effects(
        left,
        [_groups(e) for e in entries],
        {k: float(v) for k, v in section["effect_spread"].items()},
        noise=float(section["effect_noise"]),
    )
    return Learnt(values, tables, effects)


def refitted_lines(entries: Sequence[Entry]) -> list[str]:
    """Constants and effects learnt from these entries, as lines of the calibration."""
    fit, before = fit_rows(entries, evaluations=60), _priors()
    lines = ["mlperf, constants:", *constant_lines(fit, before)]
    runs = [e for e in entries if e.benchmark == _LOOKUPS]
    if runs:
        tables = fit_minutes(runs, [e.measured_min for e in runs], evaluations=60)
        lines += ["recommendation, constants:", *constant_lines(tables, table_priors())]
    effects = learn(entries, start=fit.values, evaluations=1).effects
    known = {k: v for k, v in sorted(effects.items()) if abs(v) >= _LEAST_EFFECT}
    return [*lines, "mlperf, effects:", *(f'    "{k}": {v:.3f}' for k, v in known.items())]


def leave_out(entries: Sequence[Entry], key: Callable[[Entry], str] | None = None) -> list[Outcome]:
    """Outcome of every entry, learnt without its group: its benchmark on its chip family."""
    whole = fit_rows(entries, start=published().values).values

    def family(entry: Entry) -> str:
        return f"{entry.benchmark} {chips()[entry.chip]['family']}"

    group = family if key is None else key
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
                    wide = math.exp(_BAND * spread)
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
