"""MLPerf Training entries: minutes to the target, also for chips that never entered."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import CATALOG, Unknown, calibration, chip_key, chips, read_yaml
from scenarios.validate_fields import Row, read_table
from scenarios.validate_outcomes import Outcome
from scenarios.validate_recommendation import fit_minutes, minutes_to_target
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights
from simulator.laws.training_target import chip_rate, time_to_target_min

__all__ = ["Entry", "answer", "fit_rows", "leave_out", "predict_rows", "read_rows", "typed_rows"]

Array = NDArray[np.float64]
_ROUNDS = {
    "v0.7": 2020.5, "v1.0": 2021.45, "v1.1": 2021.9, "v2.0": 2022.45, "v2.1": 2022.85,
    "v3.0": 2023.45, "v3.1": 2023.85, "v4.0": 2024.45, "v4.1": 2024.85, "v5.0": 2025.4,
    "v5.1": 2025.85,
}  # fmt: skip
#: Round in which a benchmark was first run, as a date.
_INTRODUCED = {
    "resnet": 2018.9, "ssd": 2018.9, "maskrcnn": 2018.9, "gnmt": 2018.9, "transformer": 2018.9,
    "minigo": 2018.9, "bert": 2020.5, "dlrm": 2020.5, "unet3d": 2021.45, "rnnt": 2021.45,
    "retinanet": 2022.45, "gpt3": 2023.45, "dlrm_dcnv2": 2023.45, "stable_diffusion": 2023.85,
    "rgat": 2024.45, "llama2_70b_lora": 2024.45, "llama31_405b": 2025.4, "flux1": 2025.85,
    "llama31_8b": 2025.85,
}  # fmt: skip
_LANGUAGE = ("bert", "gpt3", "llama2_70b_lora", "llama31_8b", "llama31_405b")
_LOOKUPS = "dlrm_dcnv2"
_DEVELOPERS = ("nvidia", "google", "intel", "amd", "graphcore")
_BENCHMARK = ("work_min", "critical_batch", "latency_samples", "spread", "fixed_min", "gain",
              "memory_share")  # fmt: skip
#: From this year on 4-bit matmuls are allowed and used.
_FOUR_BITS = 2025.7
_NOISE = 0.07
#: Two-sided 90 % of a normal distribution, in standard deviations.
_BAND = 1.645


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


def read_rows(path: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Entries that can be predicted, and id with reason of those that cannot."""
    return _read(read_table(path), answered=True)


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
    return _read(rows, answered=True)


def _read(rows: Iterable[Row], answered: bool) -> tuple[list[Entry], list[tuple[str, str]]]:
    entries: list[Entry] = []
    refused: list[tuple[str, str]] = []
    for number, row in enumerate(rows, start=1):
        name = row.get("id") or f"row {number}"
        try:
            entries.append(_entry(row, name, answered))
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
    if benchmark not in _INTRODUCED:
        raise Unknown(f"unknown benchmark {benchmark!r}; known: {', '.join(_INTRODUCED)}")
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


def _value(row: Row, key: str) -> float:
    text = (row.get(key) or "").strip()
    try:
        value = float(text) if text else 0.0
    except ValueError as error:
        raise Unknown(f"{key} is {text!r}, not a number") from error
    if not math.isfinite(value) or value < 0:
        raise Unknown(f"{key} is {text!r}, must be finite and not negative")
    return value


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
        self.known = self.year - np.array([_INTRODUCED[e.benchmark] for e in entries])
        self.count = np.array([e.chips for e in entries])
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
        self.age = self.year - np.array([_years(str(k["available"])) for k in kinds])
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
        latency = pick["latency_samples"] / np.maximum(own * peak, 0.05) ** constants["quicker"]
        return time_to_target_min(
            batch=self.batch,
            chips=self.count,
            domains=self.domains,
            rate=rate,
            work_min=pick["work_min"],
            critical_batch=pick["critical_batch"],
            latency_samples=latency,
            spread=pick["spread"],
            fixed_min=pick["fixed_min"],
        )


def _years(month: str) -> float:
    return float(month[:4]) + (float(month[5:7]) - 0.5) / 12.0


def _constants() -> Mapping[str, float]:
    return {k: float(v["value"]) for k, v in calibration()["mlperf"]["constants"].items()}


def _priors() -> Mapping[str, Prior]:
    found = calibration()["mlperf"]["constants"]
    return {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()}


def _known(entries: Sequence[Entry], refused: list[tuple[str, str]]) -> list[Entry]:
    """Entries of benchmarks with constants; the batch is the benchmark's usual one if missing."""
    section = calibration()["mlperf"]
    usual = section["usual_batch_per_chip"]
    known = []
    for entry in entries:
        if entry.benchmark not in usual:
            refused.append((entry.id, f"benchmark {entry.benchmark!r} has no constants"))
            continue
        if entry.batch <= 0:
            batch = max(float(usual[entry.benchmark]) * entry.chips, 1.0)
            entry = Entry(**{**entry.__dict__, "batch": batch})
        known.append(entry)
    return known


def _minutes(
    entries: Sequence[Entry], values: Mapping[str, float], tables: Mapping[str, float] | None
) -> Array:
    """Minutes of every entry; recommendation by its own law."""
    minutes = _Table(entries, list(values)).predict(values)
    lookups = np.array([e.benchmark == _LOOKUPS for e in entries])
    if lookups.any():
        runs = [e for e in entries if e.benchmark == _LOOKUPS]
        minutes[lookups] = minutes_to_target(runs, tables)
    return minutes


def predict_rows(
    entries: Sequence[Entry],
    values: Mapping[str, float] | None = None,
    tables: Mapping[str, float] | None = None,
) -> list[Outcome]:
    """Outcome of every entry, in minutes."""
    known = _known(entries, [])
    minutes = _minutes(known, _constants() if values is None else values, tables)
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
        for e, m in zip(known, minutes, strict=True)
    ]


def fit_rows(
    entries: Sequence[Entry],
    priors: Mapping[str, Prior] | None = None,
    *,
    start: Mapping[str, float] | None = None,
    evaluations: int = 25,
) -> Fit:
    """Constants that explain these entries best."""
    believed = _priors() if priors is None else priors
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


def leave_out(entries: Sequence[Entry]) -> list[Outcome]:
    """Outcome of every entry with constants fitted without its benchmark on its chip family."""
    known = _known(entries, [])
    whole = fit_rows(known, start=_constants()).values

    def group(entry: Entry) -> str:
        return f"{entry.benchmark} {chips()[entry.chip]['family']}"

    outcomes: list[Outcome] = []
    for name in sorted({group(e) for e in known}):
        held = [e for e in known if group(e) == name]
        rest = [e for e in known if group(e) != name]
        if held[0].benchmark == _LOOKUPS:
            same = [e for e in rest if e.benchmark == _LOOKUPS]
            tables = fit_minutes(same, [e.measured_min for e in same]).values
            outcomes += predict_rows(held, whole, tables)
        else:
            outcomes += predict_rows(held, fit_rows(rest, start=whole, evaluations=5).values)
    return outcomes


def answer(questions: Path, out: Path) -> tuple[int, list[tuple[str, str]]]:
    """Write every question with its predicted minutes and a 90 % band; count, and those refused."""
    rows = read_table(questions)
    entries, refused = _read(rows, answered=False)
    known = _known(entries, refused)
    found = dict(zip([e.id for e in known], _minutes(known, _constants(), None), strict=True))
    spread = {e.id: _spread(e) for e in known}
    columns = [*rows[0], "predicted_min", "low", "high"]
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            for number, row in enumerate(rows, start=1):
                name = row.get("id") or f"row {number}"
                extra = {"predicted_min": "", "low": "", "high": ""}
                if name in found:
                    wide = math.exp(_BAND * spread[name])
                    minutes = float(found[name])
                    extra = {
                        "predicted_min": f"{minutes:.4f}",
                        "low": f"{minutes / wide:.4f}",
                        "high": f"{minutes * wide:.4f}",
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
