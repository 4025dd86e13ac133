"""Effects of groups: closed forms of a mixed model, and rows that are wrong."""

import numpy as np
import pytest

from simulator.laws.training_effects import fit_effects, sum_effects
from simulator.laws.training_target import measured_samples


def test_one_group_is_drawn_to_nothing_as_theory_says():
    # Henderson: mean * n / (n + noise^2 / spread^2)
    rows = np.array([0.3, 0.1, 0.2])
    found = fit_effects(rows, [["k:a"]] * 3, {"k": 0.2}, noise=0.4, rounds=1)
    assert found["k:a"] == pytest.approx(0.2 * 3 / (3 + (0.4 / 0.2) ** 2))


def test_crossed_groups_equal_a_gaussian_process_on_the_same_rows():
    rng = np.random.default_rng(3)
    groups = [[f"c:{i % 3}", f"r:{i % 4}"] for i in range(24)]
    left = rng.normal(0, 0.1, 24)
    spreads, noise = {"c": 0.1, "r": 0.05}, 0.08
    effects = fit_effects(left, groups, spreads, noise=noise, rounds=1)
    kernel = np.array(
        [[sum(spreads[a[0]] ** 2 for a, b in zip(x, y, strict=True) if a == b) for y in groups]
         for x in groups]
    )  # fmt: skip
    expected = kernel @ np.linalg.solve(kernel + noise**2 * np.eye(24), left)
    assert sum_effects(groups, effects) == pytest.approx(expected)


def test_a_wrong_row_moves_little_and_an_unseen_group_nothing():
    rows = [0.0] * 6 + [3.0]
    once = fit_effects(rows, [["k:a"]] * 7, {"k": 0.1}, noise=0.08, rounds=1)["k:a"]
    often = fit_effects(rows, [["k:a"]] * 7, {"k": 0.1}, noise=0.08)["k:a"]
    assert 0 <= often < 0.1 < once
    assert sum_effects([["k:other"]], {"k:a": 1.0})[0] == 0.0


def test_impossible_spreads_are_refused():
    with pytest.raises(ValueError, match="must be > 0"):
        fit_effects([0.1], [["k:a"]], {"k": 0.0}, noise=0.1)


def test_reference_runs_are_met_and_never_fall_beyond_the_ends():
    batches, samples = [448, 3072, 16384], [2.4e6, 2.8e6, 5.5e6]
    assert measured_samples(batches, batches, samples) == pytest.approx(samples)
    line = measured_samples(np.geomspace(8, 1e6, 200), batches, samples)
    assert np.all(np.diff(line) >= -1e-6)
