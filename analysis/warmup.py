"""Where the start of a run stops to show: cutting off the warm-up.

For studies of a steady state only, such as queues and schedulers; a planning
study has a start that is part of the question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class WarmUp:
    """How much of a run to leave out.

    Attributes
    ----------
    observations : int
        To leave out from the start.
    settled : bool
        False where the best cut lies at the latest allowed: run longer.
    """

    observations: int
    settled: bool


def mser(x: npt.ArrayLike, batch: int = 5) -> WarmUp:
    """Cut that leaves the smallest standard error of the mean (MSER).

    Parameters
    ----------
    x : array_like, shape (observations,)
        In order of time. [any]
    batch : int
        Observations averaged first, to calm the measure; 5 for MSER-5.

    References
    ----------
    White, Cobb and Spratt, Proceedings of the 2000 Winter Simulation Conference.
    doi:10.1109/WSC.2000.899926

    Examples
    --------
    >>> mser([10] * 50 + [1, -1] * 475)
    WarmUp(observations=50, settled=True)
    """
    series = np.asarray(x, dtype=np.float64)
    n = series.size // batch if batch >= 1 else 0
    if series.ndim != 1 or n < 4:
        raise ValueError(f"need a row of >= 4 batches of {batch}, got {series.size} observations")
    means = series[: n * batch].reshape(n, batch).mean(axis=1)
    # At most half may go, or a few like values at the end would win.
    most = n // 2
    scores = [float(means[d:].var()) / (n - d) for d in range(most + 1)]
    best = int(np.argmin(scores))
    return WarmUp(best * batch, best < most)
