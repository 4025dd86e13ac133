import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import norm

from analysis.risk.tail import conditional_value_at_risk, exceedance, value_at_risk

TEN = [0, 0, 0, 0, 0, 10, 20, 30, 50, 100]
RARE = {"losses": [0, 100], "weights": [0.96, 0.04]}

losses = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)
levels = st.floats(0, 0.99)


def by_linear_program(sample, level):
    """Minimise x + E[z]/(1 - a) with z >= L - x, z >= 0: the definition."""
    n = len(sample)
    cost = [1.0] + [1 / ((1 - level) * n)] * n
    rows = np.hstack([-np.ones((n, 1)), -np.eye(n)])
    bounds = [(None, None)] + [(0, None)] * n
    return linprog(cost, A_ub=rows, b_ub=-np.asarray(sample), bounds=bounds).fun


@pytest.mark.parametrize(
    ("level", "var", "cvar"), [(0.8, 30, 75), (0.9, 50, 100), (0.85, 50, 250 / 3)]
)
def test_worked_ten(level, var, cvar):
    assert value_at_risk(TEN, level) == var
    assert conditional_value_at_risk(TEN, level) == pytest.approx(cvar, abs=1e-9)
    assert by_linear_program(TEN, level) == pytest.approx(cvar, abs=1e-7)


def test_worked_rare_loss():
    assert value_at_risk(level=0.95, **RARE) == 0
    assert conditional_value_at_risk(level=0.95, **RARE) == pytest.approx(80, abs=1e-9)
    assert conditional_value_at_risk(level=0.90, **RARE) == pytest.approx(40, abs=1e-9)


@pytest.mark.parametrize(
    ("level", "var", "cvar"),
    [(0.90, 0.067847, 0.096975), (0.95, 0.090200, 0.115908), (0.99, 0.132128, 0.152977)],
)
def test_published_portfolio(level, var, cvar):
    # Rockafellar and Uryasev 2000: normal losses, mean -.011, variance .00378529.
    n = 1_000_000
    grid = norm.ppf((np.arange(n) + 0.5) / n, -0.011, np.sqrt(0.00378529))
    assert value_at_risk(grid, level) == pytest.approx(var, abs=3e-6)
    assert conditional_value_at_risk(grid, level) == pytest.approx(cvar, abs=3e-6)


@given(losses, levels)
def test_tail_inequalities(sample, level):
    var, cvar = value_at_risk(sample, level), conditional_value_at_risk(sample, level)
    slack = 1e-9 * (1 + max(map(abs, sample)))
    assert cvar >= var - slack
    assert cvar >= np.mean(sample) - slack
    assert cvar <= max(sample) + slack
    higher = level + (0.99 - level) / 2
    assert conditional_value_at_risk(sample, higher) >= cvar - slack / (1 - higher)
    assert conditional_value_at_risk(sample, 0.0) == pytest.approx(np.mean(sample), abs=slack)


@given(losses, levels)
def test_value_at_risk_by_its_definition(sample, level):
    var = value_at_risk(sample, level)
    assert np.mean(np.array(sample) <= var) >= level - 1e-9
    below = [x for x in sample if x < var]
    if below:
        assert np.mean(np.array(sample) <= max(below)) < level


@given(losses, levels, st.floats(0.01, 100), st.floats(-100, 100))
def test_moves_and_scales_with_the_losses(sample, level, k, shift):
    moved = conditional_value_at_risk(np.multiply(sample, k) + shift, level)
    expected = k * conditional_value_at_risk(sample, level) + shift
    assert moved == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), levels)
def test_weights_are_repetitions(sample, level):
    values, counts = np.unique(sample, return_counts=True)
    assert value_at_risk(values, level, counts) == value_at_risk(sample, level)
    assert conditional_value_at_risk(values, level, counts) == pytest.approx(
        conditional_value_at_risk(sample, level)
    )


@given(losses)
def test_exceedance_integrates_to_the_mean(sample):
    curve = exceedance(sample)
    assert np.all(np.diff(curve.chance) <= 0)
    assert curve.chance[-1] == 0
    mean = curve.loss[0] + np.diff(curve.loss) @ curve.chance[:-1]
    assert mean == pytest.approx(np.mean(sample), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: value_at_risk([], 0.5), "losses must be"),
        (lambda: value_at_risk([np.nan], 0.5), "losses must be"),
        (lambda: value_at_risk([1], 1.0), "level must be"),
        (lambda: value_at_risk([1], 0.5, [-1]), "weights must be"),
    ],
)
def test_faults_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
