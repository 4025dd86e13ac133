"""Packing requests of several resources into hosts: who fits, and who fits best.

A request asks processor, memory and either a share of one chip or some whole
chips; a *share* is of one chip's compute, and chips can be shared freely.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def hosts_with_room(
    free: Floats, ask: Floats, most_of_one: Floats, whole: Ints, share: float, chips: int
) -> Bools:
    """Hosts in which a request fits.

    Parameters
    ----------
    free : ndarray, shape (hosts, resources)
        Free of each plain resource, such as processor and memory.
    ask : ndarray, shape (resources,)
        Asked of each.
    most_of_one : ndarray, shape (hosts,)
        Largest free share of any one chip. [1]
    whole : ndarray, shape (hosts,)
        Chips wholly free.
    share : float
        Asked of each chip. [1]
    chips : int
        Chips asked; 0: none. More than one are asked whole.

    Returns
    -------
    ndarray, shape (hosts,)

    Examples
    --------
    >>> cpu, part, whole = np.array([[4.0], [8.0]]), np.array([0.5, 1.0]), np.array([0, 2])
    >>> hosts_with_room(cpu, np.array([4.0]), part, whole, 0.5, 1).tolist()
    [True, True]
    >>> hosts_with_room(cpu, np.array([4.0]), part, whole, 1.0, 2).tolist()
    [False, True]
    """
    room = np.all(free >= ask, axis=1)
    if chips == 1 and share < 1:
        room &= most_of_one >= share
    elif chips > 0:
        room &= whole >= chips
    return np.asarray(room)


def left_over(free: Floats, ask: Floats, largest: Floats) -> Floats:
    """What a host would have left, of the largest host's, mean over the resources. [1]

    The measure of best fit in several dimensions: the host with least left over
    is the best.

    Parameters
    ----------
    free : ndarray, shape (hosts, resources)
    ask, largest : ndarray, shape (resources,)
        Asked, and what the largest host has of each resource.

    References
    ----------
    Panigrahy et al., Heuristics for Vector Bin Packing (2011), of which it is the
    sum of the entries; Weng et al., Beware of Fragmentation, USENIX ATC 2023,
    compares it for chips and processors.

    Examples
    --------
    >>> left_over(np.array([[4.0, 2.0], [8.0, 2.0]]), np.ones(2), np.array([8.0, 2.0])).tolist()
    [0.4375, 0.6875]
    """
    return np.asarray(((free - ask) / largest).mean(axis=1))


def tied_best(left: Floats, resolution: float) -> Ints:
    """Places of the values within whose rounding lies the least; equal for a scheduler.

    Parameters
    ----------
    left : ndarray
        Left over by each candidate. [1]
    resolution : float
        Scores are whole multiples of it, rounded down from ``1 - left``. [1]

    Examples
    --------
    >>> tied_best(np.array([0.302, 0.308, 0.311]), 0.01).tolist()
    [0, 1]
    """
    score = np.floor((1 - left) / resolution)
    return np.flatnonzero(score == score.max())
