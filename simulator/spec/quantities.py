"""Quantities with units at the border: text in, plain SI floats out.

A file says ``26 weeks``, ``1.4 kW``, ``65 GUSD``, ``3.35 TB/s``; a dimension
that does not fit is an error that says what would. Inside there are floats.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import pint
from pydantic import BeforeValidator

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
    "power price": ("USD/watt", "11 USD/W"),
}


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """Return the registry: SI, plus bytes, floating-point operations, money and work."""
    units: pint.UnitRegistry[Any] = pint.UnitRegistry()
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
        If the text is no quantity or has another dimension.

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
    try:
        # 15 digits: 1.4 kW is 1400 W, whatever the conversion factor's last bit.
        return float(f"{registry()(text).m_as(unit):.15g}")
    except pint.DimensionalityError:
        raise ValueError(f"{text!r} is not a {dimension}; write it like '{example}'") from None
    except Exception as fault:  # pint raises tokenizer, attribute and syntax errors alike
        raise ValueError(
            f"{text!r} is not a quantity ({type(fault).__name__}); write it like '{example}'"
        ) from None


def _parser(dimension: str) -> BeforeValidator:
    example = DIMENSIONS[dimension][1]

    def read(value: object) -> float:
        if isinstance(value, str):
            return parse(value, dimension)
        if isinstance(value, float | int) and not isinstance(value, bool) and value == 0:
            return 0.0
        raise ValueError(f"{value!r} has no unit; a {dimension} is written like '{example}'")

    return BeforeValidator(read)


#: [s]
Seconds = Annotated[float, _parser("time")]
#: [W]
Watts = Annotated[float, _parser("power")]
#: [J]
Joules = Annotated[float, _parser("energy")]
#: [USD]
Dollars = Annotated[float, _parser("money")]
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
#: [USD/W]
DollarsPerWatt = Annotated[float, _parser("power price")]
