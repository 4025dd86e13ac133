"""Step time of a transformer on a gang of chips: from architecture, chip, plan and software.

One optimiser step is a pipeline of micro-batches through stages of layers, followed by what of the
gradient exchange did not hide, and the optimiser. A layer's pass is its matmuls at the rate their
shape reaches, attention, the passes over memory between them, and the exchanges inside the layer
that did not hide. Everything is an array and broadcasts: one call predicts a thousand plans.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.laws.collectives import Network
from simulator.laws.matmul import WORD_B, matmul_s
from simulator.laws.training_exchanges import (
    gather_s,
    layer_exchanges_s,
    local_params,
    reduce_s,
    stage_hop_s,
)
from simulator.laws.training_inputs import Accelerator, Plan, Software, StepTime
from simulator.laws.training_shapes import Architecture

__all__ = ["Accelerator", "Plan", "Software", "StepTime", "local_params", "step_time"]

Array = NDArray[np.float64]

#: Optimiser traffic per parameter held: master weight, two moments, gradient, read and write. [B]
_ADAM_B = 30.0
#: How sharply the longer of two overlapping activities hides the other (p-norm exponent).
_OVERLAP_NORM = 4.0


def step_time(
    model: Architecture, chip: Accelerator, network: Network, plan: Plan, software: Software
) -> StepTime:
    """Time of one optimiser step [s].

    Parameters
    ----------
    model, chip, network, plan, software
        Arrays that broadcast against each other.

    Returns
    -------
    StepTime
        Finite and positive wherever the inputs are.

    Notes
    -----
    Pipeline: ``m`` turns of the last stage, which has the head, and ``(p-1)/v`` of the others to
    fill and drain it (Narayanan et al., SC'21). Exchanges that overlap a stretch
    of work of length w cost what a 4-norm adds to it, ``(w^4 + t^4)^(1/4) - w``: nothing when
    short, all of it when long, with no kink. Host-bound layers take the time of issuing them.

    References
    ----------
    .. [1] Narayanan et al., SC'21, :doi:`10.1145/3458817.3476209`.
    .. [2] Korthikanti et al., MLSys 2023, arXiv:2205.05198 (sequence parallel, recomputation).
    .. [3] Rajbhandari et al., SC'20, :doi:`10.1109/SC41405.2020.00024` (sharded optimiser).
    """
    tokens = plan.micro_batch * model.sequence / plan.cp
    linear, experts, attention, memory = _layer_passes_s(model, chip, plan, software, tokens)
    rounds = 3.0 + plan.recompute
    # Backward reads and writes about twice what forward does, and flash attention recomputes.
    compute = (
        rounds * linear + rounds * experts + (3.5 + plan.recompute) * attention + rounds * memory
    )
    exchange = layer_exchanges_s(model, network, chip, plan, software, tokens)
    # The fullest stage sets the pace: layers that do not divide are rounded up to whole chunks.
    chunk = np.ceil(model.layers / (plan.pp * plan.vp) - 1e-9)
    layers = np.minimum(chunk * plan.vp, np.ceil(model.layers / plan.pp - 1e-9))
    head = _head_s(model, chip, plan, software, tokens)
    body = layers * (compute + exchange)
    issue = layers * rounds * (software.launch_s + _routing_issue_s(model, plan, software))
    stage = _norm(body + head, issue)
    gather = gather_s(model, network, chip, plan, software)
    hop = stage_hop_s(model, chip, network, plan, software, tokens)
    stage_all = _norm(stage, gather) + hop
    # The last stage's head sets the pace, but only one turn of filling and draining passes it.
    bubble = (plan.pp - 1.0) / plan.vp * (_norm(_norm(body, issue), gather) + hop)
    reduce = reduce_s(model, network, chip, plan, software)
    bare = (1.0 - software.dp_hidden) * reduce
    exposed_reduce = bare + software.dp_hidden * (_norm(stage, reduce) - stage)
    optimiser = _optimiser_s(model, chip, plan, software)
    hosts = np.maximum(plan.chips / 8.0, 1.0)
    slow = 1.0 + software.straggle * np.log2(hosts)
    once = bubble + exposed_reduce + optimiser
    total = (plan.micro_batches * stage_all + once) * slow + software.step_s
    own = plan.micro_batches * (layers * compute + head)
    exposed = plan.micro_batches * (stage_all - layers * compute - head) + exposed_reduce
    overhead = total - own - bubble - exposed
    flops = model.model_flops_per_token * plan.global_batch * model.sequence
    return StepTime(*np.broadcast_arrays(total, own, exposed, bubble, overhead, flops))


def _norm(first: Array, second: Array) -> Array:
    """Length of two overlapping stretches: the longer, a little more where they are alike."""
    big = np.maximum(np.maximum(first, second), 1e-30)
    low = np.minimum(first, second) / big
    return big * (1.0 + low**_OVERLAP_NORM) ** (1.0 / _OVERLAP_NORM)


def _matmul_s(
    chip: Accelerator, software: Software, rows: Array, inner: Array, outer: Array, copies: Array
) -> Array:
    """Forward time of a product of (rows x inner) with (inner x outer), *copies* of it."""
    each = matmul_s(
        rows,
        inner,
        outer,
        peak_flops_per_s=chip.matmul_flops_per_s,
        fraction=software.matmul_fraction,
        memory_b_per_s=chip.memory_b_per_s * software.memory_fraction,
        half_rows=software.half_rows,
        half_width=software.half_width,
        half_power=software.half_power,
    )
    return np.asarray(copies * each)


def _layer_passes_s(
    model: Architecture, chip: Accelerator, plan: Plan, software: Software, tokens: Array
) -> tuple[Array, Array, Array, Array]:
    """Forward times of a mean layer: linear layers, experts, attention, passes over memory."""
    tp, hidden = plan.tp, model.hidden
    attention_out = model.attention_params / hidden / tp
    linear = _matmul_s(chip, software, tokens, hidden, attention_out, np.asarray(1.0))
    dense_out = model.dense_params / hidden / tp
    matrices = np.maximum(model.dense_matrices, 1.0)
    linear = linear + _matmul_s(chip, software, tokens, hidden, dense_out / matrices, matrices)
    expert_tokens = tokens * model.top_k * plan.ep / np.maximum(model.experts, 1.0)
    local = np.where(model.experts > 0, model.experts / plan.ep, 0.0)
    expert_tp = np.where(plan.ep > 1, 1.0, tp)
    # Tokens of a tp group are dealt out among its members before they go to their experts.
    expert_rows = np.maximum(np.where(plan.ep > 1, expert_tokens / tp, expert_tokens), 1e-9)
    experts = _matmul_s(
        chip, software, expert_rows, hidden, model.expert_width / expert_tp, 3.0 * local
    )
    dealt = np.where(plan.ep > 1, tp, 1.0)
    routed = WORD_B * tokens * model.top_k * model.hidden / dealt
    sorting = software.expert_passes * routed / (chip.memory_b_per_s * software.memory_fraction)
    experts = experts + sorting
    experts = np.where(model.experts > 0, experts, 0.0)
    scores = 4.0 * tokens * model.sequence * model.attention_width / tp
    bandwidth = chip.memory_b_per_s * software.memory_fraction
    score_b = WORD_B * tokens * model.sequence * model.heads / tp * software.score_passes
    uneven = 1.0 + software.context_loss * (1.0 - 1.0 / plan.cp)
    attention = model.attention_share * (
        uneven * scores * software.causal / (chip.wide_flops_per_s * software.attention_fraction)
        + score_b / bandwidth
    )
    split = np.where(plan.sequence_parallel > 0, tp, 1.0)
    width = hidden / split + 0.5 * hidden / tp
    inner = (model.dense_params / hidden + 3.0 * model.top_k * model.expert_width) / 3.0 / tp
    casts = software.cast_passes * (2.0 * hidden / split + inner)
    memory = WORD_B * tokens * (software.layer_passes * (width + 0.25 * inner) + casts) / bandwidth
    return linear, experts, attention, memory


def _routing_issue_s(model: Architecture, plan: Plan, software: Software) -> Array:
    """Host time to route a mean layer: how many tokens go where, then each expert in turn.

    What arrives is ordered by chip, and within it by expert. Who holds several experts has to
    reorder as many chunks as the layer has experts; software that has no kernel for that cuts and
    joins them one by one (Megatron Core's all-to-all dispatcher without fused permutation).
    """
    share, held = model.expert_share, model.experts / plan.ep
    chunks = np.where(held > 1.5 * share, model.experts, 0.0)
    issue = share * software.expert_issue_s + held * software.expert_each_s
    return np.asarray(issue + chunks * software.expert_chunk_s)


def _head_s(
    model: Architecture, chip: Accelerator, plan: Plan, software: Software, tokens: Array
) -> Array:
    """Vocabulary projection and its loss on the last stage, forward and backward."""
    wide = Accelerator(
        chip.wide_flops_per_s,
        chip.wide_flops_per_s,
        chip.memory_b_per_s,
        chip.memory_b,
        chip.up_b_per_s,
        chip.out_b_per_s,
        chip.domain,
    )
    columns = model.vocabulary / plan.tp
    product = 3.0 * _matmul_s(wide, software, tokens, model.hidden, columns, np.asarray(1.0))
    # The loss reads and writes the logits, mostly in 32 bits.
    loss = 16.0 * tokens * columns / (chip.memory_b_per_s * software.memory_fraction)
    return product + loss


def _optimiser_s(model: Architecture, chip: Accelerator, plan: Plan, software: Software) -> Array:
    dense, experts = local_params(model, plan)
    split = np.where(plan.sharding >= 1, plan.dp * plan.cp, 1.0)
    rest = np.maximum(plan.dp * plan.cp * plan.tp / np.maximum(plan.ep, 1.0), 1.0)
    expert_split = np.where(plan.sharding >= 1, rest, 1.0)
    held = dense / split + experts / expert_split
    return _ADAM_B * held / (chip.memory_b_per_s * software.memory_fraction)
