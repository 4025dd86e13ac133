"""The best parallel plan for a model on some chips: all plans that fit, timed at once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.laws.collectives import Network
from simulator.laws.memory import required_b
from simulator.laws.training import Accelerator, Plan, Software, StepTime, step_time
from simulator.laws.training_shapes import Architecture

__all__ = ["BestPlan", "best_plan", "candidate_plans"]

Array = NDArray[np.float64]

_RESERVED = 0.08
#: Degrees and micro-batches beyond which exchanges outweigh the work, or nothing is gained [1].
_MOST_TENSOR, _MOST_EXPERT, _MOST_MICRO = 64, 128, 16
_LEAST_SEQUENCE = 1024.0


@dataclass(frozen=True)
class BestPlan:
    """A plan and its step, or why there is none.

    Attributes
    ----------
    plan : Plan
        Of scalars; the plan nearest to fitting where none does.
    total_s : float
        Step time [s]; infinite where no plan fits.
    time : StepTime
        Parts of the step of that plan.
    memory_b : float
        What its fullest chip needs [B].
    considered : int
        Plans that were timed or weighed.
    reason : str
        Empty, or why no plan runs.
    """

    plan: Plan
    total_s: float
    time: StepTime
    memory_b: float
    considered: int
    reason: str


def _divisors(count: int, most: int) -> list[int]:
    return [d for d in range(1, min(count, most) + 1) if count % d == 0]


def candidate_plans(
    model: Architecture, chips: int, global_batch: int, domain: int, most_pp: int = 128
) -> Plan:
    """Every plan worth timing for a model of scalars on *chips* chips.

    Tensor parallelism divides the heads and stays in a domain, experts are dealt out evenly,
    replicas and micro-batches divide the batch; stages divide the layers or are a power of two, the
    last of them then less full.

    Raises
    ------
    ValueError
        If there are no chips or no sequences.
    """
    if chips < 1 or global_batch < 1:
        raise ValueError(f"chips and global_batch must be >= 1, got {chips} and {global_batch}")
    heads, layers = int(model.heads), int(model.layers)
    experts = round(float(model.experts / np.maximum(model.expert_share, 1e-9)))
    tensor = _divisors(heads, min(domain, chips, _MOST_TENSOR))
    most = min(layers, most_pp, chips)
    stages = sorted({*_divisors(layers, most), *(2**k for k in range(8) if 2**k <= most)})
    # A part of a sequence shorter than this fills no matmul.
    longest = max(float(model.sequence) / _LEAST_SEQUENCE, 1.0)
    context = [c for c in (1, 2, 4, 8, 16, 32) if c <= longest]
    expert = _divisors(experts, min(experts, _MOST_EXPERT)) if experts else [1]
    splits = [
        (t, p, c)
        for t, p, c in itertools.product(tensor, stages, context)
        if chips % (t * p * c) == 0 and global_batch % (chips // (t * p * c)) == 0
    ]
    if not splits:
        splits, expert = [(1, 1, 1)], [1]
    micro = [b for b in range(1, _MOST_MICRO + 1) if global_batch % b == 0]
    axes = np.meshgrid(np.arange(len(splits)), [1, 2, 4, 8], expert, [1, 3], indexing="ij")
    at, vp, ep, sharding = (axis.ravel() for axis in axes)
    tp, pp, cp = np.array(splits)[at].T
    dp = chips // (tp * pp * cp)
    good = np.where(pp > 1, (layers // pp >= vp) & (sharding == 1), vp == 1)
    good &= (dp * cp * tp) % ep == 0
    # Most are ruled out already: what is left is split into micro-batches, then recomputed or not.
    rows = np.repeat(np.flatnonzero(good), len(micro))
    micro_batch = np.tile(micro, rows.size // len(micro))
    whole = np.maximum(global_batch // dp[rows], 1) % micro_batch == 0
    # The same plan with and without recomputation stand side by side.
    rows, micro_batch = np.repeat(rows[whole], 2), np.repeat(micro_batch[whole], 2)
    recompute = np.tile([0.0, 1.0], rows.size // 2)
    tp, pp, vp, cp, dp, ep, sharding = (
        x[rows].astype(np.float64) for x in (tp, pp, vp, cp, dp, ep, sharding)
    )
    micro_batch = micro_batch.astype(np.float64)
    return Plan(
        tp, pp, vp, cp, dp, ep, micro_batch, np.full_like(tp, float(global_batch)), sharding,
        recompute, np.ones_like(tp),
    )  # fmt: skip


def _take(plan: Plan, index: NDArray[np.int64] | int) -> Plan:
    return Plan(**{n: np.asarray(getattr(plan, n))[index] for n in Plan.__dataclass_fields__})


def best_plan(
    model: Architecture,
    chip: Accelerator,
    network: Network,
    software: Software,
    *,
    chips: int,
    global_batch: int,
    plan: Plan | None = None,
) -> BestPlan:
    """The fastest plan that fits, or the given one timed and weighed.

    Parameters
    ----------
    model, chip, network, software
        Of scalars.
    chips, global_batch : int
        Chips of the gang, sequences of a step [1].
    plan : Plan, optional
        Judge these plans only.

    Returns
    -------
    BestPlan
        ``total_s`` is infinite, with the reason, where memory or batch admit no plan.
    """
    every = candidate_plans(model, chips, global_batch, int(chip.domain)) if plan is None else plan
    room = float(chip.memory_b) * (1.0 - _RESERVED)
    needed = np.broadcast_to(required_b(model, every), every.tp.shape)
    fits = needed <= room
    if plan is None:
        # What fits without recomputation is never faster with it.
        fits[1::2] &= ~fits[::2]
    fitting = np.flatnonzero(fits)
    used = np.asarray(every.chips)
    matching = fitting[np.isclose(used[fitting], chips)]
    if matching.size == 0:
        nearest = int(np.argmin(needed))
        closest = _take(every, nearest)
        reason = (
            f"needs {needed[nearest] / 1e9:.0f} GB of {room / 1e9:.0f} GB usable on each chip"
            if fitting.size == 0
            else f"plan uses {used[fitting[0]]:.0f} chips, not {chips}"
        )
        if plan is None and global_batch < chips and fitting.size == 0:
            reason += f"; a batch of {global_batch} splits over few of {chips} chips"
        time = step_time(model, chip, network, closest, software)
        return BestPlan(closest, float("inf"), time, float(needed[nearest]), used.size, reason)
    chosen = _take(every, matching)
    totals = step_time(model, chip, network, chosen, software).total_s
    best = int(np.argmin(totals))
    winner = _take(chosen, best)
    time = step_time(model, chip, network, winner, software)
    memory = float(needed[matching[best]])
    return BestPlan(winner, float(time.total_s), time, memory, used.size, "")
