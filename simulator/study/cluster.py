"""Tasks on a Dask cluster, as an executor like any other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


@contextmanager
def cluster(address: str, timeout_s: float = 30.0) -> Iterator[Executor]:
    """Connect to a Dask scheduler.

    A worker that is lost is made good by the others. Every worker needs this package, the
    same versions, and the folder of results under the same path.

    Parameters
    ----------
    address : str
        Such as ``tcp://HOST:8786``.
    timeout_s : float
        How long to wait for it. [s]

    Raises
    ------
    ModuleNotFoundError
        If the optional extra ``cluster`` is not installed.
    OSError
        If nobody answers there.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "a cluster needs the optional extra: pip install 'siliconmix[cluster]'"
        ) from missing
    with Client(address, timeout=timeout_s, set_as_default=False) as client:
        yield client.get_executor(pure=False)
