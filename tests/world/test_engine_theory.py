"""The engine against closed forms of queueing and reliability, by replications."""

from math import exp, factorial, sqrt

import numpy as np
import pytest
import simpy

from simulator.world.engine import JobEngine, JobTable, Policy

REPLICATIONS = 30


def engine(table, servers, discipline="fcfs", seed=0, **pool):
    env = simpy.Environment()
    made = JobEngine(
        env,
        table,
        1,
        Policy(discipline),
        rng_faults=lambda name: np.random.default_rng([seed, len(name)]),
    )
    made.add_hosts(made.add_pool("p", 1, [1.0], **pool), servers)
    return made


def z_score(values, theory):
    return (np.mean(values) - theory) / (np.std(values, ddof=1) / sqrt(len(values)))


def waits(rate, servers, draw, seed, n=20_000, warm=2_000, **columns):
    """Mean wait of a queue's customers after the warm-up."""
    rng = np.random.default_rng(seed)
    submit = np.cumsum(rng.exponential(1 / rate, n))
    table = JobTable.of(submit, np.ones(n), draw(rng, n), **columns)
    jobs = engine(table, servers).close(np.inf).jobs
    return (jobs["start_s"] - jobs["submit_s"])[warm:].mean()


def exponential(rng, n):
    return rng.exponential(1.0, n)


def erlang_c_wait(servers, rate):
    """Mean wait of M/M/c with unit service (Erlang 1917)."""
    a = rate
    top = a**servers / factorial(servers) * servers / (servers - a)
    c = top / (sum(a**k / factorial(k) for k in range(servers)) + top)
    return c / (servers - a)


@pytest.mark.parametrize(
    ("servers", "rate", "wait"), [(1, 0.5, 1.0), (3, 2.0, 4 / 9), (10, 8.0, 0.20459008)]
)
def test_many_servers_are_an_mmc_queue(servers, rate, wait):
    assert erlang_c_wait(servers, rate) == pytest.approx(wait, abs=1e-7)
    seen = [waits(rate, servers, exponential, (1, servers, r)) for r in range(REPLICATIONS)]
    assert abs(z_score(seen, wait)) < 4


@pytest.mark.parametrize(
    ("name", "draw", "second_moment"),
    [
        ("constant", lambda rng, n: np.ones(n), 1.0),
        ("erlang 2", lambda rng, n: rng.gamma(2.0, 0.5, n), 1.5),
        ("uniform", lambda rng, n: rng.uniform(0.0, 2.0, n), 4 / 3),
        ("lognormal", lambda rng, n: rng.lognormal(-0.5 * np.log(2), np.sqrt(np.log(2)), n), 2.0),
    ],
)
def test_one_server_follows_pollaczek_khinchine(name, draw, second_moment):
    rate = 0.7
    wait = rate * second_moment / (2 * (1 - rate))
    seen = [waits(rate, 1, draw, (2, len(name), r)) for r in range(REPLICATIONS)]
    assert abs(z_score(seen, wait)) < 4


@pytest.mark.parametrize(
    ("servers", "load", "lost"), [(2, 1.0, 0.2), (5, 3.0, 0.11005435), (10, 5.0, 0.01838457)]
)
def test_without_patience_customers_are_lost_as_erlang_says(servers, load, lost):
    n, warm, seen = 20_000, 1_000, []
    for r in range(REPLICATIONS):
        rng = np.random.default_rng((3, servers, r))
        submit = np.cumsum(rng.exponential(1 / load, n))
        table = JobTable.of(submit, np.ones(n), rng.exponential(1.0, n), patience_s=0.0)
        seen.append(engine(table, servers).close(np.inf).jobs["gave_up"][warm:].mean())
    assert abs(z_score(seen, lost)) < 4


def test_two_priorities_wait_as_cobham_says():
    rates, means = (0.3, 0.4), (1.0, 3.333333)
    n, warm, seen = 30_000, 3_000, []
    for r in range(REPLICATIONS):
        rng = np.random.default_rng((4, r))
        submit = np.cumsum(rng.exponential(1 / sum(rates), n))
        high = rng.random(n) < rates[0] / sum(rates)
        table = JobTable.of(submit, np.ones(n), rng.exponential(1.0, n), priority=high)
        jobs = engine(table, 1, "priority").close(np.inf).jobs
        wait = (jobs["start_s"] - submit)[warm:]
        seen.append((wait[high[warm:]].mean(), wait[~high[warm:]].mean()))
    for values, theory in zip(np.array(seen).T, means, strict=True):
        assert abs(z_score(values, theory)) < 4


@pytest.mark.parametrize(("crews", "down"), [(1, 0.639522), (None, 5 * 0.1 / 1.1)])
def test_machines_break_and_are_repaired_as_in_theory(crews, down):
    # One crew: the machine repair model; a crew each: independent machines.
    span_s, seen = 20_000.0, []
    table = JobTable.of([0.0], [1], [1.0])
    for r in range(REPLICATIONS):
        made = engine(table, 5, seed=r, host_mtbf_s=10.0, host_repair_s=1.0, repair_crews=crews)
        seen.append(made.close(span_s).host_down_s[0, 0] / span_s)
    assert abs(z_score(seen, down)) < 4


def test_work_lost_to_faults_follows_the_checkpoint_interval():
    # A gang of 4 hosts, checkpoints each T, faults at rate r = 4/mtbf: the work lost per
    # fault is the time since the last checkpoint, whose mean is 1/r - T/(e^{rT} - 1)
    # (memoryless faults, as in Daly 2006, https://doi.org/10.1016/j.future.2004.11.016).
    mtbf_s, every_s, gang = 40.0, 5.0, 4
    rate = gang / mtbf_s
    theory = 1 / rate - every_s / (exp(rate * every_s) - 1)
    seen = []
    for r in range(REPLICATIONS):
        table = JobTable.of([0.0], [gang], [20_000.0], checkpoint_s=every_s)
        made = engine(table, gang, seed=(5, r)[1] + 1000, host_mtbf_s=mtbf_s)
        jobs = made.close(30_000.0).jobs
        seen.append(jobs["lost_rce_s"][0] / gang / max(jobs["restarts"][0], 1))
    assert abs(z_score(seen, theory)) < 4
