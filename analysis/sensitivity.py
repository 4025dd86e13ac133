"""Which inputs an outcome depends on, from runs of a design.

Run a design on one set of replications, so that the indices measure the
inputs and not the luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import sobol_indices

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bar:
    """One bar of a tornado.

    Attributes
    ----------
    name : str
        The input.
    at_low, at_high : float
        Outcome with the input at either end and all others at base. [unit of outcome]
    """

    name: str
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """Distance between the two outcomes. [unit of outcome]"""
        return abs(self.at_high - self.at_low)


def tornado(names: Sequence[str], outcomes: npt.ArrayLike) -> list[Bar]:
    """Bars of a tornado chart, the longest first; ties by name.

    Parameters
    ----------
    names : sequence of str
        Inputs.
    outcomes : array_like, shape (1 + 2 inputs,)
        In the order of a one-at-a-time design: base, then low and high of each.

    Examples
    --------
    >>> [(b.name, b.swing) for b in tornado(["price", "lead time"], [5, 4, 6, 1, 9])]
    [('lead time', 8.0), ('price', 2.0)]
    """
    y = np.asarray(outcomes, dtype=np.float64)
    if y.shape != (1 + 2 * len(names),):
        raise ValueError(
            f"need {1 + 2 * len(names)} outcomes for {len(names)} inputs, got {y.shape}"
        )
    bars = [Bar(name, float(y[1 + 2 * k]), float(y[2 + 2 * k])) for k, name in enumerate(names)]
    return sorted(bars, key=lambda bar: (-bar.swing, bar.name))


@dataclass(frozen=True)
class Screening:
    """Morris's measures of each input, arrays of shape (inputs,) if not said otherwise.

    Attributes
    ----------
    mean : ndarray
        Mean effect of the whole range: its sign tells the direction. [unit of outcome]
    mean_absolute : ndarray
        Mean size of the effect: near zero, the input does not matter. [unit of outcome]
    spread : ndarray
        Standard deviation of the effect: large where the effect is bent or
        depends on other inputs. [unit of outcome]
    effects : ndarray, shape (paths, inputs)
        The effect each walk found. [unit of outcome]
    """

    mean: Array
    mean_absolute: Array
    spread: Array
    effects: Array


def morris_screening(design: npt.ArrayLike, outcomes: npt.ArrayLike) -> Screening:
    """Screen inputs from walks that move one of them a step.

    Effects are scaled to the range the design covers.

    Parameters
    ----------
    design : array_like, shape (paths, inputs + 1, inputs)
        Inputs of each run.
    outcomes : array_like, shape (paths, inputs + 1)
        Outcome of each.

    References
    ----------
    Campolongo, Cariboni and Saltelli, Environmental Modelling & Software 22(10), 2007.
    doi:10.1016/j.envsoft.2006.10.004
    """
    walks, y = np.asarray(design, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    if walks.ndim != 3 or y.shape != walks.shape[:2] or walks.shape[1] != walks.shape[2] + 1:
        raise ValueError(f"walks {walks.shape} and outcomes {y.shape} do not match")
    moves = np.diff(walks, axis=1)
    moved = np.abs(moves).argmax(axis=2)
    paths = np.arange(len(walks))[:, None]
    step = np.take_along_axis(moves, moved[..., None], axis=2)[..., 0]
    effect = np.empty((len(walks), walks.shape[2]))
    # The walk covers each input's range but for its levels: steps of 2/3.
    effect[paths, moved] = np.diff(y, axis=1) / np.sign(step) * 1.5
    return Screening(
        effect.mean(axis=0), np.abs(effect).mean(axis=0), effect.std(axis=0, ddof=1), effect
    )


@dataclass(frozen=True)
class Indices:
    """Sobol indices of each input with their intervals, arrays of shape (inputs,).

    Attributes
    ----------
    first, total : ndarray
        Part of the outcome's variance due to the input alone, and due to it
        with all its interactions. [1]
    first_low, first_high, total_low, total_high : ndarray
        Bootstrap intervals. [1]
    level : float
        Confidence of the intervals.
    """

    first: Array
    total: Array
    first_low: Array
    first_high: Array
    total_low: Array
    total_high: Array
    level: float


def sobol_from_runs(
    outcomes: npt.ArrayLike, *, level: float = 0.95, resamples: int = 500, seed: int = 0
) -> Indices:
    """Sobol indices from the runs of Saltelli's design.

    Parameters
    ----------
    outcomes : array_like, shape (inputs + 2, n)
        Outcomes of sample A, of sample B, and of A with each input from B.
    level : float
        Confidence of the intervals, in (0, 1). [1]
    resamples, seed : int
        Bootstrap resamples of the columns, and from which seed.

    Raises
    ------
    ValueError
        If the shape is wrong or the outcome does not vary: then nothing drives it.

    References
    ----------
    Saltelli et al., Computer Physics Communications 181(2), 2010.
    doi:10.1016/j.cpc.2009.09.018
    """
    y = np.asarray(outcomes, dtype=np.float64)
    if y.ndim != 2 or len(y) < 3:
        raise ValueError(f"outcomes must be inputs + 2 by n, got shape {y.shape}")
    if np.ptp(y[:2]) == 0:
        raise ValueError("the outcome does not vary: nothing drives it")
    first, total = _indices(y)
    # scipy's own bootstrap takes no seed, so the report would change by itself.
    rng = np.random.default_rng(seed)
    n = y.shape[1]
    again = np.array([_indices(y[:, rng.integers(0, n, n)]) for _ in range(resamples)])
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Indices(first, total, low[0], high[0], low[1], high[1], level)


def _indices(y: Array) -> tuple[Array, Array]:
    found = sobol_indices(
        func={"f_A": y[None, 0], "f_B": y[None, 1], "f_AB": y[2:, None]}, n=y.shape[1]
    )
    return (
        np.asarray(found.first_order, dtype=np.float64).ravel(),
        np.asarray(found.total_order, dtype=np.float64).ravel(),
    )
