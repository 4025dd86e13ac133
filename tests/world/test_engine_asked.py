"""A planner's own policy, against the compiled disciplines it can spell out."""

from pathlib import Path

import numpy as np
import pytest
import simpy
from hypothesis import HealthCheck, given, settings

from simulator.world.engine import JobEngine, JobTable, Policy
from tests.world.test_engine_twin import HORIZON, engine, run, worlds

README = Path(__file__).parents[2] / "README.md"


def as_usual(view):
    return view.preference[view.job_class]


SPELLED_OUT = {
    "fcfs": (lambda view: (-view.job, as_usual(view)), True),
    "first_fit": (lambda view: (-view.job, as_usual(view)), False),
    "sjf": (lambda view: (-view.left_s, as_usual(view)), True),
    "priority": (lambda view: (view.priority, as_usual(view)), True),
}


@pytest.mark.parametrize("discipline", SPELLED_OUT)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds)
def test_a_policy_spelled_out_equals_the_compiled_one(discipline, world):
    decide, blocking = SPELLED_OUT[discipline]
    asked = run(world, Policy("asked", decide=decide, blocking=blocking), engine).close(HORIZON)
    compiled = run(world, Policy(discipline), engine).close(HORIZON)
    for name, column in compiled.jobs.items():
        np.testing.assert_array_equal(asked.jobs[name], column, err_msg=name)


def one_pool(decide, jobs=2):
    table = JobTable.of(np.zeros(jobs), np.ones(jobs), np.arange(jobs) + 1.0)
    policy = Policy("asked", decide=decide)
    made = JobEngine(simpy.Environment(), table, 1, policy, rng_faults=np.random.default_rng)
    made.add_hosts(made.add_pool("p", 1, [1.0]), 1)
    return made.close(np.inf)


def test_a_policy_may_keep_a_job_off_a_pool():
    def never_the_first(view):
        return view.submit_s, np.where(view.job == 0, -np.inf, 0.0)[:, None]

    assert np.isnan(one_pool(never_the_first).jobs["start_s"]).tolist() == [True, False]


def test_a_policy_is_asked_only_while_a_job_that_waits_fits_somewhere():
    asked = []

    def first_come(view):
        asked.append((view.now_s, view.job.tolist()))
        return -view.job, np.zeros((view.job.size, 1))

    # Of 1, 2 and 3 s on one chip: at 6 s the last ends, and nobody waits.
    assert one_pool(first_come, jobs=3).jobs["finish_s"].tolist() == [1, 3, 6]
    assert asked == [(0, [0, 1, 2]), (1, [1, 2]), (3, [2])]


def test_the_policy_of_the_readme_puts_the_short_before_the_long(capsys):
    (code,) = [
        block
        for block in README.read_text().split("```")
        if block.startswith("python") and "Policy(" in block
    ]
    exec(code.removeprefix("python"), {})
    # At 60 s the second has waited 59 s for 3,600 s of work, the third 58 s for 60 s.
    assert capsys.readouterr().out == "[  0. 120.  60.]\n"
    assert len(code[code.index("def") : code.index("jobs =")].splitlines()) <= 10


def test_a_policy_of_a_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"must return shapes \(2,\) and \(2, 1\)"):
        one_pool(lambda view: (view.job, view.job))


def test_a_policy_that_says_no_number_is_refused():
    with pytest.raises(ValueError, match="must not return nan"):
        one_pool(lambda view: (np.full(2, np.nan), np.zeros((2, 1))))
    with pytest.raises(ValueError, match="must not return nan"):
        one_pool(lambda view: (np.zeros(2), np.full((2, 1), np.nan)))


@pytest.mark.parametrize("name", ["job", "left_s", "wall_s", "need", "rate", "free_hosts"])
def test_a_policy_cannot_write_to_what_it_sees(name):
    def scribble(view):
        getattr(view, name)[...] = 0
        return view.job, view.wall_s

    with pytest.raises(ValueError, match="read-only"):
        one_pool(scribble)


def test_only_the_asked_discipline_takes_a_function():
    with pytest.raises(ValueError, match="goes with a function"):
        Policy("asked")
    with pytest.raises(ValueError, match="goes with a function"):
        Policy("fcfs", decide=lambda view: (view.job, view.wall_s))
