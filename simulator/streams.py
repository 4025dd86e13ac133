"""Named randomness: one stream a purpose, so that scenarios share their luck.

A stream belongs to (seed, replication, id). Adding a process never shifts
another's draws, so two scenarios differ only by their cause (common random
numbers), and a renamed label or a reordered file changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.random.bit_generator import ISeedSequence

#: Constants of NumPy's `SeedSequence`: O'Neill's hash of entropy, fixed by NEP 19.
_INIT_A, _MULT_A, _INIT_B, _MULT_B = 0x43B0D7E5, 0x931E8875, 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)

_Words = npt.NDArray[np.uint32]


@cache
def _constants(start: int, factor: int, rounds: int, first: int = 0) -> tuple[_Words, _Words]:
    """Return constants before and after each of some rounds, from the first on."""
    powers = [start * pow(factor, first + k, 1 << 32) & 0xFFFFFFFF for k in range(rounds + 1)]
    return np.array(powers[:-1], np.uint32), np.array(powers[1:], np.uint32)


class Streams:
    """The random streams of one replication, each made from its stable id.

    The stream is that of ``SeedSequence(seed, spawn_key=(replication,
    crc32(id)))``. A run makes dozens in milliseconds, so what they share, seed
    and replication, is hashed once.

    Parameters
    ----------
    seed : int
        Seed of the study; 0 is a seed like any other.
    replication : int
        Index of the replication, >= 0.

    Raises
    ------
    ValueError
        If two different ids fall on one key, so that they would share draws.

    Examples
    --------
    >>> a = Streams(7, 0)("arrivals/feed").random()
    >>> b = Streams(7, 0)
    >>> _ = b("faults/h100").random(100)
    >>> a == b("arrivals/feed").random()
    True
    """

    def __init__(self, seed: int, replication: int) -> None:
        if seed < 0 or replication < 0:
            raise ValueError(f"seed and replication must be >= 0, got {seed} and {replication}")
        self.seed = seed
        self.replication = replication
        self._id_of_key: dict[int, str] = {}
        shared = np.random.SeedSequence(seed, spawn_key=(replication,))
        # Sixteen rounds mix the first four words, of a short seed with zeros, then four each.
        words = max(4, _words(seed)) + _words(replication)
        before, after = _constants(_INIT_A, _MULT_A, 4, first=16 + 4 * (words - 4))
        #: What the last word, a stream's own, is mixed into the pool with, by round.
        self._rounds = before, after, _MIX_LEFT * shared.pool
        #: States of streams that are expected, hashed together.
        self._expected: dict[str, npt.NDArray[np.uint64]] = {}

    def __call__(self, stream_id: str) -> np.random.Generator:
        """Return a fresh generator at the start of the stream named *stream_id*."""
        state = self._expected.get(stream_id)
        if state is None:
            (state,) = self._states([stream_id])
        # The stub of NumPy does not know that any ISeedSequence will do.
        return np.random.Generator(np.random.PCG64(_Hashed(state)))  # type: ignore[arg-type]

    def expect(self, stream_ids: Sequence[str]) -> None:
        """Make the streams of many names ready together, in a fraction of the time."""
        self._expected |= zip(stream_ids, self._states(stream_ids), strict=True)

    def _key(self, stream_id: str) -> int:
        key = zlib.crc32(stream_id.encode())
        other = self._id_of_key.setdefault(key, stream_id)
        if other != stream_id:
            raise ValueError(f"streams {other!r} and {stream_id!r} share one key; rename one")
        return key

    def _states(self, stream_ids: Sequence[str]) -> npt.NDArray[np.uint64]:
        """Mix the last word of each into the pool; draw four words of 64 bits, a row each."""
        keys = np.array([self._key(stream_id) for stream_id in stream_ids], np.uint32)
        before, after, kept = self._rounds
        value = (keys[:, None] ^ before) * after
        value ^= value >> 16
        pool = kept - _MIX_RIGHT * value
        pool ^= pool >> 16
        # Eight words of 32 bits, of the pool's four in turn.
        before, after = _constants(_INIT_B, _MULT_B, 8)
        drawn = (np.concatenate((pool, pool), axis=1) ^ before) * after
        drawn ^= drawn >> 16
        return drawn.view(np.uint64)


class _Hashed(ISeedSequence):
    """The state a generator begins with, hashed already."""

    def __init__(self, state: npt.NDArray[np.uint64]) -> None:
        self.state = state

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[np.uint64]:
        """Return the state; what asks is PCG64, for four words of 64 bits."""
        return self.state


def _words(value: int) -> int:
    """Return the words of 32 bits a number has as entropy: one for zero."""
    return max(1, -(-value.bit_length() // 32))
