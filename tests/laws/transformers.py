"""Transformers, plans and a chip to try the laws of training on."""

import numpy as np
from hypothesis import strategies as st

from simulator.laws.collectives import Network
from simulator.laws.training import Accelerator, Plan, Software, step_time
from simulator.laws.training_shapes import Architecture


def scalars(kind, **values):
    return kind(**{k: np.asarray(float(v)) for k, v in values.items()})


def gpt(layers=96, hidden=12288, heads=96, sequence=2048, vocabulary=51200, experts=0):
    return scalars(
        Architecture, layers=layers, hidden=hidden, heads=heads, vocabulary=vocabulary,
        sequence=sequence, attention_params=4 * hidden**2, attention_width=hidden,
        key_width=hidden, attention_share=1, dense_params=0 if experts else 8 * hidden**2,
        dense_matrices=2, experts=experts, top_k=2 if experts else 0,
        expert_share=1 if experts else 0, expert_width=hidden if experts else 0, tables=1,
    )  # fmt: skip


def plan(**changes):
    values = dict.fromkeys(Plan.__dataclass_fields__, 1)
    values |= {"tp": 8, "pp": 8, "dp": 2, "global_batch": 128, "recompute": 0}
    return scalars(Plan, **(values | changes))


CHIP = scalars(
    Accelerator, matmul_flops_per_s=989e12, wide_flops_per_s=989e12, memory_b_per_s=3.35e12,
    memory_b=80e9, up_b_per_s=450e9, out_b_per_s=50e9, domain=8,
)  # fmt: skip
SOFTWARE = scalars(
    Software, matmul_fraction=0.75, attention_fraction=0.5, memory_fraction=0.85, half_rows=100,
    half_width=100, half_power=0.4, layer_passes=20, score_passes=0, causal=0.5, launch_s=1e-4,
    tp_hidden=0.5, ep_hidden=0.5, cp_hidden=0.5, dp_hidden=1, gradient_b=2, step_s=0.005,
    straggle=0.01, cast_passes=0, expert_passes=10, expert_issue_s=1e-4, expert_each_s=1e-5,
    expert_chunk_s=1e-6, context_loss=0.1, hand_on_s=0, part_out=1,
)  # fmt: skip
NETWORK = Network(450e9, 50e9)
shapes = st.builds(
    gpt,
    layers=st.integers(2, 96),
    hidden=st.sampled_from([1024, 4096, 12288]),
    heads=st.sampled_from([16, 32]),
    sequence=st.sampled_from([1024, 8192, 131072]),
    experts=st.sampled_from([0, 8]),
)
PLANS = {
    "tp": [1, 2, 8, 16], "pp": [1, 4], "vp": [1, 2], "cp": [1, 2], "dp": [1, 8, 512], "ep": [1, 8],
    "micro_batch": [1, 4], "global_batch": [512, 4096], "sharding": [0, 1, 3], "recompute": [0, 1],
    "sequence_parallel": [0, 1],
}  # fmt: skip


def plans_of(**only):
    """Plans drawn from the choices above, some of them narrowed."""
    choices = (PLANS | only).items()
    return st.builds(plan, **{name: st.sampled_from(values) for name, values in choices})


plans = plans_of()


def seconds(model, chip, network, layout, software=SOFTWARE):
    return float(step_time(model, chip, network, layout, software).total_s)
