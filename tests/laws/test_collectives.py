"""Collectives: closed forms of the ring, published plateaus, monotonicity."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.collectives import (
    Network,
    bus_bandwidth_b_per_s,
    collective_time_s,
    cube_mesh_rings,
    domain_split,
)

KINDS = ["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast"]
WIRE = Network(100e9, 10e9, up_efficiency=1.0, out_efficiency=1.0, up_latency_s=0.0,
               out_latency_s=0.0, half_b=0.0)  # fmt: skip
networks = st.builds(
    Network,
    st.floats(1e9, 1e12),
    st.floats(1e8, 1e11),
    up_efficiency=st.floats(0.3, 1.0),
    out_efficiency=st.floats(0.3, 1.0),
    up_latency_s=st.floats(0.0, 1e-4),
    out_latency_s=st.floats(0.0, 1e-4),
    half_b=st.floats(0.0, 1e8),
)


@pytest.mark.parametrize(("kind", "passes"), [("all_reduce", 2), ("all_gather", 1)])
def test_a_ring_inside_a_domain_moves_its_passes(kind, passes):
    # nccl-tests, PERFORMANCE.md: time = passes (n-1)/n S / bandwidth
    time = collective_time_s(kind, 8e9, 8, 8, WIRE)
    assert float(time) == pytest.approx(passes * 7 / 8 * 8e9 / 100e9)


def test_across_domains_the_nic_carries_a_share_of_the_ring():
    # 32 ranks on 4 hosts: each NIC carries 1/8 of a ring through 32 ranks
    time = collective_time_s("all_reduce", 8e9, 32, 8, WIRE)
    assert float(time) == pytest.approx(2 * 31 / 32 * 1e9 / 10e9)


def test_all_to_all_across_domains_runs_at_the_nic():
    # NVIDIA GTC25 s72583: bus bandwidth across hosts is the NIC's rate
    time = collective_time_s("all_to_all", 8e9, 32, 8, WIRE)
    assert float(bus_bandwidth_b_per_s("all_to_all", 8e9, 32, time)) == pytest.approx(10e9)


def test_switches_that_sum_halve_the_bytes_at_best():
    plain = float(collective_time_s("all_reduce", 1e9, 8, 8, WIRE))
    summed = float(collective_time_s("all_reduce", 1e9, 8, 8, WIRE, in_network=True))
    assert summed == pytest.approx(plain / 1.75)


def test_alone_there_is_nothing_to_exchange():
    for kind in KINDS:
        assert float(collective_time_s(kind, 1e9, 1, 8, WIRE)) == 0.0


def test_cube_mesh_reaches_the_published_plateau():
    # 8 V100: 134 GB/s measured of 150; 4 of them 85 of 100; 2 of them 22.5 of 25
    for ranks, measured in ((8, 134.5e9), (4, 85.4e9), (2, 22.55e9)):
        assert 0.8 < measured / (cube_mesh_rings(ranks) * 25e9) < 1.0


def test_the_split_of_a_group_multiplies_back():
    inside, domains = domain_split([1, 6, 64], [8, 8, 72])
    np.testing.assert_allclose(inside * domains, [1, 6, 64])


@given(st.sampled_from(KINDS), networks, st.floats(0, 1e11), st.integers(1, 512),
       st.integers(1, 72), st.floats(1.0, 10.0))  # fmt: skip
def test_more_bytes_never_faster_more_bandwidth_never_slower(
    kind, network, size, ranks, domain, factor
):
    base = float(collective_time_s(kind, size, ranks, domain, network))
    assert np.isfinite(base)
    assert base >= 0
    assert float(collective_time_s(kind, size * factor, ranks, domain, network)) >= base * 0.999999
    for field in ("up_b_per_s", "out_b_per_s"):
        faster = dataclasses.replace(network, **{field: getattr(network, field) * factor})
        assert float(collective_time_s(kind, size, ranks, domain, faster)) <= base * 1.000001


@given(networks, st.floats(1.0, 1e11), st.integers(2, 512), st.integers(1, 72))
def test_never_faster_than_its_slowest_wire(network, size, ranks, domain):
    inside, domains = domain_split(ranks, domain)
    bound = 2 * (inside - 1) / inside * size / network.up_b_per_s
    if domains > 1:
        bound = max(bound, 2 * (ranks - 1) / ranks * size / inside / network.out_b_per_s)
    time = float(collective_time_s("all_reduce", size, ranks, domain, network))
    assert time >= float(bound) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("all_sum", 1.0, 8, 8), "'all_sum' is not a collective; known: all_reduce"),
        (("all_reduce", -1.0, 8, 8), "message_b is .*-1.0.*, must be >= 0"),
        (("all_reduce", 1.0, 0, 8), "ranks is .*0.0.*, must be >= 1"),
    ],
)
def test_bad_values_are_named_with_their_bound(arguments, message):
    with pytest.raises(ValueError, match=message):
        collective_time_s(*arguments, WIRE)
