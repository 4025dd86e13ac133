"""What an addition to the fleet is worth in demand carried, from runs that share their luck.

The runs are of the fleet without the addition at present demand, and with it
at demand grown step by step. Between the steps unserved work is taken as
straight: it is convex in demand, so this errs to too little credit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.bootstrap import bootstrap_interval
from analysis.uncertainty import Estimate
from simulator.laws.adequacy import CapacityCredit, load_carrying_capability

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CreditEstimate:
    """A capacity credit with its interval, or the reason there is none.

    Attributes
    ----------
    estimate : Estimate
        Demand carried; NaN where it is undefined. [unit of demand]
    nameplate : float
        Capacity of the addition. [unit of demand]
    reason : str
        Why it is undefined; empty where it is not.
    """

    estimate: Estimate
    nameplate: float
    reason: str

    @property
    def share(self) -> float:
        """Credit over nameplate. [1]"""
        return self.estimate.mean / self.nameplate


def credit_from_runs(
    added: npt.ArrayLike,
    unserved_with: npt.ArrayLike,
    unserved_base: npt.ArrayLike,
    nameplate: float,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> CreditEstimate:
    """Effective load-carrying capability of an addition, on expected unserved work.

    Parameters
    ----------
    added : array_like, shape (steps,)
        Demand added in each run with the addition, from 0 to *nameplate*, ascending. [rce]
    unserved_with : array_like, shape (replications, steps)
        Unserved work in those runs. [any one unit]
    unserved_base : array_like, shape (replications,)
        Unserved work without the addition at present demand, on the same luck. [same unit]
    nameplate : float
        Capacity of the addition, > 0. [rce]
    level, resamples, seed
        Of the bootstrap over replications; resamples without unserved work count as none.

    Raises
    ------
    ValueError
        If the shapes do not match or *added* does not span 0 to *nameplate*.

    Examples
    --------
    A perfectly firm addition of 10, and demand that was short by 4:

    >>> firm = credit_from_runs([0, 5, 10], [[0, 0, 4], [0, 0, 4]], [4, 4], 10)
    >>> firm.share
    1.0
    """
    steps = np.asarray(added, dtype=np.float64)
    runs = np.asarray(unserved_with, dtype=np.float64)
    base = np.asarray(unserved_base, dtype=np.float64)
    if runs.shape != (base.size, steps.size) or not base.size:
        raise ValueError(f"need {base.size} replications by {steps.size} steps, got {runs.shape}")
    if steps[0] != 0 or steps[-1] != nameplate or np.any(np.diff(steps) <= 0):
        raise ValueError(f"added must ascend from 0 to {nameplate}, got {steps.tolist()}")

    def credit(rows: Array) -> CapacityCredit:
        mean = rows.mean(axis=0)
        # Luck aside, more demand never leaves less unserved.
        risk = np.maximum.accumulate(mean[1:])
        return load_carrying_capability(
            lambda d: float(np.interp(d, steps, risk)), float(mean[0]), nameplate, halvings=40
        )

    table = np.column_stack([base, runs])
    found = credit(table)
    if found.reason:
        undefined = Estimate(math.nan, -math.inf, math.inf, base.size, level)
        return CreditEstimate(undefined, nameplate, found.reason)

    def value(rows: Array) -> float:
        again = credit(rows)
        return 0.0 if again.reason else again.value

    interval = bootstrap_interval(table, value, level=level, resamples=resamples, seed=seed)
    return CreditEstimate(interval, nameplate, "")
