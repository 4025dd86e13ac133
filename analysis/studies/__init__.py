"""Answers of studies: each module reads one kind of question into a table and a finding."""

from collections.abc import Callable, Mapping

import polars as pl

from analysis.studies import (
    break_even,
    compare,
    credit,
    dependence,
    design,
    frontier,
    hedges,
    importance,
    morris,
    nested,
    pilot,
    rare,
    select,
    sobol,
    stress,
    survival,
    tornado,
)
from analysis.studies.record import Answers, Measured, Section, open_answers, write_record

#: By kind: from a section to its table.
TABLES: Mapping[str, Callable[[Section], pl.DataFrame]] = {
    "portfolio": compare.table,
    "deltas": compare.table,
    "sweep": compare.table,
    "stress": stress.table,
    "dependence": dependence.table,
    "importance": importance.table,
    "credit": credit.table,
    "survival": survival.table,
    "pilot": pilot.table,
    "hedges": hedges.table,
    "design": design.table,
    "frontier": frontier.table,
    "tornado": tornado.table,
    "morris": morris.table,
    "sobol": sobol.table,
    "nested": nested.table,
    "rare": rare.table,
    "break_even": break_even.table,
    "select": select.table,
}

#: By kind: from a section and its table to what was found, in a sentence.
FINDINGS: Mapping[str, Callable[[Section, pl.DataFrame], str]] = {
    "portfolio": compare.finding,
    "deltas": compare.finding,
    "sweep": compare.finding,
    "stress": stress.finding,
    "dependence": dependence.finding,
    "importance": importance.finding,
    "credit": credit.finding,
    "survival": survival.finding,
    "pilot": pilot.finding,
    "hedges": hedges.finding,
    "design": design.finding,
    "frontier": frontier.finding,
    "tornado": tornado.finding,
    "morris": morris.finding,
    "sobol": sobol.finding,
    "nested": nested.finding,
    "rare": rare.finding,
    "break_even": break_even.finding,
    "select": select.finding,
}

__all__ = [
    "FINDINGS",
    "TABLES",
    "Answers",
    "Measured",
    "Section",
    "open_answers",
    "write_record",
]
