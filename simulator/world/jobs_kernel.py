"""Compiling: how the engine's functions become machine code, and when that is kept.

Numba looks for changes only in the file of a function it keeps on disk, not in
those of the functions it calls. So only the few ways in (:mod:`jobs_verbs`) are
kept, and they close over a digest of all the source they reach, which numba
makes part of the key they are kept under.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile a function that only compiled functions call.

    It needs no way in from Python, and as nothing here makes arrays, no counts
    of references: both would cost more to compile than the function itself.
    """
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return cast(F, njit(error_model="numpy", **options)(function))


def entry(function: F) -> F:
    """Compile a function that Python calls, and keep it on disk."""
    return cast(F, njit(error_model="numpy", cache=True)(function))


def digest() -> str:
    """Return a digest of all compiled source of this room, and of what it is compiled for."""
    sources = (path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    marks = (b"jobs_kernel import", b"class State(NamedTuple)")
    compiled = [text for text in sources if any(mark in text for mark in marks)]
    return hashlib.sha256(b"".join(compiled)).hexdigest()
