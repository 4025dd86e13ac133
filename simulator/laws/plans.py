"""The best parallel plan for a model on some chips: all plans that fit, timed at once."""

from __future__ import annotations

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
#: Rough bytes of state a weight takes; plans over it are not looked at closer. [B]
_LEAST_STATE_B = 6.0


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
    model: Architecture, chips: int, global_batch: int, domain: int, most_pp: int = 64
) -> Plan:
    """Every plan worth timing for a model of scalars on *chips* chips.

    Tensor parallelism divides the heads and stays in a domain, replicas divide the batch; stages
    divide the layers or are a power of two, the last of them then less full.

    Raises
    ------
    ValueError
        If there are no chips or no sequences.
    """
    if chips < 1 or global_batch < 1:
        raise ValueError(f"chips and global_batch must be >= 1, got {chips} and {global_batch}")
    heads, layers = int(model.heads), int(model.layers)
    experts = round(float(model.experts))
    # Powers of two up to the domain, at most 16: beyond it exchanges outweigh the work.
    tensor = [t for t in (1, 2, 4, 8, 16) if t <= min(domain, chips) and heads % t == 0]
    most = min(layers, most_pp, chips)
    stages = sorted({*_divisors(layers, most), *(2**k for k in range(7) if 2**k <= most)})
    context = [1] if float(model.sequence) <= 8192 else [1, 2, 4, 8, 16]
    expert = [1] if experts == 0 else [e for e in (1, 2, 4, 8, 16, 32, 64) if e <= experts]
    grid = []
    for tp in tensor:
        for pp in stages:
            for cp in context:
                if chips % (tp * pp * cp):
                    continue
                dp = chips // (tp * pp * cp)
                if global_batch % dp:
                    continue
                chunks = [v for v in (1, 2, 4, 8) if pp > 1 and layers // pp >= v] or [1]
                each = global_batch // dp
                micro = [b for b in (1, 2, 4, 8) if each % b == 0]
                spread = [e for e in expert if (dp * cp * tp) % e == 0]
                sharded = [1.0, 3.0] if pp == 1 else [1.0]
                grid += [
                    (tp, pp, v, cp, dp, e, b, s, r)
                    for v in chunks for e in spread for b in micro for s in sharded
                    for r in (0.0, 1.0)
                ]  # fmt: skip
    if not grid:
        grid = [(1, 1, 1, 1, chips, 1, 1, 1.0, 0.0)]
    columns = np.array(grid, dtype=np.float64).T
    tp, pp, vp, cp, dp, ep, micro_batch, sharding, recompute = columns
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
    fitting = np.flatnonzero(needed <= room)
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
