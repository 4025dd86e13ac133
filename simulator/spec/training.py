"""What the families' representative models ask of a chip, and what software makes of one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.spec.base import Count, Date, Figure, Ratio, Share, Spec
from simulator.spec.quantities import Bytes, PositiveSeconds

Size = Annotated[int, Field(ge=1)]


class Transformer(Spec):
    """A transformer, dense or of experts; also a diffusion transformer over patches."""

    kind: Literal["transformer"]
    """Rated by the step law of transformers."""
    label: str
    """Name of the model."""
    from_chips: Size
    """Gangs of this size and larger train it, up to the next model's. [rce]"""
    layers: Size
    """Layers."""
    hidden: Size
    """Width of the residual stream."""
    heads: Size
    """Attention heads."""
    key_width: Size
    """Width of the keys a token keeps: key heads times their width."""
    ffn: Count
    """Width of the feed-forward part every token passes, shared experts included."""
    matrices: Literal[2, 3]
    """Matrices it comes in: 3 where gated."""
    vocabulary: Size
    """Tokens known; 1 for patches."""
    sequence: Size
    """Tokens or patches a sample."""
    experts: Count = 0
    """Routed experts a layer."""
    top_k: Count = 0
    """Experts a token."""
    expert_ffn: Count = 0
    """Width of one expert."""
    attention_matrices: Ratio = 4.0
    """Square matrices around attention at full key width: 8 with cross-attention."""
    source: str
    """Publication of the shape."""
    date: Date
    """Its date."""


class Recommender(Spec):
    """A ranking model: embedding tables split over the chips, towers on each."""

    kind: Literal["recommender"]
    """Rated by the step law of recommendation models."""
    label: str
    """Name of the model."""
    from_chips: Size
    """Gangs of this size and larger train it, up to the next model's. [rce]"""
    lookup: Figure[Bytes]
    """Embedding bytes read a sample, forward."""
    vector: Figure[Bytes]
    """Pooled bytes exchanged a sample, one way."""
    dense_flops: Figure[Ratio]
    """Of the towers a sample, forward and backward. [FLOP]"""
    width: Figure[Ratio]
    """Width of the towers' matrices. [1]"""
    reduced: Figure[Bytes]
    """Gradients reduced over all chips a step that do not hide behind other work."""
    samples_per_chip: Size
    """Samples a step on a reference chip."""


Model = Annotated[Transformer | Recommender, Field(discriminator="kind")]


class StepLaw(Spec):
    """Constants of mature software, one set for all chips: what differs by chip is in its port."""

    matmul: Figure[Share]
    """Share of peak large matmuls reach."""
    attention: Figure[Share]
    """Share of peak attention reaches, the causal half counted once."""
    memory: Figure[Share]
    """Share of memory bandwidth passes over memory reach."""
    half_rows: Figure[Ratio]
    """Rows at which a matmul reaches half its rate on a chip of 312 TFLOP/s. [1]"""
    half_width: Figure[Ratio]
    """Width at which it does. [1]"""
    layer_passes: Figure[Ratio]
    """Passes over the residual stream in a layer's forward pass. [1]"""
    launch: Figure[PositiveSeconds]
    """Host time to issue one pass of one layer."""
    tp_exposed: Figure[Share]
    """Share of tensor-parallel exchanges that does not hide."""
    ep_exposed: Figure[Share]
    """Share of expert-parallel exchanges that does not."""
    cp_exposed: Figure[Share]
    """Share of context-parallel exchanges that does not."""
    step: Figure[PositiveSeconds]
    """Fixed time of a step."""
    straggle: Figure[Share]
    """Loss per doubling of hosts."""
    expert_passes: Figure[Ratio]
    """Passes over the routed tokens around the experts. [1]"""
    expert_issue: Figure[PositiveSeconds]
    """Host time to route a layer that has experts, a pass."""
    expert_each: Figure[PositiveSeconds]
    """Host time for each expert a chip holds, a pass of a layer."""
    up: Figure[Share]
    """Share of the scale-up line rate collectives sustain."""
    out: Figure[Share]
    """Share of the scale-out line rate."""
    up_latency: Figure[PositiveSeconds]
    """Of an empty collective inside a domain."""
    out_latency: Figure[PositiveSeconds]
    """Of one hop between domains, inside a pod."""
    half_message: Figure[Bytes]
    """Message at which a collective's time over bandwidth doubles."""
    lookup: Figure[Share]
    """Share of memory bandwidth embedding lookups reach."""
    towers: Figure[Share]
    """Share of peak large matmuls of a recommender's towers reach."""
    exchange: Figure[Share]
    """Share of line rate its all-to-all reaches."""
    lookup_issue: Figure[PositiveSeconds]
    """Fixed time of its step on one host."""
    lookup_spread: Figure[PositiveSeconds]
    """More of it for each doubling of hosts."""
    pod_oversubscription: Figure[Ratio]
    """Bandwidth below a pod's switches over bandwidth above them. [1]"""
