import math

import numpy as np
import pytest

from analysis.bootstrap import bootstrap_interval
from analysis.uncertainty import mean_interval


def test_bootstrap_of_a_mean_is_near_the_t_interval():
    x = np.random.default_rng(2).normal(5, 1, 200)
    boot = bootstrap_interval(x, np.mean)
    assert boot.half_width == pytest.approx(mean_interval(x).half_width, rel=0.1)
    assert boot == bootstrap_interval(x, np.mean)
    assert bootstrap_interval([4.0], np.mean).half_width == math.inf


def test_bootstrap_keeps_rows_together():
    rows = np.column_stack([np.arange(20.0), np.arange(20.0) + 3])
    e = bootstrap_interval(rows, lambda r: float(np.mean(r[:, 1] - r[:, 0])), resamples=50)
    assert (e.low, e.high) == (3.0, 3.0)


def test_the_level_is_checked():
    with pytest.raises(ValueError, match="level must be"):
        bootstrap_interval([1.0, 2.0], np.mean, level=0.0)
