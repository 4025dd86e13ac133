"""The rule that keeps flexible chips free."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.laws.portability import software_efficiency
from simulator.laws.preference import least_flexible_first

matrices = arrays(float, (4, 3), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0]))


@given(matrices)
def test_a_class_prefers_the_pool_fewest_others_can_use(rates):
    preference = least_flexible_first(rates, np.ones(3))
    takers = (rates > 0).sum(axis=0)
    for row, wish in zip(rates, preference, strict=True):
        for a in range(3):
            assert (wish[a] > 0) == (row[a] > 0)
            for b in range(3):
                if row[a] > 0 and row[b] > 0 and takers[a] < takers[b]:
                    assert wish[a] > wish[b]


def test_between_equally_flexible_pools_work_per_watt_decides():
    preference = least_flexible_first([[1.0, 1.0]], [700.0, 500.0])
    assert preference[0, 1] > preference[0, 0]


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_software_that_improves_never_goes_back(age, more):
    young, old = software_efficiency([age, age + more], 0.4, 0.9, 1e7)
    assert 0.4 <= young <= old <= 0.9
