"""How long things last, where some had not ended when watching stopped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


class Survival(NamedTuple):
    """A survival function in steps.

    Attributes
    ----------
    time : ndarray
        Ascending times at which it falls. [time]
    share : ndarray
        That lasts longer than each. [1]
    """

    time: Floats
    share: Floats


def survival(lasted: ArrayLike, ended: ArrayLike) -> Survival:
    """Share that lasts longer than each time (product-limit estimate).

    Parameters
    ----------
    lasted : array_like
        How long each was watched. [time]
    ended : array_like of bool
        Whether it ended then; else it was still there.

    References
    ----------
    Kaplan and Meier, Journal of the American Statistical Association 53, 1958.
    doi:10.1080/01621459.1958.10501452

    Examples
    --------
    >>> survival([1, 2, 3, 4], [True, False, True, False]).share.tolist()
    [0.75, 0.375]
    """
    times, over = np.asarray(lasted, float), np.asarray(ended, bool)
    if not over.any():
        return Survival(np.zeros(0), np.zeros(0))
    data = stats.CensoredData(uncensored=times[over], right=times[~over])
    found = stats.ecdf(data).sf
    falls = np.diff(found.probabilities, prepend=1.0) < 0
    return Survival(found.quantiles[falls], found.probabilities[falls])


def lasts(curve: Survival, age: ArrayLike, chance: ArrayLike) -> Floats:
    """How long what has lasted to an age lasts in all; inf: longer than the curve tells.

    Parameters
    ----------
    curve : Survival
    age : array_like
        Lasted already. [time]
    chance : array_like
        Uniform draws in [0, 1). [1]

    Examples
    --------
    >>> curve = survival([1, 2, 3, 4], [True] * 4)
    >>> lasts(curve, [0, 2], [0.3, 0.3]).tolist()
    [3.0, 4.0]
    """
    falls = np.concatenate([[1.0], curve.share])
    now = falls[np.searchsorted(curve.time, np.asarray(age, float), side="right")]
    # The first time at which no more than this share is left.
    place = np.searchsorted(-curve.share, -now * np.asarray(chance, float))
    ends = np.concatenate([curve.time, [np.inf]])[place]
    # Older than any that was seen.
    return np.where(now > 0, ends, np.inf)
