"""Quantities with units at the border: text in, plain SI floats out.

A file says ``26 weeks``, ``1.4 kW``, ``65 GUSD``, ``3.35 TB/s``; a dimension
that does not fit is an error that says what would. Inside there are floats.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Annotated, Any

import pint
from pydantic import BeforeValidator, Field, ValidationInfo

from simulator.spec import slips

#: Dimension → (SI unit inside, an example a planner can copy).
DIMENSIONS: dict[str, tuple[str, str]] = {
    "time": ("second", "26 weeks"),
    "power": ("watt", "1.4 kW"),
    "energy": ("joule", "3 MWh"),
    "money": ("USD", "65 GUSD"),
    "bytes": ("B", "80 GB"),
    "bandwidth": ("B/second", "3.35 TB/s"),
    "compute rate": ("FLOP/second", "989 TFLOP/s"),
    "energy price": ("USD/joule", "60 USD/MWh"),
    "work rate": ("rce_day/day", "250000 rce_day/day"),
    "work": ("rce*second", "100 rce_day"),
    "power price": ("USD/watt", "11 USD/W"),
}

#: A number, then a unit. Pint alone would also take arithmetic, and a unit without a number.
_QUANTITY = re.compile(r"^\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-zµ_/ *]+)$")


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """Return the registry: SI, plus bytes, floating-point operations, money and work."""
    units: pint.UnitRegistry[Any] = pint.UnitRegistry(on_redefinition="ignore")
    units.define("FLOP = [operation]")
    units.define("USD = [money]")
    units.define("B = [information_bytes] = byte_")
    units.define("rce = [reference_chip]")
    units.define("rce_day = rce * day")
    return units


@lru_cache(maxsize=4096)
def parse(text: str, dimension: str) -> float:
    """Return the SI value of a quantity written with its unit.

    Parameters
    ----------
    text : str
        A number and a unit, such as ``"1.4 kW"``.
    dimension : str
        A key of `DIMENSIONS`.

    Raises
    ------
    ValueError
        If the text is no quantity, has another dimension, or is negative.

    Examples
    --------
    >>> parse("1.4 kW", "power")
    1400.0
    >>> parse("26 weeks", "time") / 86400
    182.0
    >>> parse("65 GUSD", "money")
    65000000000.0
    """
    unit, example = DIMENSIONS[dimension]
    form = slips.quantity(text, dimension) or f"write it like '{example}'"
    match = _QUANTITY.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit; {form}")
    try:
        size = registry().Quantity(1, match[2].strip()).to(unit).magnitude
    except pint.DimensionalityError:
        raise ValueError(f"{text!r} is not {_article(dimension)}; {form}") from None
    except Exception:  # pint raises tokenizer, attribute, syntax and type errors alike
        raise ValueError(f"{text!r} has an unknown unit {match[2].strip()!r}; {form}") from None
    value = float(f"{float(match[1]) * size:.15g}")
    if not 0 <= value < math.inf:
        raise ValueError(f"{text!r} must be finite and not negative; {form}")
    return value


def _article(dimension: str) -> str:
    if dimension in ("money", "bytes"):
        return dimension
    return f"{'an' if dimension[0] == 'e' else 'a'} {dimension}"


def split(text: str) -> tuple[float, str]:
    """Return the number and the unit of a quantity's text.

    Raises
    ------
    ValueError
        If it is not a number with a unit.

    Examples
    --------
    >>> split("26 weeks")
    (26.0, 'weeks')
    """
    match = _QUANTITY.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit; write it like '26 weeks'")
    return float(match[1]), match[2].strip()


def between(low: object, high: object, share: float) -> float | str:
    """Return what lies at a part of the way between two values of a file, in the unit of *low*.

    Parameters
    ----------
    low, high : number or str
        Both numbers, or both quantities of one dimension.
    share : float
        0 at *low*, 1 at *high*. [1]

    Raises
    ------
    ValueError
        If they are not of one kind.

    Examples
    --------
    >>> between(1, 3, 0.25), between("1 week", "21 days", 0.5)
    (1.5, '2 week')
    """
    if isinstance(low, float | int) and isinstance(high, float | int):
        return float(low + (high - low) * share)
    if not (isinstance(low, str) and isinstance(high, str)):
        raise ValueError(f"{low!r} and {high!r} are not of one kind")
    (bottom, unit), (top, other) = split(low), split(high)
    try:
        top = float(registry().Quantity(top, other).to(unit).magnitude)
    except Exception:  # pint raises tokenizer, dimension and type errors alike
        raise ValueError(f"{low!r} and {high!r} are not of one dimension") from None
    return f"{bottom + (top - bottom) * share:.12g} {unit}"


def times(value: object, factor: float) -> float | str:
    """Return a value of a file multiplied.

    Examples
    --------
    >>> times("26 weeks", 1.5), times(4, 0.5)
    ('39 weeks', 2.0)
    """
    if isinstance(value, str):
        number, unit = split(value)
        return f"{number * factor:.12g} {unit}"
    if isinstance(value, float | int) and not isinstance(value, bool):
        return value * factor
    raise ValueError(f"{value!r} cannot be multiplied")


#: Validation context of values that come from inside the program: plain SI floats.
INSIDE = {"units": "SI"}


def _parser(dimension: str) -> BeforeValidator:
    example = DIMENSIONS[dimension][1]

    def read(value: object, info: ValidationInfo) -> float:
        if isinstance(value, str):
            return parse(value, dimension)
        if info.context is INSIDE and isinstance(value, float):
            return value
        if isinstance(value, float | int) and not isinstance(value, bool) and value == 0:
            return 0.0
        found = "nothing" if value is None else repr(value)
        if isinstance(value, dict | list):
            found = "a mapping" if isinstance(value, dict) else "a list"
            raise ValueError(f"must be {_article(dimension)} such as '{example}', found {found}")
        raise ValueError(f"{found} has no unit; {dimension} is written like '{example}'")

    return BeforeValidator(read)


#: [s]
Seconds = Annotated[float, _parser("time")]
#: [s] above zero
PositiveSeconds = Annotated[Seconds, Field(gt=0)]
#: [W]
Watts = Annotated[float, _parser("power")]
#: [J]
Joules = Annotated[float, _parser("energy")]
#: [USD]
Dollars = Annotated[float, _parser("money")]
#: [USD] above zero
PositiveDollars = Annotated[Dollars, Field(gt=0)]
#: [B]
Bytes = Annotated[float, _parser("bytes")]
#: [B/s]
BytesPerSecond = Annotated[float, _parser("bandwidth")]
#: [FLOP/s]
FlopPerSecond = Annotated[float, _parser("compute rate")]
#: [USD/J]
DollarsPerJoule = Annotated[float, _parser("energy price")]
#: [rce] work asked a second, in reference chips kept busy
ReferenceChips = Annotated[float, _parser("work rate")]
#: [rce s] work, or chips held for some time
ReferenceWork = Annotated[float, _parser("work")]
#: [USD/W]
DollarsPerWatt = Annotated[float, _parser("power price")]
