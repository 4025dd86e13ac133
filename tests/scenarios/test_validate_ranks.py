"""What an exact law would reach, against laws that are exact by construction."""

import numpy as np
import pytest

from scenarios.validate_outcomes import Outcome
from scenarios.validate_ranks import rank_correlation, rank_lines, rank_reach


def _model(random, scatter, layouts=5, rows=6, name="m"):
    """Rows of a model whose times are known, measured through a scatter."""
    level = np.exp(random.normal(0.0, 0.15, layouts))
    batches = np.exp(random.normal(0.0, 0.1, (layouts, rows)))
    truth = level[:, None] * batches
    measured = truth * np.exp(random.normal(0.0, scatter, truth.shape))
    return [
        Outcome(f"{i} {j}", "f", "c", "k", "A", measured[i, j], truth[i, j], "s", name, f"tp{i}")
        for i in range(layouts)
        for j in range(rows)
    ]


def test_an_exact_law_reaches_what_is_said_of_it():
    random = np.random.default_rng(5)
    gaps, scatters = [], []
    for _ in range(60):
        rows = _model(random, 0.08)
        reach = rank_reach(rows)["m"]
        gaps.append(rank_correlation(rows)["m"] - reach.mean)
        scatters.append(reach.scatter)
    error = np.std(gaps) / np.sqrt(len(gaps))
    # Levels are estimated from the rows themselves: what is said may lie a little high.
    assert abs(np.mean(gaps)) < 4.0 * error + 0.01
    assert np.mean(scatters) == pytest.approx(0.08, rel=0.08)


def test_the_stated_interval_holds_an_exact_law_about_as_often_as_it_says():
    random = np.random.default_rng(6)
    inside = []
    for _ in range(80):
        rows = _model(random, 0.08)
        reach = rank_reach(rows)["m"]
        inside.append(reach.low <= rank_correlation(rows)["m"] <= reach.high)
    # 90 % of 80, three standard deviations below.
    assert np.mean(inside) > 0.9 - 3.0 * np.sqrt(0.9 * 0.1 / 80)


def test_without_scatter_nothing_is_in_the_way():
    reach = rank_reach(_model(np.random.default_rng(1), 0.0))["m"]
    assert (reach.mean, reach.low, reach.high) == pytest.approx((1.0, 1.0, 1.0))
    assert reach.scatter == pytest.approx(0.0, abs=1e-12)


def test_a_level_of_a_layout_is_no_scatter():
    rows = _model(np.random.default_rng(2), 0.05)
    moved = [
        Outcome(o.id, "f", "c", "k", "A", o.measured * (3.0 if o.layout == "tp1" else 1.0),
                o.predicted, "s", "m", o.layout)
        for o in rows
    ]  # fmt: skip
    assert rank_reach(moved)["m"].scatter == pytest.approx(rank_reach(rows)["m"].scatter)


def test_two_rows_of_a_layout_tell_too_little():
    assert rank_reach(_model(np.random.default_rng(3), 0.1, layouts=3, rows=2)) == {}


def test_lines_tell_the_reach_and_the_layout_furthest_off():
    rows = _model(np.random.default_rng(4), 0.01)
    off = [
        Outcome(o.id, "f", "c", "k", "A", o.measured * (2.0 if o.layout == "tp3" else 1.0),
                o.predicted, "s", "m", o.layout)
        for o in rows
    ]  # fmt: skip
    line = rank_lines(off)[0]
    assert "; an exact law would reach 0.9" in line
    assert "furthest off tp3 (6 rows, -50%), without 0.9" in line
