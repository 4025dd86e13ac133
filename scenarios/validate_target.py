"""Entries of MLPerf Training as arrays, and the law of time to a target over them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import calibration, chips
from scenarios.validate_entries import INTRODUCED, Entry, years
from simulator.laws.training_target import (
    chip_rate,
    exchange_samples,
    measured_samples,
    time_to_target_min,
)

__all__ = ["Table"]

Array = NDArray[np.float64]
_LANGUAGE = ("bert", "gpt3", "llama2_70b_lora", "llama31_8b", "llama31_405b")
_BENCHMARK = (
    "work_min", "latency_samples", "within_samples", "between_samples", "spread", "fixed_min",
    "gain", "memory_share",
)  # fmt: skip
#: Links of the reference chip, an H100, in and out of its host. [GB/s]
_UP_GB_PER_S, _OUT_GB_PER_S = 450.0, 50.0
#: From this year on 4-bit matmuls are allowed and used.
_FOUR_BITS = 2025.7


class Table:
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
        self.inside = np.maximum(self.count / self.domains, 1.0)
        self.up = np.array([float(k["scaleup_gb_per_s"]) for k in kinds]) / _UP_GB_PER_S
        self.out = np.array([float(k["scaleout_gb_per_s"]) for k in kinds]) / _OUT_GB_PER_S

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
            exchange=exchange_samples(
                within=pick["within_samples"],
                between=pick["between_samples"],
                inside=self.inside,
                domains=self.domains,
                up_ratio=self.up,
                out_ratio=self.out,
            ),
        )


def _growth(benchmark: str, batch: float) -> float:
    """Samples to the target over the least that reference runs took; nan where there are none."""
    found = calibration()["mlperf"]["convergence"].get(benchmark)
    if found is None:
        return math.nan
    taken = measured_samples(batch, found["batch"], found["samples"])
    return float(taken) / float(found["samples"][0])
