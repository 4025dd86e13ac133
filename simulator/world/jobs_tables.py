"""What a job needs where: hosts, speed and order of pools, per type and pool."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs_state import State

Floats = NDArray[np.float64]


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
