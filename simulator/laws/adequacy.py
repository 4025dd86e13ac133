"""How often and by how much capacity falls short of demand, and what an addition is worth.

Power systems' measures with suppliers or chip kinds for generators and training
demand for load. The forced outage rate of a chip programme holds mostly the
chance that it is cancelled or late.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative, require_probability


@dataclass(frozen=True)
class CapacityTable:
    """Distribution of the capacity that is available.

    Attributes
    ----------
    levels : ndarray, shape (levels,)
        Available capacity, ascending. [any one unit, such as rce]
    chances : ndarray, shape (levels,)
        Chance of each, summing to 1. [1]
    """

    levels: Array
    chances: Array

    def shortfall_chance(self, demand: float) -> float:
        """Loss-of-load probability, ``P(C < D)``. [1]"""
        # Sums of capacities in another order differ in their last bits.
        short = self.levels < demand * (1 - 1e-12)
        return float(self.chances[short].sum())

    def expected_unserved(self, demand: float) -> float:
        """Expected unserved demand, ``E[(D - C)^+]``. [unit of levels]"""
        return float(self.chances @ np.maximum(demand - self.levels, 0.0))


def capacity_table(units: Iterable[tuple[float, float]]) -> CapacityTable:
    """Capacity outage table of independent units, each wholly up or down.

    Parameters
    ----------
    units : iterable of (float, float)
        Capacity >= 0 and unavailability in [0, 1] of each.

    References
    ----------
    Billinton and Allan, Reliability Evaluation of Power Systems, 2nd ed. (1996), section 2.2.

    Examples
    --------
    >>> table = capacity_table([(3, 0.02), (3, 0.02), (5, 0.02)])
    >>> table.levels.tolist(), table.chances.round(6).tolist()
    ([0.0, 3.0, 5.0, 6.0, 8.0, 11.0], [8e-06, 0.000784, 0.000392, 0.019208, 0.038416, 0.941192])
    """
    levels, chances = np.zeros(1), np.ones(1)
    for capacity, q in units:
        require_not_negative(capacity=capacity)
        require_probability(q=q)
        levels, chances = _merged(
            np.concatenate([levels, levels + capacity]),
            np.concatenate([chances * q, chances * (1 - q)]),
        )
    return CapacityTable(levels, chances)


def mixture(cases: Iterable[tuple[float, CapacityTable]]) -> CapacityTable:
    """Table over states of something shared: each state's chance and its own table.

    Parameters
    ----------
    cases : iterable of (float, CapacityTable)
        Chances sum to 1; such as a foundry up or down, on which several units stand.
    """
    listed = list(cases)
    whole = math.fsum(chance for chance, _ in listed)
    if not math.isclose(whole, 1.0, abs_tol=1e-9):
        raise ValueError(f"chances must sum to 1, got {whole}")
    return CapacityTable(
        *_merged(
            np.concatenate([table.levels for _, table in listed]),
            np.concatenate([chance * table.chances for chance, table in listed]),
        )
    )


def _merged(levels: Array, chances: Array) -> tuple[Array, Array]:
    order = np.argsort(levels, kind="stable")
    levels, chances = levels[order], chances[order]
    new = np.diff(levels, prepend=-np.inf) > 1e-12 * max(float(levels[-1]), 1e-300)
    starts = np.flatnonzero(new)
    return levels[starts], np.add.reduceat(chances, starts)


def loss_of_load_expectation(table: CapacityTable, demands: npt.ArrayLike) -> float:
    """Expected number of periods with a shortfall (LOLE). [periods]

    Parameters
    ----------
    table : CapacityTable
        The same in each period.
    demands : array_like, shape (periods,)
        Demand of each period. [unit of the table]
    """
    return math.fsum(table.shortfall_chance(d) for d in floats(demands).tolist())


def expected_unserved(table: CapacityTable, demands: npt.ArrayLike) -> float:
    """Expected unserved demand over periods (EUE). [unit of the table × periods]"""
    return math.fsum(table.expected_unserved(d) for d in floats(demands).tolist())


@dataclass(frozen=True)
class CapacityCredit:
    """What an addition is worth in demand carried or firm capacity replaced.

    Attributes
    ----------
    value : float
        NaN where it is undefined. [unit of capacity]
    nameplate : float
        Capacity of the addition. [unit of capacity]
    reason : str
        Why the value is undefined; empty where it is not.
    """

    value: float
    nameplate: float
    reason: str = ""

    @property
    def share(self) -> float:
        """Credit over nameplate. [1]"""
        return self.value / self.nameplate


def load_carrying_capability(
    risk_with: Callable[[float], float],
    base_risk: float,
    nameplate: float,
    *,
    halvings: int = 60,
) -> CapacityCredit:
    """Demand an addition carries at the risk there was without it (ELCC).

    Use unserved demand as the risk: the chance of a shortfall jumps in a fleet
    of few units and gives 0 or a whole unit.

    Parameters
    ----------
    risk_with : callable
        Risk with the addition when demand grows by its argument; never falling.
    base_risk : float
        Risk without the addition at the present demand, >= 0.
    nameplate : float
        Capacity of the addition, > 0: the most it can carry.
    halvings : int
        Bisections, each one evaluation of the risk: 20 give a millionth of nameplate.

    Returns
    -------
    CapacityCredit
        NaN, with the reason, where there is no base risk to return to.

    References
    ----------
    Garver, IEEE Transactions on Power Apparatus and Systems 85(8), 1966.
    doi:10.1109/TPAS.1966.291652

    Examples
    --------
    >>> base = capacity_table([(100, 0.1), (100, 0.1)])
    >>> both = capacity_table([(100, 0.1), (100, 0.1), (50, 0.2)])
    >>> risk = base.expected_unserved(100)
    >>> credit = load_carrying_capability(lambda d: both.expected_unserved(100 + d), risk, 50)
    >>> round(credit.value, 6)
    8.695652
    """
    _require_nameplate(nameplate)
    if base_risk == 0:
        return CapacityCredit(math.nan, nameplate, "no risk without the addition")
    ceiling = base_risk * (1 + 1e-12)
    return CapacityCredit(
        _largest(lambda d: risk_with(d) <= ceiling, nameplate, halvings), nameplate
    )


def equivalent_firm_capacity(
    risk_with_firm: Callable[[float], float],
    risk_with: float,
    nameplate: float,
    *,
    halvings: int = 60,
) -> CapacityCredit:
    """Never-failing capacity that would lower the risk as far as an addition does (EFC).

    Parameters
    ----------
    risk_with_firm : callable
        Risk at the present demand with that much firm capacity added instead; never rising.
    risk_with : float
        Risk with the addition, >= 0.
    nameplate, halvings
        As for :func:`load_carrying_capability`.
    """
    _require_nameplate(nameplate)
    if risk_with_firm(0.0) == 0:
        return CapacityCredit(math.nan, nameplate, "no risk without the addition")
    floor = risk_with * (1 - 1e-12)
    # The largest firm capacity that still leaves as much risk.
    return CapacityCredit(
        _largest(lambda f: risk_with_firm(f) >= floor, nameplate, halvings), nameplate
    )


def _largest(holds: Callable[[float], bool], most: float, halvings: int) -> float:
    if holds(most):
        return most
    low, high = 0.0, most
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _require_nameplate(nameplate: float) -> None:
    if not 0 < nameplate < math.inf:
        raise ValueError(f"nameplate must be > 0 and finite, got {nameplate}")


def garver_capability(capacity: float, unavailability: float, slope: float) -> float:
    """Garver's closed form of the demand a unit carries. [unit of capacity]

    Exact where risk grows e-fold for each *slope* of demand.

    Parameters
    ----------
    capacity : float
        Of the unit added, >= 0.
    unavailability : float
        Its chance of being down, in [0, 1]. [1]
    slope : float
        Growth of demand that multiplies the risk by e, > 0. [unit of capacity]

    References
    ----------
    Garver, IEEE Transactions on Power Apparatus and Systems 85(8), 1966.
    doi:10.1109/TPAS.1966.291652

    Examples
    --------
    >>> round(garver_capability(50, 0.2, 1e9), 3)
    40.0
    """
    require_probability(unavailability=unavailability)
    if not slope > 0:
        raise ValueError(f"slope must be > 0, got {slope}")
    # -m ln((1-r) e^(-C/m) + r), which does not overflow for a large unit.
    left = (1 - unavailability) * math.exp(-capacity / slope) + unavailability
    return capacity if left == 0 else -slope * math.log(left)
