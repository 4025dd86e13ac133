"""Keeping to aims: how many chips of each pool each class of jobs should hold.

The aims come from a policy in numpy (:mod:`scheduler_pools`), asked when the mix
of classes or the fleet has changed materially. Between two answers a job tries
the pools in order of what its class lacks there, aim less chips held, the most
first, ties by number of the pool.
"""

from __future__ import annotations

from typing import Any

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import AIMED


@kernel
def order_pools(st: Any, k: int) -> None:
    """Put the pools of a type in order of what its class lacks there."""
    if st.counts[AIMED] == 0:
        return
    c = st.kind[k].job_class
    for i in range(1, st.kind[k].pools):
        p = st.fit[k, i].pool
        lack = _lack(st, c, p)
        m = i
        while m > 0 and _goes_before(lack, p, st, c, st.fit[k, m - 1].pool):
            st.fit[k, m].pool = st.fit[k, m - 1].pool
            m -= 1
        st.fit[k, m].pool = p


@kernel
def _lack(st: Any, c: int, p: int) -> float:
    return st.aims[c, p].aim - st.aims[c, p].held


@kernel
def _goes_before(lack: float, p: int, st: Any, c: int, q: int) -> bool:
    other = _lack(st, c, q)
    return lack > other or (lack == other and p < q)
