"""Recommendation rows: what a DLRM sample asks for, and the rate the law gives it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import calibration, chips
from scenarios.validate_entries import GROUPS, Entry, entry_outcomes
from scenarios.validate_inputs import reached_share
from scenarios.validate_outcomes import Outcome
from scenarios.validate_rows import Case
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights
from simulator.laws.training_recommendation import (
    RecommendationModel,
    RecommendationSoftware,
    recommendation_step_s,
)
from simulator.laws.training_target import measured_samples

__all__ = [
    "BENCHMARK",
    "fit_entries",
    "leave_out",
    "minutes_to_target",
    "predict_entries",
    "predict_recommendation",
    "recommendation_model",
    "step_of",
    "table_constants",
    "table_priors",
]

Array = NDArray[np.float64]

#: Samples of the Criteo 1 TB click log trained on in an epoch, and of its part for evaluation.
_EPOCH_SAMPLES, _EVALUATED_SAMPLES = 4.195e9, 89.1e6
#: Share of an epoch after which the benchmark's rules evaluate, and samples a pass then takes.
_EVALUATE_EVERY, _EVALUATION_BATCH = 0.05, 262144.0
_MLPERF = "dlrm-dcnv2-mlperf"
#: The benchmark the law was fitted to.
BENCHMARK = "dlrm_dcnv2"
_NOISE = 0.05
#: First round of DLRM-DCNv2, and the years its implementations took to settle.
_INTRODUCED, _SETTLING_YEARS = 2023.45, 0.4
#: Chips with less than this have no links of their own, but share their host's bus. [GB/s]
_LINKED_GB_PER_S = 80.0


def minutes_to_target(runs: Sequence[Entry], values: Mapping[str, float] | None = None) -> Array:
    """Minutes DLRM-DCNv2 takes to its target [min]: training, evaluations, and what is fixed."""
    constants = table_constants() if values is None else values
    kinds = [chips()[run.chip] for run in runs]
    batch = np.array([run.batch for run in runs])
    host = np.array([run.chips / run.nodes for run in runs])
    domain = np.array([float(kind["domain_chips"]) for kind in kinds])
    there = _resources(kinds) | {
        "chips": np.array([run.chips for run in runs]),
        "domain": np.where(domain > 16, domain, np.minimum(domain, np.maximum(host, 1.0))),
    }
    model, software = recommendation_model(_MLPERF), _software(kinds, constants)
    step = recommendation_step_s(model, software, batch=batch, **there)
    passes = recommendation_step_s(
        model, software, batch=_EVALUATION_BATCH, training=False, **there
    )
    seen = calibration()["mlperf"]["convergence"]["dlrm_dcnv2"]
    epochs = constants["epochs"] * measured_samples(batch, seen["batch"], seen["samples"])
    seconds = epochs * _EPOCH_SAMPLES / batch * step
    seconds += epochs / _EVALUATE_EVERY * _EVALUATED_SAMPLES / _EVALUATION_BATCH * passes
    known = np.maximum(np.array([run.year for run in runs]) - _INTRODUCED, 0.0)
    young = 1.0 + constants["young"] * np.exp(-known / _SETTLING_YEARS)
    return np.asarray((seconds * young + constants["fixed_s"]) / 60.0)


def predict_entries(
    entries: Sequence[Entry], values: Mapping[str, float] | None = None
) -> list[Outcome]:
    """Outcome of every entry, in minutes."""
    return entry_outcomes(entries, minutes_to_target(entries, values), _spread())


def fit_entries(
    entries: Sequence[Entry], *, start: Mapping[str, float] | None = None, evaluations: int = 30
) -> Fit:
    """Constants that explain the minutes of these entries best."""
    return fit_constants(
        lambda values: minutes_to_target(entries, values),
        [e.measured_min for e in entries],
        table_priors(),
        noise=_NOISE,
        weights=group_weights([f"{e.chip} {e.chips:g}" for e in entries]),
        start=start,
        evaluations=evaluations,
    )


def leave_out(entries: Sequence[Entry], key: Callable[[Entry], str] | None = None) -> list[Outcome]:
    """Outcome of every entry without its group: by default its family of chips."""
    group = key or GROUPS["family"]
    outcomes: list[Outcome] = []
    for name in sorted({group(e) for e in entries}):
        rest = [e for e in entries if group(e) != name]
        values = fit_entries(rest).values if rest else None
        outcomes += predict_entries([e for e in entries if group(e) == name], values)
    return outcomes


def _spread() -> float:
    return float(calibration()["recommendation"]["log_error"])


def table_constants() -> dict[str, float]:
    """Fitted constants of the recommendation law, by name."""
    found = calibration()["recommendation"]["constants"]
    return {k: float(v["value"]) for k, v in found.items()}


def table_priors() -> dict[str, Prior]:
    """What was believed of each of them before the rows."""
    found = calibration()["recommendation"]["constants"]
    return {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()}


def recommendation_model(name: str) -> RecommendationModel:
    """Bytes and matrices a sample of a recommendation model asks for."""
    entry = calibration()["recommendation"]["models"][name]
    towers = [(float(i), float(o), float(n)) for i, o, n in entry["towers"]]
    return RecommendationModel(
        lookup_b=float(entry["lookup_b"]),
        vector_b=float(entry["vector_b"]),
        towers=towers,
        gradient_params=sum(i * o * n for i, o, n in towers),
    )


def step_of(
    model: str, chip: str, stack: str, *, batch: float, chips_used: float, precision: str = "bf16"
) -> float:
    """Step time of a recommendation model on chips of a kind [s]."""
    kind = chips()[chip]
    there = _resources([kind])
    if precision == "fp32" and kind.get("peak_fp32_tflops"):
        there["peak_flops_per_s"] = np.array([float(kind["peak_fp32_tflops"]) * 1e12])
    step = recommendation_step_s(
        recommendation_model(model),
        _software([kind], table_constants(), stack),
        batch=batch,
        chips=chips_used,
        domain=float(kind["domain_chips"]),
        **there,
    )
    return float(step[0])


def predict_recommendation(case: Case) -> float:
    """Samples a second of a recommendation row."""
    batch = case.plan["global_batch"]
    step = step_of(
        case.model,
        case.chip,
        case.software,
        batch=batch,
        chips_used=case.plan["chips"],
        precision=case.precision,
    )
    return batch / step


def _software(
    kinds: Sequence[Mapping[str, Any]], values: Mapping[str, float], stack: str = "hugectr"
) -> RecommendationSoftware:
    """Software on some chips; an eager framework issues its kernels one by one."""
    section, training = calibration()["recommendation"], calibration()["training"]["constants"]
    out = min(values["exchange_fraction"], 1.0)
    linked = np.array([float(k["scaleup_gb_per_s"]) > _LINKED_GB_PER_S for k in kinds])
    reached = np.array([reached_share(kind, "bf16") for kind in kinds])
    eager = stack != "hugectr"
    return RecommendationSoftware(
        lookup_fraction=min(values["lookup_fraction"], 1.0),
        matmul_fraction=min(values["matmul_fraction"], 1.0) * reached,
        half_rows=float(training["half.rows"]["value"]),
        half_width=float(training["half.width"]["value"]),
        up_fraction=np.where(linked, out, min(values["bus_fraction"], 1.0)),
        out_fraction=out,
        half_b=float(training["network.half_b"]["value"]),
        issue_s=float(section["eager_issue_s"]["value"]) if eager else values["issue_s"],
        spread_s=values["spread_s"],
    )


def _resources(kinds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    def each(key: str, scale: float, otherwise: float = math.nan) -> Array:
        return np.array([float(kind.get(key, otherwise)) for kind in kinds]) * scale

    return {
        "peak_flops_per_s": each("peak_bf16_tflops", 1e12),
        "memory_b_per_s": each("memory_tb_per_s", 1e12),
        "up_b_per_s": each("scaleup_gb_per_s", 1e9),
        "out_b_per_s": each("scaleout_gb_per_s", 1e9, 25.0),
    }
