"""Chances of shocks that come at a constant rate, alone or by a common cause."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.laws.arrays import require_not_negative, require_probability


def none_active(rate_per_s: float, mean_duration_s: float) -> float:
    """Chance that no shock is under way, shocks overlapping freely. [1]

    ``exp(-lambda E[D])``, whatever the distribution of durations (M/G/infinity).

    Parameters
    ----------
    rate_per_s : float
        Arrivals, >= 0. [1/s]
    mean_duration_s : float
        Mean duration, >= 0. [s]

    Examples
    --------
    >>> round(none_active(0.2, 0.5), 6)
    0.904837
    """
    require_not_negative(rate_per_s=rate_per_s, mean_duration_s=mean_duration_s)
    return math.exp(-rate_per_s * mean_duration_s)


def none_active_without_overlap(rate_per_s: float, mean_duration_s: float) -> float:
    """Chance that no shock is under way if the next comes only after recovery. [1]

    Examples
    --------
    >>> round(none_active_without_overlap(0.2, 0.5), 6)
    0.909091
    """
    require_not_negative(rate_per_s=rate_per_s, mean_duration_s=mean_duration_s)
    return 1 / (1 + rate_per_s * mean_duration_s)


def at_least_one(rate_per_s: float, span_s: float) -> float:
    """Chance of at least one shock within a span. [1]

    Examples
    --------
    >>> round(at_least_one(0.02, 5), 4)
    0.0952
    """
    require_not_negative(rate_per_s=rate_per_s, span_s=span_s)
    return -math.expm1(-rate_per_s * span_s)


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation."""

    mean: float
    sd: float


def compound_loss(
    rate_per_s: float, span_s: float, loss_mean: float, loss_sd: float = 0.0
) -> Moments:
    """Total loss of all shocks that begin within a span.

    Parameters
    ----------
    rate_per_s, span_s : float
        Arrivals [1/s] and span [s], >= 0.
    loss_mean, loss_sd : float
        Of one shock: capacity times severity times duration. [any one unit]

    Examples
    --------
    Half of 100 lost for half a year, .2 a year, five years:

    >>> total = compound_loss(0.2, 5, 100 * 0.5 * 0.5)
    >>> round(total.mean, 9), round(total.sd, 9)
    (25.0, 25.0)
    """
    require_not_negative(rate_per_s=rate_per_s, span_s=span_s, loss_sd=loss_sd)
    count = rate_per_s * span_s
    return Moments(count * loss_mean, math.sqrt(count * (loss_mean**2 + loss_sd**2)))


def both_down(unavailability: float, beta: float) -> float:
    """Chance that two like nodes are down together, by the beta-factor model. [1]

    ``beta q + ((1 - beta) q)²``. Only for coupling nobody can name: a foundry
    or a country that both stand on is better modelled as such.

    Parameters
    ----------
    unavailability : float
        Of one node, in [0, 1]. [1]
    beta : float
        Part of its failures that has a common cause, in [0, 1]. [1]

    References
    ----------
    Fleming, General Atomic report GA-A13284 (1975).

    Examples
    --------
    >>> round(both_down(0.05, 0.10), 6)
    0.007025
    """
    require_probability(unavailability=unavailability, beta=beta)
    return beta * unavailability + ((1 - beta) * unavailability) ** 2


def both_hit(
    rate_per_s: float, other_rate_per_s: float, shared_rate_per_s: float, span_s: float
) -> float:
    """Chance that two nodes are each hit within a span, by own shocks or a shared one. [1]

    Parameters
    ----------
    rate_per_s, other_rate_per_s : float
        Shocks of each node's own, >= 0. [1/s]
    shared_rate_per_s : float
        Shocks that hit both, >= 0. [1/s]
    span_s : float
        Length of time, >= 0. [s]

    Examples
    --------
    >>> round(both_hit(0.1, 0.1, 0.02, 1.0), 5)
    0.02868
    """
    shared = at_least_one(shared_rate_per_s, span_s)
    own = at_least_one(rate_per_s, span_s) * at_least_one(other_rate_per_s, span_s)
    return shared + (1 - shared) * own
