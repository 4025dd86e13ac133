"""How long a network survives without a supplier, and what its absence costs.

The Risk Exposure Index asks for no probabilities: only how long each supplier
would take to recover. A supplier is exposed if the network survives for less.

References
----------
Simchi-Levi et al., Interfaces 45(5), 2015. doi:10.1287/inte.2015.0804
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative
from simulator.laws.linear_program import least_cost


@dataclass(frozen=True)
class Network:
    """Suppliers that can each make some of the products.

    Attributes
    ----------
    capacity : array_like, shape (suppliers,)
        Most each makes in a period. [units per period]
    can_make : array_like of bool, shape (suppliers, products)
        Who is qualified for what.
    demand : array_like, shape (products,)
        Wanted of each in a period. [units per period]
    stock : array_like, shape (products,)
        On hand or in transit past the suppliers. [units]
    worth : array_like, shape (products,)
        Lost per unit not delivered. [USD, or any weight]
    """

    capacity: npt.ArrayLike
    can_make: npt.ArrayLike
    demand: npt.ArrayLike
    stock: npt.ArrayLike
    worth: npt.ArrayLike

    def __post_init__(self) -> None:
        shape = (floats(self.capacity).size, floats(self.demand).size)
        if np.shape(self.can_make) != shape:
            raise ValueError(f"can_make must be {shape}, got shape {np.shape(self.can_make)}")
        require_not_negative(
            capacity=self.capacity, demand=self.demand, stock=self.stock, worth=self.worth
        )

    def _rows(self, removed: Sequence[int]) -> tuple[Array, Array, list[tuple[int, int]]]:
        # Rows: made of each product, made by each supplier; columns: live links.
        gone = set(removed)
        allowed = np.asarray(self.can_make, dtype=bool)
        links = [(int(i), int(j)) for i, j in np.argwhere(allowed) if i not in gone]
        by_product = np.zeros((allowed.shape[1], len(links)))
        by_supplier = np.zeros((allowed.shape[0], len(links)))
        for k, (i, j) in enumerate(links):
            by_product[j, k] = by_supplier[i, k] = 1.0
        return by_product, by_supplier, links


def time_to_survive(network: Network, removed: Sequence[int] = ()) -> float:
    """Longest time all demand is met with some suppliers gone (TTS). [periods]

    Parameters
    ----------
    network : Network
        Whole suppliers, products and stock.
    removed : sequence of int
        Indices of suppliers that make nothing.

    Returns
    -------
    float
        Infinite where the network survives for ever.

    Examples
    --------
    >>> both = Network([30, 60], [[True], [True]], [75], [20], [1.0])
    >>> round(time_to_survive(both, removed=[0]), 4)
    1.3333
    """
    by_product, by_supplier, links = network._rows(removed)
    demand, capacity = floats(network.demand), floats(network.capacity)
    rows = np.block([[demand[:, None], -by_product], [-capacity[:, None], by_supplier]])
    cost = [-1.0, *[0.0] * len(links)]

    def longest(stock: Array, most: float) -> float:
        bounds = np.concatenate([stock, np.zeros(capacity.size)])
        return float(least_cost(cost, rows, bounds, [most, *[np.inf] * len(links)]).x[0])

    # Whoever makes a whole period's demand without stock does so for ever.
    if longest(np.zeros_like(demand), 1.0) >= 1 - 1e-12:
        return math.inf
    return longest(floats(network.stock), math.inf)


def performance_impact(
    network: Network, removed: Sequence[int], time_to_recover: float
) -> tuple[float, Array]:
    """Least loss until recovery with some suppliers gone (PI), and the units lost.

    Parameters
    ----------
    network, removed
        As for :func:`time_to_survive`.
    time_to_recover : float
        Until they are back (TTR), >= 0. [periods]

    Returns
    -------
    loss : float
        Worth of what is not delivered. [unit of worth]
    lost : ndarray, shape (products,)
        Units of each not delivered, the least worthy first. [units]
    """
    require_not_negative(time_to_recover=time_to_recover)
    by_product, by_supplier, links = network._rows(removed)
    wanted = floats(network.demand) * time_to_recover - floats(network.stock)
    made = floats(network.capacity) * time_to_recover
    products = len(wanted)
    rows = np.block(
        [
            [-np.eye(products), -by_product],
            [np.zeros((len(made), products)), by_supplier],
        ]
    )
    cost = np.concatenate([floats(network.worth), np.zeros(len(links))])
    answer = least_cost(cost, rows, np.concatenate([-wanted, made]))
    return answer.cost, answer.x[:products]


def risk_exposure_index(impacts: npt.ArrayLike) -> Array:
    """Impacts over the largest of them (REI); all zero where none has an impact. [1]

    Examples
    --------
    >>> risk_exposure_index([0.0, 125_000.0, 275_000.0]).round(4).tolist()
    [0.0, 0.4545, 1.0]
    """
    require_not_negative(impacts=impacts)
    loss = floats(impacts)
    worst = float(loss.max(initial=0.0))
    return loss / worst if worst > 0 else np.zeros_like(loss)


def exposed(survives: npt.ArrayLike, recovers: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell which nodes take longer to recover than the network survives without them."""
    return floats(survives) < floats(recovers)
