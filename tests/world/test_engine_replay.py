"""A public log on 640 interchangeable chips: other programs' start times, every one."""

import os
from pathlib import Path

import numpy as np
import pytest

from simulator.world.replay import ReplayPool, replay

DATA = os.environ.get("SILICONMIX_DATA")


@pytest.mark.skipif(DATA is None, reason="SILICONMIX_DATA is not set")
@pytest.mark.parametrize(
    ("discipline", "column"), [("fcfs", "start_blocking_s"), ("first_fit", "start_skipping_s")]
)
def test_philly_starts_as_in_other_programs(discipline, column):
    traces = Path(DATA) / "traces"
    log = np.genfromtxt(
        traces / "philly_jobs.csv.gz", delimiter=",", names=True, usecols=(0, 1, 2, 3)
    )
    theirs = np.genfromtxt(traces / "philly_640gpu_fcfs_starts.csv.gz", delimiter=",", names=True)
    np.testing.assert_array_equal(log["job_id"], theirs["job_id"])
    ours = replay(
        log["job_id"],
        log["submit_s"],
        log["duration_s"],
        log["gpus"],
        pools=(ReplayPool(640),),
        discipline=discipline,
    )
    assert len(log) == 82_247
    np.testing.assert_array_equal(ours["start_s"], theirs[column])


def test_rows_come_back_in_the_order_given():
    log = {"submit_s": [9, 0], "duration_s": [1, 2], "gpus": [1, 1]}
    ours = replay([4, 8], **log, pools=(ReplayPool(1),), discipline="fcfs")
    assert ours["job_id"].tolist() == [4, 8]
    assert ours["finish_s"].tolist() == [10, 2]


def test_hosts_keep_gangs_whole():
    # Two hosts of four: six chips take both, so the two left over serve nobody.
    log = {"submit_s": [0, 0], "duration_s": [3, 1], "gpus": [6, 2]}
    hosts = (ReplayPool(2, chips_per_host=4),)
    assert replay([0, 1], **log, pools=hosts, discipline="fcfs")["start_s"].tolist() == [0, 3]
    chips = (ReplayPool(8),)
    assert replay([0, 1], **log, pools=chips, discipline="fcfs")["start_s"].tolist() == [0, 0]
