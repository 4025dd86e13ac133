"""Step time of a transformer on a gang of chips: from architecture, chip, plan and software.

One optimiser step is a pipeline of micro-batches through stages of layers, followed by what of the
gradient exchange did not hide, and the optimiser. A layer's pass is its matmuls at the rate their
shape reaches, attention, the passes over memory between them, and the exchanges inside the layer
that did not hide. Everything is an array and broadcasts: one call predicts a thousand plans.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.laws.collectives import Network, collective_time_s, domain_split
from simulator.laws.training_inputs import Accelerator, Plan, Software, StepTime
from simulator.laws.training_shapes import Architecture

__all__ = ["Accelerator", "Plan", "Software", "StepTime", "local_params", "step_time"]

Array = NDArray[np.float64]

#: Bytes of an activation or a weight while computing (16-bit formats). [B]
_WORD_B = 2.0
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
    Pipeline: ``(m + (p-1)/v) * stage`` (Narayanan et al., SC'21). Exchanges that overlap a stretch
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
    exchange = _layer_exchanges_s(model, network, chip, plan, software, tokens)
    # The fullest stage sets the pace: layers that do not divide are rounded up to whole chunks.
    chunk = np.ceil(model.layers / (plan.pp * plan.vp) - 1e-9)
    layers = np.minimum(chunk * plan.vp, np.ceil(model.layers / plan.pp - 1e-9))
    head = _head_s(model, chip, plan, software, tokens)
    gpu = layers * (compute + exchange) + head
    issue = layers * rounds * (software.launch_s + _routing_issue_s(model, plan, software))
    stage = _norm(gpu, issue)
    gather = _gather_s(model, network, chip, plan, software)
    stage_all = _norm(stage, gather)
    hop = _stage_hop_s(model, chip, network, plan, tokens)
    stage_all = stage_all + hop
    turns = plan.micro_batches + (plan.pp - 1.0) / plan.vp
    reduce = _reduce_s(model, network, chip, plan, software)
    bare = (1.0 - software.dp_hidden) * reduce
    exposed_reduce = bare + software.dp_hidden * (_norm(stage, reduce) - stage)
    optimiser = _optimiser_s(model, chip, plan, software)
    hosts = np.maximum(plan.chips / 8.0, 1.0)
    slow = 1.0 + software.straggle * np.log2(hosts)
    total = (turns * stage_all + exposed_reduce + optimiser) * slow + software.step_s
    own = plan.micro_batches * (layers * compute + head)
    bubble = (plan.pp - 1.0) / plan.vp * stage_all
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
    # Above a third, three padded dimensions would outgrow the rate: a faster chip were slower.
    power = np.minimum(software.half_power, 1.0 / 3.0)
    faster = (chip.matmul_flops_per_s / 312e12) ** power
    half = software.half_width * faster
    # A dimension d reaches d / (d + half) of the rate: as if each were padded by half.
    padded = 2.0 * (rows + software.half_rows * faster) * (inner + half) * (outer + half)
    arithmetic = padded / (chip.matmul_flops_per_s * software.matmul_fraction)
    moved = _WORD_B * (rows * inner + inner * outer + rows * outer)
    streaming = moved / (chip.memory_b_per_s * software.memory_fraction)
    return np.where(outer > 0, copies * np.maximum(arithmetic, streaming), 0.0)


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
    routed = _WORD_B * tokens * model.top_k * model.hidden / dealt
    sorting = software.expert_passes * routed / (chip.memory_b_per_s * software.memory_fraction)
    experts = experts + sorting
    experts = np.where(model.experts > 0, experts, 0.0)
    scores = 4.0 * tokens * model.sequence * model.attention_width / tp
    bandwidth = chip.memory_b_per_s * software.memory_fraction
    score_b = _WORD_B * tokens * model.sequence * model.heads / tp * software.score_passes
    uneven = 1.0 + software.context_loss * (1.0 - 1.0 / plan.cp)
    attention = model.attention_share * (
        uneven * scores * software.causal / (chip.wide_flops_per_s * software.attention_fraction)
        + score_b / bandwidth
    )
    split = np.where(plan.sequence_parallel > 0, tp, 1.0)
    width = hidden / split + 0.5 * hidden / tp
    inner = (model.dense_params / hidden + 3.0 * model.top_k * model.expert_width) / 3.0 / tp
    casts = software.cast_passes * (2.0 * hidden / split + inner)
    memory = _WORD_B * tokens * (software.layer_passes * (width + 0.25 * inner) + casts) / bandwidth
    return linear, experts, attention, memory


def _routing_issue_s(model: Architecture, plan: Plan, software: Software) -> Array:
    """Host time to route a mean layer: how many tokens go where, then each expert in turn."""
    held = model.experts / plan.ep
    return np.asarray(model.expert_share * software.expert_issue_s + held * software.expert_each_s)


def _layer_exchanges_s(
    model: Architecture,
    network: Network,
    chip: Accelerator,
    plan: Plan,
    software: Software,
    tokens: Array,
) -> Array:
    """Exchanges of one layer, all passes, that do not hide behind its work."""
    message = _WORD_B * tokens * model.hidden
    domain = chip.domain
    tensor = collective_time_s("all_reduce", message, plan.tp, domain, network)
    tensor = (4.0 + 2.0 * plan.recompute) * tensor * (1.0 - software.tp_hidden)
    inside = np.maximum(domain / plan.tp, 1.0)
    split = np.where(plan.sequence_parallel > 0, plan.tp, 1.0)
    expert = _dispatch_s(model, network, plan, message / split, domain)
    expert = (4.0 + 2.0 * plan.recompute) * expert * (1.0 - software.ep_hidden)
    keys = 2.0 * _WORD_B * tokens * plan.cp * model.key_width / plan.tp
    context = collective_time_s("all_gather", keys, plan.cp, inside, network)
    context = (3.0 + plan.recompute) * context * (1.0 - software.cp_hidden)
    return np.asarray(tensor + expert + model.attention_share * context)


def _copies(top_k: Array, groups: Array) -> Array:
    """Groups that hold at least one of a token's experts, on average, dealt out evenly."""
    return np.asarray(groups * (1.0 - (1.0 - 1.0 / groups) ** top_k))


def _dispatch_s(
    model: Architecture, network: Network, plan: Plan, message: Array, domain: Array
) -> Array:
    """Tokens sent to their experts, or back: once to each domain, there once to each chip.

    References
    ----------
    .. [1] DeepSeek-AI, "DeepSeek-V3", arXiv:2412.19437, section 3.2.2.
    """
    share = np.maximum(model.expert_share, 1e-9)
    top_k = model.top_k / share
    inside, domains = domain_split(plan.ep, domain)
    near = message * _copies(top_k, np.asarray(plan.ep, dtype=np.float64))
    far = message * _copies(top_k, domains)
    within = collective_time_s("all_to_all", near, inside, inside, network)
    across = collective_time_s("all_to_all", far, domains, np.asarray(1.0), network)
    return np.where(model.experts > 0, model.expert_share * (within + across), 0.0)


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


def local_params(model: Architecture, plan: Plan) -> tuple[Array, Array]:
    """Weights a chip holds if nothing is sharded over dp: dense ones, experts."""
    common = model.attention_params + model.dense_params + model.router_params
    dense = model.layers * common / (plan.tp * plan.pp)
    table = model.vocabulary * model.hidden / plan.tp
    dense = dense + table * np.where(plan.pp > 1, 1.0, model.tables)
    expert_tp = np.where(plan.ep > 1, 1.0, plan.tp)
    experts = model.layers * model.experts * 3.0 * model.hidden * model.expert_width
    return dense, experts / (plan.pp * plan.ep * expert_tp)


def _gather_s(
    model: Architecture, network: Network, chip: Accelerator, plan: Plan, software: Software
) -> Array:
    """Weights gathered twice and gradients scattered once a micro-batch, where sharded so."""
    dense, experts = local_params(model, plan)
    group = plan.dp * plan.cp
    inside = np.maximum(chip.domain / plan.tp, 1.0)
    each = collective_time_s("all_gather", _WORD_B * (dense + experts), group, inside, network)
    return np.where(plan.sharding >= 3, 3.0 * each, 0.0)


def _reduce_s(
    model: Architecture, network: Network, chip: Accelerator, plan: Plan, software: Software
) -> Array:
    """Gradients reduced, and weights gathered back, once a step over the data-parallel group."""
    dense, experts = local_params(model, plan)
    group = plan.dp * plan.cp
    inside = np.maximum(chip.domain / plan.tp, 1.0)
    bytes_each = 0.5 * (software.gradient_b + _WORD_B)
    each = collective_time_s("all_reduce", bytes_each * dense, group, inside, network)
    rest = np.maximum(group * plan.tp / np.maximum(plan.ep, 1.0), 1.0)
    near = np.maximum(chip.domain / np.maximum(plan.ep, plan.tp), 1.0)
    each = each + collective_time_s("all_reduce", bytes_each * experts, rest, near, network)
    return np.where(plan.sharding >= 3, 0.0, each)


def _stage_hop_s(
    model: Architecture, chip: Accelerator, network: Network, plan: Plan, tokens: Array
) -> Array:
    """Activations handed to the next stage and gradients back, a micro-batch."""
    message = _WORD_B * tokens * model.hidden / plan.tp
    near = plan.tp * plan.cp * plan.pp <= chip.domain
    rate = np.where(near, chip.up_b_per_s, chip.out_b_per_s) * 0.8
    hop = 2.0 * plan.vp * (message / rate + np.asarray(network.out_latency_s))
    return np.where(plan.pp > 1, hop, 0.0)


def _optimiser_s(model: Architecture, chip: Accelerator, plan: Plan, software: Software) -> Array:
    dense, experts = local_params(model, plan)
    split = np.where(plan.sharding >= 1, plan.dp * plan.cp, 1.0)
    rest = np.maximum(plan.dp * plan.cp * plan.tp / np.maximum(plan.ep, 1.0), 1.0)
    expert_split = np.where(plan.sharding >= 1, rest, 1.0)
    held = dense / split + experts / expert_split
    return _ADAM_B * held / (chip.memory_b_per_s * software.memory_fraction)
