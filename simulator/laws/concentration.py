"""How many equal suppliers a fleet's suppliers amount to, at one tier and on one basis.

Say the basis with the number: shares of what runs (stock), of what is on order
(flow) or of what is planned (roadmap), counted in units, effective compute,
watts or dollars. The same fleet differs between them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats

#: Index of a market with a single supplier. [points]
MONOPOLY_POINTS = 1e4


def shares(amounts: npt.ArrayLike) -> Array:
    """Each supplier's part of the whole.

    Parameters
    ----------
    amounts : array_like, shape (..., suppliers)
        Amount sourced from each, on one basis, >= 0. [any one unit]

    Returns
    -------
    ndarray, shape (..., suppliers)
        Parts that sum to 1 over the last axis; NaN where the whole is zero,
        since an empty fleet has no shares. [1]

    Raises
    ------
    ValueError
        If an amount is negative or not finite.

    Examples
    --------
    >>> shares([30, 10]).tolist()
    [0.75, 0.25]
    """
    x = floats(amounts)
    if not np.all(np.isfinite(x)) or np.any(x < 0):
        raise ValueError(f"amounts must be finite and >= 0, got {x.tolist()}")
    whole = x.sum(axis=-1, keepdims=True)
    return np.divide(x, whole, out=np.full_like(x, np.nan), where=whole > 0)


def hhi(amounts: npt.ArrayLike, total: float | None = None) -> float:
    """Herfindahl-Hirschman index. [points, 0..10000]

    Parameters
    ----------
    amounts : array_like, shape (suppliers,)
        Amount sourced from each, >= 0. [any one unit]
    total : float, optional
        Size of the whole market in the same unit, where *amounts* names only
        its larger members; the rest is taken as many suppliers too small to
        count. Without it the members named are the market.

    Raises
    ------
    ValueError
        If an amount is negative, or *total* is less than their sum.

    References
    ----------
    US Department of Justice and FTC, Merger Guidelines (2023), guideline 1.

    Examples
    --------
    >>> hhi([30, 30, 20, 20])
    2600.0
    """
    x = floats(amounts)
    part = shares(x)
    if total is not None:
        if total < x.sum() * (1 - 1e-12):
            raise ValueError(f"total must be >= the sum of amounts {x.sum()}, got {total}")
        part = part * (x.sum() / total)
    return float(np.sum((100.0 * part) ** 2))


def effective_number(amounts: npt.ArrayLike) -> float:
    """Number of equal suppliers with the same index, ``10000/HHI``. [suppliers]

    Examples
    --------
    >>> effective_number([5, 5, 5, 5])
    4.0
    """
    return MONOPOLY_POINTS / hhi(amounts)


def normalised_hhi(amounts: npt.ArrayLike) -> float:
    """Index scaled so that n equal suppliers give 0 and one alone gives 1. [1]

    A single supplier is 1 by that convention, where the formula is 0/0.
    """
    n = np.size(amounts)
    return 1.0 if n == 1 else (hhi(amounts) / MONOPOLY_POINTS - 1 / n) / (1 - 1 / n)


def entropy_number(amounts: npt.ArrayLike) -> float:
    """Effective number by Shannon entropy, ``exp(-sum s ln s)``. [suppliers]

    Counts small suppliers more than :func:`effective_number` does.
    """
    part = shares(amounts)
    logs = np.log(part, out=np.zeros_like(part), where=part > 0)
    return float(np.exp(-np.sum(part * logs)))


def concentration_ratio(amounts: npt.ArrayLike, k: int) -> float:
    """Part of the whole held by the *k* largest suppliers, CR_k. [1]

    Raises
    ------
    ValueError
        If *k* is less than 1.
    """
    if k < 1:
        raise ValueError(f"k must be >= 1, got {k}")
    return float(np.sort(shares(amounts))[::-1][:k].sum())


def hhi_after_merger(amounts: npt.ArrayLike, i: int, j: int) -> float:
    """Index after suppliers *i* and *j* become one. [points]

    Examples
    --------
    >>> hhi_after_merger([50, 25, 25], 1, 2)
    5000.0
    """
    if i == j:
        raise ValueError(f"a merger needs two suppliers, got {i} twice")
    x = floats(amounts)
    return hhi(np.append(np.delete(x, [i, j]), x[i] + x[j]))


def look_through(product_shares: npt.ArrayLike, sourcing: npt.ArrayLike) -> Array:
    """Shares of upstream suppliers, seen through the products that use them.

    Only within one group of substitutes (all memories, or all foundries): a
    sum across complements means nothing.

    Parameters
    ----------
    product_shares : array_like, shape (products,)
        Amount of each product in the fleet, >= 0. [any one unit]
    sourcing : array_like, shape (products, upstreams)
        Part of each product's need in this group met by each upstream; rows
        sum to 1. [1]

    Returns
    -------
    ndarray, shape (upstreams,)
        Parts that sum to 1. [1]

    Raises
    ------
    ValueError
        If the shapes do not match or a row of *sourcing* does not sum to 1.

    Examples
    --------
    >>> memory = [[0.7, 0.1, 0.2], [0, 0.6, 0.4], [0.5, 0.5, 0]]
    >>> look_through([60, 15, 25], memory).round(4).tolist()
    [0.545, 0.275, 0.18]
    """
    split = floats(sourcing)
    part = shares(product_shares)
    if split.ndim != 2 or part.ndim != 1 or len(part) != len(split):
        raise ValueError(f"sourcing must be {part.shape[-1]} rows, got shape {split.shape}")
    if np.any(split < 0) or not np.allclose(split.sum(axis=1), 1.0, rtol=0, atol=1e-9):
        raise ValueError(f"rows of sourcing must be >= 0 and sum to 1, got {split.tolist()}")
    return part @ split


def hidden_concentration(product_shares: npt.ArrayLike, sourcing: npt.ArrayLike) -> float:
    """Upstream index over the index of the products themselves. [1]

    Above 1, the products are a more diverse set than what they are made from:
    the diversification is partly illusory.

    Examples
    --------
    >>> round(hidden_concentration([60, 15, 25], [[1.0], [1.0], [1.0]]), 4)
    2.2472
    """
    return hhi(look_through(product_shares, sourcing)) / hhi(product_shares)


def diamond_ratio(sourcing: npt.ArrayLike) -> Array:
    """For each deep-tier supplier, the part of the first-tier suppliers that use it. [1]

    Its mean over the deep tier is the number of paths observed over the number
    possible. A value of 1 is the tip of a diamond: everyone stands on it.

    Parameters
    ----------
    sourcing : array_like, shape (tier-1 suppliers, tier-2 suppliers)
        Anything > 0 where one buys from the other.

    Examples
    --------
    >>> diamond_ratio([[1, 0.5], [1, 0], [1, 0.5]]).round(3).tolist()
    [1.0, 0.667]
    """
    used = floats(sourcing) > 0
    if used.ndim != 2 or not used.size:
        raise ValueError(f"sourcing must be a table of suppliers by suppliers, got {used.shape}")
    return used.mean(axis=0)


def sourcing_similarity(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Commonality of two products' sources: the cosine between their sourcing. [1]

    Weigh the entries by cost first to weigh by cost. 1 is the same sources in
    the same proportions; 0 is none in common.

    Examples
    --------
    >>> sourcing_similarity([0.5, 0.5, 0], [0, 0, 1])
    0.0
    """
    x, y = floats(a), floats(b)
    norms = float(np.linalg.norm(x) * np.linalg.norm(y))
    if norms == 0:
        raise ValueError("a product without any source has no similarity to another")
    return float(x @ y) / norms
