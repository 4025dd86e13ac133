"""Placement that reads the network: a gang over several pods goes where trunks are least full."""

import numpy as np
import pytest
import simpy

from simulator.world.engine import JobEngine, JobTable, Layout, Policy


class Told:
    """A network that slows nobody and says how full the trunks of four pods are."""

    def __init__(self, heat):
        self.full = np.array(heat)

    def follow(self, came, gone):
        return np.empty(0, np.int64), np.empty(0)

    def heat(self):
        yield 0, self.full


def pods_of_last(heat, sizes, placement="cool_pod"):
    """Place gangs one after another on four pods of two racks of two hosts; pods of the last."""
    env = simpy.Environment()
    submit = np.arange(len(sizes), dtype=float)
    table = JobTable.of(submit, np.array(sizes), np.full(len(sizes), 1e6))
    engine = JobEngine(
        env,
        table,
        1,
        Policy("first_fit", placement=placement),
        rng_faults=lambda name: np.random.default_rng(0),
        network=Told(heat),
    )
    pool = engine.add_pool("p", 1, [1.0], layout=Layout(1, 2, 2))
    engine.add_hosts(pool, 16)
    env.process(engine.operate())
    env.timeout(len(sizes) + 1.0)
    env.run(until=len(sizes) + 0.5)
    engine._settle()
    runs = engine.runs()
    last = int(np.flatnonzero(runs.job == len(sizes) - 1)[0])
    return sorted({int(r) // 2 for r in runs.rack[runs.indptr[last] : runs.indptr[last + 1]]})


@pytest.mark.parametrize(
    ("heat", "pods"),
    [
        # A first gang of six goes by the heat of nothing known, over pods 0 and 1, and leaves two
        # hosts of pod 1. A gang of eight needs two whole pods of the three that are left in part.
        ([0.0, 0.0, 0.9, 0.0], [2, 3]),
        ([0.0, 0.0, 0.0, 0.0], [2, 3]),
    ],
)
def test_a_gang_that_fits_only_two_pods_takes_these(heat, pods):
    assert pods_of_last(heat, [6, 8]) == pods


@pytest.mark.parametrize("hot", [0, 1, 2, 3])
def test_hot_pods_are_left_out_where_others_have_as_much_room(hot):
    heat = np.full(4, 0.1)
    heat[hot] = 0.9
    # The first gang tells the network to speak; it holds one rack of pod 0.
    found = pods_of_last(heat, [3, 8])
    assert len(found) == 2
    if hot != 0:
        assert hot not in found
    assert pods_of_last(heat, [3, 8], "best_fit") == [1, 2]


def test_what_is_left_of_a_gang_goes_to_the_coolest_pod_that_holds_it():
    # Pods 1 to 3 are whole; six hosts: four in the first of the coolest, two in the next.
    assert pods_of_last([0.5, 0.8, 0.2, 0.4], [3, 6]) == [2, 3]
    assert pods_of_last([0.5, 0.2, 0.8, 0.4], [3, 6]) == [1, 3]
