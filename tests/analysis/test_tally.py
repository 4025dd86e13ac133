"""Sums that do not depend on which thread was first."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from analysis.measures.tally import tally


def test_sums_repeat_to_the_last_bit_and_are_right() -> None:
    rng = np.random.default_rng(3)
    values = rng.lognormal(0, 12, 200_000)
    keys = rng.integers(0, 5, len(values))
    rows = pl.LazyFrame({"k": keys, "x": values})
    first = tally(rows, ["k"], x=pl.col("x"))
    for _ in range(5):
        assert tally(rows, ["k"], x=pl.col("x")).rows() == first.rows()
    for key, total in first.rows():
        assert total == pytest.approx(math.fsum(values[keys == key]), rel=1e-12)
