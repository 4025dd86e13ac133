"""Sizes left out: nothing of them is left to learn from, and what the lines say is arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scenarios.validate import validate_app
from scenarios.validate_entries import Entry
from scenarios.validate_outcomes import Outcome
from scenarios.validate_sizes import size_lines, split_sizes

runner = CliRunner()


def _entry(number: int, chips: float, submitter: str, year: float, benchmark: str) -> Entry:
    return Entry(
        id=str(number),
        benchmark=benchmark,
        chip="h100-sxm",
        chips=chips,
        nodes=math.ceil(chips / 8),
        batch=64.0,
        year=year,
        developer=False,
        submitter=submitter,
        measured_min=10.0,
    )


entered = st.lists(
    st.tuples(
        st.sampled_from([8.0, 16.0, 64.0, 512.0]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([2023.45, 2024.45]),
        st.sampled_from(["bert", "gpt3"]),
    ),
    max_size=40,
)


@given(entered, st.integers(0, 1000))
def test_a_size_left_out_is_left_out_of_every_round_and_its_chip_is_known(rows, seed):
    entries = [_entry(i, *row) for i, row in enumerate(rows)]
    rest, held = split_sizes(entries, seed)
    assert sorted((*rest, *held), key=lambda e: int(e.id)) == entries
    left = {(e.benchmark, e.chips) for e in rest}
    assert not left & {(e.benchmark, e.chips) for e in held}
    assert {e.benchmark for e in held} <= {benchmark for benchmark, _ in left}


@given(st.integers(0, 1000))
def test_sizes_that_everybody_enters_stay(seed):
    common = [_entry(i, 64.0, f"s{i}", 2023.45, "bert") for i in range(14)]
    small = [_entry(20 + i, 8.0, f"s{i}", 2023.45, "bert") for i in range(14)]
    assert split_sizes([*common, *small], seed) == ([*common, *small], [])


def _outcome(error: float, place: str) -> Outcome:
    return Outcome(
        id="x",
        family="s",
        chip="c",
        kind="bert",
        tier=place,
        measured=1.0,
        predicted=math.exp(error),
        unit="min",
        model="bert",
        spread=0.1,
    )


def test_lines_state_medians_of_draws_and_what_bands_hold():
    draws = [[_outcome(0.1, "within"), _outcome(-0.1, "within"), _outcome(0.3, "beyond")]] * 2
    found = size_lines(draws)
    assert found[0].startswith(
        "all: median |log error| 0.100, 90 % of draws between 0.100 and 0.100"
    )
    assert found[1].startswith("within: median |log error| 0.100")
    assert found[2].startswith("beyond: median |log error| 0.300")
    # A band of 1.645 x 0.1 holds errors of 0.1 and not of 0.3.
    assert found[3] == "66.7% of 6 rows inside their 90 % band"


def test_a_single_draw_and_rows_without_series_are_refused(tmp_path):
    result = runner.invoke(validate_app, ["mlperf", "--sizes", "1"])
    assert result.exit_code == 2
    assert "--sizes is 1, must be at least 2" in result.stderr
    path = tmp_path / "one.csv"
    path.write_text(
        "benchmark,round,submitter,accelerator,accel_count,nodes,global_batch,ttt_min_unscaled\n"
        "bert,v3.0,NVIDIA,H100-SXM,8,1,768,5.4\n"
    )
    result = runner.invoke(validate_app, ["mlperf", "--sizes", "2", "--rows", str(path)])
    assert result.exit_code == 2
    assert "too few submitters entered two sizes" in result.stderr


def test_quantiles_of_a_thousand_normal_errors_give_their_spread_back():
    rng = np.random.default_rng(5)
    draws = [[_outcome(e, "within") for e in rng.normal(0, 0.1, 500)] for _ in range(2)]
    spread = float(size_lines(draws)[0].split("a spread of ")[1].split(")")[0])
    # Standard error of the 90 % quantile of |z| over 1,000 draws: 0.046 of 1.645.
    assert spread == pytest.approx(0.1, abs=3 * 0.1 * 0.046 / 1.0)
