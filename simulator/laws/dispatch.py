"""Which chips serve which families of work, given what is ported where.

The most a fleet of several chips can do; a scheduler does at best this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative
from simulator.laws.linear_program import least_cost


@dataclass(frozen=True)
class Dispatch:
    """The best use of a fleet.

    Attributes
    ----------
    served : ndarray, shape (families,)
        Work done of each. [rce]
    used : ndarray, shape (families, chips)
        Capacity of each chip that serves each family, before efficiency. [rce]
    stranded : ndarray, shape (chips,)
        Capacity that serves nothing. [rce]
    unserved : float
        Demand not met. [rce]
    """

    served: Array
    used: Array
    stranded: Array
    unserved: float


def dispatch(
    demand: npt.ArrayLike,
    capacity: npt.ArrayLike,
    efficiency: npt.ArrayLike,
    worth: npt.ArrayLike | None = None,
) -> Dispatch:
    """Serve as much worth as a fleet can.

    Parameters
    ----------
    demand : array_like, shape (families,)
        Wanted of each family of work, >= 0. [rce]
    capacity : array_like, shape (chips,)
        Of each kind of chip in service, >= 0. [rce]
    efficiency : array_like, shape (families, chips)
        Work a unit of the chip's capacity does of the family; 0 where it is
        not ported. [1]
    worth : array_like, shape (families,), optional
        Of a unit of each family's work; all alike by default.

    Examples
    --------
    Only the first of two families runs on the second chip:

    >>> dispatch([50, 50], [60, 40], [[1, 1], [1, 0]]).unserved
    0.0
    >>> dispatch([50, 50], [0, 40], [[1, 1], [1, 0]]).unserved
    60.0
    """
    wanted, have, speed = floats(demand), floats(capacity), floats(efficiency)
    if speed.shape != (wanted.size, have.size):
        shape = (wanted.size, have.size)
        raise ValueError(f"efficiency must be families by chips {shape}, got {speed.shape}")
    require_not_negative(demand=wanted, capacity=have, efficiency=speed)
    values = np.ones_like(wanted) if worth is None else floats(worth)
    families, chips = speed.shape
    # One variable a pair: rows bound each family by its demand, each chip by
    # its capacity.
    by_family, by_chip = np.kron(np.eye(families), np.ones(chips)), np.tile(np.eye(chips), families)
    rows = np.vstack([by_family * speed.ravel(), by_chip])
    gains = (values[:, None] * speed).ravel()
    answer = least_cost(-gains, rows, np.concatenate([wanted, have]))
    used = np.where(speed > 0, answer.x.reshape(families, chips), 0.0)
    served = (used * speed).sum(axis=1)
    idle = np.maximum(have - used.sum(axis=0), 0.0)
    return Dispatch(served, used, idle, float(np.maximum(wanted - served, 0.0).sum()))
