"""How nodes lose output and get it back, and what suppliers do for one that is down."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from simulator.laws.arrays import Array

Overlap = Literal["multiply", "worst", "add"]
Shape = Literal["step", "linear", "exponential"]

#: Steps by which a recovery that is no step is told.
STEPS = 8
#: An exponential recovery ends after so many of its time constants.
CONSTANTS = 3.0


def recovery_steps(
    start: float, end: float, severity: float, shape: Shape = "step"
) -> list[tuple[float, float, float]]:
    """Stretches of constant loss by which a shock is told: (start, end, share lost).

    A linear or exponential recovery comes in eight stretches, each of the area
    under the curve, so that the production lost is exact.

    Parameters
    ----------
    start, end : float
        From when, until when all is well again. [s]
    severity : float
        Share lost at the start, in [0, 1]. [1]
    shape : {"step", "linear", "exponential"}
        All of it until the end; falling evenly; or by ``e^(-3 t / (end - start))``.

    Examples
    --------
    The resilience triangle: 40 % lost, evenly recovered in 6 months, is 120 %-months:

    >>> steps = recovery_steps(0.0, 6.0, 40.0, "linear")
    >>> round(sum((b - a) * lost for a, b, lost in steps), 9)
    120.0
    """
    if shape == "step" or not math.isfinite(end):
        return [(start, end, severity)]
    edges = [k / STEPS for k in range(STEPS + 1)]
    if shape == "linear":
        left = [1 - (a + b) / 2 for a, b in pairwise(edges)]
    else:
        fall = [math.exp(-CONSTANTS * edge) / CONSTANTS for edge in edges]
        left = [STEPS * (a - b) for a, b in pairwise(fall)]
    at = [start + edge * (end - start) for edge in edges]
    return [(at[k], at[k + 1], severity * left[k]) for k in range(STEPS)]


def health_on(
    t_s: ArrayLike,
    start_s: ArrayLike,
    end_s: ArrayLike,
    severity: ArrayLike,
    overlap: Overlap = "multiply",
) -> Array:
    """Health of a node from each of some times on, from its shocks. [1].

    Parameters
    ----------
    t_s : array_like, shape (times,)
        Times, with every begin and end among them. [s]
    start_s, end_s, severity : array_like, shape (shocks,)
        Begin and end [s] and share of output lost [1].
    overlap : {"multiply", "worst", "add"}
        What shocks leave multiplies, ``prod(1 - s)``; the worst counts,
        ``1 - max s``; or losses add up, ``max(0, 1 - sum s)``.

    Examples
    --------
    >>> [float(health_on([0.0], [0, 0], [1, 1], [0.5, 0.2], how)[0].round(9))
    ...  for how in ("multiply", "worst", "add")]
    [0.4, 0.5, 0.3]
    """
    t = np.asarray(t_s, float)
    start, end = np.asarray(start_s, float)[:, None], np.asarray(end_s, float)[:, None]
    lost = np.where((start <= t) & (t < end), np.asarray(severity, float)[:, None], 0.0)
    if overlap == "multiply":
        return np.asarray(np.prod(1.0 - lost, axis=0))
    if overlap == "worst":
        return 1.0 - np.max(lost, axis=0, initial=0.0)
    return np.maximum(0.0, 1.0 - np.sum(lost, axis=0))


def health_under(t_s: Array, start_s: float, end_s: float, severity: float) -> Array:
    """Health of a node that one shock hits, from each of some times on: `health_on`'s of it. [1].

    Examples
    --------
    >>> health_under(np.array([0.0, 5.0, 10.0]), 5.0, 10.0, 0.4).tolist()
    [1.0, 0.6, 1.0]
    """
    return np.where((start_s <= t_s) & (t_s < end_s), 1.0 - severity, 1.0)


def mean_between(edges_s: ArrayLike, t_s: ArrayLike, values: ArrayLike) -> Array:
    """Mean, between each two edges, of what is constant from each of some times on.

    Parameters
    ----------
    edges_s : array_like, shape (edges,)
        Ascending. [s]
    t_s, values : array_like, shape (times,)
        Times, from the first edge to the last at least [s], and what holds from each on.

    Returns
    -------
    ndarray, shape (edges - 1,)

    Examples
    --------
    Half of it for three of ten:

    >>> mean_between([0, 10, 20], [0, 4, 7, 20], [1, 0.5, 1, 1]).tolist()
    [0.85, 1.0]
    """
    edges, t = np.asarray(edges_s, float), np.asarray(t_s, float)
    parts = np.asarray(values, float)[:-1] * np.diff(t)
    return np.diff(np.interp(edges, t, np.append(0.0, np.cumsum(parts)))) / np.diff(edges)


def group_health(
    t_s: ArrayLike,
    health: ArrayLike,
    shares: ArrayLike,
    limits: ArrayLike,
    switch_lag_s: float = 0.0,
    qualified_s: ArrayLike = -math.inf,
) -> Array:
    """Part of a need that substitutes cover, those that work standing in for those that do not.

    A supplier covers its planned share as far as it is whole. Once others
    have failed for the switching lag, and it is qualified, it covers up to its limit.

    Parameters
    ----------
    t_s : array_like, shape (times,)
        Times, with every change and every change plus lag among them. [s]
    health : array_like, shape (suppliers, times)
        Of each from each time on. [1]
    shares, limits : array_like, shape (suppliers,)
        Planned, and the most it may cover, of the need. [1]
    switch_lag_s : float
        From the first failure until the others deliver more. [s]
    qualified_s : array_like, shape (suppliers,)
        From when each may. [s]

    Returns
    -------
    ndarray, shape (times,)
        [1]

    Examples
    --------
    One of two halves stops at 10; the other may cover 0.8, 5 s later:

    >>> group_health([0, 10, 15], [[1, 0, 0], [1, 1, 1]], [0.5, 0.5], [0.5, 0.8], 5).tolist()
    [1.0, 0.5, 0.8]
    """
    t, h = np.asarray(t_s, float), np.asarray(health, float)
    share = np.asarray(shares, float)
    covered = np.asarray(share @ h)
    spare = np.maximum(np.asarray(limits, float) - share, 0.0)
    if not spare.any():
        return covered
    short = covered < 1 - 1e-9
    since, began = np.empty_like(t), math.inf
    for k, failing in enumerate(short):
        began = math.inf if not failing else min(began, float(t[k]))
        since[k] = began
    ready = np.asarray(qualified_s, float).reshape(-1, 1)
    may = (t >= since + switch_lag_s) & (t >= np.broadcast_to(ready, (len(share), 1)))
    more = np.sum(np.where(may, spare[:, None] * h, 0.0), axis=0)
    return np.minimum(1.0, covered + more) * np.where(short, 1.0, 0.0) + covered * ~short
