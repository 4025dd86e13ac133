"""A folded Clos of which trunks or planes are down, compiled: whom that touches, and how much.

`simulator.laws.folded` says what these figures mean and checks them against the whole graph.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from simulator.laws.folded_kernel import Floats, Ints, Mask

__all__ = ["beside", "thin", "thinned"]


@njit(cache=True)
def thin(
    begin: Ints,
    end: Ints,
    rack: Ints,
    crosses: Mask,
    pod_of: Ints,
    rack_lost: Mask,
    pod_lost: Mask,
) -> tuple[Mask, Mask]:
    """Which jobs may have fewer trunks than all, and which racks those lie in.

    Parameters
    ----------
    begin, end : ndarray of int, shape (J,)
        Where each job's parts are in *rack*.
    crosses : ndarray of bool, shape (J,)
        Whether it lies in several pods.
    pod_of : ndarray of int
        Pod of each rack.
    rack_lost, pod_lost : ndarray of bool
        Racks and pods whose trunks are not all up.
    """
    found, marked = np.zeros(begin.size, np.bool_), np.zeros(pod_of.size, np.bool_)
    for j in range(begin.size):
        # A rack by itself asks nothing of the planes.
        if end[j] - begin[j] < 2:
            continue
        for k in range(begin[j], end[j]):
            if rack_lost[rack[k]] or (crosses[j] and pod_lost[pod_of[rack[k]]]):
                found[j] = True
                break
        if found[j]:
            for k in range(begin[j], end[j]):
                marked[rack[k]] = True
    return found, marked


@njit(cache=True)
def beside(begin: Ints, end: Ints, rack: Ints, marked: Mask) -> Mask:
    """Which jobs lie in a marked rack; the rest as in `thin`."""
    found = np.zeros(begin.size, np.bool_)
    for j in range(begin.size):
        for k in range(begin[j], end[j]):
            if marked[rack[k]]:
                found[j] = True
                break
    return found


@njit(cache=True)
def thinned(
    begin: Ints,
    end: Ints,
    rack: Ints,
    chosen: Mask,
    pod_of: Ints,
    rack_alive: Mask,
    pod_alive: Mask,
) -> tuple[Floats, Floats]:
    """By how much fewer trunks each job has, of racks and of pods; 0: none.

    Parameters
    ----------
    begin, end, rack : ndarray of int
        Parts of each job; racks ascend.
    chosen : ndarray of bool, shape (J,)
        Those to look at; `thin` finds them. The rest have all.
    pod_of : ndarray of int
        Pod of each rack.
    rack_alive, pod_alive : ndarray of bool, shape (racks, planes), (pods, planes, spines)
        What is up.
    """
    planes, spines = rack_alive.shape[1], pod_alive.shape[2]
    on_rack, on_pod = np.ones(begin.size), np.ones(begin.size)
    up, path = np.empty(planes, np.bool_), np.empty((planes, spines), np.bool_)
    for j in np.flatnonzero(chosen):
        several = pod_of[rack[begin[j]]] != pod_of[rack[end[j] - 1]]
        up[:], path[:], last = True, True, -1
        for k in range(begin[j], end[j]):
            pod = pod_of[rack[k]]
            for p in range(planes):
                up[p] = up[p] and rack_alive[rack[k], p]
            if several and pod != last:
                for p in range(planes):
                    for s in range(spines):
                        path[p, s] = path[p, s] and pod_alive[pod, p, s]
            last = pod
        count, least = 0, spines
        for p in range(planes):
            paths = 0
            for s in range(spines):
                paths += path[p, s]
            if up[p] and paths > 0:
                count += 1
                least = min(least, paths)
        on_rack[j] = planes / count if count > 0 else 0.0
        on_pod[j] = on_rack[j] * spines / least
    return on_rack, on_pod
