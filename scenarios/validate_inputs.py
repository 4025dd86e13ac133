"""From names and fitted constants to the arrays the training laws take."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import chips
from scenarios.validate_models import architecture_of
from scenarios.validate_rows import Case
from simulator.laws.collectives import Network
from simulator.laws.maturity import settled_share
from simulator.laws.training import Accelerator, Plan, Software

__all__ = ["Inputs", "accelerator_of", "architecture_of", "inputs_of", "software_of"]

Array = NDArray[np.float64]
T = TypeVar("T")
Constants = Mapping[str, float]

#: Largest matmul rate over peak where nobody measured the chip: near the median of those measured.
_REACHED = 0.76
_UNFLASHED = ("megatron", "deepspeed")
_BLOCKING = ("megatron", "deepspeed")
#: Reorders what experts receive chunk by chunk: Megatron Core of 2025 without fused permutation.
_CHUNKING = ("megatron-core",)
_OVERLAPPING = ("megatron-core", "megatron-bridge", "megascale")


def accelerator_of(chip: str, precision: str) -> Accelerator:
    """Chip in the catalogue, running its linear layers in a precision."""
    entry = chips()[chip]
    wide = float(entry["peak_bf16_tflops"]) * 1e12
    values = {
        "matmul_flops_per_s": _peak(entry, precision) * 1e12,
        "wide_flops_per_s": wide,
        "memory_b_per_s": float(entry["memory_tb_per_s"]) * 1e12,
        "memory_b": float(entry["memory_gb"]) * 1e9,
        "up_b_per_s": float(entry["scaleup_gb_per_s"]) * 1e9,
        "out_b_per_s": float(entry.get("scaleout_gb_per_s", 25.0)) * 1e9,
        "domain": float(entry["domain_chips"]),
    }
    return Accelerator(**{key: np.asarray(value) for key, value in values.items()})


def _peak(entry: Mapping[str, Any], precision: str) -> float:
    if precision == "fp4" and entry.get("peak_fp4_tflops"):
        return float(entry["peak_fp4_tflops"])
    if precision in ("fp8", "mxfp8", "fp4") and entry.get("peak_fp8_tflops"):
        return float(entry["peak_fp8_tflops"])
    return float(entry["peak_bf16_tflops"])


def reached_share(entry: Mapping[str, Any], precision: str) -> float:
    """Share of its peak a chip's largest matmuls were measured to reach [1]."""
    if precision != "bf16" and entry.get("reached_fp8_tflops"):
        return float(entry["reached_fp8_tflops"]) / float(entry["peak_fp8_tflops"])
    if precision == "bf16" and entry.get("reached_bf16_tflops"):
        return float(entry["reached_bf16_tflops"]) / float(entry["peak_bf16_tflops"])
    return _REACHED


class Inputs:
    """Arrays of many cases that no fitted constant changes, and the keys that choose constants."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = tuple(cases)
        self._places: dict[str, tuple[list[str], NDArray[np.int64]]] = {}
        self.model = _stack([architecture_of(case.model, case.sequence) for case in cases])
        self.chip = _stack([accelerator_of(case.chip, case.precision) for case in cases])
        stated = np.array([case.out_b_per_s or math.nan for case in cases])
        out = np.where(np.isnan(stated), self.chip.out_b_per_s, stated)
        self.chip = dataclasses.replace(self.chip, out_b_per_s=out)
        names = Plan.__dataclass_fields__
        self.plan = Plan(**{n: np.array([case.plan[n] for case in cases]) for n in names})
        entries = [chips()[case.chip] for case in cases]
        self.reached = np.array(
            [reached_share(e, c.precision) for e, c in zip(entries, cases, strict=True)]
        )
        self.chip_family = [str(e["family"]) for e in entries]
        self.age = np.array(
            [
                max(c.year - _years(str(e["available"])), 0.0)
                for e, c in zip(entries, cases, strict=True)
            ]
        )
        self.year = np.array([case.year for case in cases])
        self.unflashed = np.array([case.software in _UNFLASHED for case in cases])
        self.blocking = np.array([case.software in _BLOCKING for case in cases])
        self.quantised = np.array([case.precision != "bf16" for case in cases])
        self.rowwise = np.array([case.rowwise for case in cases])
        self.dropping = np.array([case.dropping for case in cases])
        self.overlapped = np.array([c.software in _OVERLAPPING for c in cases])
        self.chunked = np.array([case.software in _CHUNKING for case in cases])
        self.asynchronous = np.array([c.overlapped for c in cases])

    def places(self, quantity: str) -> tuple[list[str], NDArray[np.int64]]:
        """Names of a quantity's constants, and which of them each case takes."""
        if quantity not in self._places:
            wanted = [
                [
                    f"{quantity}.{kind}.{key}"
                    for kind, key in (
                        ("family", family),
                        ("stack", case.software),
                        ("chip", case.chip),
                        ("precision", case.precision),
                        (case.precision, family),
                    )
                ]
                for case, family in zip(self.cases, self.chip_family, strict=True)
            ]
            names, index = np.unique(np.array(wanted).T, return_inverse=True)
            self._places[quantity] = (names.tolist(), index.reshape(5, len(self.cases)))
        return self._places[quantity]

    def network(self, constants: Constants) -> Network:
        """Network the cases ran on, at the fitted efficiencies."""
        return Network(
            self.chip.up_b_per_s,
            self.chip.out_b_per_s,
            up_efficiency=constants["network.up"],
            out_efficiency=constants["network.out"],
            up_latency_s=constants["network.up_latency_s"],
            out_latency_s=constants["network.out_latency_s"],
            half_b=constants["network.half_b"],
            ramp=0.75,
        )

    def software(self, constants: Constants) -> Software:
        """Software of the cases at the fitted constants."""
        pick = _Picker(constants, self)
        moe = np.exp(-constants["experts.yearly"] * (np.maximum(self.year, 2025.0) - 2025.0))
        unflashed, blocking, overlapped = self.unflashed, self.blocking, self.overlapped
        fp8, rowwise = self.quantised, self.rowwise
        loss = constants["maturity.loss"] + np.where(fp8, constants["maturity.quantised"], 0.0)
        young = settled_share(self.age, np.minimum(loss, 0.8), constants["maturity.years"])
        ones = np.ones(len(self.cases))
        dropping = np.where(self.dropping, min(constants["issue.dropping"], 1.0), 1.0)
        tp_exposed = np.where(
            overlapped, constants["exposed.tp_overlapped"], constants["exposed.tp"]
        )
        tp_exposed = np.where(self.asynchronous, constants["exposed.tp_async"], tp_exposed)
        return Software(
            matmul_fraction=np.minimum(self.reached * pick("matmul") * young, 0.98),
            attention_fraction=np.minimum(pick("attention"), 0.95),
            memory_fraction=0.85 * ones,
            half_rows=constants["half.rows"] * ones,
            half_width=constants["half.width"] * ones,
            half_power=constants["half.power"] * ones,
            layer_passes=pick("passes"),
            score_passes=np.where(unflashed, constants["scores.passes"], 0.0),
            causal=np.where(unflashed, 1.0, 0.5),
            launch_s=pick("launch"),
            tp_hidden=1.0 - np.minimum(tp_exposed, 1.0),
            ep_hidden=(1.0 - min(constants["exposed.ep"], 1.0)) * ones,
            cp_hidden=(1.0 - min(constants["exposed.cp"], 1.0)) * ones,
            dp_hidden=np.where(blocking, 0.0, 1.0),
            gradient_b=2.0 * ones,
            hand_on_s=np.where(blocking, constants["hand_on.s"], 0.0),
            part_out=np.where(blocking, min(constants["network.part_out"], 1.0), 1.0),
            step_s=constants["step.s"] * ones,
            straggle=constants["straggle"] * ones,
            cast_passes=np.where(fp8, constants["cast.passes"], 0.0)
            * np.where(rowwise, constants["cast.rowwise"], 1.0),
            expert_passes=pick("sorting") * moe,
            expert_issue_s=pick("issue") * moe * dropping,
            expert_each_s=pick("each") * moe * dropping,
            expert_chunk_s=np.where(self.chunked, constants["chunk.s"], 0.0) * moe * dropping,
            context_loss=constants["context.loss"] * ones,
        )


class _Picker:
    """Product of a quantity's constants: for all, by family, software, chip and precision."""

    def __init__(self, constants: Constants, inputs: Inputs) -> None:
        self.constants, self.inputs = constants, inputs

    def __call__(self, quantity: str) -> Array:
        names, places = self.inputs.places(quantity)
        values = np.array([self.constants.get(name, 1.0) for name in names])
        return self.constants[f"{quantity}.all"] * np.asarray(values[places].prod(axis=0))


def inputs_of(cases: Sequence[Case]) -> Inputs:
    """Arrays of the cases a step-time law predicts."""
    return Inputs(cases)


def software_of(case: Case, constants: Constants) -> tuple[Software, Network]:
    """Software and network of one case."""
    inputs = Inputs([case])
    return inputs.software(constants), inputs.network(constants)


def _stack(items: Sequence[T]) -> T:
    kind = type(items[0])
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{n: np.array([float(getattr(item, n)) for item in items]) for n in names})


def _years(month: str) -> float:
    return float(month[:4]) + (float(month[5:7]) - 0.5) / 12.0
