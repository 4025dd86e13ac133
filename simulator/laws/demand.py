"""Demand for training: how work asked grows, breathes and arrives as jobs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.units import DAY_S, HOUR_S, WEEK_S, YEAR_S

Array = NDArray[np.floating[Any]]

#: Submissions peak in the early afternoon, UTC, by convention. [s]
PEAK_HOUR_S = 14 * HOUR_S
#: And on Wednesday at noon: the middle of a working week. [s]
PEAK_WEEKDAY_S = 60 * HOUR_S


def demand_rce(
    t_s: ArrayLike,
    start_rce: float,
    growth_per_year: float,
    daily: float,
    weekly: float,
    since_monday_s: float = 0.0,
) -> Array:
    """Work asked per second at a time, in reference chips kept busy. [rce].

    Exponential growth times a daily and a weekly wave, each of mean one:
    ``D0 g^(t/yr) (1 + d cos(2 pi (t - 14 h)/day) + w cos(2 pi (t - 60 h)/week))``
    with the week's wave counted from Monday, clipped at zero: busiest in the
    early afternoon, and at midweek.

    Parameters
    ----------
    t_s : array_like
        Time since the start. [s]
    start_rce : float
        Demand at the start. [rce]
    growth_per_year : float
        Demand after a year over demand now. [1]
    daily, weekly : float
        Amplitudes, 0 to 1. [1]
    since_monday_s : float
        From Monday 00:00 to the start. [s]

    Examples
    --------
    >>> float(demand_rce(YEAR_S, 100.0, 1.5, 0.0, 0.0))
    150.0
    """
    t = np.asarray(t_s, float)
    day = daily * np.cos(2 * np.pi * (t - PEAK_HOUR_S) / DAY_S)
    week = weekly * np.cos(2 * np.pi * (t + since_monday_s - PEAK_WEEKDAY_S) / WEEK_S)
    return start_rce * growth_per_year ** (t / YEAR_S) * np.maximum(1 + day + week, 0.0)


def arrival_times(unit_times: ArrayLike, edges_s: ArrayLike, rate_per_s: ArrayLike) -> Array:
    """Arrival times of a Poisson process whose rate is constant between edges. [s].

    The time change theorem: if ``Lambda`` is the integrated rate, the points
    ``Lambda^-1(u_k)`` of a unit-rate process ``u`` form the wanted process
    (Çinlar 1975, ch. 4). One draw an arrival, so more demand adds arrivals
    and moves the others a little, and paired runs stay paired.

    Parameters
    ----------
    unit_times : array_like, shape (n,)
        Increasing points of a unit-rate Poisson process. [1]
    edges_s : array_like, shape (k + 1,)
        Edges of the steps. [s]
    rate_per_s : array_like, shape (k,)
        Rate in each step. [1/s]

    Returns
    -------
    ndarray
        The arrivals before the last edge.

    Examples
    --------
    >>> arrival_times([1.0, 3.0, 9.0], [0.0, 10.0, 20.0], [0.2, 0.4]).tolist()
    [5.0, 12.5]
    """
    edges = np.asarray(edges_s, float)
    total = np.concatenate([[0.0], np.cumsum(np.asarray(rate_per_s, float) * np.diff(edges))])
    unit = np.asarray(unit_times, float)
    unit = unit[unit < total[-1]]
    return np.interp(unit, total, edges)


def residual_run_s(u: ArrayLike, v: ArrayLike, median_s: float, sigma: float) -> Array:
    """Time left to run of jobs found in progress in a stationary system. [s].

    A job found running is length-biased: a lognormal's length-biased form is
    the lognormal with median ``m exp(sigma^2)``, and its elapsed share is
    uniform (renewal theory, Cox 1962, ch. 5).

    Parameters
    ----------
    u : array_like
        Standard normal draws. [1]
    v : array_like
        Uniform draws: the share left. [1]
    median_s, sigma : float
        Of the lognormal run time. [s], [1]

    Examples
    --------
    >>> round(float(residual_run_s(0.0, 0.5, 10.0, 0.0)), 9)
    5.0
    """
    biased = median_s * np.exp(sigma**2 + sigma * np.asarray(u, float))
    return np.asarray(v, float) * biased
