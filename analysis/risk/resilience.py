"""How deep, how long and how much a disruption costs; and dependence on a supplier.

Trajectories are right-continuous steps: a value holds from its time to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Disruption:
    """The resilience triangle, its three sides kept apart.

    Attributes
    ----------
    depth : float
        Largest gap below the undisturbed trajectory. [unit of the values]
    duration_s : float
        Time during which there is a gap. [s]
    loss : float
        Integral of the gap. [unit of the values × s]
    """

    depth: float
    duration_s: float
    loss: float


def disruption(
    t_s: npt.ArrayLike, undisturbed: npt.ArrayLike, disturbed: npt.ArrayLike, until_s: float
) -> Disruption:
    """Measure the gap between two trajectories; a surplus counts as none.

    Parameters
    ----------
    t_s : array_like, shape (times,)
        Times of change of either, ascending. [s]
    undisturbed, disturbed : array_like, shape (times,)
        Values from each time on. [any one unit]
    until_s : float
        End of the horizon, >= the last time. [s]

    References
    ----------
    Bruneau et al., Earthquake Spectra 19(4), 2003. doi:10.1193/1.1623497

    Examples
    --------
    Two fifths lost for six, regained at once:

    >>> disruption([0, 6], [100, 100], [60, 100], until_s=12)
    Disruption(depth=40.0, duration_s=6.0, loss=240.0)
    """
    lengths = _lengths_s(t_s, until_s)
    gap = _gap(undisturbed, disturbed, lengths)
    return Disruption(float(gap.max()), float(lengths[gap > 0].sum()), float(gap @ lengths))


def linear_recovery_loss(depth: float, recovery_s: float) -> float:
    """Loss of a sudden drop that recovers in a straight line: half the rectangle.

    Parameters
    ----------
    depth : float
        Drop at once. [any]
    recovery_s : float
        Time until whole again. [s]

    Examples
    --------
    >>> linear_recovery_loss(40, 6)
    120.0
    """
    return 0.5 * depth * recovery_s


def supplier_dependence_ratio(
    t_s: npt.ArrayLike, capacity: npt.ArrayLike, without: npt.ArrayLike, until_s: float
) -> float:
    """Part of capacity over a horizon that is lost if a supplier stops (SDR). [1]

    ``integral of [C - C_without]^+ over integral of C``. Say whether the
    supplier stops shipping (flow) or its chips stop working (stock).

    Parameters
    ----------
    t_s : array_like, shape (times,)
        Times of change of either, ascending. [s]
    capacity, without : array_like, shape (times,)
        Effective capacity from each time on, as planned and with the supplier
        stopped, in runs that share their luck. [rce]
    until_s : float
        End of the horizon, > the first time. [s]

    Raises
    ------
    ValueError
        If there is no capacity to depend on.

    Examples
    --------
    >>> supplier_dependence_ratio([0, 1], [100, 200], [40, 80], until_s=2)
    0.6
    """
    lengths = _lengths_s(t_s, until_s)
    whole = float(np.asarray(capacity, dtype=np.float64) @ lengths)
    if not whole > 0:
        raise ValueError(f"capacity must be > 0 over the horizon, got an integral of {whole}")
    return float(_gap(capacity, without, lengths) @ lengths) / whole


def values_at(t_s: npt.ArrayLike, values: npt.ArrayLike, at_s: npt.ArrayLike) -> Array:
    """Values of a step trajectory at given times, to bring two onto one grid.

    Parameters
    ----------
    t_s, values : array_like, shape (times,)
        Times of change, ascending, and the values from each on.
    at_s : array_like
        Times to ask for, none before the first. [s]

    Examples
    --------
    >>> values_at([0, 10], [1.0, 2.0], [0, 9.9, 10, 11]).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    times, asked = np.asarray(t_s, dtype=np.float64), np.asarray(at_s, dtype=np.float64)
    if np.any(asked < times[0]):
        raise ValueError(f"no value before {times[0]}, asked at {asked.min()}")
    at = np.searchsorted(times, asked, side="right") - 1
    return np.asarray(values, dtype=np.float64)[at]


def _lengths_s(t_s: npt.ArrayLike, until_s: float) -> Array:
    lengths = np.diff(np.asarray(t_s, dtype=np.float64), append=until_s)
    if np.any(lengths < 0) or not lengths.size:
        raise ValueError(f"t_s must ascend to until_s = {until_s}, got {np.asarray(t_s).tolist()}")
    return lengths


def _gap(above: npt.ArrayLike, below: npt.ArrayLike, lengths: Array) -> Array:
    a, b = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if not a.shape == b.shape == lengths.shape:
        raise ValueError(f"need a value a time, got {a.size} and {b.size} for {lengths.size}")
    return np.maximum(a - b, 0.0)
