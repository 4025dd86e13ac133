"""How full a plant's bundles are and what it costs the runs, added up between changes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded_kernel import weigh
from simulator.units import DAY_S
from simulator.world.recorder import Recorder

__all__ = ["Shared", "Tally"]

Floats = NDArray[np.float64]

#: A row is written at the first change so long after the one before. [s]
_ROW_S = DAY_S
#: A bundle so full is hot: nothing more gets through. [1]
_FULL = 0.999


class Shared(Protocol):
    """Bundles that runs share: a plant's, or those between sites."""

    name: str

    @property
    def opened(self) -> int:
        """How much stands; nothing is told of what does not."""

    @property
    def capacity_b_per_s(self) -> Floats:
        """Of each bundle."""

    def spans(self) -> dict[str, slice]:
        """Bundles by tier."""

    def bundle(self, row: int) -> str:
        """Name of a bundle."""

    def lost_share(self) -> float:
        """Share of what is there that is down. [1]"""


class Tally:
    """The account of one plant.

    What holds between two changes is weighed by its time, so that rows add up to the whole though
    they are fewer than the changes.

    Invariant: what is in the account is what held from the last row to the last change.

    Parameters
    ----------
    plant : Shared
    record : Recorder
    """

    def __init__(self, plant: Shared, record: Recorder) -> None:
        self.plant = plant
        self.record = record
        self.site, _, self.fabric = plant.name.partition("/")
        bundles = plant.capacity_b_per_s.size
        self._since_s = self._row_s = 0.0
        #: Runs, of them slowed, work not done for the fabric's sake and for the neighbours',
        #: share of trunks down; and their integrals.
        self._cost, self._cost_s = np.zeros(5), np.zeros(5)
        #: Loads from bundle *first* on; those before carry nothing.
        self._first, self._peak, self._mean = 0, np.zeros(bundles), np.zeros(bundles)
        #: As `weigh` adds them up, by tier.
        self._sums: dict[str, Floats] = {}
        #: Of the whole run, by bundle, likewise.
        self._whole = np.zeros((3, bundles))

    @property
    def cost_rce(self) -> float:
        """Work a second that is not done now."""
        return float(self._cost[2] + self._cost[3])

    def fullness(self) -> Floats:
        """Load over capacity of each bundle while runs exchange, now. [1]"""
        whole = np.zeros(self.plant.capacity_b_per_s.size)
        whole[self._first :] = self._peak
        return whole / np.maximum(self.plant.capacity_b_per_s, 1.0)

    def change(self, t_s: float) -> None:
        """Account for what held until now; to be called before anything else is set."""
        span_s = t_s - self._since_s
        if span_s <= 0:
            return
        if self.plant.opened:
            self._weigh(span_s)
        self._since_s = t_s
        if t_s - self._row_s >= _ROW_S:
            self._write(t_s)

    def set(self, cost: tuple[float, float, float, float], peak: Floats, mean: Floats) -> None:
        """Tell what holds from now on; loads by bundle, of pods alone if there are only those."""
        self._cost[:4] = cost
        self._cost[4] = self.plant.lost_share()
        self._first = self.plant.capacity_b_per_s.size - peak.size
        self._peak, self._mean = peak, mean

    def close(self, horizon_s: float) -> None:
        """Write what is left, and a row for each bundle that ever stood."""
        self.change(horizon_s)
        if self._row_s < horizon_s:
            self._write(horizon_s)
        plant = self.plant
        for tier, span in self.plant.spans().items():
            capacity, mean, full = self._whole[:, span]
            for k in np.flatnonzero(capacity).tolist():
                self.record(
                    "bundles",
                    site=self.site,
                    fabric=self.fabric,
                    tier=tier,
                    element=plant.bundle(span.start + k),
                    capacity_b=float(capacity[k]),
                    mean_b=float(mean[k]),
                    full_s=float(full[k]),
                )

    def _weigh(self, span_s: float) -> None:
        self._cost_s += self._cost * span_s
        capacity = self.plant.capacity_b_per_s
        for tier, span in self.plant.spans().items():
            peak, mean = self._load(self._peak, span), self._load(self._mean, span)
            sums = self._sums.setdefault(tier, np.zeros(6))
            weigh(span_s, _FULL, capacity[span], peak, mean, self._whole[:, span], sums)

    def _load(self, load: Floats, span: slice) -> Floats:
        """The bundles of a tier; a plant that became tight or hurt counts more than it did."""
        if span.start < self._first:
            return np.zeros(span.stop - span.start)
        return load[span.start - self._first : span.stop - self._first]

    def _write(self, t_s: float) -> None:
        began_s, span_s = self._row_s, t_s - self._row_s
        self._row_s = t_s
        if self._sums:
            common = {"t_s": began_s, "span_s": span_s, "site": self.site, "fabric": self.fabric}
            names = ("runs", "slowed", "by_fabric_rce", "by_neighbours_rce", "down_share")
            means = (self._cost_s / span_s).tolist()
            self.record("contention", **common, **dict(zip(names, means, strict=True)))
            for tier, sums in self._sums.items():
                names = ("bundles", "hot", "capacity_b_per_s", "peak_b_per_s", "mean_b_per_s")
                means = (sums[:5] / span_s).tolist()
                row = dict(zip(names, means, strict=True))
                self.record("links", **common, tier=tier, hottest=float(sums[5]), **row)
        self._sums.clear()
        self._cost_s[:] = 0.0
