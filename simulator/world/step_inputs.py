"""From a catalogue's models, chips and constants to what the step-time laws take."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from simulator.laws.collectives import Network
from simulator.laws.matmul import WORD_B
from simulator.laws.training_inputs import Accelerator, Software
from simulator.laws.training_recommendation import RecommendationModel, RecommendationSoftware
from simulator.laws.training_shapes import Architecture
from simulator.laws.training_vision import VisionModel, VisionSoftware
from simulator.spec.hardware import Chip
from simulator.spec.training import ImageModel, Recommender, StepLaw, Transformer

__all__ = [
    "accelerator",
    "architecture",
    "image_model",
    "images",
    "network_at",
    "recommender",
    "software",
    "tables",
]

T = TypeVar("T")


def _scalars(kind: type[T], **values: float) -> T:
    arrays: dict[str, Any] = {key: np.asarray(value, np.float64) for key, value in values.items()}
    return kind(**arrays)


def accelerator(chip: Chip, gang: int, level: str) -> Accelerator:
    """The chip running every layer at 16 bits, in a gang that is spread to a level."""
    domain = chip.scaleup_domain
    # A gang that fits in a domain but lies farther apart has two at least.
    if level not in ("host", "domain") and gang <= domain:
        domain = max(1, gang // 2)
    return _scalars(
        Accelerator,
        matmul_flops_per_s=chip.peak_bf16.value,
        wide_flops_per_s=chip.peak_bf16.value,
        memory_b_per_s=chip.memory_bandwidth.value,
        memory_b=chip.memory.value,
        up_b_per_s=chip.scaleup_bandwidth.value,
        out_b_per_s=chip.scaleout_bandwidth.value,
        domain=domain,
    )


def architecture(model: Transformer) -> Architecture:
    """Mean layer and ends of a transformer."""
    around = 0.5 * model.attention_matrices * model.hidden * (model.hidden + model.key_width)
    return _scalars(
        Architecture,
        layers=model.layers,
        hidden=model.hidden,
        heads=model.heads,
        vocabulary=model.vocabulary,
        sequence=model.sequence,
        attention_params=around,
        attention_width=model.hidden,
        key_width=model.key_width,
        attention_share=1.0,
        dense_params=model.matrices * model.hidden * model.ffn,
        dense_matrices=model.matrices,
        experts=model.experts,
        top_k=model.top_k,
        expert_width=model.expert_ffn,
        expert_share=1.0 if model.experts else 0.0,
        tables=2.0,
    )


def network_at(level: str, chip: Chip, law: StepLaw) -> Network:
    """Network of a gang spread so far: between pods there is less of it, and farther to go."""
    site = level == "site"
    out = chip.scaleout_bandwidth.value / (law.pod_oversubscription.value if site else 1.0)
    return Network(
        chip.scaleup_bandwidth.value,
        out,
        up_efficiency=law.up.value,
        out_efficiency=law.out.value,
        up_latency_s=law.up_latency.value,
        out_latency_s=law.out_latency.value * (2.0 if site else 1.0),
        half_b=law.half_message.value,
        ramp=law.ramp.value,
    )


def _reach(law: StepLaw, chip: Chip) -> float:
    """Share of its peak a chip's largest matmuls reach [1]."""
    return (law.reach if chip.matmul_reach is None else chip.matmul_reach).value


def software(law: StepLaw, chip: Chip, *, moe: bool) -> Software:
    """Mature software of a transformer; only what matmuls reach differs by chip.

    At 16 bits nothing is cast, flash attention keeps the scores on chip, and half of them lie
    ahead of their token. Micro-batches are handed on behind other work; rings keep to their rails.
    """
    return _scalars(
        Software,
        matmul_fraction=law.matmul.value * _reach(law, chip),
        attention_fraction=law.attention.value,
        memory_fraction=law.memory.value,
        half_rows=law.half_rows.value,
        half_width=law.half_width.value,
        half_power=law.half_power.value,
        layer_passes=law.layer_passes.value,
        score_passes=0.0,
        causal=0.5,
        launch_s=law.launch.value,
        tp_hidden=1.0 - law.tp_exposed.value,
        ep_hidden=1.0 - law.ep_exposed.value,
        cp_hidden=1.0 - law.cp_exposed.value,
        dp_hidden=law.dp_hidden.value,
        gradient_b=law.gradient.value,
        hand_on_s=0.0,
        part_out=1.0,
        step_s=law.step.value,
        straggle=law.straggle.value,
        cast_passes=0.0,
        expert_passes=law.expert_passes.value if moe else 0.0,
        expert_issue_s=law.expert_issue.value if moe else 0.0,
        expert_each_s=law.expert_each.value if moe else 0.0,
        expert_chunk_s=0.0,
        context_loss=law.context_loss.value,
    )


def recommender(model: Recommender) -> RecommendationModel:
    """What a sample asks for."""
    width = model.width.value
    return RecommendationModel(
        lookup_b=model.lookup.value,
        vector_b=model.vector.value,
        # Every weight is met three times, with two operations each.
        towers=[(width, width, model.dense_flops.value / (6.0 * width**2))],
        gradient_params=model.reduced.value / WORD_B,
    )


def tables(law: StepLaw, chip: Chip) -> RecommendationSoftware:
    """Mature software of a recommender; only what matmuls reach differs by chip."""
    return RecommendationSoftware(
        lookup_fraction=law.lookup.value,
        matmul_fraction=law.towers.value * _reach(law, chip),
        half_rows=law.half_rows.value,
        half_width=law.half_width.value,
        up_fraction=law.exchange.value,
        out_fraction=law.exchange.value,
        half_b=law.half_message.value,
        issue_s=law.lookup_issue.value,
        spread_s=law.lookup_spread.value,
    )


def image_model(model: ImageModel) -> VisionModel:
    """Layers of a vision or diffusion model as products."""
    return VisionModel([(float(p), float(i), float(o), float(n)) for p, i, o, n in model.products])


def images(law: StepLaw, chip: Chip) -> VisionSoftware:
    """Mature software of such a model; only what matmuls reach differs by chip."""
    return VisionSoftware(
        matmul_fraction=law.matmul.value * _reach(law, chip),
        half_rows=law.image_half_rows.value,
        half_width=law.image_half_width.value,
        memory_fraction=law.memory.value,
        activation_passes=law.image_passes.value,
        layer_s=law.image_layer.value,
        step_s=law.image_step.value,
        straggle=law.image_straggle.value,
    )
