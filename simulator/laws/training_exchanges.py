"""What a training step exchanges: inside layers, between stages, over replicas, to experts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.laws.collectives import Network, collective_time_s, domain_split
from simulator.laws.matmul import WORD_B
from simulator.laws.training_inputs import Accelerator, Plan, Software
from simulator.laws.training_shapes import Architecture

__all__ = [
    "copies_sent",
    "dispatch_s",
    "gather_s",
    "layer_exchanges_s",
    "local_params",
    "reduce_s",
    "stage_hop_s",
]

Array = NDArray[np.float64]

#: Hosts under one leaf: half of 40 ports at four NICs a host (NVIDIA QM8700). [1]
_LEAF_HOSTS = 5.0


def local_params(model: Architecture, plan: Plan) -> tuple[Array, Array]:
    """Weights a chip holds if nothing is sharded over dp: dense ones, experts."""
    common = model.attention_params + model.dense_params + model.router_params
    dense = model.layers * common / (plan.tp * plan.pp)
    table = model.vocabulary * model.hidden / plan.tp
    dense = dense + table * np.where(plan.pp > 1, 1.0, model.tables)
    expert_tp = np.where(plan.ep > 1, 1.0, plan.tp)
    experts = model.layers * model.experts * 3.0 * model.hidden * model.expert_width
    return dense, experts / (plan.pp * plan.ep * expert_tp)


def layer_exchanges_s(
    model: Architecture,
    network: Network,
    chip: Accelerator,
    plan: Plan,
    software: Software,
    tokens: Array,
) -> Array:
    """Exchanges of one layer, all passes, that do not hide behind its work."""
    message = WORD_B * tokens * model.hidden
    domain = chip.domain
    tensor = collective_time_s("all_reduce", message, plan.tp, domain, network)
    tensor = (4.0 + 2.0 * plan.recompute) * tensor * (1.0 - software.tp_hidden)
    inside = np.maximum(domain / plan.tp, 1.0)
    split = np.where(plan.sequence_parallel > 0, plan.tp, 1.0)
    expert = dispatch_s(model, network, plan, message / split, domain)
    expert = (4.0 + 2.0 * plan.recompute) * expert * (1.0 - software.ep_hidden)
    keys = 2.0 * WORD_B * tokens * plan.cp * model.key_width / plan.tp
    context = collective_time_s("all_gather", keys, plan.cp, inside, network)
    context = (3.0 + plan.recompute) * context * (1.0 - software.cp_hidden)
    return np.asarray(tensor + expert + model.attention_share * context)


def copies_sent(top_k: Array, groups: Array) -> Array:
    """Groups that hold at least one of a token's experts, on average, dealt out evenly."""
    return np.asarray(groups * (1.0 - (1.0 - 1.0 / groups) ** top_k))


def dispatch_s(
    model: Architecture, network: Network, plan: Plan, message_b: Array, domain: Array
) -> Array:
    """Tokens sent to their experts, or back: once to each domain, there once to each chip.

    References
    ----------
    .. [1] DeepSeek-AI, "DeepSeek-V3", arXiv:2412.19437, section 3.2.2.
    """
    share = np.maximum(model.expert_share, 1e-9)
    top_k = model.top_k / share
    inside, domains = domain_split(plan.ep, domain)
    near = message_b * copies_sent(top_k, np.asarray(plan.ep, dtype=np.float64))
    far = message_b * copies_sent(top_k, domains)
    within = collective_time_s("all_to_all", near, inside, inside, network)
    across = collective_time_s("all_to_all", far, domains, np.asarray(1.0), network)
    return np.where(model.experts > 0, model.expert_share * (within + across), 0.0)


def gather_s(
    model: Architecture, network: Network, chip: Accelerator, plan: Plan, software: Software
) -> Array:
    """Weights gathered twice and gradients scattered once a micro-batch, where sharded so."""
    dense, experts = local_params(model, plan)
    group = plan.dp * plan.cp
    inside = np.maximum(chip.domain / plan.tp, 1.0)
    each = collective_time_s("all_gather", WORD_B * (dense + experts), group, inside, network)
    return np.where(plan.sharding >= 3, 3.0 * each, 0.0)


def reduce_s(
    model: Architecture, network: Network, chip: Accelerator, plan: Plan, software: Software
) -> Array:
    """Gradients reduced, and weights gathered back, once a step over the data-parallel group."""
    dense, experts = local_params(model, plan)
    group = plan.dp * plan.cp
    inside = np.maximum(chip.domain / plan.tp, 1.0)
    bytes_each = 0.5 * (software.gradient_b + WORD_B)
    # Rings that each pass through part of a host meet in the same NICs and, past a leaf, collide.
    apart = (inside > 1.0) & (inside < chip.domain) & (group > _LEAF_HOSTS * inside)
    out = np.where(apart, software.part_out, 1.0) * np.asarray(network.out_b_per_s)
    mixed = replace(network, out_b_per_s=out)
    each = collective_time_s("all_reduce", bytes_each * dense, group, inside, mixed)
    rest = np.maximum(group * plan.tp / np.maximum(plan.ep, 1.0), 1.0)
    near = np.maximum(chip.domain / np.maximum(plan.ep, plan.tp), 1.0)
    each = each + collective_time_s("all_reduce", bytes_each * experts, rest, near, network)
    return np.where(plan.sharding >= 3, 0.0, each)


def stage_hop_s(
    model: Architecture,
    chip: Accelerator,
    network: Network,
    plan: Plan,
    software: Software,
    tokens: Array,
) -> Array:
    """Activations handed to the next stage and gradients back, a micro-batch."""
    message = WORD_B * tokens * model.hidden / plan.tp
    near = plan.tp * plan.cp * plan.pp <= chip.domain
    rate = np.where(near, chip.up_b_per_s, chip.out_b_per_s) * 0.8
    hop = 2.0 * plan.vp * (message / rate + np.asarray(network.out_latency_s) + software.hand_on_s)
    return np.where(plan.pp > 1, hop, 0.0)
