"""Units and the calendar: the one list of what a number is measured in.

Inside, every number is plain SI (s, B, FLOP, W, J, USD). Hours, megawatts and
quarters live at the border only. Time is seconds since the scenario's start,
which is a real UTC date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

HOUR_S = 3600.0
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
#: Julian year, as pint and astronomy use it. [s]
YEAR_S = 365.25 * DAY_S

_QUARTER = re.compile(r"^(\d{4})Q([1-4])$")


@lru_cache(maxsize=1024)
def quarter_start(quarter: str) -> datetime:
    """Return the UTC instant a calendar quarter begins.

    Parameters
    ----------
    quarter : str
        ``YYYYQn``.

    Raises
    ------
    ValueError
        If *quarter* is not of that form.

    Examples
    --------
    >>> quarter_start("2025Q3").isoformat()
    '2025-07-01T00:00:00+00:00'
    """
    match = _QUARTER.match(quarter)
    if match is None:
        raise ValueError(f"{quarter!r} is not a quarter such as '2025Q1'")
    return datetime(int(match[1]), 3 * int(match[2]) - 2, 1, tzinfo=UTC)


def quarter_of(when: datetime) -> str:
    """Name the calendar quarter that holds an instant.

    Examples
    --------
    >>> quarter_of(datetime(2025, 9, 30, tzinfo=UTC))
    '2025Q3'
    """
    return f"{when.year}Q{(when.month + 2) // 3}"


@lru_cache(maxsize=4096)
def next_quarter(quarter: str, steps: int = 1) -> str:
    """Name the quarter *steps* after (or, negative, before) *quarter*.

    Examples
    --------
    >>> next_quarter("2025Q4"), next_quarter("2025Q1", -1)
    ('2026Q1', '2024Q4')
    """
    begin = quarter_start(quarter)
    index = 4 * begin.year + (begin.month - 1) // 3 + steps
    return f"{index // 4}Q{index % 4 + 1}"


@dataclass(frozen=True)
class Calendar:
    """Translates between quarters, dates and seconds since the start.

    Parameters
    ----------
    start : str
        First quarter, ``YYYYQn``.
    quarters : int
        Length of the horizon in calendar quarters.

    Examples
    --------
    >>> c = Calendar("2025Q1", 2)
    >>> c.edges_s()
    [0.0, 7776000.0, 15638400.0]
    >>> c.names()
    ['2025Q1', '2025Q2']
    """

    start: str
    quarters: int

    @property
    def horizon_s(self) -> float:
        """Length of the horizon. [s]"""
        return self.at(next_quarter(self.start, self.quarters))

    def at(self, when: str | datetime) -> float:
        """Return the seconds from the start to a quarter's begin or a date."""
        begin = quarter_start(when) if isinstance(when, str) else when
        return (begin - quarter_start(self.start)).total_seconds()

    def date(self, t_s: float) -> datetime:
        """Return the UTC instant *t_s* seconds after the start."""
        return quarter_start(self.start) + timedelta(seconds=t_s)

    def names(self) -> list[str]:
        """Return the quarters of the horizon, in order."""
        return [next_quarter(self.start, k) for k in range(self.quarters)]

    def edges_s(self) -> list[float]:
        """Return the quarters' boundaries, ``quarters + 1`` of them. [s]"""
        return [self.at(next_quarter(self.start, k)) for k in range(self.quarters + 1)]
