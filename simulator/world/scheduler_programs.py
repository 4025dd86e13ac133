"""Pools chosen by linear programs over class x pool.

In all of them a class holds chips ``y`` of each pool, no more than are up and no
more than its jobs ask; work is done at ``rate * y``, and counts the same
whatever the class. Of equal answers the one is taken that gives most to the
first class, then to the first pool: that is in the objective, as a part in ten
million.

Narayanan, D. et al. (2020), Heterogeneity-aware cluster scheduling policies for
deep learning workloads (Gavel), OSDI '20.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from simulator.world.scheduler_pools import Aims, MixView, PoolChoice

Floats = NDArray[np.float64]
#: Per pool; a function where pools come in the course of time.
Prices = Sequence[float] | Callable[[], Sequence[float]]
_TIE = 1e-7


def max_throughput() -> PoolChoice:
    """Return a choice that does the most work a second."""
    return PoolChoice(lambda mix: _aims(mix, [_Program(mix).most_work()]))


def max_min_fairness() -> PoolChoice:
    """Return a choice that does best by the class that fares worst.

    A class fares by the work it gets against an equal part of every pool, or
    against all it asks if that is less. What is left goes to the most work.
    """

    def decide(mix: MixView) -> Aims:
        program = _Program(mix)
        fair = program.fairest()
        return _aims(mix, [fair, program.most_work(least=fair.value * program.equal_part())])

    return PoolChoice(decide)


def least_cost(usd_per_chip_s: Prices, work_part: float = 0.95) -> PoolChoice:
    """Return a choice that costs least, of those that do nearly the most work.

    Parameters
    ----------
    usd_per_chip_s : sequence of float, shape (pools,), or a function that returns one
        [USD/(chip s)]
    work_part : float
        Of the most work that could be done. [1]
    """
    return _cheapest(usd_per_chip_s, work_part)


def least_energy(chip_w: Prices, work_part: float = 0.95) -> PoolChoice:
    """Return a choice that draws least power, of those that do nearly the most work.

    Parameters
    ----------
    chip_w : sequence of float, shape (pools,), or a function that returns one
        Power a chip draws at work. [W]
    work_part : float
        Of the most work that could be done. [1]
    """
    return _cheapest(chip_w, work_part)


def _cheapest(price: Prices, work_part: float) -> PoolChoice:
    if not 0 < work_part <= 1:
        raise ValueError(f"work_part must be in (0, 1], got {work_part}")

    def decide(mix: MixView) -> Aims:
        prices = np.asarray(price() if callable(price) else price, float)
        if prices.shape != mix.capacity.shape or not np.all(prices >= 0):
            raise ValueError(f"{len(mix.capacity)} prices >= 0 are needed, got {prices}")
        program = _Program(mix)
        most = program.most_work()
        return _aims(mix, [most, program.cheapest(prices, work_part * most.value)])

    return PoolChoice(decide)


class _Solved:
    """A solution: chips of each pair of class and pool that can be, its value, its gap."""

    def __init__(self, chips: Floats, value: float, gap: float) -> None:
        self.chips, self.value, self.gap = chips, value, gap


class _Program:
    """The variables and bounds that the programs share."""

    def __init__(self, mix: MixView) -> None:
        self.mix = mix
        able = (mix.rate > 0) & (mix.chips[:, None] > 0) & (mix.capacity > 0)
        self.row, self.pool = np.nonzero(able)
        self.rate = mix.rate[self.row, self.pool]
        classes, pools = mix.rate.shape
        n = len(self.row)
        self.upper = np.zeros((pools + classes, n))
        self.upper[self.pool, np.arange(n)] = 1.0
        self.upper[pools + self.row, np.arange(n)] = 1 / mix.size_factor[self.row, self.pool]
        self.bound = np.r_[mix.capacity, mix.chips].astype(float)
        self.work = np.zeros((classes, n))
        self.work[self.row, np.arange(n)] = self.rate
        #: Falls with the class, then with the pool.
        self.tie = _TIE * np.linspace(1.0, 0.5, n) if n else np.zeros(0)

    def equal_part(self) -> Floats:
        """Work each class would get of an equal part of every pool. [rce]."""
        present = max(len(np.unique(self.row)), 1)
        equal = self.work @ (self.mix.capacity[self.pool] / present)
        speed = np.zeros(len(self.mix.chips))
        np.maximum.at(speed, self.row, self.rate * self.mix.size_factor[self.row, self.pool])
        return np.minimum(equal, self.mix.chips * speed)

    def most_work(self, least: Floats | None = None) -> _Solved:
        """Do the most work, no class getting less than it must."""
        upper, bound = self.upper, self.bound
        if least is not None:
            # A hair less, or rounding may leave no answer.
            upper, bound = np.r_[upper, -self.work], np.r_[bound, -least * (1 - 1e-9)]
        scale = self.rate.max(initial=1.0)
        solved = _solve(-(self.rate + scale * self.tie), upper, bound)
        return _Solved(solved.chips, float(self.rate @ solved.chips), solved.gap)

    def fairest(self) -> _Solved:
        """Maximise the least part, over classes, of what :meth:`equal_part` says."""
        equal = self.equal_part()
        there = equal > 0
        upper = np.r_[np.c_[self.upper, np.zeros(len(self.bound))], np.c_[-self.work, equal][there]]
        cost = np.r_[np.zeros(len(self.row)), -1.0]
        solved = _solve(cost, upper, np.r_[self.bound, np.zeros(there.sum())], last=1.0)
        return _Solved(solved.chips[:-1], float(solved.chips[-1]), solved.gap)

    def cheapest(self, prices: Floats, work: float) -> _Solved:
        """Do so much work at the least price."""
        price = prices[self.pool]
        scale = price.max(initial=0.0) or 1.0
        upper = np.r_[self.upper, -self.rate[None]]
        # A hair less, or rounding may leave no answer.
        return _solve(price - scale * self.tie, upper, np.r_[self.bound, -work * (1 - 1e-9)])


def _solve(cost: Floats, upper: Floats, bound: Floats, last: float = np.inf) -> _Solved:
    """Minimise; the last variable may have a bound of its own."""
    if len(cost) == 0:
        return _Solved(np.zeros(0), 0.0, 0.0)
    most: list[tuple[float, float]] = [(0.0, np.inf)] * (len(cost) - 1) + [(0.0, last)]
    found = linprog(cost, upper, bound, bounds=most, method="highs-ds")
    if found.status != 0:
        raise RuntimeError(f"a linear program of {len(cost)} variables failed: {found.message}")
    dual = float(bound @ found.ineqlin.marginals)
    if np.isfinite(last):
        dual += last * float(found.upper.marginals[-1])
    x = np.asarray(found.x, float)
    value = float(cost @ x)
    gap = abs(value - dual) / max(abs(value), 1e-12) if value else abs(dual)
    return _Solved(x, value, gap)


def _aims(mix: MixView, solved: list[_Solved]) -> Aims:
    program = _Program(mix)
    chips = np.zeros(mix.rate.shape)
    chips[program.row, program.pool] = solved[-1].chips
    programs = len(solved) if len(program.row) else 0
    return Aims(chips, programs, max(one.gap for one in solved))
