"""What a job needs where: hosts, speed and order of pools, per type and pool."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs_arrays import State
from simulator.world.jobs_state import LEVELS

Floats = NDArray[np.float64]


class PoolTables:
    """What the world says of each pool, a column a pool.

    Parameters
    ----------
    classes : int
        Rows of the tables.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.names: list[str] = []
        self.rate = np.zeros((classes, 0))
        self.factor = np.zeros((classes, 0))
        self.spread_rate = np.ones((classes, 0, LEVELS))
        self._preference: list[Floats | None] = []
        #: How each class likes each pool: its rate, where nothing else is said.
        self.liking = np.zeros((classes, 0))

    def add(
        self,
        name: str,
        rate: ArrayLike,
        size_factor: ArrayLike,
        spread_rate: ArrayLike,
        preference: ArrayLike | None,
    ) -> int:
        """Add a column and return its number."""
        columns = (self.per_class("rate", rate), self.per_class("size_factor", size_factor))
        spread = self.per_class("spread_rate", spread_rate, LEVELS)[:, None]
        own = None if preference is None else self.per_class("preference", preference)
        self.names.append(name)
        self.rate = np.c_[self.rate, columns[0]]
        self.factor = np.c_[self.factor, columns[1]]
        self.spread_rate = np.concatenate([self.spread_rate, spread], axis=1)
        self._preference.append(own)
        return len(self.names) - 1

    def prefer(self, pool: int, preference: ArrayLike) -> None:
        """Say how much each class likes a pool."""
        self._preference[pool] = self.per_class("preference", preference)

    def write(self, st: State) -> None:
        """Work out the tables that placement reads."""
        own = enumerate(self._preference)
        self.liking = np.stack(
            [self.rate[:, p] if like is None else like for p, like in own], axis=1
        )
        tabulate(st, self.rate, self.factor, self.liking, self.spread_rate)

    def per_class(self, name: str, values: ArrayLike, *more: int) -> Floats:
        """Return values spread over the classes, if they are in bounds."""
        array = np.array(np.broadcast_to(np.asarray(values, float), (self.classes, *more)))
        if name != "preference" and not np.all((array >= 0) & np.isfinite(array)):
            raise ValueError(f"{name} must be finite and >= 0, got {array}")
        if np.any(np.isnan(array)):
            raise ValueError(f"{name} must not be nan, got {array}")
        return array


def tabulate(
    st: State, rate: Floats, factor: Floats, preference: Floats, spread_rate: Floats
) -> None:
    """Work out the tables that placement reads.

    Parameters
    ----------
    st : State
    rate, factor : ndarray, shape (classes, pools)
        Reference work per chip, chips per reference chip. [rce/chip], [chip/rce]
    preference : ndarray, shape (classes, pools)
        Higher is liked better.
    spread_rate : ndarray, shape (classes, pools, levels)
        Multiplies the rate of a run by how far it is spread.
    """
    row = st.kind["job_class"]
    chips = st.kind["chips"][:, None]
    per_host = st.pool["chips_per_host"]
    # A factor such as 1.0000000000000002 must not cost a chip.
    need = np.maximum(np.ceil(chips * factor[row] - 1e-9), 1).astype(np.int64)
    speed = need[:, :, None] * (rate[:, :, None] * spread_rate)[row]
    st.fit["need"] = need
    st.fit["hosts"] = np.where(need >= per_host, -(-need // per_host), 0)
    endless = np.full(speed.shape, np.inf)
    slow = np.divide(chips[:, :, None], speed, out=endless, where=speed > 0)
    for level, name in enumerate(("slow", "slow_domain", "slow_rack", "slow_pod", "slow_site")):
        st.fit[name] = slow[:, :, level]
    st.pool["paced"] = np.any(spread_rate != spread_rate[:, :, :1], axis=(0, 2))
    able = rate > 0
    st.fit["pool"] = _order_of_pools(able, preference)[row]
    st.kind["pools"] = able.sum(axis=1)[row]
    st.kind["mask"] = (able @ (1 << np.arange(rate.shape[1], dtype=np.int64)))[row]


def _order_of_pools(able: NDArray[np.bool_], liked: Floats) -> NDArray[np.intp]:
    """Return pools, best liked first, ties by number, those of no use last."""
    order = np.argsort(-liked, axis=1, kind="stable")
    useless = ~np.take_along_axis(able, order, 1)
    return np.take_along_axis(order, np.argsort(useless, axis=1, kind="stable"), 1)
