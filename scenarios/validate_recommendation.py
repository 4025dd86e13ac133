"""Recommendation rows: what a DLRM sample asks for, and the rate the law gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import calibration, chips
from scenarios.validate_rows import Case
from simulator.laws.training_fit import Fit, Prior, fit_constants, group_weights
from simulator.laws.training_recommendation import (
    RecommendationModel,
    RecommendationSoftware,
    recommendation_step_s,
)
from simulator.laws.training_target import measured_samples

__all__ = [
    "fit_minutes",
    "minutes_to_target",
    "predict_recommendation",
    "recommendation_model",
    "recommendation_software",
    "table_constants",
]

Array = NDArray[np.float64]

#: Samples of the Criteo 1 TB click log trained on in an epoch.
_EPOCH_SAMPLES = 4.195e9
_MLPERF = "dlrm-dcnv2-mlperf"
_NOISE = 0.05
#: First round of DLRM-DCNv2, and the years its implementations took to settle.
_INTRODUCED, _SETTLING_YEARS = 2023.45, 0.4


class Run(Protocol):
    """What the law needs of an entry."""

    @property
    def chip(self) -> str:
        """Catalogue id of its chips."""

    @property
    def chips(self) -> float:
        """How many."""

    @property
    def nodes(self) -> float:
        """Hosts they sit in."""

    @property
    def batch(self) -> float:
        """Samples a step."""

    @property
    def year(self) -> float:
        """Date of the run."""


def minutes_to_target(runs: Sequence[Run], values: Mapping[str, float] | None = None) -> Array:
    """Minutes DLRM-DCNv2 takes to its target [min]: epochs at the law's rate, and what is fixed."""
    constants = table_constants() if values is None else values
    kinds = [chips()[run.chip] for run in runs]
    batch = np.array([run.batch for run in runs])
    count = np.array([run.chips for run in runs])
    host = np.array([run.chips / run.nodes for run in runs])
    domain = np.array([float(kind["domain_chips"]) for kind in kinds])
    step = recommendation_step_s(
        recommendation_model(_MLPERF),
        recommendation_software("hugectr", constants),
        batch=batch,
        chips=count,
        peak_flops_per_s=np.array([float(k["peak_bf16_tflops"]) for k in kinds]) * 1e12,
        memory_b_per_s=np.array([float(k["memory_tb_per_s"]) for k in kinds]) * 1e12,
        up_b_per_s=np.array([float(k["scaleup_gb_per_s"]) for k in kinds]) * 1e9,
        out_b_per_s=np.array([float(k.get("scaleout_gb_per_s", 25.0)) for k in kinds]) * 1e9,
        domain=np.where(domain > 16, domain, np.minimum(domain, np.maximum(host, 1.0))),
    )
    seen = calibration()["mlperf"]["convergence"]["dlrm_dcnv2"]
    epochs = constants["epochs"] * measured_samples(batch, seen["batch"], seen["samples"])
    known = np.maximum(np.array([run.year for run in runs]) - _INTRODUCED, 0.0)
    young = 1.0 + constants["young"] * np.exp(-known / _SETTLING_YEARS)
    seconds = epochs * _EPOCH_SAMPLES / batch * step * young * constants["evaluation"]
    return np.asarray((seconds + constants["fixed_s"]) / 60.0)


def fit_minutes(
    runs: Sequence[Run],
    measured_min: Sequence[float],
    *,
    start: Mapping[str, float] | None = None,
    evaluations: int = 30,
) -> Fit:
    """Constants that explain the minutes of these runs best."""
    found = calibration()["recommendation"]["constants"]
    return fit_constants(
        lambda values: minutes_to_target(runs, values),
        measured_min,
        {k: Prior(float(v["prior"]), float(v["prior_spread"])) for k, v in found.items()},
        noise=_NOISE,
        weights=group_weights([f"{run.chip} {run.chips:g}" for run in runs]),
        start=start,
        evaluations=evaluations,
    )


def table_constants() -> dict[str, float]:
    """Fitted constants of the recommendation law, by name."""
    found = calibration()["recommendation"]["constants"]
    return {k: float(v["value"]) for k, v in found.items()}


def recommendation_model(name: str) -> RecommendationModel:
    """Bytes and FLOPs a sample of a recommendation model asks for."""
    entry = calibration()["recommendation"]["models"][name]
    return RecommendationModel(
        lookup_b=float(entry["lookup_b"]),
        vector_b=float(entry["vector_b"]),
        dense_flops=float(entry["dense_flops"]),
        dense_params=float(entry["dense_params"]),
    )


def recommendation_software(
    stack: str, values: Mapping[str, float] | None = None
) -> RecommendationSoftware:
    """Fitted constants; an eager framework issues its kernels one by one."""
    section = calibration()["recommendation"]
    values = table_constants() if values is None else values
    issue = values["issue_s"] if stack == "hugectr" else float(section["eager_issue_s"]["value"])
    return RecommendationSoftware(
        lookup_fraction=min(values["lookup_fraction"], 1.0),
        dense_fraction=min(values["dense_fraction"], 1.0),
        exchange_fraction=min(values["exchange_fraction"], 1.0),
        issue_s=issue,
        spread_s=values["spread_s"],
    )


def predict_recommendation(case: Case) -> float:
    """Samples a second of a recommendation row."""
    chip = chips()[case.chip]
    peak = float(chip["peak_bf16_tflops"]) * 1e12
    if case.precision == "fp32" and chip.get("peak_fp32_tflops"):
        peak = float(chip["peak_fp32_tflops"]) * 1e12
    step = recommendation_step_s(
        recommendation_model(case.model),
        recommendation_software(case.software),
        batch=case.plan["global_batch"],
        chips=case.plan["chips"],
        peak_flops_per_s=peak,
        memory_b_per_s=float(chip["memory_tb_per_s"]) * 1e12,
        up_b_per_s=float(chip["scaleup_gb_per_s"]) * 1e9,
        out_b_per_s=float(chip.get("scaleout_gb_per_s", 25.0)) * 1e9,
        domain=float(chip["domain_chips"]),
    )
    return case.plan["global_batch"] / float(step)
