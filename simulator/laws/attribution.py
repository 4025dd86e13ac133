"""Who is to blame for how much of a joint loss: Shapley's division.

Name the value function with the numbers: the loss when all of a set is down
(stress), or the expected loss when only a set may fail (then the parts sum to
the whole expected loss).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

Player = TypeVar("Player", bound=Hashable)

#: Exact division asks the value of every set: a million of them at 20 players.
MOST_PLAYERS = 20


def shapley(
    players: Sequence[Player], value: Callable[[frozenset[Player]], float]
) -> dict[Player, float]:
    """Divide ``value(all) - value(none)`` by each player's mean marginal value, exactly.

    Parameters
    ----------
    players : sequence
        Nodes or groups of nodes, at most 20, without repeats.
    value : callable
        Loss of a set of players; asked once for each of the 2^n sets.

    Returns
    -------
    dict
        Part of each player. [unit of value]

    Raises
    ------
    ValueError
        If players repeat or are too many; group them, or sample.

    References
    ----------
    Shapley, Contributions to the Theory of Games II (1953). doi:10.1515/9781400881970-018

    Examples
    --------
    Three planes need runways of 1, 2 and 3 km:

    >>> shapley([1, 2, 3], lambda s: float(max(s, default=0)))
    {1: 0.3333333333333333, 2: 0.8333333333333333, 3: 1.8333333333333333}
    """
    n = len(players)
    _require_distinct(players)
    if n > MOST_PLAYERS:
        raise ValueError(f"at most {MOST_PLAYERS} players are divided exactly, got {n}")
    # Set k holds the players whose bits are set in k.
    worth = np.array(
        [value(frozenset(p for b, p in enumerate(players) if k >> b & 1)) for k in range(2**n)]
    )
    sizes = np.array([k.bit_count() for k in range(2**n)])
    weight = np.array([1 / (n * math.comb(n - 1, s)) for s in range(n)])
    sets = np.arange(2**n)
    parts = {}
    for bit, player in enumerate(players):
        without = sets[(sets >> bit & 1) == 0]
        gains = worth[without | 1 << bit] - worth[without]
        parts[player] = float(weight[sizes[without]] @ gains)
    return parts


@dataclass(frozen=True)
class SampledPart:
    """A part estimated from random orders, and its standard error."""

    mean: float
    standard_error: float


def shapley_sampled(
    players: Sequence[Player],
    value: Callable[[frozenset[Player]], float],
    orders: int,
    rng: np.random.Generator,
) -> dict[Player, SampledPart]:
    """Estimate Shapley's division from random orders of arrival.

    The parts sum to the whole for any number of orders. Keep the value
    function's luck the same across sets, or its noise is divided too.

    Parameters
    ----------
    players, value
        As for :func:`shapley`, of any number; sets met again are not asked again.
    orders : int
        Random orders, >= 2.
    rng : numpy.random.Generator
        Source of the orders.

    References
    ----------
    Castro, Gómez and Tejada, Computers & Operations Research 36(5), 2009.
    doi:10.1016/j.cor.2008.04.004
    """
    _require_distinct(players)
    if orders < 2:
        raise ValueError(f"orders must be >= 2, got {orders}")
    known = cache(value)
    gains = np.empty((orders, len(players)))
    for row in gains:
        arrived: frozenset[Player] = frozenset()
        before = known(arrived)
        for k in rng.permutation(len(players)):
            arrived = arrived | {players[k]}
            after = known(arrived)
            row[k] = after - before
            before = after
    means, errors = gains.mean(axis=0), gains.std(axis=0, ddof=1) / math.sqrt(orders)
    return {p: SampledPart(float(means[k]), float(errors[k])) for k, p in enumerate(players)}


def _require_distinct(players: Sequence[Player]) -> None:
    if len(set(players)) < len(players):
        raise ValueError(f"players repeat in {list(players)}")
