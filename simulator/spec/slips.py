"""What a number was likely meant to be where it is written as people write, not as files do."""

from __future__ import annotations

import re

#: How many dollars are told in words and letters → the prefix of USD.
_DOLLARS = {
    "": "",
    **dict.fromkeys(("k", "thousand"), "k"),
    **dict.fromkeys(("m", "mn", "mm", "mio", "million", "millions"), "M"),
    **dict.fromkeys(("b", "bn", "g", "billion", "billions"), "G"),
    **dict.fromkeys(("t", "tn", "trn", "trillion", "trillions"), "T"),
}
_NUMBER = r"[-+]?\d[\d.,']*"
_CURRENCY = r"(?:us\$|usd|\$|dollars?)"
_SUM = re.compile(
    rf"^\s*({_CURRENCY}?)\s*(\d[\d.,']*)\s*([a-z]*?)\s*({_CURRENCY}?)\s*$", re.IGNORECASE
)
_MEASURE = re.compile(rf"^\s*({_NUMBER})\s*([A-Za-zµ_/ *]*)\s*$")
_PERCENT = re.compile(rf"^\s*({_NUMBER})\s*(?:%|percent)\s*$", re.IGNORECASE)
_THOUSANDS = re.compile(r"^[-+]?\d{1,3}([,']\d{3})+(\.\d+)?$")
_COMMA = re.compile(r"^[-+]?\d+,\d+$")
_PLAIN = re.compile(r"^[-+]?\d+(\.\d+)?$")


def quantity(text: str, dimension: str) -> str:
    """Return what a text that is no quantity likely meant, with how it differs; empty if unclear.

    Parameters
    ----------
    text : str
        As it stands in a file.
    dimension : str
        What is wanted there, such as ``money``.

    Examples
    --------
    >>> quantity("$40B", "money"), quantity("40 bn USD", "money")
    ("write '40 GUSD'", "write '40 GUSD'")
    >>> quantity("40,5 GUSD", "money"), quantity("1,200 MUSD", "money")
    ("with a decimal point: '40.5 GUSD'", "without a thousands' sign: '1200 MUSD'")
    >>> quantity("soon", "time"), quantity("40", "money")
    ('', '')
    """
    told = _SUM.match(text) if dimension == "money" else None
    if told is not None and (told[1] or told[3] or told[4]):
        prefix = _DOLLARS.get(told[3].lower())
        return "" if prefix is None else _written(told[2], f"{prefix}USD", always=True)
    measured = _MEASURE.match(text)
    return "" if measured is None else _written(measured[1], measured[2].strip(), always=False)


def number(text: str) -> str:
    """Return what a text that is no number likely meant; empty if unclear.

    Examples
    --------
    >>> number("70 %"), number("0,5"), number("much")
    ('as a share: 0.7', 'with a decimal point: 0.5', '')
    """
    share = percent(text)
    if share is not None:
        return f"as a share: {share:g}"
    return _written(text.strip(), "", always=False).replace("'", "")


def percent(text: str) -> float | None:
    """Return a percentage as a share; None if the text is none.

    Examples
    --------
    >>> percent("70 %"), percent("0.7")
    (0.7, None)
    """
    told = _PERCENT.match(text)
    value = None if told is None else _plain(told[1])[0]
    return float(value) / 100 if value else None


def _written(figure: str, unit: str, *, always: bool) -> str:
    """Write a quantity as a file would; *always*, or only if its number was written otherwise."""
    value, how = _plain(figure)
    if not value or not (how or always):
        return ""
    return f"{how or 'write'}{':' if how else ''} '{f'{value} {unit}'.strip()}'"


def _plain(figure: str) -> tuple[str, str]:
    """Return a number as a file has it, and how it differs; empty if it is none."""
    if _PLAIN.match(figure):
        return figure, ""
    if _THOUSANDS.match(figure):
        return figure.replace(",", "").replace("'", ""), "without a thousands' sign"
    return (figure.replace(",", "."), "with a decimal point") if _COMMA.match(figure) else ("", "")
