import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import lambertw

from simulator.laws.reliability import (
    availability,
    checkpoint_overhead,
    daly_interval_s,
    expected_completion_s,
    expected_ettr,
    gang_mtbf_s,
    surviving_work_s,
    young_interval_s,
)

HOUR = 3600.0


def exact_interval_s(write_s, mtbf_s):
    """Minimise Daly's exact run time: the zero of its derivative by Lambert's W."""
    return mtbf_s * (1 + lambertw(-np.exp(-write_s / mtbf_s - 1)).real)


def test_young_and_its_overhead():
    assert young_interval_s(5 * 60, 24 * HOUR) == pytest.approx(2 * HOUR, abs=1e-9)
    assert checkpoint_overhead(2 * HOUR, 5 * 60, 24 * HOUR) == pytest.approx(1 / 12, abs=1e-12)


@pytest.mark.parametrize("ratio", [1e-4, 1e-2, 0.1, 0.5])
def test_daly_is_close_to_the_exact_optimum_and_closer_than_young(ratio):
    mtbf = 24 * HOUR
    write = ratio * mtbf
    exact = exact_interval_s(write, mtbf)

    def run(interval):
        return expected_completion_s(1.0, interval, write, 0.0, mtbf)

    assert abs(daly_interval_s(write, mtbf) / exact - 1) < abs(
        young_interval_s(write, mtbf) / exact - 1
    )
    assert run(exact) <= run(daly_interval_s(write, mtbf)) <= 1.0005 * run(exact)
    assert run(exact) <= run(exact * 1.01)
    assert run(exact) <= run(exact * 0.99)


def test_daly_when_a_write_outlasts_the_faults():
    assert daly_interval_s(300.0, 100.0) == 100.0


@pytest.mark.parametrize(("gpus", "hours"), [(16384, 1.8), (131072, 0.23)])
def test_published_projection_of_job_mttf(gpus, hours):
    # arXiv:2410.21680: 6.50 faults per thousand node-days of 8 GPUs.
    assert gang_mtbf_s(86400 / 6.5e-3, gpus / 8) / HOUR == pytest.approx(hours, rel=0.03)


def test_a_published_54_day_run():
    # 419 unexpected interruptions of 16384 GPUs in 54 days: one every 3.1 h.
    per_gpu = 54 * 86400 * 16384 / 419
    assert gang_mtbf_s(per_gpu, 16384) / HOUR == pytest.approx(3.1, abs=0.05)


def test_published_ettr():
    # arXiv:2410.21680 states ETTR above .9 for 2048 to 4096 GPUs with hourly
    # checkpoints, and that 100,000 GPUs with 2.34 faults per thousand node-days
    # reach .9 if checkpoint interval and restart shrink to about 2 minutes.
    hourly = expected_ettr(gang_mtbf_s(86400 / 6.5e-3, [256, 512]), 3600.0, 0.0, 600.0)
    assert np.all(hourly > 0.9)
    large = gang_mtbf_s(86400 / 2.34e-3, 100_000 / 8)
    assert expected_ettr(large, 120.0, 0.0, 120.0) > 0.9
    assert expected_ettr(large, 600.0, 0.0, 120.0) < 0.9


def test_surviving_work_at_the_boundary():
    kept = surviving_work_s([10.0, 0.3, 0.7, 1e9, 5.0], [0.1, 0.1, 0.1, 0.1, np.inf])
    assert kept == pytest.approx([10.0, 0.3, 0.7, 1e9, 0.0], rel=1e-12)


@given(st.integers(0, 10**7), st.floats(1e-3, 1e5))
def test_whole_intervals_survive_whole(n, step):
    assert surviving_work_s(n * step, step) == pytest.approx(n * step, rel=1e-9)


@given(st.floats(0, 1e9), st.floats(1e-2, 1e6))
def test_survivors_are_at_most_what_ran_and_lose_less_than_an_interval(ran, step):
    kept = float(surviving_work_s(ran, step))
    assert 0 <= kept <= ran
    assert ran - kept <= step * (1 + 1e-6) + 1e-6 * ran


def simulated_completion(rng, intervals, interval, write, restart, mtbf):
    """Play one run fault by fault: the slow, obvious twin."""
    t = 0.0
    for _ in range(intervals):
        while (fault := rng.exponential(mtbf)) < interval + write:
            t += fault
            while (again := rng.exponential(mtbf)) < restart:
                t += again
            t += restart
        t += interval + write
    return t


def test_expected_completion_against_play():
    rng = np.random.default_rng(5)
    intervals, interval, write, restart, mtbf = 40, 30.0, 5.0, 20.0, 60.0
    runs = [
        simulated_completion(rng, intervals, interval, write, restart, mtbf) for _ in range(2000)
    ]
    theory = expected_completion_s(intervals * interval, interval, write, restart, mtbf)
    z = (np.mean(runs) - theory) / (np.std(runs, ddof=1) / np.sqrt(len(runs)))
    assert abs(z) < 4


def test_ettr_is_first_order_in_the_exact_run_time():
    mtbf, interval, write, restart = 1e6, 2000.0, 10.0, 300.0
    exact = 1.0 / expected_completion_s(1.0, interval, write, restart, mtbf)
    assert expected_ettr(mtbf, interval, write, restart) == pytest.approx(exact, abs=2e-5)


def test_no_progress_is_zero_not_negative():
    assert expected_ettr(100.0, 3600.0, 10.0, 600.0) == 0.0


def test_availability():
    assert availability(1000, 50) == pytest.approx(1000 / 1050, abs=1e-12)
    assert availability(1000, 0) == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: gang_mtbf_s(0, 8),
        lambda: young_interval_s(-1, 10),
        lambda: daly_interval_s(1, 0),
        lambda: surviving_work_s(1, 0),
        lambda: expected_ettr(0, 1, 1, 1),
        lambda: expected_completion_s(1, 0, 1, 1, 1),
        lambda: availability(0, 1),
        lambda: checkpoint_overhead(0, 1, 1),
    ],
)
def test_the_value_out_of_bounds_is_named(call):
    with pytest.raises(ValueError, match="must be > 0, got"):
        call()
