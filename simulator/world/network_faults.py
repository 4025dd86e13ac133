"""Trunks and switches fail and are repaired: what crosses is slowed, what is cut is stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, Protocol

import numpy as np
import simpy

from simulator.spec.network import Wear
from simulator.world.clock import At
from simulator.world.recorder import Recorder

__all__ = ["Outages"]


class Worn(Protocol):
    """What has elements that fail: a plant, or the links between sites."""

    name: str

    @property
    def spec(self) -> Wearing:
        """How they fail."""

    def count(self, kind: str) -> int:
        """How many of a kind stand."""

    def element(self, kind: str, number: int) -> str:
        """Name of one of a kind."""

    def fail(self, kind: str, number: int) -> None:
        """Take one down."""

    def repair(self, kind: str, number: int) -> None:
        """End one fault of what `fail` took down."""


class Wearing(Protocol):
    """What says how elements fail, by kind."""

    @property
    def wear(self) -> Mapping[Any, Wear]:
        """Time between failures and to repair."""


class Outages:
    """What fails in one plant.

    Invariant: what is down in the plant is what has failed and is not repaired yet.

    Parameters
    ----------
    env : simpy.Environment
    plant : Worn
    changed : callable
        Called when something failed or came back; returns how many runs it stopped, the work
        they lost and the work a second that is not done from then on.
    streams : callable
        Returns the generator that owns the faults of a kind.
    record : Recorder
    """

    def __init__(
        self,
        env: simpy.Environment,
        plant: Worn,
        changed: Callable[[], tuple[int, float, float]],
        streams: Callable[[str], np.random.Generator],
        record: Recorder,
    ) -> None:
        self.env = env
        self.plant = plant
        self.changed = changed
        self.streams = streams
        self.record = record
        self._grown = env.event()

    def start(self) -> None:
        """Let every kind that wears begin to."""
        for kind, wear in self.plant.spec.wear.items():
            self.env.process(self._wear_out(kind, wear))

    def grown(self) -> None:
        """Tell that the plant has more to fail than before."""
        self._grown.succeed()
        self._grown = self.env.event()

    def break_down(
        self, kind: str, number: int, repair_s: float
    ) -> Generator[simpy.Event, Any, None]:
        """Take down one of a kind for so long."""
        self.plant.fail(kind, number)
        self._tell(kind, number, "down")
        yield At(self.env, self.env.now + repair_s)
        self.plant.repair(kind, number)
        self._tell(kind, number, "up")

    def _wear_out(self, kind: str, wear: Wear) -> Generator[simpy.Event, Any, None]:
        """Let any one of a kind fail, each as likely, at a rate that grows with their number."""
        rng = self.streams(kind)
        while True:
            left = float(rng.exponential())
            while True:
                count, began = self.plant.count(kind), self.env.now
                if count:
                    due_s = began + left * wear.mtbf.value / count
                    yield At(self.env, due_s) | self._grown
                    left -= (self.env.now - began) * count / wear.mtbf.value
                    if self.env.now >= due_s:
                        break
                else:
                    yield self._grown
            # Always two draws, so that what fails next does not hang on what stands.
            which, repair_s = float(rng.random()), float(rng.exponential(wear.mttr.value))
            number = int(which * self.plant.count(kind))
            self.env.process(self.break_down(kind, number, repair_s))

    def _tell(self, kind: str, number: int, state: str) -> None:
        stopped, lost_rce_s, slower_rce = self.changed()
        site, _, fabric = self.plant.name.partition("/")
        self.record(
            "outages",
            t_s=float(self.env.now),
            site=site,
            fabric=fabric,
            kind=kind,
            element=self.plant.element(kind, number),
            state=state,
            stopped=stopped,
            lost_rce_s=lost_rce_s,
            slower_rce=slower_rce,
        )
