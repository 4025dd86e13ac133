"""How far each input moves the outcome, alone, from end to end of its range."""

from __future__ import annotations

import polars as pl

from analysis import words
from analysis.sensitivity import tornado
from analysis.studies.record import Section
from analysis.telling import too_few

SCHEMA = {
    **dict.fromkeys(("input", "unit"), pl.String),
    **dict.fromkeys(("low", "high"), pl.Float64),
    **{f"{at}{end}": pl.Float64 for at in ("at_low", "at_high") for end in ("", "_low", "_high")},
    "base": pl.Float64,
    "swing": pl.Float64,
    "verdict": pl.String,
}


def table(section: Section) -> pl.DataFrame:
    """Bars of the tornado, the longest first.

    Returns
    -------
    DataFrame
        One row an input: its ends [``unit``]; ``at_low, at_high``: paired differences of
        the outcome from the base, with intervals; ``base, swing`` [unit of the outcome];
        whether either end is distinguishable from the base.
    """
    base, rows = section.arms[0], {}
    means = section.means()
    for k, name in enumerate(section.inputs):
        low, high = section.arms[1 + 2 * k : 3 + 2 * k]
        ends = [section.difference(arm, base) for arm in (low, high)]
        clear = any(e is not None and e.distinguishable() for e in ends)
        bounds = [v for e in ends for v in ((e.mean, e.low, e.high) if e else (None,) * 3)]
        rows[name] = (
            *(name, section.inputs[name], low.settings[name], high.settings[name]),
            *(*bounds, means[0], abs(means[2 + 2 * k] - means[1 + 2 * k])),
            "moves it" if clear else "not distinguishable",
        )
    ordered = [rows[bar.name] for bar in tornado(list(section.inputs), means)]
    return pl.DataFrame(ordered, schema=SCHEMA, orient="row")


def finding(section: Section, bars: pl.DataFrame) -> str:
    """Name the input with the longest bar."""
    clear = bars.filter(pl.col("verdict") == "moves it")
    if clear.is_empty():
        ends = [section.difference(arm, section.arms[0]) for arm in section.arms[1:]]
        if few := too_few(e for e in ends if e is not None):
            return f"{section.outcome.label}: {few}"
        return f"{section.outcome.label}: no input moves it distinguishably"
    top = clear.row(0, named=True)
    factor, unit = words.scale([top["swing"]], section.outcome.unit)
    text = (
        f"{section.outcome.label}: {top['input']} matters most, "
        f"{words.number(top['swing'] / factor)} {unit} from end to end"
    )
    if clear.height > 1:
        text += f", then {clear['input'][1]}"
    return text
