"""The contract of tables: columns, types, what may be null, closed sets of words.

Times are seconds since the scenario's start; a state table (``fleet``, ``nodes``,
``programme``) is right-continuous: a row holds from its time on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

_TEXT, _REAL, _COUNT, _FLAG = pl.String(), pl.Float64(), pl.Int64(), pl.Boolean()
_Columns = dict[str, pl.DataType]


def _text(*names: str) -> _Columns:
    return dict.fromkeys(names, _TEXT)


def _real(*names: str) -> _Columns:
    return dict.fromkeys(names, _REAL)


def _count(*names: str) -> _Columns:
    return dict.fromkeys(names, _COUNT)


# A trailing "?" marks a column that may be null.
_TABLES: dict[str, _Columns] = {
    # work asked for, by the quarter it was submitted in; unserved: of jobs given up or not
    # started by the horizon
    "asked": _text("quarter", "service", "family")
    | _count("jobs")
    | _real("work_rce_s", "unserved_rce_s"),
    # what running jobs took from the fleet and gave, by the quarter it happened in
    "work": _text("quarter", "service", "family", "site", "chip")
    | _real("allocated_chip_s", "productive_chip_s", "productive_rce_s")
    | _real("lost_rce_s", "restart_chip_s"),
    # one row a job; chips is the gang asked for, in reference chips
    "jobs": _count("job_id")
    | _text("service", "family")
    | _count("chips")
    | _real("submit_s", "start_s?", "finish_s?")
    | _text("site?", "chip?")
    | _count("restarts")
    | _real("work_rce_s", "productive_rce_s", "lost_rce_s")
    | {"gave_up": _FLAG},
    # racks in service after each change
    "fleet": _real("t_s") | _text("site", "chip") | _count("racks", "chips") | _real("nameplate_w"),
    "fleet_quarter": _text("quarter", "site", "chip") | _real("in_service_chip_s", "down_chip_s"),
    # chip time in service of chips a family that asks for work does not run on; no family: of
    # chips that none of them runs on
    "stranded": _text("quarter", "chip", "family?") | _real("chip_s"),
    # due_s is when the order lands if no shock touches it
    "orders": _text("order", "chip", "vendor", "cause")
    | _count("racks")
    | _real("price_usd", "wanted_s", "funded_s?", "due_s?", "landed_s?")
    | {"cancelled": _FLAG},
    "deliveries": _text("order", "site", "chip") | _count("racks") | _real("in_service_s"),
    # racks wanted and not in service, by what held them
    "waiting": _text("quarter", "chip", "cause") | _real("rack_s"),
    "energy": _text("quarter", "site", "chip") | _real("it_j", "facility_j", "usd"),
    "cost": _text("quarter", "basis", "category", "subject") | _real("usd"),
    "nodes": _real("t_s") | _text("node") | _real("health"),
    "programme": _real("t_s")
    | _text("state")
    | _real("performance?", "performance_measured?", "performance_per_watt_measured?")
    | _real("cost_of_work_measured?"),
    # bandwidth between racks, means over a span: taken while runs exchange, and in all
    "links": _real("t_s", "span_s")
    | _text("site", "fabric", "tier")
    | _real("bundles", "hot", "capacity_b_per_s", "peak_b_per_s", "mean_b_per_s", "hottest"),
    # the same of each bundle of trunks over the whole run
    "bundles": _text("site", "fabric", "tier", "element") | _real("capacity_b", "mean_b", "full_s"),
    # work a second that runs do not do for their fabric's sake, and for their neighbours'
    "contention": _real("t_s", "span_s")
    | _text("site", "fabric")
    | _real("runs", "slowed", "by_fabric_rce", "by_neighbours_rce", "down_share"),
    # what fails and comes back; runs it stops, work they lose, work a second not done from then on
    "outages": _real("t_s")
    | _text("site", "fabric", "kind", "element", "state")
    | _count("stopped")
    | _real("lost_rce_s", "slower_rce"),
    "events": _real("t_s") | _text("kind", "subject", "detail"),
}

#: Words a column may hold where the set is closed.
VOCABULARY: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("orders", "cause"): frozenset(
            {"in_service", "plan", "react", "pilot", "ramp", "fallback"}
        ),
        ("outages", "state"): frozenset({"down", "up"}),
        ("waiting", "cause"): frozenset({"money", "supply", "power"}),
        # owed and pending: what is still to be paid at the horizon, in the last quarter
        ("cost", "basis"): frozenset({"cash", "accrual", "owed", "pending"}),
        ("cost", "category"): frozenset(
            {"racks", "development", "cancellation", "energy", "facility"}
        ),
        ("programme", "state"): frozenset(
            {
                *("design", "tapeout", "bring_up", "pilot_ordered", "pilot_in_service"),
                *("gate", "hold", "ramp", "cancel"),
            }
        ),
    }
)


def schemas() -> dict[str, pl.Schema]:
    """Return every table's columns and types, in order.

    Examples
    --------
    >>> schemas()["nodes"]
    Schema([('t_s', Float64), ('node', String), ('health', Float64)])
    """
    return {name: schema(name) for name in _TABLES}


@lru_cache
def schema(name: str) -> pl.Schema:
    """Return one table's columns and types, in order."""
    return pl.Schema({c.removesuffix("?"): dtype for c, dtype in _TABLES[name].items()})


def nullable(name: str) -> frozenset[str]:
    """Return the columns of a table that may be null.

    Examples
    --------
    >>> sorted(nullable("jobs"))
    ['chip', 'finish_s', 'site', 'start_s']
    """
    return frozenset(c.removesuffix("?") for c in _TABLES[name] if c.endswith("?"))


def table(name: str, columns: Mapping[str, Any]) -> pl.DataFrame:
    """Build one table of the contract from sequences or arrays.

    Parameters
    ----------
    name : str
        Which table.
    columns : mapping of str to array_like, shape (rows,)
        In any order. ``None``, or NaN in a column that may be null, becomes null.

    Raises
    ------
    ValueError
        If the table is unknown or the columns are not those of the contract.

    Examples
    --------
    >>> table("nodes", {"node": ["tsmc"], "t_s": [0.0], "health": [1.0]}).row(0)
    (0.0, 'tsmc', 1.0)
    """
    if name not in _TABLES:
        raise ValueError(f"no table is called {name!r}; tables are {', '.join(_TABLES)}")
    known = schema(name)
    if set(columns) != set(known):
        missing, extra = sorted(set(known) - set(columns)), sorted(set(columns) - set(known))
        raise ValueError(f"table {name!r}: missing columns {missing}, unknown columns {extra}")
    frame = pl.DataFrame(
        {
            c: pl.Series(c, _plain(columns[c]), dtype=dtype, strict=True)
            for c, dtype in known.items()
        }
    )
    may_be_null = [c for c in nullable(name) if known[c] == _REAL]
    return frame.with_columns(pl.col(c).fill_nan(None) for c in may_be_null)


def _plain(values: Any) -> Any:
    # An object array of texts (labels[codes]) is not something polars casts strictly.
    is_labels = isinstance(values, np.ndarray) and values.dtype.kind in "OU"
    return values.tolist() if is_labels else values


def check(name: str, frame: pl.DataFrame) -> None:
    """Refuse a table that is not of the contract.

    Raises
    ------
    ValueError
        Naming the table and the column.
    """
    known = schema(name)
    if frame.schema != known:
        raise ValueError(f"table {name!r} has {frame.schema}, the contract says {known}")
    may_be_null = nullable(name)
    for column, dtype in known.items():
        values = frame[column]
        if column not in may_be_null and values.null_count():
            raise ValueError(f"table {name!r}: column {column!r} must not be null")
        if dtype == _REAL and values.is_nan().any():
            raise ValueError(f"table {name!r}: column {column!r} holds NaN")
        words = VOCABULARY.get((name, column))
        if words is not None and (strange := set(values.unique()) - words):
            raise ValueError(
                f"table {name!r}: column {column!r} holds {sorted(strange)}, not of {sorted(words)}"
            )
