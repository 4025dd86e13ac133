"""Recommendation rows: what a DLRM sample asks for, and the rate the law gives it."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.validate_catalog import calibration, chips
from scenarios.validate_rows import Case
from simulator.laws.training_recommendation import (
    RecommendationModel,
    RecommendationSoftware,
    recommendation_step_s,
)

__all__ = ["predict_recommendation", "recommendation_model", "recommendation_software"]


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
    if values is None:
        values = {k: float(v["value"]) for k, v in section["constants"].items()}
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
