"""Fields of other people's tables: rows of a file, numbers, texts and dates in them."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Mapping
from pathlib import Path

from scenarios.validate_catalog import Unknown

__all__ = ["Row", "number", "read_table", "text", "year"]

Row = Mapping[str, str]


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a comma-separated file, gzipped or not.

    Raises
    ------
    Unknown
        If the file cannot be read or holds no table.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        else:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise Unknown(f"cannot read {path}: {error}") from error
    if not rows:
        raise Unknown(f"{path} holds no rows")
    return rows


def number(row: Row, key: str) -> float | None:
    """Number in a field, or None where it is empty.

    Raises
    ------
    Unknown
        If it is not a finite number of at least 0.

    Examples
    --------
    >>> number({"tp": "8"}, "tp"), number({}, "tp")
    (8.0, None)
    """
    stated = (row.get(key) or "").strip()
    if not stated:
        return None
    try:
        value = float(stated)
    except ValueError as error:
        raise Unknown(f"{key} is {stated!r}, not a number") from error
    if not math.isfinite(value) or value < 0:
        raise Unknown(f"{key} is {stated!r}, must be finite and not negative")
    return value


def text(row: Row, key: str, fault: str) -> str:
    """Text in a field; refuse the row with *fault* where it is empty."""
    stated = (row.get(key) or "").strip()
    if not stated:
        raise Unknown(fault)
    return stated


def year(date: str) -> float:
    """Date as a year and its fraction [a]; the middle of the year, or 2024, where it says less.

    Examples
    --------
    >>> year("2025-07"), year("2023")
    (2025.5416666666667, 2023.5)
    """
    digits = date.strip()[:7]
    try:
        whole = float(digits[:4])
        month = float(digits[5:7]) if len(digits) == 7 and digits[4] == "-" else 6.5
    except ValueError:
        return 2024.0
    return whole + ((month if month <= 12 else 6.5) - 0.5) / 12.0
