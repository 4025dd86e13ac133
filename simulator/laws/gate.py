"""How often a gate lets the right chips through: its operating characteristic.

Also what lies before it: spins of the silicon, and dates that must all be met.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from simulator.laws.arrays import Array, require_positive, require_probability


def gate_pass_chance(true_value: float, threshold: float, sd: float, n: int) -> float:
    """Chance that the mean of *n* noisy measurements reaches a threshold. [1]

    Parameters
    ----------
    true_value : float
        What is measured, such as work per watt over target. [any]
    threshold : float
        Least mean that passes; infinite thresholds pass always or never. [same unit]
    sd : float
        Standard deviation of one measurement, > 0. [same unit]
    n : int
        Measurements, such as pilot nodes, >= 1.

    Examples
    --------
    Nine nodes; a bad chip passes as often as a good one fails:

    >>> [round(gate_pass_chance(v, 1.05, 0.15, 9), 4) for v in (1.0, 1.1)]
    [0.1587, 0.8413]
    """
    require_positive(sd=sd, n=n)
    return float(norm.sf(threshold, true_value, sd / math.sqrt(n)))


def chance_above(measured: float, threshold: float, sd: float) -> float:
    """Chance that what was measured truly reaches a threshold, nothing else known. [1]

    Parameters
    ----------
    measured : float
        Mean of the measurements. [any]
    threshold : float
        What it shall reach. [same unit]
    sd : float
        Standard deviation of that mean; 0 if it is exact. [same unit]

    Examples
    --------
    >>> round(chance_above(1.1, 1.05, 0.05), 4), chance_above(1.0, 1.0, 0.0)
    (0.8413, 1.0)
    """
    if sd == 0:
        return float(measured >= threshold)
    return float(norm.cdf((measured - threshold) / sd))


@dataclass(frozen=True)
class CostParts:
    """Planned cost of a chip in service, by what scales it. [USD/s, or any one unit].

    Attributes
    ----------
    chips : float
        Goes with one over the yield.
    rest : float
        Of the rack, whatever the chip does.
    power : float
        Energy, and the building that carries it: goes with the power.
    """

    chips: float
    rest: float
    power: float


def cost_of_work(
    parts: CostParts,
    performance: float,
    per_watt: float,
    die_yield: float,
    sd: float = 0.0,
    yield_sd: float = 0.0,
) -> tuple[float, float]:
    """Cost of a unit of work over its plan, and its standard deviation. [1]

    ``((rest + chips / yield) / performance + power / per_watt) / (rest + chips + power)``,
    for power over target is performance over performance per watt. The
    deviation is of first order in the errors, which are independent.

    Parameters
    ----------
    parts : CostParts
        By plan, of a sum > 0.
    performance, per_watt, die_yield : float
        Measured over target; infinite cost where one is not above 0. [1]
    sd, yield_sd : float
        Standard deviation of performance and performance per watt, and of the yield. [1]

    Examples
    --------
    Half the yield makes a chip of half the cost half as dear again; a tenth
    more performance at the same power takes a tenth off again:

    >>> parts = CostParts(chips=5.0, rest=3.0, power=2.0)
    >>> [round(cost_of_work(parts, p, p, y)[0], 6) for p, y in ((1.0, 0.5), (1.1, 1.0))]
    [1.5, 0.909091]
    """
    planned = parts.chips + parts.rest + parts.power
    require_positive(planned=planned)
    if min(performance, per_watt, die_yield) <= 0:
        return math.inf, sd
    rack = parts.rest + parts.chips / die_yield
    slopes = (
        rack / performance**2 * sd,
        parts.power / per_watt**2 * sd,
        parts.chips / (die_yield**2 * performance) * yield_sd,
    )
    cost = rack / performance + parts.power / per_watt
    return cost / planned, math.hypot(*slopes) / planned


def sequential_bounds(false_pass: float, false_fail: float) -> tuple[float, float]:
    """Likelihood ratios at which a sequential test passes and fails (Wald). [1]

    Parameters
    ----------
    false_pass, false_fail : float
        Chances allowed of passing a bad and failing a good one, in (0, 1). [1]

    Returns
    -------
    pass_at, fail_at : float
        Measure on while the ratio of good to bad lies between.

    References
    ----------
    Wald, Annals of Mathematical Statistics 16(2), 1945. doi:10.1214/aoms/1177731118

    Examples
    --------
    >>> [round(b, 5) for b in sequential_bounds(0.05, 0.10)]
    [18.0, 0.10526]
    """
    for name, value in (("false_pass", false_pass), ("false_fail", false_fail)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be in (0, 1), got {value}")
    return (1 - false_fail) / false_pass, false_fail / (1 - false_pass)


def spin_chances(success: Sequence[float]) -> Array:
    """Chance that silicon works at each spin; the one after the last listed is certain. [1]

    Parameters
    ----------
    success : sequence of float
        Chance that a spin works, given those before did not. [1]

    Returns
    -------
    ndarray, shape (len(success) + 1,)

    Examples
    --------
    >>> chances = spin_chances([0.14, 0.6, 0.8, 0.9])
    >>> chances[:4].round(4).tolist(), round(float(chances @ [1, 2, 3, 4, 5]), 4)
    ([0.14, 0.516, 0.2752, 0.0619], 2.2797)
    """
    require_probability(success=success)
    p = np.array([*success, 1.0])
    return p * np.concatenate([[1.0], np.cumprod(1 - p[:-1])])


def all_on_time(chances: Iterable[float]) -> float:
    """Chance that independent paths are all on time: merge bias. [1]

    Examples
    --------
    Site, power and chips, each four times in five:

    >>> round(all_on_time([0.8, 0.8, 0.8]), 3)
    0.512
    """
    listed = list(chances)
    require_probability(chances=listed)
    return math.prod(listed)
