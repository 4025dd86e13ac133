"""Share of dies that work, from the die's area and the density of defects.

All four laws agree for small ``A D0`` and differ in how much defects cluster:
Poisson not at all, Seeds the most.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative, require_positive


def poisson_yield(area_cm2: npt.ArrayLike, defects_per_cm2: npt.ArrayLike) -> Array:
    """Yield with defects scattered independently, ``exp(-A D0)``. [1]

    Parameters
    ----------
    area_cm2 : array_like
        Area of the die that a defect kills, >= 0. [cm²]
    defects_per_cm2 : array_like
        Density of killing defects, >= 0. [1/cm²]

    Examples
    --------
    >>> round(float(poisson_yield(8, 0.1)), 4)
    0.4493
    """
    return np.exp(-_defects(area_cm2, defects_per_cm2))


def murphy_yield(area_cm2: npt.ArrayLike, defects_per_cm2: npt.ArrayLike) -> Array:
    """Yield under Murphy's triangular spread of densities, ``((1 - e^-AD)/AD)²``. [1]

    References
    ----------
    Murphy, Proceedings of the IEEE 52(12), 1964. doi:10.1109/PROC.1964.3442

    Examples
    --------
    >>> round(float(murphy_yield(8, 0.1)), 4)
    0.4738
    """
    x = _defects(area_cm2, defects_per_cm2)
    mean = np.divide(-np.expm1(-x), x, out=np.ones_like(x), where=x > 0)
    return mean**2


def negative_binomial_yield(
    area_cm2: npt.ArrayLike, defects_per_cm2: npt.ArrayLike, clustering: npt.ArrayLike
) -> Array:
    """Yield with clustered defects, ``(1 + A D0/alpha)^-alpha``. [1]

    Parameters
    ----------
    area_cm2, defects_per_cm2 : array_like
        As for :func:`poisson_yield`.
    clustering : array_like
        Alpha, > 0: small is much clustering; 1 is Seeds' law; infinity is Poisson's. [1]

    References
    ----------
    Stapper, Armstrong and Saji, Proceedings of the IEEE 71(4), 1983.
    doi:10.1109/PROC.1983.12619

    Examples
    --------
    >>> round(float(negative_binomial_yield(8, 0.1, 3)), 4)
    0.4921
    """
    require_positive(clustering=clustering)
    alpha = floats(clustering)
    return np.exp(-alpha * np.log1p(_defects(area_cm2, defects_per_cm2) / alpha))


def seeds_yield(area_cm2: npt.ArrayLike, defects_per_cm2: npt.ArrayLike) -> Array:
    """Yield under an exponential spread of densities, ``1/(1 + A D0)``. [1]

    Examples
    --------
    >>> round(float(seeds_yield(8, 0.1)), 4)
    0.5556
    """
    return 1.0 / (1.0 + _defects(area_cm2, defects_per_cm2))


def chips_from_wafers(
    wafers: npt.ArrayLike,
    dies_per_wafer: npt.ArrayLike,
    die_yield: npt.ArrayLike,
    dies_per_chip: npt.ArrayLike,
) -> Array:
    """Chips that a quantity of wafers makes, before any other input binds. [chips]

    Examples
    --------
    >>> float(chips_from_wafers(30_000, 60, 0.6, 2))
    540000.0
    """
    require_positive(dies_per_chip=dies_per_chip)
    return floats(wafers) * floats(dies_per_wafer) * floats(die_yield) / floats(dies_per_chip)


def _defects(area_cm2: npt.ArrayLike, defects_per_cm2: npt.ArrayLike) -> Array:
    require_not_negative(area_cm2=area_cm2, defects_per_cm2=defects_per_cm2)
    return floats(area_cm2) * floats(defects_per_cm2)
