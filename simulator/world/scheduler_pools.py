"""Choosing pools: how many chips of each pool each class should hold, as a function of arrays.

A planner's own choice is one function from a :class:`MixView` to an array:

>>> import numpy as np, simpy
>>> from simulator.world.engine import JobEngine, JobTable, Policy
>>> def slowest_first(mix):
...     able = mix.rate > 0
...     return np.where(able, mix.capacity / np.maximum(mix.rate, 1e-9) ** 2, 0.0)
>>> jobs = JobTable.of([0.0, 0.0], chips=[1, 1], work_s=[6.0, 6.0])
>>> policy = Policy("fcfs", pools=PoolChoice(slowest_first))
>>> engine = JobEngine(simpy.Environment(), jobs, 1, policy, rng_faults=np.random.default_rng)
>>> for name, rate in (("fast", 2.0), ("slow", 1.0)):
...     engine.add_hosts(engine.add_pool(name, chips_per_host=1, rate=[rate]), hosts=2)
>>> engine.close(np.inf).jobs["finish_s"]
array([6., 6.])

It is asked before the first pass, and then before a pass whenever the mix has
changed materially: a class came or went, the chips a class asks (of jobs that
wait or run) left a band around what they were, a pool's hosts that are up left
theirs, or the world changed rates. What it says is kept to as
:mod:`scheduler_aims` says. :mod:`scheduler_programs` has choices made by linear
programs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs_arrays import State
from simulator.world.jobs_state import MIX_CHANGED, NOW

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MixView:
    """The mix of classes and the fleet at one moment."""

    now_s: float
    #: Reference chips asked by the jobs of a class that wait or run, shape (classes,). [rce]
    chips: NDArray[np.int64]
    #: Reference work per chip and second, shape (classes, pools). [rce/chip]
    rate: Floats
    #: Chips needed for each reference chip, shape (classes, pools). [chip/rce]
    size_factor: Floats
    #: Chips of hosts that are up, shape (pools,). [chip]
    capacity: Floats


@dataclass(frozen=True)
class Aims:
    """What a choice says, and how it was found."""

    #: Shape (classes, pools). [chip]
    chips: Floats
    #: Linear programs solved for it.
    programs: int = 0
    #: Largest relative distance of one of these from its bound.
    gap: float = 0.0


@dataclass(frozen=True)
class PoolChoice:
    """A function that sets aims, and how much must change before it is asked again.

    Raises
    ------
    ValueError
        If a number is out of bounds.
    """

    #: From the mix to chips aimed at, shape (classes, pools), or :class:`Aims`.
    decide: Callable[[MixView], ArrayLike | Aims]
    #: The chips a class asks may change by this factor. [1]
    chips_factor: float = 2.0
    #: The hosts of a pool that are up may change by this part. [1]
    hosts_part: float = 0.01

    def __post_init__(self) -> None:
        if not self.chips_factor >= 1:
            raise ValueError(f"chips_factor must be >= 1, got {self.chips_factor}")
        if not self.hosts_part >= 0:
            raise ValueError(f"hosts_part must be >= 0, got {self.hosts_part}")

    def aims(self, view: MixView) -> Aims:
        """Ask; return what was said, checked."""
        said = self.decide(view)
        aims = said if isinstance(said, Aims) else Aims(np.asarray(said, float))
        if aims.chips.shape != view.rate.shape:
            raise ValueError(
                f"a choice of pools must return shape {view.rate.shape}, got {aims.chips.shape}"
            )
        if not np.all(np.isfinite(aims.chips)):
            raise ValueError("a choice of pools must return finite numbers")
        return aims

    def band_of_chips(self, chips: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Return the least and the most that each class may ask before it is asked again."""
        return np.where(chips > 0, np.ceil(chips / self.chips_factor), 0).astype(np.int64), _whole(
            chips * self.chips_factor
        )

    def band_of_hosts(self, up: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Return the least and the most hosts up before it is asked again."""
        return np.ceil(up * (1 - self.hosts_part)).astype(np.int64), _whole(
            up * (1 + self.hosts_part)
        )


@dataclass
class Asked:
    """How often a choice was asked, and the programs it took."""

    times: int = 0
    programs: int = 0
    worst_gap: float = 0.0

    def note(self, aims: Aims) -> None:
        """Count one answer."""
        self.times += 1
        self.programs += aims.programs
        self.worst_gap = max(self.worst_gap, aims.gap)


def _whole(most: ArrayLike) -> NDArray[np.int64]:
    # Beyond this there is no bound: an integer must hold it.
    return np.floor(np.minimum(most, 2.0**62)).astype(np.int64)


def set_aims(st: State, choice: PoolChoice, rate: Floats, factor: Floats) -> Aims:
    """Ask a choice and put down its aims and the bands within which they stand."""
    classes = len(st.group)
    view = MixView(
        now_s=float(st.real[NOW]),
        chips=st.group["chips"].copy(),
        rate=rate[:classes].copy(),
        size_factor=factor[:classes].copy(),
        capacity=(st.pool["up"] * st.pool["chips_per_host"]).astype(float),
    )
    aims = choice.aims(view)
    st.aims["aim"] = aims.chips
    st.group["least"], st.group["most"] = choice.band_of_chips(view.chips)
    st.pool["up_least"], st.pool["up_most"] = choice.band_of_hosts(st.pool["up"])
    st.counts[MIX_CHANGED] = 0
    return aims
