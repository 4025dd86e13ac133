"""Named randomness: one stream a purpose, so that scenarios share their luck.

A stream belongs to (seed, replication, id). Adding a process never shifts
another's draws, so two scenarios differ only by their cause (common random
numbers), and a renamed label or a reordered file changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.random.bit_generator import ISeedSequence

#: Constants of NumPy's `SeedSequence`: O'Neill's hash of entropy, fixed by NEP 19.
_INIT_A, _MULT_A, _INIT_B, _MULT_B = 0x43B0D7E5, 0x931E8875, 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT, _WORD = 0xCA01F9DD, 0x4973F715, 0xFFFFFFFF


def _constants(first: int, factor: int, rounds: int = 0) -> list[tuple[int, int]]:
    """Return eight rounds' constants, before and after each, from some round on."""
    powers = [first * pow(factor, rounds + k, 1 << 32) & _WORD for k in range(9)]
    return list(pairwise(powers))


#: Of the eight rounds that draw a state.
_DRAWN = _constants(_INIT_B, _MULT_B)


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
        constants = _constants(_INIT_A, _MULT_A, 16 + 4 * (words - 4))
        #: What the last word, a stream's own, is mixed into the pool with, by round.
        self._rounds = [
            (before, after, _MIX_LEFT * word & _WORD)
            for word, (before, after) in zip(shared.pool.tolist(), constants[:4], strict=True)
        ]

    def __call__(self, stream_id: str) -> np.random.Generator:
        """Return a fresh generator at the start of the stream named *stream_id*."""
        return _generator(self._state(self._key(stream_id)))

    def many(self, stream_ids: Iterable[str]) -> list[np.random.Generator]:
        """Return a fresh generator for each name, as calls would, in a fraction of their time."""
        keys = np.array([self._key(stream_id) for stream_id in stream_ids], np.uint64)
        return [_generator(state) for state in np.column_stack(self._state(keys))]

    def _key(self, stream_id: str) -> int:
        key = zlib.crc32(stream_id.encode())
        other = self._id_of_key.setdefault(key, stream_id)
        if other != stream_id:
            raise ValueError(f"streams {other!r} and {stream_id!r} share one key; rename one")
        return key

    def _state(self, key: Any) -> list[Any]:
        """Mix a last word, or an array of them, into the pool; draw four words of 64 bits."""
        pool = []
        for before, after, kept in self._rounds:
            value = (key ^ before) * after & _WORD
            value ^= value >> 16
            mixed = (kept - _MIX_RIGHT * value) & _WORD
            pool.append(mixed ^ mixed >> 16)
        state = []
        for word, (before, after) in zip((*pool, *pool), _DRAWN, strict=True):
            value = (word ^ before) * after & _WORD
            state.append(value ^ value >> 16)
        return [low | high << 32 for low, high in zip(state[::2], state[1::2], strict=True)]


class _Hashed(ISeedSequence):
    """The state a generator begins with, hashed already."""

    def __init__(self, state: npt.ArrayLike) -> None:
        self.state = np.asarray(state, np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[np.uint64]:
        """Return the state; what asks is PCG64, for four words of 64 bits."""
        return self.state


def _generator(state: npt.ArrayLike) -> np.random.Generator:
    # The stub of NumPy does not know that any ISeedSequence will do.
    return np.random.Generator(np.random.PCG64(_Hashed(state)))  # type: ignore[arg-type]


def _words(value: int) -> int:
    """Return the words of 32 bits a number has as entropy: one for zero."""
    return max(1, -(-value.bit_length() // 32))
