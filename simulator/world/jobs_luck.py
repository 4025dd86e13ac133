"""Draws of random placement: one for each start of a job, whatever others do.

A start's draw is a hash of the seed, the job and how often it has started
(SplitMix64: Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195), so that no
draw shifts another's.
"""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np

from simulator.world.jobs_kernel import kernel
from simulator.world.jobs_state import PLACEMENT, RANDOM, SEED

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@kernel
def luck_of(st: Any, j: int) -> float:
    """Return the draw of a job's next start, in [0, 1)."""
    if st.counts[PLACEMENT] != RANDOM:
        return 0.0
    starts = 0 if isnan(st.job[j].start) else st.job[j].restarts + 1
    z = _mixed(np.uint64(st.counts[SEED]) + np.uint64(j + 1) * _GAMMA)
    z = _mixed(z + np.uint64(starts + 1) * _GAMMA)
    return np.int64(z >> np.uint64(11)) * 2.0**-53


@kernel
def _mixed(z: Any) -> Any:
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))
