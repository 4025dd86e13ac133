"""Whether replications are enough to tell a difference from zero, and how many may be needed.

With few replications most differences cannot be told, and that says nothing of the thing
itself: a headline must not read as if there were no difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from scipy import stats

from analysis.uncertainty import Estimate

#: With fewer, that nothing can be told is no finding.
FEWEST = 5
_MOST = 10_000


def replications_to_tell(difference: Estimate) -> int | None:
    """Return how many replications tell a mean from zero, were mean and spread as they seem.

    The least n at which Student's interval leaves zero out: t(n - 1) S / sqrt(n) < |mean|,
    with S read back from the interval's half width.

    Parameters
    ----------
    difference : Estimate
        A mean with Student's interval, such as a paired difference.

    Returns
    -------
    int or None
        None where the sample does not say: one replication, or a mean of zero. No more
        than 10,000 are counted.

    Examples
    --------
    >>> from analysis.uncertainty import mean_interval
    >>> replications_to_tell(mean_interval([1.0, -1.0, 3.0]))  # mean 1, S 2
    18
    """
    n, mean = difference.n, abs(difference.mean)
    if n < 2 or mean == 0 or not math.isfinite(difference.half_width):
        return None
    spread = difference.half_width * math.sqrt(n) / _t(n, difference.level)
    low, high = 1, _MOST
    while high - low > 1:  # the half width falls with n
        middle = (low + high) // 2
        if _t(middle, difference.level) * spread / math.sqrt(middle) < mean:
            high = middle
        else:
            low = middle
    return high


def _t(n: int, level: float) -> float:
    return float(stats.t.ppf((1 + level) / 2, n - 1))


def too_few(differences: Iterable[Estimate]) -> str:
    """Say that replications are too few to tell, and how many may do; empty if they are not few.

    Parameters
    ----------
    differences : iterable of Estimate
        What was not told from zero. The nearest to being told counts; those that are exactly
        zero do not.

    Examples
    --------
    >>> from analysis.uncertainty import mean_interval
    >>> too_few([mean_interval([1.0, -1.0, 3.0])])
    '3 replications are too few to tell; about 18 may do, if differences are as they seem'
    >>> too_few([mean_interval([1.0, -1.0] * 3)]), too_few([mean_interval([0.0] * 3)])
    ('', '')
    """
    # What is zero in every replication is told.
    seen = [e for e in differences if not e.low == e.high == 0]
    n = min((e.n for e in seen), default=FEWEST)
    if n >= FEWEST:
        return ""
    text = f"{n} replication{'s are' if n > 1 else ' is'} too few to tell"
    needed = [k for e in seen if (k := replications_to_tell(e)) is not None]
    if not needed:
        return f"{text}; take at least {FEWEST}"
    least = max(min(needed), FEWEST)
    many = f"more than {_MOST:,}" if least >= _MOST else f"about {least:,}"
    return f"{text}; {many} may do, if differences are as they seem"
