"""Which inputs matter at all, and whether their effects bend or mix."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis import words
from analysis.sensitivity import morris_screening
from analysis.studies.record import Section
from analysis.uncertainty import mean_interval

SCHEMA = {
    "input": pl.String,
    **dict.fromkeys(("mean", "mean_absolute", "low", "high", "spread"), pl.Float64),
    "paths": pl.Int64,
}


def table(section: Section) -> pl.DataFrame:
    """Morris's measures of each input, the largest first.

    Returns
    -------
    DataFrame
        ``input``; mean effect of the whole range, mean size of the effect with its
        interval over walks, standard deviation of the effect [unit of the outcome];
        ``paths``.
    """
    names = list(section.inputs)
    points = [[float(arm.settings[name]) for name in names] for arm in section.arms]
    shape = (-1, len(names) + 1)
    design = np.array(points).reshape(*shape, len(names))
    bottom, top = design.min(axis=(0, 1)), design.max(axis=(0, 1))
    found = morris_screening(
        (design - bottom) / np.where(top > bottom, top - bottom, 1.0),
        np.array(section.means()).reshape(shape),
    )
    rows = []
    for k, name in enumerate(names):
        e = mean_interval(np.abs(found.effects[:, k]))
        row = (found.mean[k], e.mean, max(e.low, 0.0), e.high, found.spread[k])
        rows.append((name, *map(float, row), len(design)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(
        "mean_absolute", descending=True, maintain_order=True
    )


def finding(section: Section, screened: pl.DataFrame) -> str:
    """Name the input that matters most, and those that do not."""
    top = screened.row(0, named=True)
    if top["mean_absolute"] == 0:
        return f"{section.outcome.label}: no input moves it"
    factor, unit = words.scale([top["mean_absolute"]], section.outcome.unit)
    text = (
        f"{section.outcome.label}: {top['input']} matters most, "
        f"{words.number(top['mean_absolute'] / factor)} {unit} over its range on average"
    )
    small = screened.filter(pl.col("high") < 0.1 * top["mean_absolute"])["input"].to_list()
    return f"{text}; {words.listing(small)} under a tenth of that" if small else text
