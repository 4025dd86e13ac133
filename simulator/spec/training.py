"""What the families' representative models ask of a chip, and what software makes of one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.spec.base import Count, Date, Figure, Ratio, Share, Spec
from simulator.spec.quantities import Bytes, PositiveSeconds

Size = Annotated[int, Field(ge=1)]
Product = Annotated[list[Size], Field(min_length=4, max_length=4)]


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


class ImageModel(Spec):
    """A vision or diffusion model of convolutions, all of it on every chip."""

    kind: Literal["images"]
    """Rated by the step law of vision and diffusion models."""
    label: str
    """Name of the model."""
    from_chips: Size
    """Gangs of this size and larger train it, up to the next model's. [rce]"""
    products: list[Product] = Field(min_length=1)
    """Layers as products: places of the output a sample, width inside (kernel times channels),
    channels out, and how many there are of each."""
    samples_per_chip: Size
    """Samples a step on a reference chip."""
    source: str
    """Publication of the layers."""
    date: Date
    """Its date."""


Model = Annotated[Transformer | Recommender | ImageModel, Field(discriminator="kind")]


class StepLaw(Spec):
    """Constants of mature software, one set for all chips: what differs by chip is in its port."""

    reach: Figure[Share]
    """Share of peak the largest matmuls reach on a chip nobody measured."""
    matmul: Figure[Share]
    """Share of a chip's largest matmul rate that large matmuls reach in training."""
    attention: Figure[Share]
    """Share of peak attention reaches, the causal half counted once."""
    memory: Figure[Share]
    """Share of memory bandwidth passes over memory reach."""
    half_rows: Figure[Ratio]
    """Rows at which a matmul reaches half its rate on a chip of 312 TFLOP/s. [1]"""
    half_width: Figure[Ratio]
    """Width at which it does. [1]"""
    half_power: Figure[Share]
    """Power of the peak both grow with. [1]"""
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
    context_loss: Figure[Share]
    """Attention time lost to uneven shares of a split sequence."""
    dp_hidden: Figure[Share]
    """Share of the gradient exchange that may overlap the last backward pass."""
    gradient: Figure[Bytes]
    """Of a weight, as it is reduced."""
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
    ramp: Figure[Share]
    """Exponent of a collective's approach to full bandwidth. [1]"""
    lookup: Figure[Share]
    """Share of memory bandwidth embedding lookups reach."""
    towers: Figure[Share]
    """Share of a chip's largest matmul rate that a recommender's towers reach."""
    exchange: Figure[Share]
    """Share of line rate its all-to-all reaches."""
    lookup_issue: Figure[PositiveSeconds]
    """Fixed time of its step on one host."""
    lookup_spread: Figure[PositiveSeconds]
    """More of it for each doubling of hosts."""
    image_half_rows: Figure[Ratio]
    """Rows at which a vision model's product reaches half its rate, as above. [1]"""
    image_half_width: Figure[Ratio]
    """Width at which it does. [1]"""
    image_passes: Figure[Ratio]
    """Times a forward pass of such a model writes or reads what a layer puts out. [1]"""
    image_layer: Figure[PositiveSeconds]
    """Least time of a layer's pass."""
    image_step: Figure[PositiveSeconds]
    """Fixed time of its step."""
    image_straggle: Figure[Share]
    """Its loss per doubling of hosts."""
    pod_oversubscription: Figure[Ratio]
    """Bandwidth below a pod's switches over bandwidth above them. [1]"""
