import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.dispatch import dispatch
from simulator.laws.fluid import Askers, flow


def test_the_worked_stop_with_and_without_a_port():
    # 60 merchant and 40 own chips serve families A (portable) and B (not), 50 each;
    # the merchant's are out for four quarters, and A's port takes two of them.
    asked = np.full((4, 2, 2), 50.0)
    chips = np.tile([0.0, 40.0], (4, 2, 1))
    rate = np.ones((4, 2, 2, 2))
    rate[:, :, 1, 1] = 0.0
    rate[:2, 1, 0, 1] = 0.0
    found = flow(asked, chips, rate, Askers((0, 1), (1.0, 1.0), (0, 0)))
    assert found.unserved.sum(axis=(0, 1)) == pytest.approx([240.0, 320.0], abs=1e-3)


@st.composite
def worlds(draw):
    n, groups, families, chips, steps = 3, draw(st.integers(1, 3)), 2, draw(st.integers(1, 3)), 4
    amount = st.floats(0, 100)

    def array(*shape, values=amount):
        size = int(np.prod(shape))
        return np.reshape(draw(st.lists(values, min_size=size, max_size=size)), shape)

    family = tuple(draw(st.integers(0, families - 1)) for _ in range(groups))
    who = Askers(
        family, tuple(map(float, range(groups))), tuple(draw(st.integers(0, 2)) for _ in family)
    )
    rate = array(families, chips, values=st.sampled_from([0.0, 0.5, 1.0, 2.0]))
    # Worlds differ by how good the first chip is throughout.
    factor = np.ones((n, 1, chips))
    factor[:, 0, 0] = [1.0, 0.8, 1.2]
    rates = np.broadcast_to(rate * factor, (steps, n, families, chips))
    return array(steps, groups, n), array(steps, n, chips), rates, who


@settings(deadline=None, max_examples=50)
@given(worlds())
def test_work_and_chips_are_conserved_and_the_first_step_is_best(given_worlds):
    asked, chips, rate, who = given_worlds
    found = flow(asked, chips, rate, who)
    gone = found.done.sum(axis=0) + found.unserved.sum(axis=0)
    assert np.all(found.unserved <= asked + 1e-6)
    assert gone == pytest.approx(asked.sum(axis=0), abs=1e-6)
    assert np.all(found.used.sum(axis=2) <= chips + 1e-6)
    work = (found.used * rate).sum(axis=(2, 3))
    assert work == pytest.approx(found.done.sum(axis=1), abs=1e-6)
    for world in range(asked.shape[2]):
        wanted = np.zeros(rate.shape[2])
        np.add.at(wanted, list(who.family), asked[0, :, world])
        alone = dispatch(wanted, chips[0, world], rate[0, world])
        scale = 100 * len(who.family)
        best = alone.served.sum()
        assert found.done[0, :, world].sum() == pytest.approx(best, abs=1e-4 * scale)


def test_higher_rank_is_served_first():
    found = flow(
        [[[10.0], [10.0]]], [[[12.0]]], np.ones((1, 1, 1, 1)), Askers((0, 0), (1.0, 2.0), (0, 0))
    )
    assert found.done[0, :, 0] == pytest.approx([2.0, 10.0], abs=1e-4)


def test_faults_are_named():
    who = Askers((0,), (1.0,), (0,))
    with pytest.raises(ValueError, match="do not fit"):
        flow(np.ones((2, 1, 1)), np.ones((1, 1, 1)), np.ones((1, 1, 1, 1)), who)
    with pytest.raises(ValueError, match="askers name"):
        flow(np.ones((1, 2, 1)), np.ones((1, 1, 1)), np.ones((1, 1, 1, 1)), who)
