"""Fragmentation: idle chips of hosts in part use, and how many of them no job could use.

Idle chips of a host are lost to a job that asks for more than they are, as all
of them are lost to a gang of whole hosts. Which jobs there are to be is a mix,
so the measure is an expectation: that of fragmentation gradient descent, of
which it is the case where only chips are scarce (Weng, Q. et al. (2023), Beware
of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
Descent, USENIX ATC '23, section 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs import EngineRecord

Columns = dict[str, NDArray[Any]]


def stranded_chips(
    record: EngineRecord, pool: int, chips_per_host: int, asked: ArrayLike
) -> Columns:
    """Return idle chips of hosts in part use, and those a job of a mix is expected not to use.

    Parameters
    ----------
    record : EngineRecord
    pool : int
    chips_per_host : int
    asked : array_like of int
        Chips that jobs of the mix need in the pool, one entry a job. [chip]

    Returns
    -------
    dict of ndarray
        A right-continuous series, a row wherever it changes, zero before the first
        and from the horizon on:
        ``t_s``, ``hosts`` (in part use), ``idle`` (chips on them), ``stranded``
        (of these, expected to be of no use). [s], [host], [chip], [chip]
    """
    t_s, change = _hosts_by_idle(record, pool, chips_per_host)
    count = np.cumsum(change, axis=0)
    idle = np.arange(chips_per_host)
    needs = np.asarray(asked)
    lost = idle * np.array([np.mean(needs > free) if needs.size else 0.0 for free in idle])
    kept = np.any(change != 0, axis=1)
    count = count[kept]
    return {
        "t_s": t_s[kept],
        "hosts": count[:, 1:].sum(axis=1),
        "idle": count @ idle,
        "stranded": count @ lost,
    }


def _hosts_by_idle(
    record: EngineRecord, pool: int, chips_per_host: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return moments, and the change in hosts in part use with so many idle chips."""
    seg = record.segments
    mine = (seg["pool"] == pool) & (seg["chips"] < chips_per_host)
    start, end, chips, unit = (seg[name][mine] for name in ("start_s", "end_s", "chips", "unit"))
    t_s = np.concatenate([start, end])
    delta = np.concatenate([chips, -chips]).astype(np.int64)
    unit = np.concatenate([unit, unit])
    # Of a host at one moment, those that end go first.
    order = np.lexsort((delta, t_s, unit))
    t_s, delta, unit = t_s[order], delta[order], unit[order]
    # What comes is gone by the horizon, so each host starts from nothing.
    used = np.cumsum(delta)
    moments, row = np.unique(t_s, return_inverse=True)
    change = np.zeros((len(moments), chips_per_host), np.int64)
    for sign, taken in ((1, used), (-1, used - delta)):
        partly = taken > 0
        np.add.at(change, (row[partly], chips_per_host - taken[partly]), sign)
    return moments, change
