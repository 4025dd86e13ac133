"""Health under shocks: against the definition, shock by shock and time by time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.recovery import health_on, health_under

TIME = st.integers(0, 20).map(float)
SHOCK = st.tuples(TIME, TIME | st.just(math.inf), st.floats(0, 1))
#: What is left, from the shares that shocks of one moment take.
LEFT = {
    "multiply": lambda lost: math.prod(1 - x for x in lost),
    "worst": lambda lost: 1 - max(lost, default=0.0),
    "add": lambda lost: max(0.0, 1 - sum(lost)),
}


@pytest.mark.parametrize("overlap", [*LEFT])
@given(shocks=st.lists(SHOCK, min_size=1, max_size=4), times=st.lists(TIME, min_size=1, max_size=6))
def test_health_is_what_the_shocks_of_the_moment_leave(overlap, shocks, times):
    t, (start, end, severity) = np.array(sorted(times)), zip(*shocks, strict=True)
    taken = [[lost for begin, until, lost in shocks if begin <= at < until] for at in t]
    expected = [LEFT[overlap](lost) for lost in taken]
    assert health_on(t, start, end, severity, overlap) == pytest.approx(expected, abs=1e-12)
    if len(shocks) == 1:
        assert health_under(t, *shocks[0]) == pytest.approx(expected, abs=1e-12)
