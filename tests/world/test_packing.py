"""A cluster that is filled: nothing is overdrawn, and only what fits nowhere is turned away."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.packing import Cluster, Requests, fill

hosts = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(0, 4)), min_size=1, max_size=4
)
asks = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 4),
        st.one_of(
            st.just((0, 0.0)),
            st.tuples(st.just(1), st.sampled_from([0.1, 0.25, 0.46, 0.5, 1.0])),
            st.tuples(st.integers(2, 4), st.just(1.0)),
        ),
    ),
    max_size=25,
)


def requests(rows):
    return Requests(
        np.array([r[0] for r in rows], float),
        np.array([r[1] for r in rows], float),
        np.array([r[2][0] for r in rows], np.int64),
        np.array([r[2][1] for r in rows], float),
    )


def fits_somewhere(cluster, ask, before):
    processor, memory, (chips, share) = ask
    free, shares = before
    for host in range(len(free)):
        at_once = sum(s >= share for s in shares[host]) if chips else 0
        if free[host][0] >= processor and free[host][1] >= memory and at_once >= chips:
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(hosts, asks, st.sampled_from(["random", "best_fit"]), st.integers(0, 3))
def test_only_what_fits_nowhere_is_turned_away_and_nothing_is_overdrawn(shape, rows, rule, seed):
    cluster = Cluster(*np.array(shape, float).T)
    wanted, rng = requests(rows), np.random.default_rng(seed)
    given_away = np.zeros(3)
    for i, ask in enumerate(rows):
        before = cluster.free.copy(), [[s for s in one if s > 0] for one in cluster.share.tolist()]
        host = cluster.place(wanted, i, rule, rng)
        assert (host is not None) == fits_somewhere(cluster, ask, before)
        if host is not None:
            given_away += ask[0], ask[1], ask[2][0] * ask[2][1]
    assert np.all(cluster.share >= 0)
    assert np.all(cluster.free >= -1e-9)
    there = np.array(shape, float).sum(axis=0)
    np.testing.assert_allclose(cluster.free.sum(axis=0) + given_away, there, atol=1e-9)


def test_best_fit_takes_the_host_with_least_left_and_its_fullest_chip():
    # Hosts of 8 and 4 cores, two chips each; the smaller one is left emptier by 4 cores.
    cluster = Cluster([8, 4], [9, 9], [2, 2])
    rows = [(1, 1, (1, 0.5)), (1, 1, (1, 0.25)), (1, 1, (2, 1.0)), (1, 1, (1, 1.0))]
    rng = np.random.default_rng(0)
    placed = [cluster.place(requests(rows), i, "best_fit", rng) for i in range(4)]
    assert placed == [1, 1, 0, 1]
    assert cluster.share.tolist() == [[0.0, 0.0], [0.25, 0.0]]


def test_random_spreads_evenly_over_hosts_with_room():
    # Five of six hosts have room for a whole chip: chi-squared with 4 degrees of freedom.
    counts = np.zeros(6)
    rng = np.random.default_rng(1)
    for _ in range(2000):
        cluster = Cluster([4] * 6, [4] * 6, [1, 1, 1, 0, 1, 1])
        counts[cluster.place(requests([(1, 1, (1, 1.0))]), 0, "random", rng)] += 1
    assert counts[3] == 0
    expected = 2000 / 5
    assert ((np.delete(counts, 3) - expected) ** 2 / expected).sum() < 23.5  # P = 1e-4


def test_what_is_turned_away_counts_as_asked():
    asked, allocated = fill(
        Cluster([2], [2], [1]),
        requests([(1, 1, (1, 0.5)), (1, 1, (1, 1.0)), (1, 1, (1, 0.5))]),
        "best_fit",
        np.random.default_rng(0),
    )
    assert asked.tolist() == [0.5, 1.5, 2.0]
    assert allocated.tolist() == [0.5, 0.5, 1.0]
