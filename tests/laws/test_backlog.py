import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.backlog import Backlog


def test_rank_then_age_by_hand():
    # Two groups of one family: the second outranks the first.
    queue = Backlog(family=[0, 0], rank=[1.0, 2.0], patience=[1, 1], worlds=1)
    assert queue.ask([[5.0], [4.0]]).tolist() == [[9.0]]
    found = queue.serve([[6.0]])
    assert found.done.tolist() == [[2.0], [4.0]]
    assert found.lost.tolist() == [[0.0], [0.0]]
    assert queue.waiting.tolist() == [[3.0], [0.0]]
    # The three that wait go before the two that are new.
    assert queue.ask([[2.0], [0.0]]).tolist() == [[5.0]]
    found = queue.serve([[4.0]])
    assert found.done.tolist() == [[4.0], [0.0]]
    assert found.lost.tolist() == [[0.0], [0.0]]
    assert queue.waiting[0].item() == 1.0


def test_without_patience_what_is_not_served_at_once_is_lost():
    queue = Backlog([0], [0.0], [0], worlds=2)
    queue.ask([[5.0, 5.0]])
    assert queue.serve([[2.0], [5.0]]).lost.tolist() == [[3.0, 0.0]]
    assert queue.waiting.tolist() == [[0.0, 0.0]]


amounts = st.floats(0, 100)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), groups=st.integers(1, 4), worlds=st.integers(1, 3), steps=st.integers(1, 6))
def test_work_is_conserved_and_twins_are_alike(data, groups, worlds, steps):
    family = data.draw(st.lists(st.integers(0, 1), min_size=groups, max_size=groups))
    family[0] = 1
    patience = data.draw(st.lists(st.integers(0, 3), min_size=groups, max_size=groups))
    queue = Backlog(family, range(groups), patience, worlds)
    asked, done, lost = (np.zeros((groups, worlds)) for _ in range(3))
    for _ in range(steps):
        new = np.reshape(
            data.draw(st.lists(amounts, min_size=groups * worlds, max_size=groups * worlds)),
            (groups, worlds),
        )
        # The worlds are carried apart: the last is a copy of the first.
        new[:, -1] = new[:, 0]
        wanted = queue.ask(new)
        share = data.draw(st.floats(0, 1))
        found = queue.serve(wanted * share)
        asked, done, lost = asked + new, done + found.done, lost + found.lost
        assert found.done.sum() == pytest.approx((wanted * share).sum(), abs=1e-6)
        assert np.array_equal(found.done[:, -1], found.done[:, 0])
    assert asked == pytest.approx(done + lost + queue.waiting, abs=1e-6)


def test_faults_are_named():
    with pytest.raises(ValueError, match="patience must be >= 0"):
        Backlog([0], [0.0], [-1], worlds=1)
