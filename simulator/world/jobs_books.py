"""Books of the engine that grow with the world: hosts in service, and time down between edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.world.jobs_arrays import State

Floats = NDArray[np.float64]


class HostBooks:
    """Hosts in service and down, as they change.

    Parameters
    ----------
    edges_s : array_like, optional
        Ascending times between which down time is integrated; by default from
        zero to the horizon. [s]
    """

    def __init__(self, edges_s: ArrayLike | None) -> None:
        self._edges = None if edges_s is None else np.asarray(edges_s, float)
        self._edge = 0
        self._down_at_edge: list[Floats] = []
        self._series: list[tuple[float, int, int, int]] = []

    def note(self, st: State, pool: int, now_s: float) -> None:
        """Write down the hosts of a pool after a change by the world."""
        up, down = (int(st.pool[pool][name]) for name in ("up", "down"))
        self._series.append((now_s, pool, up + down, down))

    def next_edge_s(self) -> float:
        """Return the next edge; inf: none is left. [s]."""
        if self._edges is None or self._edge == len(self._edges):
            return np.inf
        return float(self._edges[self._edge])

    def pass_edges(self, st: State, t_s: float) -> None:
        """Note down time at every edge up to a time that the jobs have reached."""
        while (edge_s := self.next_edge_s()) <= t_s and np.isfinite(edge_s):
            self._down_at_edge.append(_down_s(st, edge_s))
            self._edge += 1

    def close(self, st: State, end_s: float) -> None:
        """Note what is left at the end of the run."""
        self.pass_edges(st, end_s)
        if self._edges is None:
            self._down_at_edge = [np.zeros(len(st.pool)), _down_s(st, end_s)]

    def series(self) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """Return the hosts of each pool, a row a change."""
        rows = np.array(self._series, float).reshape(-1, 4)
        names = ("pool", "hosts_in_service", "hosts_down")
        columns = {name: rows[:, i + 1].astype(np.int64) for i, name in enumerate(names)}
        return {"t_s": rows[:, 0]} | columns

    def host_down_s(self, pools: int) -> Floats:
        """Return the integral of hosts down, shape (pools, edges - 1). [host s]."""
        # Pools that came later had none before.
        edges = [np.pad(e, (0, pools - len(e))) for e in self._down_at_edge]
        return np.diff(np.stack(edges), axis=0).T


def _down_s(st: State, t_s: float) -> Floats:
    """Integral of hosts down up to a time the jobs have reached. [host s]."""
    return np.asarray(st.pool["down_s"] + (t_s - st.pool["since"]) * st.pool["down"], np.float64)
