"""Money over time: what a fleet costs a year, and what its work costs.

All money is USD of one year; rates are real, so inflation is left out.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative, require_positive


def annuity_factor(rate: float, periods: float) -> float:
    """Yearly payment that repays 1 USD over *periods* years. [1/yr]

    Parameters
    ----------
    rate : float
        Cost of capital a year, > -1; 0 gives equal parts. [1/yr]
    periods : float
        Life, > 0. [yr]

    References
    ----------
    The capital recovery factor, ``r / (1 - (1 + r)^-n)``.

    Examples
    --------
    >>> round(annuity_factor(0.10, 5), 6)
    0.263797
    """
    require_positive(periods=periods)
    if rate <= -1:
        raise ValueError(f"rate must be > -1, got {rate}")
    if rate == 0:
        return 1.0 / periods
    # expm1 and log1p keep the digits where the rate is small.
    return rate / -math.expm1(-periods * math.log1p(rate))


def annuity_usd(price_usd: npt.ArrayLike, rate: float, periods: float) -> Array:
    """Yearly cost of owning what was bought for *price_usd*. [USD/yr]"""
    return floats(price_usd) * annuity_factor(rate, periods)


def book_value_usd(
    price_usd: npt.ArrayLike, age_s: npt.ArrayLike, life_s: float, salvage: float = 0.0
) -> Array:
    """Value left on the books under straight-line depreciation. [USD]

    Parameters
    ----------
    price_usd : array_like
        Price paid. [USD]
    age_s : array_like
        Time since in service; before it the full price stands. [s]
    life_s : float
        Depreciable life, > 0. [s]
    salvage : float
        Part of the price left at the end of life, in [0, 1]. [1]

    Examples
    --------
    >>> book_value_usd(100.0, [0, 2, 9], life_s=8, salvage=0.5).tolist()
    [100.0, 87.5, 50.0]
    """
    require_positive(life_s=life_s)
    used = np.clip(floats(age_s) / life_s, 0.0, 1.0)
    return floats(price_usd) * (1.0 - (1.0 - salvage) * used)


def depreciation_usd(
    price_usd: npt.ArrayLike,
    from_s: npt.ArrayLike,
    to_s: npt.ArrayLike,
    life_s: float,
    salvage: float = 0.0,
) -> Array:
    """Depreciation booked between two ages. [USD]

    Examples
    --------
    >>> float(depreciation_usd(100.0, 6, 12, life_s=8))
    25.0
    """
    return book_value_usd(price_usd, from_s, life_s, salvage) - book_value_usd(
        price_usd, to_s, life_s, salvage
    )


def discount_factor(rate: float, years: npt.ArrayLike) -> Array:
    """Worth today of 1 USD paid after *years*. [1]"""
    return (1.0 + rate) ** -floats(years)


def npv_usd(flows_usd: npt.ArrayLike, years: npt.ArrayLike, rate: float) -> float:
    """Net present value of dated payments. [USD]

    Parameters
    ----------
    flows_usd : array_like, shape (payments,)
        Received positive, paid negative. [USD]
    years : array_like, shape (payments,)
        When, from today. [yr]
    rate : float
        Discount rate a year. [1/yr]

    Examples
    --------
    >>> round(npv_usd([-100, 60, 60], [0, 1, 2], 0.10), 4)
    4.1322
    """
    return float(np.sum(floats(flows_usd) * discount_factor(rate, years)))


def perpetuity_usd(flow_usd: float, rate: float) -> float:
    """Value of a yearly payment for ever, the first of them today. [USD]

    Examples
    --------
    >>> round(perpetuity_usd(200, 0.10), 6)
    2200.0
    """
    require_positive(rate=rate)
    return flow_usd * (1.0 + rate) / rate


def energy_cost_usd(energy_j: npt.ArrayLike, usd_per_mwh: npt.ArrayLike) -> Array:
    """Cost of energy bought by the megawatt-hour. [USD]

    Examples
    --------
    >>> float(energy_cost_usd(7.2e9, 50))
    100.0
    """
    return floats(energy_j) / 3.6e9 * floats(usd_per_mwh)


def cost_per_work_usd(cost_usd: npt.ArrayLike, work: npt.ArrayLike) -> Array:
    """Money spent per unit of training work; infinite where none was done. [USD per unit]

    Parameters
    ----------
    cost_usd : array_like
        All costs over a span: depreciation or annuity, energy, sites. [USD]
    work : array_like
        Productive work in the same span, >= 0. [any one unit, such as rce·day]

    Examples
    --------
    >>> cost_per_work_usd([90.0, 90.0], [45.0, 0.0]).tolist()
    [2.0, inf]
    """
    require_not_negative(work=work)
    cost, done = np.broadcast_arrays(floats(cost_usd), floats(work))
    return np.divide(cost, done, out=np.full(cost.shape, np.inf), where=done > 0)


def wright_exponent(progress_ratio: float) -> float:
    """Exponent of Wright's learning curve, ``log2(progress ratio)``. [1]

    Parameters
    ----------
    progress_ratio : float
        Unit cost after a doubling of all that was made, over that before; in (0, 1]. [1]

    Examples
    --------
    >>> round(wright_exponent(0.80), 4)
    -0.3219
    """
    if not 0 < progress_ratio <= 1:
        raise ValueError(f"progress_ratio must be in (0, 1], got {progress_ratio}")
    return math.log2(progress_ratio)


def wright_unit_cost(first: float, made: npt.ArrayLike, progress_ratio: float) -> Array:
    """Cost of the n-th unit made, under Wright's law. [unit of *first*]

    Parameters
    ----------
    first : float
        Cost of the first unit. [any]
    made : array_like
        Which unit, counted from 1.
    progress_ratio : float
        See :func:`wright_exponent`.

    References
    ----------
    Wright, Journal of the Aeronautical Sciences 3(4), 1936. doi:10.2514/8.155

    Examples
    --------
    >>> round(float(wright_unit_cost(1.0, 100, 0.80)), 4)
    0.2271
    """
    require_positive(made=made)
    return first * floats(made) ** wright_exponent(progress_ratio)
