"""A cluster that is filled, request after request, until nothing fits.

Hosts have processor, memory and chips that can be shared; what is placed
stays. For jobs that come and go, see :mod:`simulator.world.engine`, whose hosts
have chips only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.packing import hosts_with_room, left_over, tied_best

Rule = Literal["random", "best_fit"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Schedulers score hosts in whole per cents (Kubernetes' framework.MaxNodeScore is 100).
SCORE_RESOLUTION = 0.01


@dataclass(frozen=True)
class Requests:
    """What is asked, one row a request.

    Attributes
    ----------
    processor : ndarray
        [core]
    memory : ndarray
        [B]
    chips : ndarray
        Chips asked; more than one are asked whole.
    share : ndarray
        Of each chip. [1]
    """

    processor: Floats
    memory: Floats
    chips: Ints
    share: Floats

    @property
    def chip_shares(self) -> Floats:
        """Chips asked in all by each. [chip]."""
        return np.asarray(self.chips * self.share)

    def take(self, rows: Ints) -> Requests:
        """Return some rows, in that order."""
        return Requests(self.processor[rows], self.memory[rows], self.chips[rows], self.share[rows])


class Cluster:
    """Hosts and what is free in each.

    Invariant: each chip's free share is in [0, 1]; ``most``, ``whole`` and
    ``free[:, 2]`` (chips free, in shares) follow from the chips' shares.

    Parameters
    ----------
    processor, memory : array_like, shape (hosts,)
        [core], [B]
    chips : array_like of int, shape (hosts,)
    """

    def __init__(self, processor: ArrayLike, memory: ArrayLike, chips: ArrayLike) -> None:
        count = np.asarray(chips, np.int64)
        #: Free share of each chip, shape (hosts, chips of the largest host); 0 where there is none.
        self.share = (np.arange(count.max(initial=0)) < count[:, None]).astype(float)
        #: Processor, memory, chips, shape (hosts, 3).
        self.free = np.column_stack(
            [np.asarray(processor, float), np.asarray(memory, float), count.astype(float)]
        )
        # Of what no host has, nothing can be left over.
        self.largest = np.where(self.free.max(axis=0) > 0, self.free.max(axis=0), 1.0)
        self.most = self.share.max(axis=1, initial=0.0)
        self.whole = count.copy()

    def place(
        self, requests: Requests, row: int, rule: Rule, rng: np.random.Generator
    ) -> int | None:
        """Place one request; return its host, or None where it fits in none.

        ``random``: any host with room, any chip with room. ``best_fit``: the host
        with least processor and chips left over, ties by chance; of its chips that
        with least left.
        """
        ask = np.array([requests.processor[row], requests.memory[row]])
        chips, share = int(requests.chips[row]), float(requests.share[row])
        room = hosts_with_room(self.free[:, :2], ask, self.most, self.whole, share, chips)
        hosts = np.flatnonzero(room)
        if not hosts.size:
            return None
        if rule == "best_fit":
            wanted = np.array([ask[0], chips * share])
            left = left_over(self.free[hosts][:, ::2], wanted, self.largest[::2])
            hosts = hosts[tied_best(left, SCORE_RESOLUTION)]
        host = int(hosts[rng.integers(hosts.size)])
        self._take(host, ask, chips, share, rule, rng)
        return host

    def _take(
        self,
        host: int,
        ask: Floats,
        chips: int,
        share: float,
        rule: Rule,
        rng: np.random.Generator,
    ) -> None:
        self.free[host, :2] -= ask
        if not chips:
            return
        of_host = self.share[host]
        if chips == 1 and share < 1:
            fit = np.flatnonzero(of_host >= share)
            at = rng.integers(fit.size) if rule == "random" else np.argmin(of_host[fit])
            # Shares are sums of thousandths: keep them so.
            of_host[fit[at]] = round(of_host[fit[at]] - share, 9)
        else:
            of_host[np.flatnonzero(of_host == 1)[:chips]] = 0.0
        self.free[host, 2] = of_host.sum()
        self.most[host] = of_host.max()
        self.whole[host] = np.count_nonzero(of_host == 1)


def fill(
    cluster: Cluster, requests: Requests, rule: Rule, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Place requests in order; those that do not fit are turned away.

    Returns
    -------
    asked, allocated : ndarray, shape (requests,)
        Chips asked and chips allocated up to and with each request. [chip]

    Examples
    --------
    >>> pods = Requests(np.ones(3), np.ones(3), np.array([1, 1, 1]), np.array([0.5, 1.0, 0.5]))
    >>> host = Cluster([8], [8], [1])
    >>> [part.tolist() for part in fill(host, pods, "best_fit", np.random.default_rng(0))]
    [[0.5, 1.5, 2.0], [0.5, 0.5, 1.0]]
    """
    n = len(requests.chips)
    placed = np.array([cluster.place(requests, row, rule, rng) is not None for row in range(n)])
    shares = requests.chip_shares
    return np.cumsum(shares), np.cumsum(shares * placed)
