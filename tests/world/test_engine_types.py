"""Types of a table of jobs: two jobs are of one type if, and only if, they need the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator.world.jobs import JobTable
from simulator.world.jobs_state import BY_ATTAINED, BY_PRIORITY, BY_SHARE, BY_SUBMIT
from simulator.world.jobs_types import PART_OF_JOBS, types_of

#: Of a few values, halves among them, and of values too far apart to count.
priorities = st.sampled_from([-1.0, 0.0, 0.5, 2.0, 1e9])


@given(data=st.data(), n=st.integers(0, 30), order=st.sampled_from([BY_SUBMIT, BY_PRIORITY]))
def test_types_are_the_distinct_rows(data, n, order):
    table = JobTable.of(
        np.zeros(n),
        data.draw(arrays(np.int64, n, elements=st.sampled_from([1, 2, 4096, 10**7]))),
        np.ones(n),
        job_class=data.draw(arrays(np.int32, n, elements=st.integers(0, 3))),
        priority=data.draw(arrays(np.float64, n, elements=priorities)),
    )
    kind, types = types_of(table, order, ())
    rows = list(zip(table.job_class, table.chips, strict=True))
    if order == BY_PRIORITY:
        rows = list(zip(table.job_class, table.chips, table.priority, strict=True))
        np.testing.assert_array_equal(kind["priority"][types], table.priority)
    np.testing.assert_array_equal(kind["job_class"][types], table.job_class)
    np.testing.assert_array_equal(kind["chips"][types], table.chips)
    assert len(kind) == len(set(rows))


def test_a_long_table_is_numbered_as_a_short_one():
    n = 2 * PART_OF_JOBS + 5
    rng = np.random.default_rng(3)
    table = JobTable.of(
        np.zeros(n), rng.integers(1, 9, n), np.ones(n), service=rng.integers(0, 5, n)
    )
    kind, types = types_of(table, BY_SHARE, ())
    np.testing.assert_array_equal(kind["chips"][types], table.chips)
    np.testing.assert_array_equal(kind["service"][types], table.service)
    # Four levels of service attained a size; every job begins at the first.
    kind, types = types_of(table, BY_ATTAINED, (1.0, 2.0, 3.0))
    assert len(kind) == 4 * 8
    np.testing.assert_array_equal(types % 4, np.zeros(n))
    np.testing.assert_array_equal(kind["chips"][types], table.chips)
