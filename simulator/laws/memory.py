"""What a plan needs of a chip's memory: weights, gradients, optimiser state, activations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.training import Plan, local_params
from simulator.laws.training_shapes import Architecture

__all__ = ["activation_b", "fits", "required_b", "state_b"]

Array = NDArray[np.float64]

#: A weight and its gradient in mixed precision: 2 B and 4 B. [B]
_WORKING_B = 6.0
#: Master weight and two moments in 32 bits. [B]
_OPTIMISER_B = 12.0
#: Memory the runtime, collectives' buffers and fragmentation take. [1]
_RESERVED = 0.08


def state_b(model: Architecture, plan: Plan) -> Array:
    """Weights, gradients and optimiser state a chip holds [B].

    Sharding 1 splits the optimiser over the data-parallel group, 3 splits all of it and keeps one
    layer gathered.

    References
    ----------
    .. [1] Rajbhandari et al., "ZeRO", SC'20, :doi:`10.1109/SC41405.2020.00024`.
    """
    dense, experts = local_params(model, plan)
    group = plan.dp * plan.cp
    rest = np.maximum(group * plan.tp / np.maximum(plan.ep, 1.0), 1.0)
    optimiser = np.where(plan.sharding >= 1, dense / group + experts / rest, dense + experts)
    working = np.where(plan.sharding >= 3, dense / group + experts / rest, dense + experts)
    gathered = np.where(
        plan.sharding >= 3, 4.0 * (dense + experts) / np.maximum(model.layers / plan.pp, 1.0), 0.0
    )
    return np.asarray(_WORKING_B * working + _OPTIMISER_B * optimiser + gathered)


def activation_b(model: Architecture, plan: Plan) -> Array:
    """Activations a chip of the first stage keeps for the backward pass [B].

    ``34 s b h`` a layer for a feed-forward four times as wide, scaled to the model's own width,
    scores not kept (flash attention); with full recomputation only the layer's input. A pipeline
    holds as many micro-batches as it has stages, a little more when interleaved.

    References
    ----------
    .. [1] Korthikanti et al., MLSys 2023, arXiv:2205.05198, equations 2 to 4.
    """
    tokens = plan.micro_batch * model.sequence / plan.cp
    inner = model.dense_params / model.hidden + 3.0 * model.top_k * model.expert_width
    split = np.where(plan.sequence_parallel > 0, plan.tp, 1.0)
    layer = tokens * (10.0 * model.hidden / split + (8.0 * model.hidden + 2.0 * inner) / plan.tp)
    kept = np.where(plan.recompute > 0, 2.0 * tokens * model.hidden / split, layer)
    layers = model.layers / plan.pp
    held = np.minimum(plan.micro_batches, plan.pp)
    held = held * np.where(plan.vp > 1, 1.0 + (plan.pp - 1.0) / (plan.pp * plan.vp), 1.0)
    working = np.where(plan.recompute > 0, layer, 0.0)
    logits = 6.0 * tokens * model.vocabulary / plan.tp
    return np.asarray(held * layers * kept + np.maximum(working, logits))


def required_b(model: Architecture, plan: Plan) -> Array:
    """Memory the fullest chip of a plan needs [B]."""
    return state_b(model, plan) + activation_b(model, plan)


def fits(model: Architecture, plan: Plan, memory_b: ArrayLike) -> NDArray[np.bool_]:
    """Whether a plan fits the memory of a chip, a twelfth of it kept free."""
    room = np.asarray(memory_b, dtype=np.float64) * (1.0 - _RESERVED)
    return np.asarray(required_b(model, plan) <= room)
