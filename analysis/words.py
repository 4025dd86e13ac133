"""Numbers in words: the same figures, units and hedges everywhere a person reads.

An interval is always named with the claim; a difference whose interval holds zero is
called not distinguishable, and one that is exactly zero is called that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from analysis.uncertainty import Estimate

#: A difference that is zero in every replication, and the mark of one that is not told from it.
EXACTLY_NONE, NOT_TOLD = "exactly 0", "n.d."
EXPLAINED = f"{NOT_TOLD}: not distinguishable from zero"
_LARGE = ((1e9, "billion "), (1e6, "million "), (1e3, "thousand "))
_SI = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def scale(values: Iterable[float | None], unit: str) -> tuple[float, str]:
    """Choose one factor and unit text in which all *values* read well.

    Parameters
    ----------
    values : iterable of float
        In *unit*; infinite and missing ones are passed over.
    unit : str
        ``USD`` and ``W`` take SI prefixes; counted things take words.

    Examples
    --------
    >>> scale([4.1e10, 2e9], "USD")
    (1000000000.0, 'GUSD')
    >>> scale([412e6], "rce-days")
    (1000000.0, 'million rce-days')
    >>> scale([3.0], "%")
    (1.0, '%')
    """
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if unit in ("USD", "W"):
        prefixes: tuple[tuple[float, str], ...] = _SI
    elif unit in ("rce-days", "chips", "rce", "racks", "jobs"):
        prefixes = _LARGE
    else:
        prefixes = ()
    for factor, prefix in prefixes:
        if largest >= factor:
            return factor, prefix + unit
    return 1.0, unit


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with so many significant digits, without an exponent.

    Examples
    --------
    >>> number(1234.5), number(0.01234), number(-3.0), number(None)
    ('1,234', '0.0123', '−3', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    places = min(max(0, _places(value, digits)), 9)
    text = f"{value:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def _places(value: float, digits: int) -> int:
    return digits - 1 - math.floor(math.log10(abs(value))) if value else 0


def _fixed(value: float, places: int) -> str:
    if math.isinf(value):
        return number(value)
    text = f"{round(value, places) + 0.0:,.{max(places, 0)}f}"
    return text.replace("-", "−")


def interval(estimate: Estimate, factor: float = 1.0, *, sign: bool = False) -> str:
    """Write a mean and its interval to the digits the interval bears out.

    Three digits of the mean, or two of the interval's half width if that is fewer; the
    bounds are left out where they round to the mean.

    Parameters
    ----------
    estimate : Estimate
    factor : float
        What one unit of the text is, in the estimate's unit.
    sign : bool
        Write a plus before what is above zero.

    Examples
    --------
    >>> interval(Estimate(0.2924, -0.0719, 0.655, 8, 0.95))
    '0.29 [−0.07, 0.66]'
    >>> interval(Estimate(45.12, 45.11, 45.13, 8, 0.95))
    '45.1'
    """
    mean, low, high = (v / factor for v in (estimate.mean, estimate.low, estimate.high))
    plus = "+" if sign and mean > 0 else ""
    half = (high - low) / 2
    if half == 0 or math.isinf(half):
        return plus + number(mean)
    places = min(_places(mean, 3) if mean else 99, _places(half, 2))
    texts = [_fixed(v, places) for v in (mean, low, high)]
    if len(set(texts)) == 1:
        return plus + texts[0]
    return f"{plus}{texts[0]} [{texts[1]}, {texts[2]}]"


def amount(estimate: Estimate, unit: str) -> str:
    """Write an estimate with its unit and interval.

    Examples
    --------
    >>> amount(Estimate(412e6, 400e6, 424e6, 8, 0.95), "rce-days")
    '412 [400, 424] million rce-days'
    >>> amount(Estimate(5.0, 5.0, 5.0, 8, 0.95), "%")
    '5 %'
    """
    factor, text = scale([estimate.mean], unit)
    shown = f"{interval(estimate, factor)} {text}"
    if math.isinf(estimate.half_width):
        return f"{shown} (one replication: no interval)"
    return shown


def within(label: str) -> str:
    """Write a label inside a sentence; only its first letter is that of a beginning.

    Examples
    --------
    >>> within("Unserved work: Feed ranking, 2027Q4"), within("HHI of vendors"), within("")
    ('unserved work: Feed ranking, 2027Q4', 'HHI of vendors', '')
    """
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def lasting(days: float) -> str:
    """Write a length of time as a planner says it: whole years and weeks as such, or days.

    Examples
    --------
    >>> lasting(182.0), lasting(7.0), lasting(2 * 365.25), lasting(10.0), lasting(1.0)
    ('26 weeks', '1 week', '2 years', '10 days', '1 day')
    """
    for unit, length in (("year", 365.25), ("week", 7.0)):
        many = days / length
        if many >= 1 and math.isclose(many, round(many), rel_tol=1e-9):
            return f"{round(many)} {unit}{'s' if round(many) > 1 else ''}"
    return f"{number(days)} day{'s' if days != 1 else ''}"


def signed(value: float | None, digits: int = 3) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(2.5), signed(-2.5), signed(0.0)
    ('+2.5', '−2.5', '0')
    """
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 else text


def difference(
    estimate: Estimate, factor: float = 1.0, unit: str = "", *, sign: bool = True
) -> str:
    """Write a paired difference with its interval, marked where it is not told from zero.

    Examples
    --------
    >>> difference(Estimate(0.0, 0.0, 0.0, 8, 0.95))
    'exactly 0'
    >>> difference(Estimate(16.0, -8.0, 41.0, 8, 0.95))
    '+16 [−8, 41] n.d.'
    >>> difference(Estimate(2.0, 1.0, 3.0, 8, 0.95), unit="%", sign=False)
    '2.0 [1.0, 3.0] %'
    """
    if estimate.low == estimate.high == 0:
        return EXACTLY_NONE
    text = f"{interval(estimate, factor, sign=sign)} {unit}".rstrip()
    return text if estimate.distinguishable() else f"{text} {NOT_TOLD}"


def explained(texts: Iterable[str]) -> str:
    """Return what the mark of what is not told means, if any of some texts bears it.

    Examples
    --------
    >>> explained(["+16 [−8, 41] n.d."]), explained(["+2.0 [1.0, 3.0]"])
    ('n.d.: not distinguishable from zero', '')
    """
    return EXPLAINED if any(NOT_TOLD in text for text in texts) else ""


def verdict(difference: Estimate) -> str:
    """Say what a paired difference from the baseline shows.

    Examples
    --------
    >>> verdict(Estimate(0.0, 0.0, 0.0, 8, 0.95))
    'exactly zero in every replication'
    >>> verdict(Estimate(1.0, -1.0, 3.0, 8, 0.95))
    'not distinguishable from zero with 8 replications'
    >>> verdict(Estimate(2.0, 1.0, 3.0, 8, 0.95))
    'higher'
    """
    if difference.low == difference.high == 0:
        return "exactly zero in every replication"
    if not difference.distinguishable():
        plural = "s" if difference.n > 1 else ""
        return f"not distinguishable from zero with {difference.n} replication{plural}"
    return "higher" if difference.mean > 0 else "lower"


def listing(items: Iterable[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listing(["a", "b", "c"]), listing(["a"]), listing([])
    ('a, b and c', 'a', 'none')
    """
    words = list(items)
    if len(words) < 2:
        return words[0] if words else "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"
