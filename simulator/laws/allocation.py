"""How a supplier that is short shares out what it has.

Whatever the rule: no more is given than there is, nobody gets more than
asked, and nothing is held back while someone still asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative

#: A rule of sharing out: supply and requests in, grants out.
Rule = Callable[[float, npt.ArrayLike], Array]
IntArray = npt.NDArray[np.integer[Any]]
#: Rounds of sharing what is left over; each empties a tier or serves a customer, or nearly.
_ROUNDS = 50
#: Part of a supply that counts as none left: the rounding of sums. [1]
_NOTHING = 1e-12


def pro_rata(supply: float, requests: npt.ArrayLike) -> Array:
    """Give everyone the same part of what they asked.

    Parameters
    ----------
    supply : float
        What there is, >= 0. [units]
    requests : array_like, shape (customers,)
        What each asks, >= 0. [units]

    Returns
    -------
    ndarray, shape (customers,)
        What each gets. [units]

    Examples
    --------
    >>> pro_rata(60, [80, 40]).tolist()
    [40.0, 20.0]
    """
    require_not_negative(supply=supply, requests=requests)
    asked = floats(requests)
    total = float(asked.sum())
    return asked.copy() if total <= supply else asked * (supply / total)


def priority(supply: float, requests: npt.ArrayLike, ranks: npt.ArrayLike) -> Array:
    """Serve the lowest rank first; equals share pro rata.

    Parameters
    ----------
    supply, requests
        As for :func:`pro_rata`.
    ranks : array_like of int, shape (customers,)
        Place of each in the order; equal places are allowed.

    Examples
    --------
    >>> priority(60, [80, 40], [2, 1]).tolist()
    [20.0, 40.0]
    """
    asked, order = floats(requests), np.asarray(ranks)
    if asked.shape != order.shape:
        raise ValueError(f"ranks must match requests {asked.shape}, got shape {order.shape}")
    granted = np.zeros_like(asked)
    left = supply
    for rank in np.unique(order):
        here = order == rank
        granted[here] = pro_rata(left, asked[here])
        left = max(0.0, left - float(granted[here].sum()))
    return granted


def contract(supply: float, requests: npt.ArrayLike, floors: npt.ArrayLike) -> Array:
    """Serve guaranteed amounts first, then share the rest pro rata to what is still asked.

    Where the supply does not cover the guarantees, they are cut pro rata.

    Parameters
    ----------
    supply, requests
        As for :func:`pro_rata`.
    floors : array_like, shape (customers,)
        Amount guaranteed to each, >= 0; only what is asked of it counts. [units]

    Examples
    --------
    >>> contract(60, [80, 40], [0, 30]).tolist()
    [26.666666666666664, 33.333333333333336]
    """
    require_not_negative(floors=floors)
    asked = floats(requests)
    guaranteed = np.minimum(asked, floats(floors))
    first = pro_rata(supply, guaranteed)
    left = max(0.0, supply - float(first.sum()))
    return first + pro_rata(left, asked - first) if left > 0 else first


@dataclass(frozen=True)
class Tier:
    """One scarce node and those who ask of it.

    Attributes
    ----------
    supply : float
        What it has. [units]
    per_lot : ndarray, shape (customers,)
        Units that go into one lot of each customer; 0 if it needs none. [units/lot]
    others : float
        What customers who are not ours ask. [units]
    rule : Rule
        How it shares out; the others are the last of its requests.
    floors : ndarray, shape (customers + 1,), optional
        What it guarantees to each, the others last; it shares out the rest by :func:`contract`
        then, whatever the rule. [units]
    """

    supply: float
    per_lot: Array
    others: float
    rule: Rule = pro_rata
    floors: Array | None = None

    def shared(self, left: float, requests: Array, served: Array) -> Array:
        """Share out what is left; what was served before counts towards the floors. [units]."""
        if self.floors is None:
            return self.rule(left, requests)
        return contract(left, requests, np.maximum(0.0, self.floors - served))


def joint(tiers: Sequence[Tier], asked: npt.ArrayLike) -> Array:
    """Share out several scarce inputs that go into the same lots.

    Each tier shares by its own rule; a customer gets as many lots as the
    tier that gives it least. What that leaves over elsewhere is shared out
    again among those who still lack it, until nothing more fits. Lots may be
    parts of lots.

    Parameters
    ----------
    tiers : sequence of Tier
        Complements: a lot needs its units of every one.
    asked : array_like, shape (customers,)
        Lots asked, >= 0. [lots]

    Returns
    -------
    ndarray, shape (customers,)
        Lots granted. [lots]

    Examples
    --------
    >>> fab = Tier(60, np.array([1.0, 1.0]), 0.0, pro_rata)
    >>> joint([fab], [80, 40]).tolist()
    [40.0, 20.0]
    >>> line = Tier(10, np.array([1.0, 0.0]), 0.0, pro_rata)
    >>> joint([fab, line], [80, 40]).round(6).tolist()
    [10.0, 40.0]

    A floor is served once: the 15 the first cannot use are shared pro rata to what is asked.

    >>> fab = Tier(60, np.ones(3), 0.0, floors=np.array([0.0, 20.0, 0.0, 0.0]))
    >>> line = Tier(5, np.array([1.0, 0.0, 0.0]), 0.0)
    >>> joint([fab, line], [80, 40, 40]).round(6).tolist()
    [5.0, 31.666667, 23.333333]
    """
    want = floats(asked).copy()
    granted = np.zeros_like(want)
    left = [tier.supply for tier in tiers]
    outside = [tier.others for tier in tiers]
    served = np.zeros((len(tiers), len(want) + 1))
    for _ in range(_ROUNDS):
        lots = want - granted
        for tier, supply in zip(tiers, left, strict=True):
            if supply <= _NOTHING * tier.supply:
                lots = np.where(tier.per_lot > 0, 0.0, lots)
        open_lots = lots.copy()
        for k, tier in enumerate(tiers):
            requests = np.append(open_lots * tier.per_lot, outside[k])
            shared = tier.shared(left[k], requests, served[k])
            needs = tier.per_lot > 0
            lots[needs] = np.minimum(lots[needs], shared[:-1][needs] / tier.per_lot[needs])
            outside[k] -= shared[-1]
            left[k] -= shared[-1]
            served[k, -1] += shared[-1]
        granted += lots
        for k, tier in enumerate(tiers):
            left[k] = max(0.0, left[k] - float(lots @ tier.per_lot))
            served[k, :-1] += lots * tier.per_lot
        if not (lots > _NOTHING * np.maximum(want, 1.0)).any():
            break
    return np.minimum(granted, want)


def whole(
    tiers: Sequence[Tier],
    asked: npt.ArrayLike,
    granted: npt.ArrayLike,
    places: npt.ArrayLike | None = None,
) -> IntArray:
    """Round grants to whole lots and give out what whole lots that leaves. [lots]

    The largest lost fraction comes first, then the customer served least;
    equals by their places, such as who asked first, or else in their order.

    Examples
    --------
    >>> fab = Tier(5, np.array([1.0, 1.0]), 0.0, pro_rata)
    >>> whole([fab], [4, 4], [2.5, 2.5]).tolist()
    [3, 2]
    >>> whole([fab], [4, 4], [2.5, 2.5], places=[2, 1]).tolist()
    [2, 3]
    """
    want, parts = np.asarray(asked, int), floats(granted)
    lots = np.minimum(np.floor(parts + 1e-9).astype(int), want)
    if not len(tiers):
        return lots
    need = np.stack([tier.per_lot for tier in tiers])
    # What the others got is not ours to give; what they left is.
    left = np.array([tier.supply for tier in tiers]) - need @ parts
    outside = np.array([min(t.others, max(0.0, x)) for t, x in zip(tiers, left, strict=True)])
    left = left - outside + need @ (parts - lots)
    among_equals = np.arange(len(want)) if places is None else np.asarray(places)
    order = np.lexsort((among_equals, np.round(lots - parts, 9)))
    while True:
        fits = [c for c in order if lots[c] < want[c] and (need[:, c] <= left + 1e-9).all()]
        if not fits:
            return lots
        lots[fits[0]] += 1
        left = left - need[:, fits[0]]
        order = np.append(order[order != fits[0]], fits[0])
