"""Replaying a log: other programs' start times, every one, and a plain restatement's."""

import os
from heapq import heappop, heappush
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.replay import REPLAYED, ReplayPool, replay, replayed

DATA = os.environ.get("SILICONMIX_DATA")


@pytest.mark.skipif(DATA is None, reason="SILICONMIX_DATA is not set")
@pytest.mark.parametrize(
    ("discipline", "column"), [("fcfs", "start_blocking_s"), ("first_fit", "start_skipping_s")]
)
def test_philly_starts_as_in_other_programs(discipline, column):
    log = philly()
    traces = Path(DATA) / "traces"
    theirs = np.genfromtxt(traces / "philly_640gpu_fcfs_starts.csv.gz", delimiter=",", names=True)
    np.testing.assert_array_equal(log["job_id"], theirs["job_id"])
    assert len(log["job_id"]) == 82_247
    ours = replay(**log, pools=(ReplayPool(640),), discipline=discipline)
    np.testing.assert_array_equal(ours["start_s"], theirs[column])


def philly(jobs=None):
    path = Path(DATA) / "traces" / "philly_jobs.csv.gz"
    log = np.genfromtxt(path, delimiter=",", names=True, usecols=(0, 1, 2, 3), max_rows=jobs)
    return {name: log[name] for name in ("job_id", "submit_s", "duration_s", "gpus")}


#: The plain restatement's own words for each discipline: (order, may others pass?).
PLAIN = {
    "fcfs": (lambda run_s, gpus: 0, "no"),
    "first_fit": (lambda run_s, gpus: 0, "yes"),
    "easy": (lambda run_s, gpus: 0, "without delay"),
    "sjf": (lambda run_s, gpus: run_s, "no"),
    "sjf_first_fit": (lambda run_s, gpus: run_s, "yes"),
    "conservative": (lambda run_s, gpus: 0, "delaying nobody"),
    "sjf_easy": (lambda run_s, gpus: run_s, "without delay"),
    "ljf": (lambda run_s, gpus: -run_s, "no"),
    "ljf_first_fit": (lambda run_s, gpus: -run_s, "yes"),
    "smallest": (lambda run_s, gpus: gpus, "no"),
    "smallest_first_fit": (lambda run_s, gpus: gpus, "yes"),
    "least_service": (lambda run_s, gpus: run_s * gpus, "no"),
    "least_service_first_fit": (lambda run_s, gpus: run_s * gpus, "yes"),
}


def plain(job_id, submit_s, duration_s, gpus, *, chips, discipline):
    """Start times, job by job: one list that waits, sorted anew at every event."""
    order, passing = PLAIN[discipline]
    if passing == "delaying nobody":
        return conservative(job_id, submit_s, duration_s, gpus, chips)
    jobs = sorted(zip(submit_s, job_id, duration_s, gpus, strict=True))
    starts, running, waiting, free, n = {}, [], [], chips, 0
    while n < len(jobs) or running:
        now = min(jobs[n][0] if n < len(jobs) else inf, running[0][0] if running else inf)
        while running and running[0][0] == now:
            free += heappop(running)[1]
        while n < len(jobs) and jobs[n][0] == now:
            waiting.append(jobs[n])
            n += 1
        waiting.sort(key=lambda job: (order(job[2], job[3]), job[0], job[1]))
        left, blocked_until, spare = [], None, inf
        for job in waiting:
            fits = job[3] <= free
            if passing == "no":
                fits &= not left
            elif passing == "without delay" and blocked_until is not None:
                fits &= now + job[2] <= blocked_until or job[3] <= spare
            if fits:
                free -= job[3]
                starts[job[1]] = now
                heappush(running, (now + job[2], job[3]))
                if blocked_until is not None and now + job[2] > blocked_until:
                    spare -= job[3]
                continue
            left.append(job)
            if passing == "without delay" and blocked_until is None:
                then = free
                for end, held in sorted(running):
                    if blocked_until is not None and end > blocked_until:
                        break
                    then += held
                    if then >= job[3]:
                        blocked_until = end
                spare = then - job[3]
        waiting = left
    return np.array([starts[j] for j in job_id])


def conservative(job_id, submit_s, duration_s, gpus, chips):
    """Start times, where each job has the earliest that delays none before it.

    Run times are known, so nothing is ever unforeseen, and one look at each is enough.
    A job of no length stands in the way of those that would start before it and end later.
    """
    taken, starts = np.zeros((0, 3)), {}
    for submit, job, run, width in sorted(zip(submit_s, job_id, duration_s, gpus, strict=True)):
        taken = taken[taken[:, 1] > submit]
        begin, end, held = taken.T
        times = np.unique([submit, *begin, *end])
        first, last = np.searchsorted(times, begin), np.searchsorted(times, end)
        change = np.bincount(first, held, len(times)) - np.bincount(last, held, len(times))
        brief = np.bincount(first[first == last], held[first == last], len(times))
        left = chips - width - np.cumsum(change)
        full = np.append(times[left < 0], inf)
        tight = np.append(times[left - brief < 0], inf)
        at = times[times >= submit]
        then = full[np.searchsorted(full, at)]
        within = tight[np.searchsorted(tight, at, "right")]
        starts[job] = at[(then > at) & (then >= at + run) & (within >= at + run)][0]
        taken = np.vstack([taken, [starts[job], starts[job] + run, width]])
    return np.array([starts[j] for j in job_id])


logs = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(1, 8)), min_size=1, max_size=20
)


@pytest.mark.parametrize("discipline", PLAIN)
@settings(max_examples=60, deadline=None)
@given(rows=logs, seed=st.integers(0, 9))
def test_starts_are_those_of_a_plain_restatement(discipline, rows, seed):
    submit_s, duration_s, gpus = np.array(rows).T
    log = {
        "job_id": np.random.default_rng(seed).permutation(len(rows)),
        "submit_s": submit_s,
        "duration_s": duration_s,
        "gpus": gpus,
    }
    ours = replay(**log, pools=(ReplayPool(8),), discipline=discipline)["start_s"]
    np.testing.assert_array_equal(ours, plain(**log, chips=8, discipline=discipline))


@pytest.mark.slow
@pytest.mark.skipif(DATA is None, reason="SILICONMIX_DATA is not set")
@pytest.mark.parametrize("discipline", PLAIN)
def test_philly_starts_as_in_a_plain_restatement(discipline):
    log = philly(6_000)
    ours = replay(**log, pools=(ReplayPool(160),), discipline=discipline)["start_s"]
    np.testing.assert_array_equal(ours, plain(**log, chips=160, discipline=discipline))


def test_rows_come_back_in_the_order_given():
    log = {"submit_s": [9, 0], "duration_s": [1, 2], "gpus": [1, 1]}
    ours = replay([4, 8], **log, pools=(ReplayPool(1),), discipline="fcfs")
    assert ours["job_id"].tolist() == [4, 8]
    assert ours["finish_s"].tolist() == [10, 2]


def test_jobs_take_the_gpus_of_others_and_these_go_on_later():
    # The second has less left at 1 s (2 of 9); the first goes on at 3 s with 9 s left. By
    # service the first has had 4 GPU-hours, a level above, when the second comes.
    hour = 3600
    log = {"submit_s": [0, 1], "duration_s": [10, 2], "gpus": [4, 4]}
    ours = replay([0, 1], **log, pools=(ReplayPool(4),), discipline="srtf")
    assert ours["start_s"].tolist() == [0, 1]
    assert ours["finish_s"].tolist() == [12, 3]
    log = {name: np.array(values) * (1 if name == "gpus" else hour) for name, values in log.items()}
    ours = replay([0, 1], **log, pools=(ReplayPool(4),), discipline="las")
    assert ours["start_s"].tolist() == [0, 1 * hour]
    assert {*PLAIN, "las", "srtf"} == set(REPLAYED)


def test_hosts_keep_gangs_whole():
    # Two hosts of four: six chips take both, so the two left over serve nobody.
    log = {"submit_s": [0, 0], "duration_s": [3, 1], "gpus": [6, 2]}
    hosts = (ReplayPool(2, chips_per_host=4),)
    assert replay([0, 1], **log, pools=hosts, discipline="fcfs")["start_s"].tolist() == [0, 3]
    chips = (ReplayPool(8),)
    assert replay([0, 1], **log, pools=chips, discipline="fcfs")["start_s"].tolist() == [0, 0]


def test_fragments_are_means_over_the_whole_replay():
    # On one host of four: 3 chips for 4 s, then 1 chip until 8 s; 1 and 3 idle chips.
    log = {"submit_s": [0, 0], "duration_s": [4, 8], "gpus": [2, 1]}
    whole = replayed([0, 1], **log, pools=(ReplayPool(1, 4),), discipline="fcfs")
    assert whole.idle == (4 * 1 + 4 * 3) / 8
    # A job of two cannot use the one chip idle at first; both jobs can use three.
    assert whole.stranded == (4 * 0.5) / 8
    chips = replayed([0, 1], **log, pools=(ReplayPool(4),), discipline="fcfs")
    assert (chips.idle, chips.stranded) == (0, 0)
