"""What is written off is what was paid."""

from simulator.world.accounts.money import paid_per_rack
from simulator.world.orders import OrderState


def order(racks: int, price_usd: float, landed_s: float | None) -> OrderState:
    state = OrderState("o", "gpu", "2025Q1", "plan", racks, price_usd, 0.0)
    state.landed_s = landed_s
    return state


def test_racks_at_two_prices_are_written_off_at_their_mean():
    # (3 x 2 MUSD + 1 x 6 MUSD) / 4; what never came is in no fleet.
    orders = [order(3, 2e6, 10.0), order(1, 6e6, 20.0), order(5, 9e6, None)]
    assert paid_per_rack(orders) == {"gpu": 3e6}
    assert paid_per_rack([order(5, 9e6, None)]) == {}
