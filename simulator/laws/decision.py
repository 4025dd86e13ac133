"""Choosing under uncertainty: regret, the value of knowing, and how much to order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from simulator.laws.arrays import Array, floats, require_not_negative, require_positive


@dataclass(frozen=True)
class Regret:
    """Actions compared over states of the world, arrays of shape (actions,).

    Attributes
    ----------
    expected : ndarray
        Expected payoff. [unit of payoff]
    expected_regret, max_regret : ndarray
        Expected and largest shortfall from the best action of each state. [unit of payoff]
    perfect_information : float
        Worth of knowing the state before choosing (EVPI). [unit of payoff]
    """

    expected: Array
    expected_regret: Array
    max_regret: Array
    perfect_information: float


def regret(payoffs: npt.ArrayLike, chances: npt.ArrayLike) -> Regret:
    """Compare actions by expectation and by regret.

    Parameters
    ----------
    payoffs : array_like, shape (actions, states)
        More is better. [any one unit]
    chances : array_like, shape (states,)
        Of each state, summing to 1. [1]

    References
    ----------
    Savage, Journal of the American Statistical Association 46, 1951. doi:10.2307/2280094

    Examples
    --------
    >>> r = regret([[10, 6, 2], [8, 8, 3], [7, 7, 6]], [0.5, 0.3, 0.2])
    >>> r.max_regret.tolist(), round(r.perfect_information, 9)
    ([4.0, 3.0, 3.0], 1.4)
    """
    table, p = floats(payoffs), floats(chances)
    require_not_negative(chances=p)
    if abs(p.sum() - 1) > 1e-9:
        raise ValueError(f"chances must sum to 1, got {p.sum()}")
    best = table.max(axis=0)
    missed = best - table
    expected = table @ p
    known = float(best @ p - expected.max())
    return Regret(expected, missed @ p, missed.max(axis=1), known)


def dominates(x: npt.ArrayLike, y: npt.ArrayLike, order: int) -> bool:
    """Tell whether losses *x* stochastically dominate (are preferable to) losses *y*.

    Parameters
    ----------
    x, y : array_like, shape (replications,)
        Losses, each replication equally likely; as many of each.
    order : int
        1: whoever wants less loss prefers x. 2: so does whoever also minds spread.

    References
    ----------
    Levy, Management Science 38(4), 1992. doi:10.1287/mnsc.38.4.555
    """
    a, b = np.sort(floats(x))[::-1], np.sort(floats(y))[::-1]
    if a.shape != b.shape:
        raise ValueError(f"samples must be of one size, got {a.size} and {b.size}")
    if order == 1:
        return bool(np.all(a <= b) and np.any(a < b))
    if order == 2:
        # For losses: each sum of the worst k is no larger.
        worst_a, worst_b = np.cumsum(a), np.cumsum(b)
        slack = 1e-12 * float(np.abs(worst_b).max(initial=0.0))
        return bool(np.all(worst_a <= worst_b + slack) and np.any(worst_a < worst_b - slack))
    raise ValueError(f"order must be 1 or 2, got {order}")


def critical_ratio(cost_short: float, cost_over: float) -> float:
    """Newsvendor's service level, ``c_u / (c_u + c_o)``. [1]

    Planning at P90 says that a shortage costs nine times an excess.

    Parameters
    ----------
    cost_short, cost_over : float
        Cost per unit too few and too many, > 0. [money]

    References
    ----------
    Arrow, Harris and Marschak, Econometrica 19(3), 1951. doi:10.2307/1906813

    Examples
    --------
    >>> critical_ratio(9, 1)
    0.9
    """
    require_positive(cost_short=cost_short, cost_over=cost_over)
    return cost_short / (cost_short + cost_over)


def normal_order(mean: float, sd: float, service: float) -> float:
    """Order that covers normal demand with chance *service*. [unit of mean]

    Examples
    --------
    >>> round(normal_order(100, 20, 0.9), 2)
    125.63
    """
    return float(norm.ppf(service, mean, sd)) if sd > 0 else mean


def lead_time_demand(
    rate: float, rate_sd: float, lead: float, lead_sd: float
) -> tuple[float, float]:
    """Mean and standard deviation of demand over a random lead time.

    Parameters
    ----------
    rate, rate_sd : float
        Demand of a period, and its standard deviation. [units]
    lead, lead_sd : float
        Lead time and its standard deviation. [periods]

    Examples
    --------
    >>> mean, sd = lead_time_demand(10, 3, 6, 2)
    >>> mean, round(sd, 2), round(normal_order(mean, sd, 0.9), 2)
    (60, 21.31, 87.31)
    """
    return rate * lead, math.sqrt(lead * rate_sd**2 + rate**2 * lead_sd**2)
