"""Public logs of clusters, read from the folder that holds them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.validate_catalog import Unknown
from scenarios.validate_fields import read_table

__all__ = ["data_folder", "numbers", "read_log"]

#: Names the folder where none is given.
VARIABLE = "SILICONMIX_DATA"


def data_folder(given: Path | None) -> Path:
    """The folder of public data: as given, or by the environment.

    Raises
    ------
    Unknown
        If neither names one.
    """
    if given is not None:
        return given
    if not os.environ.get(VARIABLE):
        raise Unknown(f"which data? give --data FOLDER or set {VARIABLE}")
    return Path(os.environ[VARIABLE])


def read_log(folder: Path, name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of ``traces/NAME`` in the folder, which must have some columns.

    Raises
    ------
    Unknown
        If the file is not there, or not such a table.
    """
    path = folder / "traces" / name
    rows = read_table(path)
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        raise Unknown(f"{path}: no column {', '.join(missing)}")
    return rows


def numbers(rows: list[dict[str, str]], column: str) -> NDArray[np.float64]:
    """A column as numbers.

    Raises
    ------
    Unknown
        At the first value that is none.
    """
    values = np.empty(len(rows))
    for i, row in enumerate(rows):
        try:
            values[i] = float(row[column])
        except ValueError:
            raise Unknown(f"row {i + 1}, {column}: {row[column]!r} is not a number") from None
    return values
