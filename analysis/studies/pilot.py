"""What a pilot and its gate are worth, from both branches forced on the same luck."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis import words
from analysis.studies.record import Arm, Section
from analysis.uncertainty import Estimate, mean_interval, proportion_interval

Array = npt.NDArray[np.float64]

SCHEMA = {
    **dict.fromkeys(("id", "quantity"), pl.String),
    **dict.fromkeys(("value", "low", "high"), pl.Float64),
    "unit": pl.String,
    "replications": pl.Int64,
}
_QUANTITIES = {
    "ramps": "The gate ramps",
    "false_ramp": "It ramps, and cancelling would have been worth more, by however little",
    "false_cancel": "It cancels, and ramping would have been worth more, by however little",
    "branch": "Ramping less cancelling",
    "branch_if_ramp": "Ramping less cancelling, where the gate ramps",
    "branch_if_cancel": "Ramping less cancelling, where the gate cancels",
    "option": "Deciding at the gate, over the better branch taken blindly",
    "foresight": "Knowing the better branch, over the better one taken blindly",
    "net": "The programme with its gate, over no pilot at equal money",
    "most": "The most the pilot is worth paying, in place of what it costs",
    "paid": "What the pilot costs: development and its racks",
    "worth": "A unit of work, at what one costs without a pilot or as stated",
}


def table(section: Section) -> pl.DataFrame:
    """Chances and values of the gate's decision.

    A run is worth its work times a unit's worth less its cash, energy apart.
    False is judged afterwards, branch against branch on the same luck.

    Returns
    -------
    DataFrame
        ``id, quantity, value, low, high``; chances in %, values in USD, the worth of a unit
        of work in USD/rce-day; null where no replication bears on it.
    """
    gate, ramp, cancel, none = section.arms
    worth = _worth(section, none)
    value = {arm.label: _values(section, arm, worth) for arm in section.arms}
    decided, ramped, cancelled, without = (value[arm.label] for arm in (gate, ramp, cancel, none))
    ramps = section.sample(gate, "ramped")["x"].to_numpy() > 0
    apart = ramped - cancelled
    blind = ramped if ramped.mean() >= cancelled.mean() else cancelled
    paid = float(gate.settings["pilot_usd"])
    net = _mean(decided - without)
    found = {
        "ramps": _chance(ramps),
        "false_ramp": _chance(ramps & (apart < 0)),
        "false_cancel": _chance(~ramps & (apart > 0)),
        "branch": _mean(apart),
        "branch_if_ramp": _mean(apart[ramps]),
        "branch_if_cancel": _mean(apart[~ramps]),
        "option": _mean(decided - blind),
        "foresight": _mean(np.maximum(ramped, cancelled) - blind),
        "net": net,
        "most": None if net is None else _moved(net, paid),
        "paid": Estimate(paid, paid, paid, len(apart), 0.95),
        "worth": Estimate(worth, worth, worth, len(apart), 0.95),
    }
    rows = [
        (name, _QUANTITIES[name], *_bounds(e), _unit(name), 0 if e is None else e.n)
        for name, e in found.items()
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _worth(section: Section, without: Arm) -> float:
    """Of a unit of work. [USD/rce-day]"""
    stated = section.says["worth"]
    if stated is not None:
        return float(stated)
    return mean_interval(section.sample(without, "unit_cost")["x"].to_numpy()).mean


def _values(section: Section, arm: Arm, worth: float) -> Array:
    """Worth of the work less cash, replication by replication. [USD]"""
    shared = _shared(section)
    both = section.sample(arm, "work_done").join(
        section.sample(arm, "capital"), on="replication", suffix="_paid"
    )
    both = both.filter(pl.col("replication").is_in(shared)).sort("replication")
    return (worth * both["x"] - both["x_paid"]).to_numpy()


def _shared(section: Section) -> list[int]:
    """Replications that no run lacks."""
    numbers = [set(section.sample(arm, "work_done")["replication"]) for arm in section.arms]
    return sorted(set.intersection(*numbers))


def _mean(x: Array) -> Estimate | None:
    return mean_interval(x) if len(x) else None


def _chance(happens: npt.NDArray[np.bool_]) -> Estimate:
    e = proportion_interval(int(happens.sum()), len(happens))
    return Estimate(100 * e.mean, 100 * e.low, 100 * e.high, e.n, e.level)


def _moved(e: Estimate, by: float) -> Estimate:
    return Estimate(e.mean + by, e.low + by, e.high + by, e.n, e.level)


def _bounds(e: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if e is None else (e.mean, e.low, e.high)


def _unit(name: str) -> str:
    if name == "worth":
        return "USD/rce-day"
    return "%" if name in ("ramps", "false_ramp", "false_cancel") else "USD"


def finding(section: Section, quantities: pl.DataFrame) -> str:
    """Say what deciding at the gate is worth, and the pilot with it."""
    rows = {row["id"]: row for row in quantities.iter_rows(named=True)}
    option, most = (words.amount(_estimate(rows[name]), "USD") for name in ("option", "most"))
    paid = words.amount(_estimate(rows["paid"]), "USD")
    text = f"Deciding at the gate is worth {option} over the better branch taken blindly"
    if not _estimate(rows["option"]).distinguishable():
        text = f"Deciding at the gate is not shown to beat the better blind branch ({option})"
    return f"{text}; the pilot is worth at most {most} and costs {paid}"


def _estimate(row: dict[str, float]) -> Estimate:
    return Estimate(row["value"], row["low"], row["high"], int(row["replications"]), 0.95)
