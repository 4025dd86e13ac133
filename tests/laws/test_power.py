import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.power import (
    drawn_power_w,
    energy_per_work,
    facility_power_w,
    it_power_w,
    pool_energy_j,
    racks_admitted,
    stranded_power_w,
)

watts = st.floats(1.0, 1e6)


@given(st.floats(0, 1e10), st.floats(1.0, 3.0))
def test_facility_and_it_power_undo_each_other(it_w, pue):
    assert it_power_w(facility_power_w(it_w, pue), pue) == pytest.approx(it_w)


@pytest.mark.parametrize("law", [facility_power_w, it_power_w])
def test_no_facility_takes_less_than_its_it(law):
    with pytest.raises(ValueError, match="pue must be >= 1, got"):
        law(1e6, 0.9)


def test_energy_is_the_integral_of_the_draw():
    # A step function of hosts in service and busy, summed piece by piece.
    rng = np.random.default_rng(1)
    lengths_s = rng.exponential(100.0, 50)
    in_service = rng.integers(0, 20, 50)
    busy = rng.integers(0, in_service + 1)
    piecewise = sum(
        length * drawn_power_w(3e3, 9e3, n, b)
        for length, n, b in zip(lengths_s, in_service, busy, strict=True)
    )
    total = pool_energy_j(3e3, 9e3, lengths_s @ in_service, lengths_s @ busy)
    assert total == pytest.approx(float(piecewise))


@given(watts, watts, st.integers(0, 100), st.integers(0, 100))
def test_draw_lies_between_all_idle_and_all_busy(idle, extra, busy, waiting):
    hosts = busy + waiting
    drawn = drawn_power_w(idle, idle + extra, hosts, busy)
    assert idle * hosts * (1 - 1e-9) <= drawn <= (idle + extra) * hosts * (1 + 1e-9)


def test_more_busy_than_in_service_is_refused():
    with pytest.raises(ValueError, match="exceeds in service"):
        pool_energy_j(1.0, 2.0, 10.0, 11.0)


def test_stranded_power_is_never_negative():
    assert stranded_power_w([100.0, 100.0], [60.0, 120.0]).tolist() == [40.0, 0.0]


@given(st.integers(0, 10_000), watts)
def test_a_limit_made_for_n_racks_admits_n(n, rack_w):
    assert racks_admitted(n * rack_w, rack_w) == n


def test_energy_per_work_without_work():
    assert energy_per_work(5.0, [2.0, 0.0]).tolist() == [2.5, np.inf]
    with pytest.raises(ValueError, match="work must be >= 0"):
        energy_per_work(5.0, -1.0)
