import numpy as np
import pytest

from analysis.warmup import WarmUp, mser


def test_the_worked_cuts():
    assert mser([10] * 50 + [1, -1] * 475) == WarmUp(50, True)
    assert mser([10] * 3 + [1, -1] * 475) == WarmUp(5, True)


def test_the_measure_by_its_definition():
    x = np.random.default_rng(0).normal(size=60) + 5 * np.exp(-np.arange(60) / 8)
    scores = [np.sum((x[d:] - x[d:].mean()) ** 2) / (60 - d) ** 2 for d in range(31)]
    assert mser(x, batch=1).observations == int(np.argmin(scores))


def test_a_trend_never_settles():
    assert not mser(np.arange(200.0)).settled


def test_short_runs_are_refused():
    with pytest.raises(ValueError, match="got 19 observations"):
        mser(np.ones(19))
