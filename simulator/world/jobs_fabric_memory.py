"""All arrays of the network's memory, of the elements :mod:`jobs_fabric` describes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs_fabric import MEMBER, N_COUNTS, PLANT, STAND
from simulator.world.jobs_native import MemoryType, header_of

_INT, _REAL, _FLAG = np.int64, np.float64, np.int8

#: The arrays: element and number of dimensions.
ARRAYS: dict[str, tuple[Any, int]] = {
    "count": (_INT, 1),
    # When the next rows of the record are due. [s]
    "due": (_REAL, 1),
    # By run of the engine: its job and since when, as it was last looked at, -1: none; its plant
    # if it is followed, else -1; and what there is to know of it.
    "job": (_INT, 1),
    "started": (_REAL, 1),
    "of": (_INT, 1),
    "member": (MEMBER, 1),
    # The parts of runs: where, how many hosts; and beside them the pods a run crosses.
    "place": (_INT, 1),
    "hosts": (_INT, 1),
    "entry": (_INT, 1),
    "lanes": (_REAL, 1),
    # By pool of the engine; places of their racks, one behind the other; (class, pool).
    "pool": (STAND, 1),
    "pool_place": (_INT, 1),
    "waits": (_REAL, 2),
    "work": (_REAL, 2),
    # By job class: what it sends, and what of the backbone's families it is.
    "all_to_all": (_REAL, 1),
    "replica": (_REAL, 1),
    "family": (_INT, 1),
    "reads": (_REAL, 1),
    "families": (_INT, 1),
    # By plant, then the backbone; costs as `jobs_fabric_shares.share` lists them, sums as `weigh`
    # does, of racks and then of pods.
    "plant": (PLANT, 1),
    "cost": (_REAL, 2),
    "cost_s": (_REAL, 2),
    "sums": (_REAL, 2),
    # By rack's place and by pod, of all plants; marked are racks that may be short.
    "pod_of": (_INT, 1),
    "rack_lost": (_FLAG, 1),
    "marked": (_FLAG, 1),
    "pod_lost": (_FLAG, 1),
    "rack_up": (_FLAG, 1),
    "pod_up": (_FLAG, 1),
    # By bundle; wanted: its load if every run had what it could have alone.
    "capacity": (_REAL, 1),
    "want": (_REAL, 1),
    "peak": (_REAL, 1),
    "mean": (_REAL, 1),
    "whole": (_REAL, 2),
    # By site and family; routes by these, compressed, over links each way.
    "fed": (_REAL, 1),
    "wanted": (_REAL, 1),
    "reached": (_FLAG, 1),
    "away": (_FLAG, 1),
    "routes_at": (_INT, 1),
    "routes_link": (_INT, 1),
    "routes": (_REAL, 1),
    "site_capacity": (_REAL, 1),
}


class Links:
    """All that compiled code sees of the network; arrays that grow make another.

    Parameters
    ----------
    arrays : ndarray
        By name; those not given are empty.
    """

    #: What numba takes it for.
    _numba_type_: ClassVar[MemoryType] = MemoryType("Links", ARRAYS)

    def __init__(self, **arrays: NDArray[Any]) -> None:
        kept: dict[str, NDArray[Any]] = {"count": np.zeros(N_COUNTS, _INT)}
        for name, (dtype, ndim) in ARRAYS.items():
            given = arrays.get(name, kept.get(name, np.zeros((0,) * ndim, dtype)))
            kept[name] = np.ascontiguousarray(given, dtype)
            if kept[name].ndim != ndim:
                raise TypeError(f"{name} has become an array of {kept[name].ndim} dimensions")
        self.arrays = kept
        self._header = header_of(kept)
        self.address = self._header.ctypes.data

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def with_arrays(self, **changed: NDArray[Any]) -> Links:
        """Return the memory with some arrays changed for others."""
        return Links(**{**self.arrays, **changed})


#: Of engines without a network.
NONE = Links()
