"""The one form of linear program the laws ask for, and the answer they need.

Least ``cost @ x`` with ``rows @ x <= bounds`` and ``0 <= x <= most``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from simulator.laws.arrays import Array, floats


@dataclass(frozen=True)
class Solution:
    """A least-cost answer.

    Attributes
    ----------
    x : ndarray
        The variables.
    cost : float
        Their cost.
    gain_of_most : ndarray
        Cost saved per unit by which the most of a variable is raised, >= 0.
    """

    x: Array
    cost: float
    gain_of_most: Array


def least_cost(
    cost: npt.ArrayLike,
    rows: npt.ArrayLike,
    bounds: npt.ArrayLike,
    most: npt.ArrayLike | None = None,
) -> Solution:
    """Solve the program by the dual simplex, so answers are vertices.

    Parameters
    ----------
    cost : array_like, shape (variables,)
        Cost of a unit of each.
    rows : array_like, shape (constraints, variables)
        Left sides.
    bounds : array_like, shape (constraints,)
        Right sides, finite.
    most : array_like, shape (variables,), optional
        Upper bounds; infinite by default.

    Raises
    ------
    ValueError
        If no x fulfils the constraints, or cost falls for ever; the solver
        does not reliably tell which, so bound what may be unbounded.

    Examples
    --------
    >>> least_cost([-1.0, -2.0], [[1.0, 1.0]], [4.0], [9.0, 3.0]).x.tolist()
    [1.0, 3.0]
    """
    price = floats(cost)
    upper = np.full(price.shape, np.inf) if most is None else floats(most)
    answer = linprog(
        price,
        A_ub=floats(rows),
        b_ub=floats(bounds),
        bounds=[(0.0, float(u)) for u in upper],
        method="highs-ds",
    )
    if answer.x is None or answer.fun is None:
        raise ValueError(f"no finite best answer: {answer.message}")
    return Solution(floats(answer.x), float(answer.fun), -floats(answer.upper.marginals))
