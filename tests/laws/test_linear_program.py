import numpy as np
import pytest

from simulator.laws.linear_program import least_cost


def test_a_textbook_program():
    # Hillier and Lieberman's Wyndor Glass: 3x + 5y, x <= 4, 2y <= 12, 3x + 2y <= 18.
    answer = least_cost([-3, -5], [[0, 2], [3, 2]], [12, 18], [4, np.inf])
    assert answer.x == pytest.approx([2, 6])
    assert answer.cost == pytest.approx(-36)
    assert answer.gain_of_most == pytest.approx([0, 0])


def test_the_gain_of_a_bound_is_what_a_unit_more_saves():
    def solve(most):
        return least_cost([-3, -5], [[3, 2]], [18], [4, most])

    assert solve(1.0).gain_of_most[1] == pytest.approx(solve(1.0).cost - solve(2.0).cost)


@pytest.mark.parametrize(("cost", "row", "bound"), [(-1, -1, 0), (1, 1, -1)])
def test_no_finite_answer_is_an_error(cost, row, bound):
    with pytest.raises(ValueError, match="no finite best answer"):
        least_cost([cost], [[row]], [bound])
