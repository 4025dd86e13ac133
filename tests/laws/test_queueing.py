import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.queueing import (
    erlang_b,
    kingman_wait,
    little,
    machine_repair,
    mg1_wait,
    mmc,
    priority_waits,
    visit_rates,
)


@pytest.mark.parametrize(
    ("rate", "service", "servers", "expected"),
    [
        (0.5, 1, 1, {"queued": 0.5, "present": 1, "wait": 1, "sojourn": 2, "wait_chance": 0.5}),
        (5, 8, 1, {"utilisation": 0.625, "wait": 0.208333, "sojourn": 1 / 3, "present": 5 / 3}),
        (0.9, 1, 1, {"wait": 9, "sojourn": 10, "present": 9}),
        (1, 1, 2, {"wait_chance": 1 / 3, "wait": 1 / 3, "present": 4 / 3}),
        (2, 1, 3, {"wait_chance": 4 / 9, "wait": 4 / 9, "queued": 8 / 9, "present": 26 / 9}),
        (8, 1, 10, {"wait_chance": 0.40918015, "wait": 0.20459008, "queued": 1.63672060,
                    "present": 9.63672060}),
    ],
)  # fmt: skip
def test_textbook_mmc(rate, service, servers, expected):
    queue = mmc(rate, service, servers)
    for name, value in expected.items():
        assert getattr(queue, name) == pytest.approx(value, abs=5e-7), name


@pytest.mark.parametrize(
    ("servers", "offered", "lost", "digits"),
    [(2, 1, 0.2, 1e-9), (5, 3, 0.11005435, 5e-9), (10, 5, 0.01838457, 5e-9),
     (100, 84.064, 0.0100, 5e-5)],
)  # fmt: skip
def test_erlang_tables(servers, offered, lost, digits):
    assert erlang_b(servers, offered) == pytest.approx(lost, abs=digits)


@pytest.mark.parametrize(("scv", "wait"), [(0, 2), (0.5, 3), (1, 4), (4, 10)])
def test_pollaczek_khinchine(scv, wait):
    assert mg1_wait(0.8, 1.0, scv) == pytest.approx(wait, abs=1e-9)


def test_hyperexponential_service():
    assert mg1_wait(0.5, 1.0, 10.0) == pytest.approx(5.5, abs=1e-9)


def test_kingman_is_exact_for_erlang_service():
    assert kingman_wait(0.8, 1.0, 1.0, 0.5) == pytest.approx(mg1_wait(0.8, 1.0, 0.5), abs=1e-9)


def test_cobham():
    assert priority_waits([0.3, 0.4], [1, 1]) == pytest.approx([1.0, 10 / 3], abs=1e-9)


def test_jackson_tandem_with_feedback():
    rates = visit_rates([1, 0], [[0, 1], [0.25, 0]])
    assert rates == pytest.approx([4 / 3, 4 / 3], abs=1e-12)
    present = [mmc(r, m).present for r, m in zip(rates, (3, 2), strict=True)]
    assert present == pytest.approx([0.8, 2], abs=1e-9)
    assert sum(present) / 1.0 == pytest.approx(2.8, abs=1e-9)


def test_machine_repair():
    chances = machine_repair(5, 0.1, 1.0)
    published = [0.563952, 0.281976, 0.112790, 0.033837, 0.006767, 0.000677]
    assert chances == pytest.approx(published, abs=5e-7)
    down = chances @ np.arange(6)
    assert down == pytest.approx(0.639522, abs=5e-7)
    assert 1 - down / 5 == pytest.approx(0.872096, abs=5e-7)


def test_a_crew_for_each_machine_is_binomial():
    from scipy.stats import binom

    q = 0.1 / 1.1
    assert machine_repair(6, 0.1, 1.0, crews=6) == pytest.approx(binom.pmf(range(7), 6, q))
    assert machine_repair(2000, 0.1, 1.0).sum() == pytest.approx(1)


def test_little_counts_the_pipeline():
    assert little(100, 9) == 900


@given(st.floats(0.01, 0.95), st.lists(st.floats(0.1, 3), min_size=1, max_size=4))
def test_priorities_conserve_work(load, services):
    rates = [load / len(services) / s for s in services]
    waits = priority_waits(rates, services)
    # Kleinrock's law: sum of rho_i W_i does not depend on the order of classes.
    backwards = priority_waits(rates[::-1], services[::-1])
    weights = np.multiply(rates, services)
    assert weights @ waits == pytest.approx(weights[::-1] @ backwards)
    assert waits == sorted(waits)


@given(st.floats(0.01, 0.99), st.integers(1, 30))
def test_mmc_is_consistent(utilisation, servers):
    queue = mmc(utilisation * servers, 1.0, servers)
    assert queue.present == pytest.approx(queue.queued + utilisation * servers)
    assert queue.wait_chance >= erlang_b(servers, utilisation * servers)
    if servers == 1:
        assert queue.wait == pytest.approx(mg1_wait(utilisation, 1.0, 1.0))


def test_overload_has_no_steady_state():
    with pytest.raises(ValueError, match="arrivals 2 must be below what 2 servers do, 2"):
        mmc(2, 1, 2)
    with pytest.raises(ValueError, match="utilisation must be"):
        kingman_wait(1.0, 1, 1, 1)
