"""How full a plant's bundles are and what it costs the runs, added up between changes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.world.jobs_verbs import compiled
from simulator.world.network_memory import Memory
from simulator.world.recorder import Recorder

__all__ = ["Shared", "Tally"]

Floats = NDArray[np.float64]


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
    """The account of one plant, as compiled code adds it up.

    What holds between two changes is weighed by its time, so that rows add up to the whole though
    they are fewer than the changes.

    Invariant: what is in the account is what held from the last row to when it was last weighed.

    Parameters
    ----------
    plant : Shared
    record : Recorder
    memory : Memory
    number : int
        Of the plant there.
    """

    def __init__(self, plant: Shared, record: Recorder, memory: Memory, number: int) -> None:
        self.plant = plant
        self.record = record
        self._memory, self._number = memory, number
        self.site, _, self.fabric = plant.name.partition("/")
        self._row_s = 0.0

    @property
    def cost_rce(self) -> float:
        """Work a second that is not done now."""
        return float(self._memory.links["cost"][self._number, 2:4].sum())

    @property
    def peak_b_per_s(self) -> Floats:
        """Load of each bundle while runs exchange, now."""
        return self._memory.links["peak"][self._rows()]

    def weigh(self, t_s: float) -> None:
        """Account for what held until now; to be called before anything else is set."""
        compiled.weigh_network(self._memory.links, self._number, t_s)

    def write(self, t_s: float) -> None:
        """Write a row of what held since the last."""
        self.weigh(t_s)
        began_s, span_s = self._row_s, t_s - self._row_s
        if span_s <= 0:
            return
        self._row_s = t_s
        if not self.plant.opened:
            return
        links, k = self._memory.links, self._number
        tiers = list(self.plant.spans())
        sums = dict(zip(tiers, np.split(links["sums"][k], 2)[-len(tiers) :], strict=True))
        if sums[tiers[-1]][0] > 0:
            common = {"t_s": began_s, "span_s": span_s, "site": self.site, "fabric": self.fabric}
            names = ("runs", "slowed", "by_fabric_rce", "by_neighbours_rce", "down_share")
            means = (links["cost_s"][k] / span_s).tolist()
            self.record("contention", **common, **dict(zip(names, means, strict=True)))
            for tier, found in sums.items():
                names = ("bundles", "hot", "capacity_b_per_s", "peak_b_per_s", "mean_b_per_s")
                means = (found[:5] / span_s).tolist()
                row = dict(zip(names, means, strict=True))
                self.record("links", **common, tier=tier, hottest=float(found[5]), **row)
        links["sums"][k] = links["cost_s"][k] = 0.0

    def close(self, horizon_s: float) -> None:
        """Write what is left, and a row for each bundle that ever stood."""
        self.write(horizon_s)
        plant, whole = self.plant, self._memory.links["whole"][:, self._rows()]
        for tier, span in plant.spans().items():
            capacity, mean, full = whole[:, span]
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

    def _rows(self) -> slice:
        first = int(self._memory.links["plant"]["row"][self._number])
        return slice(first, first + self.plant.capacity_b_per_s.size)
