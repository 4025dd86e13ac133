"""The value of an input at which two cases are worth the same, by bisection.

Both cases share their luck at every value tried (common random numbers), so what is
bisected is the mean of paired differences, a function without noise of its own. The
interval's ends are sought the same way: where the bounds of the paired interval cross
zero.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulator.spec.study_file import Question
from simulator.spec.study_sections import BreakEven
from simulator.study.inputs import Arm, as_given, check_ranges, moved

Array = npt.NDArray[np.float64]
#: From a sample to its mean, and the low and high end of its interval.
Interval = Callable[[Array], tuple[float, float, float]]


def plan(question: Question[BreakEven]) -> list[Arm]:
    """Return the case held against, and the other with its input at either end."""
    part = question.part
    check_ranges(question, part.case)
    against = as_given(part.against, question.file.given[part.against])
    return [against, at(question, 0.0), at(question, 1.0)]


def at(question: Question[BreakEven], share: float) -> Arm:
    """Return the case with its input somewhere in its range."""
    part = question.part
    return moved(f"{part.case} at {share:.5f}", question, part.case, {part.name: share})


def search(
    question: Question[BreakEven],
    ends: list[Arm],
    outcomes: Callable[[Arm], Array],
    interval: Interval,
) -> list[Arm]:
    """Return every run that was made to find the crossing and its interval.

    Parameters
    ----------
    question : Question
    ends : list of Arm
        What :func:`plan` gave.
    outcomes : callable
        From an arm to its outcome in each replication.
    interval : callable
    """
    part = question.part
    arms = {0.0: ends[1], 1.0: ends[2]}
    known: dict[float, tuple[float, float, float]] = {}
    base = outcomes(ends[0])

    def bounds(share: float) -> tuple[float, float, float]:
        if share not in known:
            arm = arms.setdefault(share, at(question, share))
            known[share] = interval(outcomes(arm) - base)
        return known[share]

    for which in range(3):
        bisect(lambda share, which=which: bounds(share)[which], part.tolerance)  # type: ignore[misc]
    return [ends[0], *(arms[share] for share in sorted(arms))]


def bisect(value: Callable[[float], float], tolerance: float) -> tuple[float, float] | None:
    """Return two parts of the range, *tolerance* apart, between which a function changes sign.

    None if it has the same sign at both ends.

    Examples
    --------
    >>> bisect(lambda x: x - 0.3, 0.1)
    (0.25, 0.3125)
    """
    low, high = 0.0, 1.0
    at_low, at_high = value(low), value(high)
    if (at_low < 0) == (at_high < 0):
        return None
    while high - low > tolerance:
        middle = (low + high) / 2
        if (value(middle) < 0) == (at_low < 0):
            low = middle
        else:
            high = middle
    return low, high
