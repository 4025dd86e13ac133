"""Saying that the engine is being compiled, which happens once and takes long."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from simulator.world.jobs_verbs import compiled

#: Set when there is nothing more to say: it was said, or all is compiled.
_QUIET = threading.Event()
_PATIENCE_S = 1.5
_NOTHING = nullcontext()


def notice_of_compiling() -> AbstractContextManager[None]:
    """Say so on standard error, once, when a call takes long because it is compiled first."""
    return _NOTHING if _QUIET.is_set() else _notice()


@contextmanager
def _notice() -> Generator[None]:
    notice = threading.Timer(_PATIENCE_S, _tell)
    notice.daemon = True
    notice.start()
    try:
        yield
    finally:
        notice.cancel()
        # Numba takes long to name its signatures, so they are not looked at every time.
        if compiled.advance.signatures and compiled.settle.signatures:
            _QUIET.set()


def _tell() -> None:
    _QUIET.set()
    sys.stderr.write("siliconmix: compiling the job engine; this happens once\n")
