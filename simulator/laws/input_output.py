"""Input-output models of whole economies, as a cross-check on the supply graph.

Linear, driven by demand, without substitutes, stocks or time: wrong for chips,
where each input is needed and some have substitutes. Kept to compare orders of
magnitude.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats


def leontief_output(technology: npt.ArrayLike, final_demand: npt.ArrayLike) -> Array:
    """Output of each sector that meets final demand, ``(I - A)^-1 f``.

    Parameters
    ----------
    technology : array_like, shape (sectors, sectors)
        Input of the row sector in a unit of the column sector's output.
    final_demand : array_like, shape (sectors,)
        Sold to users outside. [any one unit]

    Raises
    ------
    ValueError
        If the economy uses up all it makes, so that no output suffices.

    References
    ----------
    Miller and Blair, Input-Output Analysis, 2nd ed. (2009), section 2.2.

    Examples
    --------
    >>> leontief_output([[0.15, 0.25], [0.20, 0.05]], [600, 1500]).round(2).tolist()
    [1247.52, 1841.58]
    """
    a = floats(technology)
    if np.any(a < 0) or max(abs(np.linalg.eigvals(a))) >= 1:
        raise ValueError(f"technology must be >= 0 with spectral radius < 1, got {a.tolist()}")
    return floats(np.linalg.solve(np.eye(len(a)) - a, floats(final_demand)))


def interdependency(technology: npt.ArrayLike, output: npt.ArrayLike) -> Array:
    """Interdependency of sectors by parts of their output, ``x^-1 A x``.

    Entry (i, j) is the part of sector i's output that sector j takes. [1]
    """
    x = floats(output)
    return floats(technology) * x[None, :] / x[:, None]


def inoperability(dependence: npt.ArrayLike, perturbation: npt.ArrayLike) -> Array:
    """Part of each sector that stands still after all knock-on effects. [1]

    Parameters
    ----------
    dependence : array_like, shape (sectors, sectors)
        Part of the column's inoperability that the row takes over, as from
        :func:`interdependency`. [1]
    perturbation : array_like, shape (sectors,)
        Part lost at first. [1]

    References
    ----------
    Haimes and Jiang, Journal of Infrastructure Systems 7(1), 2001.
    doi:10.1061/(ASCE)1076-0342(2001)7:1(1)

    Examples
    --------
    >>> inoperability([[0.15, 0.5], [0.1, 0.05]], [0, 0.1]).round(5).tolist()
    [0.06601, 0.11221]
    """
    return leontief_output(dependence, perturbation)
