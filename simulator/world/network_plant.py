"""One site's fabric: the pods its racks fill, what of it is alive, and how runs share it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.laws.folded import Alive, Parts, Senders, Shared, share_trunks
from simulator.spec.network import PodFabric

__all__ = ["KINDS", "Plant"]

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: What can fail, as `PodFabric.wear` names it.
KINDS = ("rack-switch", "pod-switch", "spine-switch", "rack-trunk", "pod-trunk")


class Plant:
    """A folded Clos whose pods are opened as racks come.

    Invariant: a pod is opened whole for racks of one pool, its places are filled in order and its
    trunks to the spine grow with its racks; what is alive is what no fault holds down.

    Parameters
    ----------
    name : str
        Site and fabric, ``site/fabric``.
    spec : PodFabric
    pods : int
        Pods there can ever be. [1]
    """

    def __init__(self, name: str, spec: PodFabric, pods: int) -> None:
        self.name = name
        self.spec = spec
        self.pods = pods
        self.places = pods * spec.racks
        self.opened = 0
        #: Changes so far of what stands or is alive: an answer holds while this stays.
        self.version = 0
        self.pod_of = np.arange(self.places) // spec.racks
        self.capacity_b_per_s = np.zeros(self.places + pods)
        shapes: dict[str, tuple[int, ...]] = {
            "rack-switch": (self.places,),
            "pod-switch": (pods, spec.planes),
            "spine-switch": (spec.planes, spec.spines),
            "rack-trunk": (self.places, spec.planes),
            "pod-trunk": (pods, spec.planes, spec.spines),
        }
        self._faults = {kind: np.zeros(shape, np.int16) for kind, shape in shapes.items()}
        self._down = 0
        self._alive: Alive | None = None
        #: Racks and pods whose trunks are not all up.
        self._lost, self._lost_pod = np.zeros(self.places, bool), np.zeros(pods, bool)

    @property
    def tight(self) -> bool:
        """Whether any run inside a pod may be short of bandwidth, all being well."""
        return self.spec.rack_oversubscription > 1

    @property
    def hurt(self) -> bool:
        """Whether anything is down."""
        return self._alive is not None

    def open(self) -> int:
        """Open the next pod and return its first place.

        Raises
        ------
        ValueError
            If the fabric has no more.
        """
        if self.opened == self.pods:
            raise ValueError(f"fabric {self.name!r} has {self.pods} pods, all of them in use")
        self.opened += 1
        self._look()
        return (self.opened - 1) * self.spec.racks

    def enter(self, places: Ints, rack_b_per_s: float) -> None:
        """Put racks on their places; *rack_b_per_s*: of all chips of one into the fabric."""
        up_b_per_s = rack_b_per_s / self.spec.rack_oversubscription
        self.capacity_b_per_s[places] = up_b_per_s
        pods, count = np.unique(self.pod_of[places], return_counts=True)
        above = count * up_b_per_s / self.spec.pod_oversubscription
        self.capacity_b_per_s[self.places + pods] += above
        self.version += 1

    def count(self, kind: str) -> int:
        """How many of a kind stand by now: those of the pods that are open."""
        spec, opened = self.spec, self.opened
        return {
            "rack-switch": opened * spec.racks,
            "pod-switch": opened * spec.planes,
            "spine-switch": spec.planes * spec.spines if opened else 0,
            "rack-trunk": opened * spec.racks * spec.planes,
            "pod-trunk": opened * spec.planes * spec.spines,
        }[kind]

    def fail(self, kind: str, number: int) -> None:
        """Take down one of a kind, by its number in `count`."""
        self._faults[kind].flat[number] += 1
        self._down += 1
        self._look()

    def repair(self, kind: str, number: int) -> None:
        """End one fault of what `fail` took down.

        Raises
        ------
        ValueError
            If it is not down.
        """
        if self._faults[kind].flat[number] < 1:
            raise ValueError(f"{self.element(kind, number)} of {self.name!r} is not down")
        self._faults[kind].flat[number] -= 1
        self._down -= 1
        self._look()

    def element(self, kind: str, number: int) -> str:
        """Return the name of one of a kind, as the graph of the fabric has it."""
        at = [int(k) for k in np.unravel_index(number, self._faults[kind].shape)]
        if kind == "pod-switch":
            return f"pod{at[0]}/plane{at[1]}"
        if kind == "spine-switch":
            return f"plane{at[0]}/spine{at[1]}"
        if kind == "pod-trunk":
            return f"pod{at[0]}/plane{at[1]} -- plane{at[1]}/spine{at[2]}"
        rack = f"pod{at[0] // self.spec.racks}/rack{at[0] % self.spec.racks}"
        if kind == "rack-switch":
            return f"{rack}/switch0"
        return f"{rack}/switch0 -- pod{at[0] // self.spec.racks}/plane{at[1]}"

    def spans(self) -> dict[str, slice]:
        """Bundles by tier; those of racks are told only where they can be short."""
        spans = {"pod": slice(self.places, self.places + self.opened)}
        if self.tight:
            spans = {"rack": slice(0, self.opened * self.spec.racks), **spans}
        return spans

    def bundle(self, row: int) -> str:
        """Return the name of a bundle: that of a rack's trunks, then of a pod's after all racks."""
        if row >= self.places:
            return f"pod{row - self.places}"
        return f"pod{row // self.spec.racks}/rack{row % self.spec.racks}"

    def isolated(self) -> Ints:
        """Places of the racks that no plane joins to their pod."""
        if self._alive is None:
            return np.empty(0, np.int64)
        lost = np.flatnonzero(self._lost)
        return lost[~self._alive.rack[lost].any(axis=1)]

    def lost_share(self) -> float:
        """Share of the trunks of open pods to the spine that are down. [1]"""
        if self._alive is None or not self.opened:
            return 0.0
        return float(1 - self._alive.pod.mean())

    @property
    def lost(self) -> tuple[Mask, Mask]:
        """Racks and pods whose trunks are not all up."""
        if self._alive is None:
            return np.zeros(self.places, bool), np.zeros(self.pods, bool)
        return self._lost, self._lost_pod

    @property
    def up(self) -> tuple[Mask, Mask]:
        """What of the trunks of racks and pods is up, as `Alive` has it, of the open pods."""
        if self._alive is None:
            none = np.ones((0, 0), bool)
            return none, none
        return self._alive

    def share(self, parts: Parts, senders: Senders) -> Shared:
        """Share all trunks among runs that lie on these places."""
        return share_trunks(parts, senders, self.pod_of, self.capacity_b_per_s, self._alive)

    def _look(self) -> None:
        """Bring what is alive up to date after a change."""
        self.version += 1
        if not self._down:
            self._alive = None
            return
        # Only what is open: most of a young site's pods are not.
        pods, racks = slice(self.opened), slice(self.opened * self.spec.racks)
        faults = self._faults
        plane = faults["pod-switch"][pods] > 0
        rack = (faults["rack-trunk"][racks] > 0) | (faults["rack-switch"][racks, None] > 0)
        pod = (faults["pod-trunk"][pods] > 0) | plane[:, :, None] | (faults["spine-switch"] > 0)
        self._alive = Alive(~(rack | plane[self.pod_of[racks]]), ~pod)
        self._lost, self._lost_pod = np.zeros(self.places, bool), np.zeros(self.pods, bool)
        self._lost[racks] = ~self._alive.rack.all(axis=1)
        self._lost_pod[pods] = pod.any(axis=(1, 2))
