import numpy as np
import pytest

from simulator.laws.two_stage import Recourse


def farmer():
    """Birge and Louveaux's farmer: wheat, corn and beets on 500 acres.

    Second stage: buy wheat, corn; sell wheat, corn, beets at the quota's price
    and beyond it.
    """
    yields = np.array([[3.0, 3.6, 24.0], [2.5, 3.0, 20.0], [2.0, 2.4, 16.0]])
    return Recourse(
        cost=np.array([150.0, 230.0, 260.0]),
        limit_rows=np.ones((1, 3)),
        limits=np.array([500.0]),
        second_cost=np.array([238.0, 210.0, -170.0, -150.0, -36.0, -10.0]),
        technology=np.array([np.diag(-y) for y in yields]),
        second_rows=np.array(
            [[-1, 0, 1, 0, 0, 0], [0, -1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1]], dtype=float
        ),
        bounds=np.array([-200.0, -240.0, 0.0]),
        most=np.array([np.inf, np.inf, np.inf, np.inf, 6000.0, np.inf]),
        chances=np.full(3, 1 / 3),
    )


def test_the_farmer():
    found = farmer().solve()
    assert found.plan == pytest.approx([170, 80, 250], abs=1e-6)
    assert found.recourse == pytest.approx(108_390, abs=1e-6)
    assert found.wait_and_see == pytest.approx(115_406, abs=0.5)
    assert found.perfect_information == pytest.approx(7015.56, abs=5e-3)
    assert found.mean_plan == pytest.approx(107_240, abs=1e-6)
    assert found.stochastic_solution == pytest.approx(1150, abs=1e-6)


def test_without_spread_nothing_is_gained_by_knowing():
    sure = farmer()
    certain = Recourse(
        sure.cost, sure.limit_rows, sure.limits, sure.second_cost, sure.technology[:1],
        sure.second_rows, sure.bounds, sure.most, np.ones(1),
    )  # fmt: skip
    found = certain.solve()
    assert found.perfect_information == pytest.approx(0, abs=1e-6)
    assert found.stochastic_solution == pytest.approx(0, abs=1e-6)
    # The book's plan for good years: 167 667 of profit.
    assert found.recourse == pytest.approx(167_667, abs=0.5)
