"""Streams are NumPy's own, made the short way."""

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.streams import Streams


@given(
    st.one_of(st.integers(0, 10), st.integers(0, 2**160)),
    st.one_of(st.integers(0, 10), st.integers(0, 2**40)),
    st.text(max_size=20),
)
def test_a_stream_is_that_of_numpys_seed_sequence(seed: int, replication: int, name: str):
    key = zlib.crc32(name.encode())
    sequence = np.random.SeedSequence(seed, spawn_key=(replication, key))
    ours, numpys = Streams(seed, replication)(name), np.random.default_rng(sequence)
    assert ours.bit_generator.state == numpys.bit_generator.state
    assert np.array_equal(ours.standard_normal(5), numpys.standard_normal(5))


@given(st.integers(0, 10), st.lists(st.text(max_size=8), unique=True, max_size=6))
def test_streams_that_are_expected_are_those_one_by_one(replication: int, names: list[str]):
    streams = Streams(3, replication)
    streams.expect(names)
    together = [streams(name) for name in names]
    alone = [Streams(3, replication)(name) for name in names]
    states = [[s.bit_generator.state for s in streams] for streams in (together, alone)]
    assert states[0] == states[1]
