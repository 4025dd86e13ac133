"""Time to a target: what no chip, link or size may do, and exchanges worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.training_target import exchange_samples, time_to_target_min

amounts = st.floats(0.0, 1e3)
ratios = st.floats(0.01, 10.0)
numbers = st.integers(1, 4096)


def test_exchanges_of_two_hosts_by_hand():
    # 4 chips a host, two hosts, half the links in, a quarter of those out:
    # 1.0 x 3/4 / 0.5 + 0.4 x 1/2 / 0.25 x 8/4 = 1.5 + 1.6
    found = exchange_samples(
        within=1.0, between=0.4, inside=4, domains=2, up_ratio=0.5, out_ratio=0.25
    )
    assert float(found) == pytest.approx(3.1)


@given(amounts, amounts, numbers, numbers, ratios, ratios, st.floats(1.0, 5.0))
def test_faster_links_never_slow_and_one_chip_exchanges_nothing(
    within, between, inside, domains, up, out, faster
):
    def exchanged(up, out, inside=inside, domains=domains):
        return float(
            exchange_samples(
                within=within,
                between=between,
                inside=inside,
                domains=domains,
                up_ratio=up,
                out_ratio=out,
            )
        )

    now = exchanged(up, out)
    assert now >= 0
    assert exchanged(up * faster, out) <= now
    assert exchanged(up, out * faster) <= now
    assert exchanged(up, out, domains=domains + 1) >= now
    assert exchanged(up, out, inside=1, domains=1) == 0.0


@given(amounts, st.floats(1.0, 1e4), numbers, st.floats(0.01, 10.0))
def test_exchanges_are_paid_every_step(exchange, batch, chips, rate):
    def minutes(exchange):
        return float(
            time_to_target_min(
                batch=batch,
                chips=chips,
                domains=1,
                rate=rate,
                work_min=50.0,
                convergence=1.5,
                latency_samples=0.2,
                spread=0.1,
                fixed_min=1.0,
                exchange=exchange,
            )
        )

    # 75 sample-minutes over the batch are the steps' share of a sample each.
    assert minutes(exchange) - minutes(0.0) == pytest.approx(75.0 / batch * exchange, abs=1e-6)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("up_ratio", 0.0, "must be > 0"), ("out_ratio", np.nan, "must be > 0"),
     ("domains", 0.5, "must be >= 1"), ("inside", np.nan, "must be >= 1")],
)  # fmt: skip
def test_impossible_links_are_refused(key, value, said):
    given_ = {"within": 1, "between": 1, "inside": 8, "domains": 1, "up_ratio": 1, "out_ratio": 1}
    with pytest.raises(ValueError, match=said):
        exchange_samples(**(given_ | {key: value}))
