"""The engine against closed forms of queueing and reliability, by replications.

Every test also says what must *not* agree: the form of a system that differs by a
little (a server more, or one in twenty-five; a load or an order that is another), which
the replications are enough to refuse.
"""

from math import exp, inf, sqrt

import numpy as np
import pytest
import simpy
from scipy.integrate import quad

from simulator.laws.queueing import (
    erlang_b,
    machine_repair,
    mg1_wait,
    mmc,
    multirate_loss,
    preemptive_sojourns,
    priority_waits,
)
from simulator.world.engine import JobEngine, JobTable, Policy

LIMIT = 4.0


@pytest.fixture(params=[30, pytest.param(300, marks=pytest.mark.slow)])
def replications(request):
    return range(request.param)


def engine(table, servers, discipline="fcfs", seed=0, **pool):
    env = simpy.Environment()
    made = JobEngine(
        env,
        table,
        1,
        Policy(discipline) if isinstance(discipline, str) else discipline,
        rng_faults=lambda name: np.random.default_rng([seed, len(name)]),
    )
    made.add_hosts(made.add_pool("p", 1, [1.0], **pool), servers)
    return made


def agrees(values, theory, *, not_with):
    """Whether a mean is the theory's, and is not another's."""
    error = np.std(values, ddof=1) / sqrt(len(values))
    assert abs(np.mean(values) - not_with) > LIMIT * error, "too few replications to tell"
    return abs(np.mean(values) - theory) < LIMIT * error


def customers(rate, servers, draw, seed, *, n=10_000, warm=1_000, discipline="fcfs", **columns):
    """Waits of a queue's customers after the warm-up; Poisson arrivals."""
    rng = np.random.default_rng(seed)
    submit = np.cumsum(rng.exponential(1 / rate, n))
    table = JobTable.of(submit, np.ones(n), draw(rng, n), **columns)
    jobs = engine(table, servers, discipline).close(inf).jobs
    return (jobs["start_s"] - jobs["submit_s"])[warm:]


def exponential(rng, n):
    return rng.exponential(1.0, n)


def hyperexponential(scv):
    """Two exponentials of balanced means: mean 1, squared coefficient of variation *scv*."""
    p = (1 + sqrt((scv - 1) / (scv + 1))) / 2

    def draw(rng, n):
        mean = np.where(rng.random(n) < p, 1 / (2 * p), 1 / (2 * (1 - p)))
        return rng.exponential(mean)

    return draw


SERVICES = {
    "constant": (lambda rng, n: np.ones(n), 0.0),
    "erlang 2": (lambda rng, n: rng.gamma(2.0, 0.5, n), 0.5),
    "uniform": (lambda rng, n: rng.uniform(0.0, 2.0, n), 1 / 3),
    "exponential": (exponential, 1.0),
    "lognormal": (lambda rng, n: rng.lognormal(-np.log(2) / 2, sqrt(np.log(2)), n), 1.0),
    "hyperexponential 4": (hyperexponential(4), 4.0),
    "hyperexponential 10": (hyperexponential(10), 10.0),
}


@pytest.mark.parametrize(
    ("servers", "rate", "waits", "wait"),
    [
        (1, 0.5, 0.5, 1.0),
        (1, 0.625, 0.625, 5 / 3),  # arrivals 5, services 8: 0.208333 of a unit eight times as long
        (3, 2.0, 4 / 9, 4 / 9),
        (10, 8.0, 0.40918015, 0.20459008),
        (100, 90.0, None, None),
    ],
)
def test_many_servers_are_an_mmc_queue(servers, rate, waits, wait, replications):
    more = mmc(rate, 1.0, servers + 1 + servers // 25)
    form = mmc(rate, 1.0, servers)
    if waits is not None:
        assert (form.wait_chance, form.wait) == pytest.approx((waits, wait), abs=1e-7)
    seen = [customers(rate, servers, exponential, (1, servers, r)) for r in replications]
    assert agrees([w.mean() for w in seen], form.wait, not_with=more.wait)
    chances = [(w > 0).mean() for w in seen]
    assert agrees(chances, form.wait_chance, not_with=more.wait_chance)


@pytest.mark.parametrize("name", SERVICES)
def test_one_server_follows_pollaczek_khinchine(name, replications):
    draw, scv = SERVICES[name]
    rate = 0.5 if scv > 4 else 0.7
    wait = mg1_wait(rate, 1.0, scv)
    seen = [customers(rate, 1, draw, (2, len(name), r)).mean() for r in replications]
    assert agrees(seen, wait, not_with=mg1_wait(rate * 0.9, 1.0, scv))


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize(
    ("servers", "load", "lost"),
    [(2, 1.0, 0.2), (5, 3.0, 0.11005435), (10, 5.0, 0.01838457), (100, 84.064, 0.01)],
)
def test_without_patience_customers_are_lost_as_erlang_says(
    servers, load, lost, size, replications
):
    # Gangs of eight on eight times the chips are the same.
    assert erlang_b(servers, load) == pytest.approx(lost, abs=1e-4)
    n, warm, seen = 10_000, 1_000, []
    for r in replications:
        rng = np.random.default_rng((3, servers, r))
        submit = np.cumsum(rng.exponential(1 / load, n))
        table = JobTable.of(submit, np.full(n, size), rng.exponential(1.0, n), patience_s=0.0)
        made = engine(table, servers * size)
        seen.append(made.close(inf).jobs["gave_up"][warm:].mean())
    assert agrees(
        seen, erlang_b(servers, load), not_with=erlang_b(servers + 1 + servers // 25, load)
    )


def test_gangs_of_two_sizes_are_lost_as_kaufman_and_roberts_say(replications):
    sizes, loads, chips = np.array([1, 4]), np.array([4.0, 1.0]), 12
    theory = multirate_loss(chips, loads, sizes)
    other = multirate_loss(chips + 1, loads, sizes)
    n, warm, seen = 15_000, 1_000, []
    for r in replications:
        rng = np.random.default_rng((8, r))
        which = rng.choice(2, n, p=loads / loads.sum())
        submit = np.cumsum(rng.exponential(1 / loads.sum(), n))
        table = JobTable.of(submit, sizes[which], rng.exponential(1.0, n), patience_s=0.0)
        lost = engine(table, chips, "first_fit").close(inf).jobs["gave_up"][warm:]
        seen.append([lost[which[warm:] == k].mean() for k in range(2)])
    for k in range(2):
        assert agrees(np.array(seen)[:, k], theory[k], not_with=other[k])


def two_classes(discipline, seed, quantity):
    """Mean of a quantity of urgent and of other customers: 0.3 and 0.4 a second, service 1 s."""
    n, warm = 20_000, 2_000
    rng = np.random.default_rng(seed)
    submit = np.cumsum(rng.exponential(1 / 0.7, n))
    urgent = rng.random(n) < 3 / 7
    table = JobTable.of(submit, np.ones(n), rng.exponential(1.0, n), priority=urgent)
    jobs = engine(table, 1, discipline).close(inf).jobs
    took = (jobs[quantity] - submit)[warm:]
    return took[urgent[warm:]].mean(), took[~urgent[warm:]].mean()


def test_two_priorities_wait_as_cobham_says(replications):
    theory = priority_waits([0.3, 0.4], [1.0, 1.0])
    assert theory == pytest.approx([1.0, 10 / 3])
    seen = np.array([two_classes("priority", (4, r), "start_s") for r in replications])
    in_order = mmc(0.7, 1.0).wait
    for k in range(2):
        assert agrees(seen[:, k], theory[k], not_with=in_order)


def test_two_priorities_preempt_as_white_and_christie_say(replications):
    theory = preemptive_sojourns([0.3, 0.4], [1.0, 1.0], [2.0, 2.0])
    patient = [wait + 1 for wait in priority_waits([0.3, 0.4], [1.0, 1.0])]
    policy = Policy("priority", preemption="checkpoint")
    seen = np.array([two_classes(policy, (5, r), "finish_s") for r in replications])
    for k in range(2):
        assert agrees(seen[:, k], theory[k], not_with=patient[k])


def test_the_shortest_first_waits_as_phipps_says(replications):
    # Mean wait of M/M/1, shortest first, not preemptive: the integral over services x of
    # rate E[S^2] / 2 / (1 - rate E[S; S <= x])^2 (Phipps 1956, doi:10.1287/opre.4.1.76).
    rate = 0.8
    part = lambda x: rate * (1 - exp(-x) * (1 + x))  # noqa: E731
    wait = quad(lambda x: exp(-x) * rate / (1 - part(x)) ** 2, 0, inf)[0]
    seen = [
        customers(rate, 1, exponential, (6, r), n=20_000, discipline="sjf").mean()
        for r in replications
    ]
    assert agrees(seen, wait, not_with=mmc(rate, 1.0).wait)


@pytest.mark.parametrize("name", SERVICES)
def test_with_servers_for_all_only_the_mean_service_matters(name, replications):
    # M/G/infinity: the number present is Poisson, of mean 0.2 x 0.5, so none with chance
    # e^-0.1; the chance would be 1 / (1 + 0.1) if a customer had to wait for the other.
    draw, _ = SERVICES[name]
    n, seen = 8_000, []
    for r in replications:
        rng = np.random.default_rng((7, len(name), r))
        submit = np.cumsum(rng.exponential(1 / 0.2, n))
        table = JobTable.of(submit, np.ones(n), draw(rng, n) / 2)
        jobs = engine(table, 64).close(inf).jobs
        begun, over = jobs["start_s"], np.maximum.accumulate(jobs["finish_s"])
        idle = np.maximum(begun[1:] - over[:-1], 0).sum() / (begun[-1] - begun[0])
        seen.append(idle)
    assert agrees(seen, exp(-0.1), not_with=1 / 1.1)


@pytest.mark.parametrize(
    ("machines", "crews", "mtbf_s", "repair_s"),
    [(5, 1, 10.0, 1.0), (5, 2, 10.0, 4.0), (5, None, 10.0, 1.0), (1, None, 1000.0, 50.0)],
)
def test_machines_break_and_are_repaired_as_in_theory(
    machines, crews, mtbf_s, repair_s, replications
):
    def down(repairers):
        chances = machine_repair(machines, 1 / mtbf_s, 1 / repair_s, repairers)
        return chances @ np.arange(machines + 1)

    span_s, seen = 1500 * mtbf_s, []
    table = JobTable.of([0.0], [1], [1.0])
    for r in replications:
        made = engine(
            table, machines, seed=r, host_mtbf_s=mtbf_s, host_repair_s=repair_s, repair_crews=crews
        )
        seen.append(made.close(span_s).host_down_s[0, 0] / span_s)
    theory = down(machines if crews is None else crews)
    other = down(1) if crews is None and machines > 1 else down((crews or 0) + 1)
    if machines == 1:
        assert 1 - theory == pytest.approx(0.952381, abs=1e-6)
        other = 50 / 1000
    assert agrees(seen, theory, not_with=other)


def test_work_lost_to_faults_follows_the_checkpoint_interval(replications):
    # A gang of 4 hosts, checkpoints each T, faults at rate r = 4/mtbf: the work lost per
    # fault is the time since the last checkpoint, whose mean is 1/r - T/(e^{rT} - 1)
    # (memoryless faults, as in Daly 2006, https://doi.org/10.1016/j.future.2004.11.016).
    mtbf_s, every_s, gang = 40.0, 5.0, 4

    def lost(hosts):
        rate = hosts / mtbf_s
        return 1 / rate - every_s / (exp(rate * every_s) - 1)

    seen = []
    for r in replications:
        table = JobTable.of([0.0], [gang], [20_000.0], checkpoint_s=every_s)
        made = engine(table, gang, seed=r + 1000, host_mtbf_s=mtbf_s)
        jobs = made.close(30_000.0).jobs
        seen.append(jobs["lost_rce_s"][0] / gang / max(jobs["restarts"][0], 1))
    assert agrees(seen, lost(gang), not_with=lost(gang - 1))
