"""What a training step depends on: the chip, the plan it runs by, and the software it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Accelerator", "Plan", "Software", "StepTime"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Accelerator:
    """What the step sees of a chip; every field broadcasts.

    Attributes
    ----------
    matmul_flops_per_s : ndarray
        Peak of the precision the linear layers run in, dense [FLOP/s].
    wide_flops_per_s : ndarray
        Peak at 16 bits, for attention and the vocabulary projection [FLOP/s].
    memory_b_per_s, memory_b : ndarray
        Bandwidth and size of the memory [B/s], [B].
    up_b_per_s, out_b_per_s : ndarray
        One-way bandwidth into the scale-up domain and the scale-out fabric [B/s].
    domain : ndarray
        Chips in a scale-up domain [1].
    """

    matmul_flops_per_s: Array
    wide_flops_per_s: Array
    memory_b_per_s: Array
    memory_b: Array
    up_b_per_s: Array
    out_b_per_s: Array
    domain: Array


@dataclass(frozen=True)
class Plan:
    """How a model is laid over chips; every field broadcasts.

    Attributes
    ----------
    tp, pp, vp, cp, dp, ep : ndarray
        Tensor, pipeline, interleaved chunks a stage, context, data and expert parallel degree [1].
    micro_batch, global_batch : ndarray
        Sequences a pass and sequences a step [1].
    sharding : ndarray
        0 none, 1 optimiser state (ZeRO-1), 3 weights gathered for every pass (FSDP) [1].
    recompute : ndarray
        Share of the layer's forward pass done again: 0 none or selective, 1 full [1].
    sequence_parallel : ndarray
        1 where the passes over memory are split over tp too [1].
    """

    tp: Array
    pp: Array
    vp: Array
    cp: Array
    dp: Array
    ep: Array
    micro_batch: Array
    global_batch: Array
    sharding: Array
    recompute: Array
    sequence_parallel: Array

    @property
    def chips(self) -> Array:
        """Chips in the gang [1]."""
        return self.tp * self.pp * self.cp * self.dp

    @property
    def micro_batches(self) -> Array:
        """Micro-batches a pipeline works through in a step [1]."""
        return np.maximum(np.ceil(self.global_batch / (self.dp * self.micro_batch) - 1e-9), 1.0)


@dataclass(frozen=True)
class Software:
    """Constants of software on a chip, each fitted once for all rows; every field broadcasts.

    Attributes
    ----------
    matmul_fraction, attention_fraction, memory_fraction : ndarray
        Share of peak that large matmuls, attention and memory-bound passes reach [1], in (0, 1].
    half_rows, half_width, half_power : ndarray
        Rows (tokens) and width at which a matmul reaches half of it on a chip of 312 TFLOP/s, and
        the power of the peak both grow with [1], at most 1/3.
    layer_passes : ndarray
        Times a forward pass writes or reads the residual stream or its like [1].
    score_passes : ndarray
        The same for the attention scores: 0 where they stay on chip (flash attention) [1].
    causal : ndarray
        Share of the scores computed: 1 all, 0.5 only those behind [1].
    launch_s : ndarray
        Time the host needs to issue one pass of one layer [s].
    tp_hidden, ep_hidden, cp_hidden : ndarray
        Share of the exchanges inside a layer that runs behind other work [1], in [0, 1].
    dp_hidden : ndarray
        Share of the gradient exchange that may overlap the last backward pass [1], in [0, 1].
    gradient_b : ndarray
        Bytes of a gradient as it is reduced [B].
    hand_on_s : ndarray
        Time the host needs to hand a micro-batch to the next stage, the pass before it done [s].
    part_out : ndarray
        Share of the scale-out bandwidth left to data-parallel rings that each pass through part
        of a host and go beyond a leaf switch [1].
    step_s : ndarray
        Fixed time of a step: data, logging, synchronisation [s].
    straggle : ndarray
        Loss per doubling of hosts: the slowest of many [1].
    cast_passes : ndarray
        Extra passes over a matmul's inputs to quantise them (8-bit and below) [1].
    expert_passes : ndarray
        Passes over the routed tokens to sort, permute, weigh and add them back [1].
    expert_issue_s, expert_each_s : ndarray
        Time the host needs besides for a layer that routes, and for each expert a chip holds, a
        pass [s].
    expert_chunk_s : ndarray
        Time early software needs to cut and join the tokens of each expert of a layer, of all
        chips, where a chip holds several, a pass [s].
    context_loss : ndarray
        Attention time lost to uneven shares when a sequence is split over many chips [1].
    """

    matmul_fraction: Array
    attention_fraction: Array
    memory_fraction: Array
    half_rows: Array
    half_width: Array
    half_power: Array
    layer_passes: Array
    score_passes: Array
    causal: Array
    launch_s: Array
    tp_hidden: Array
    ep_hidden: Array
    cp_hidden: Array
    dp_hidden: Array
    gradient_b: Array
    hand_on_s: Array
    part_out: Array
    step_s: Array
    straggle: Array
    cast_passes: Array
    expert_passes: Array
    expert_issue_s: Array
    expert_each_s: Array
    expert_chunk_s: Array
    context_loss: Array


@dataclass(frozen=True)
class StepTime:
    """A step and where it goes [s]; the parts sum to ``total_s``."""

    total_s: Array
    compute_s: Array
    exposed_s: Array
    bubble_s: Array
    overhead_s: Array
    flops: Array
    """Model FLOPs of a step, recomputation not counted [FLOP]."""
