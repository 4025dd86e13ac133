"""Replay against a published program's start times on the same log."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from simulator.world.replay import ReplayPool, replay

DATA = os.environ.get("SILICONMIX_DATA")


@pytest.mark.skipif(DATA is None, reason="SILICONMIX_DATA is not set: the Philly log is not here")
@pytest.mark.parametrize(
    ("discipline", "column"), [("fcfs", "start_blocking_s"), ("first_fit", "start_skipping_s")]
)
def test_every_start_of_the_philly_log_is_that_of_another_program(discipline, column):
    # AccaSim's FIFO and Alibaba's PAI simulator, 640 interchangeable GPUs.
    traces = Path(str(DATA)) / "traces"
    log = pl.read_csv(traces / "philly_jobs.csv.gz", infer_schema_length=None)
    starts = pl.read_csv(traces / "philly_640gpu_fcfs_starts.csv.gz").select("job_id", column)
    both = log.join(starts, on="job_id").sort("submit_s", "job_id")
    assert len(both) == 82_247
    found = replay(
        both["submit_s"], both["duration_s"], both["gpus"], {"all": ReplayPool(640)}, discipline
    )
    assert np.array_equal(found["start_s"], both[column].to_numpy().astype(float))


def test_a_gang_wider_than_any_pool_never_starts_and_blocks_nobody():
    found = replay(
        [0.0, 1.0], [5.0, 5.0], [9, 2], {"a": ReplayPool(4), "b": ReplayPool(8, 8)}, "fcfs"
    )
    assert np.isnan(found["start_s"][0])
    assert found["start_s"][1] == 1.0
    assert found["pool"].tolist() == [-1, 0]
