"""The network between racks of a scenario: fabrics, who shares them, how jobs load them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from simulator.spec.base import Figure, Id, Ratio, Share, Spec
from simulator.spec.quantities import BytesPerSecond, Dollars, PositiveSeconds

__all__ = ["Backbone", "Exchange", "Network", "PodFabric", "Reads", "SiteLink", "Wear"]


class Exchange(Spec):
    """What the chips of a family's jobs send each other beyond their rack."""

    all_to_all: Figure[Share]
    """Share of a chip's traffic that goes to all others alike (experts, embedding tables); the rest
    reduces gradients in rings."""
    replica: Figure[Ratio]
    """Chips that hold one copy of the model, side by side; a ring joins their equals. [chips]"""


class Wear(Spec):
    """How often one of a kind fails, and how long it is away."""

    mtbf: Figure[PositiveSeconds]
    """Mean time between failures of one."""
    mttr: Figure[PositiveSeconds]
    """Mean time to repair it."""


class PodFabric(Spec):
    """A folded Clos of racks, pods and spine, of which each site has its own."""

    label: str
    """Name on figures."""
    source: str = Field(min_length=3)
    """Who says it is wired so."""
    chips: list[Id] = Field(min_length=1)
    """Kinds of chips whose racks share it; racks take its places in order of entry."""
    racks: int = Field(ge=1)
    """Racks of a pod."""
    planes: int = Field(ge=1)
    """Switches of a pod above the racks; each rack has a trunk to each."""
    spines: int = Field(ge=1)
    """Spine switches of each plane; each pod has a trunk to each."""
    rack_oversubscription: Ratio = 1.0
    """Bandwidth of a rack's chips over that of its trunks."""
    pod_oversubscription: Ratio = 1.0
    """Bandwidth of the trunks of a pod's racks over that of its trunks to the spine."""
    port: Figure[BytesPerSecond]
    """Of one switch port, one way."""
    port_price: Figure[Dollars]
    """One switch port with its optic and its half of the cable."""
    wear: dict[
        Literal["rack-switch", "pod-switch", "spine-switch", "rack-trunk", "pod-trunk"], Wear
    ] = Field(default_factory=dict)
    """What fails, by kind; a kind that is not named never does. A host's own link is among the
    host's faults."""


class Reads(Spec):
    """What the jobs of a family read while they train."""

    rate: Figure[BytesPerSecond]
    """Of one chip that goes at full speed."""
    stored: list[Id] = Field(min_length=1)
    """Sites that store it; at others it is read over the backbone, from the nearest of these."""


class SiteLink(Spec):
    """A wide-area link between two sites."""

    ends: list[Id] = Field(min_length=2, max_length=2)
    """The two sites."""
    bandwidth: Figure[BytesPerSecond]
    """Each way."""


class Backbone(Spec):
    """Wide-area links between the sites of a scenario, and what is read over them."""

    source: str = Field(min_length=3)
    """Who says it is wired so."""
    links: list[SiteLink] = Field(min_length=1)
    """The links."""
    reads: dict[Id, Reads]
    """By workload family."""
    wear: dict[Literal["site-link"], Wear] = Field(default_factory=dict)
    """How site links fail; without it they never do."""


class Network(Spec):
    """How the network between racks is looked at."""

    fidelity: Literal["ideal", "tiered", "contended"]
    """``ideal``: distance costs nothing. ``tiered``: a job is slowed by how far it is spread, as if
    alone. ``contended``: jobs share trunks max-min fairly, and trunks and switches fail."""
    exchanges: dict[Id, Exchange]
    """By workload family."""
    fabrics: dict[Id, PodFabric]
    """By id; every chip that is bought belongs to one."""
    backbone: Backbone | None = None
    """Between sites, where ``contended``; without one, every site stores all its runs read."""

    @model_validator(mode="after")
    def _a_chip_has_one_fabric(self) -> Self:
        owner: dict[str, str] = {}
        for name, fabric in self.fabrics.items():
            for chip in fabric.chips:
                if owner.setdefault(chip, name) != name:
                    raise ValueError(f"chip {chip!r} is on {owner[chip]!r} and on {name!r}")
        return self

    def fabric_of(self, chip: str) -> str | None:
        """Return the id of the fabric a chip's racks join, if any."""
        return next((name for name, f in self.fabrics.items() if chip in f.chips), None)
