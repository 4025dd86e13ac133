"""Interconnects as a file states them: scale-up domains, Clos fabrics, tori, backbones."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from simulator.spec import yamlfile
from simulator.spec.base import Figure, Id, Ratio, Spec
from simulator.spec.explain import explain
from simulator.spec.faults import SpecError, fault, hint
from simulator.spec.quantities import BytesPerSecond, Seconds

__all__ = [
    "Backbone",
    "Clos",
    "Domain",
    "Dragonfly",
    "Fabrics",
    "SiteLink",
    "Torus",
    "load_fabrics",
]


class LinkTerms(Spec):
    """Latency and wear of the links of one tier."""

    latency: Figure[Seconds] | None = None
    """One way, of a link and the switch behind it."""
    mtbf: Figure[Seconds] | None = None
    """Mean time between failures of one link (a trunk as a whole)."""
    mttr: Figure[Seconds] | None = None
    """Mean time to repair it."""


class _Wired(Spec):
    label: str
    """Name on figures."""
    source: str = Field(min_length=3)
    """Who says it is wired so."""
    tiers: dict[str, LinkTerms] = Field(default_factory=dict)
    """Terms of its tiers; tiers that are not named never fail and add no latency."""


class Domain(_Wired):
    """A scale-up domain: every chip on every switch."""

    chips: int = Field(ge=1)
    """Chips of the domain. [chips]"""
    switches: int = Field(ge=1)
    """Parallel switches that join them."""
    chip_bandwidth: Figure[BytesPerSecond]
    """Of one chip, one way, over all switches."""


class Clos(_Wired):
    """A folded Clos of endpoints, racks, pods and spine."""

    pods: int = Field(ge=1)
    """Pods."""
    racks: int = Field(ge=1)
    """Racks (or rail groups) of a pod."""
    hosts: int = Field(ge=1)
    """Endpoints of a rack."""
    chips: int = Field(ge=1)
    """Chips of an endpoint. [chips]"""
    nic_bandwidth: Figure[BytesPerSecond]
    """Scale-out bandwidth of one chip, one way."""
    planes: int = Field(ge=1)
    """Switches of a pod above the racks."""
    spines: int = Field(ge=0, default=0)
    """Spine switches of each plane; 0 with one pod."""
    rails: int = Field(ge=1, default=1)
    """Switches of a rack: 1 is plain, the chips of a host are rail-optimised."""
    rack_oversubscription: Ratio = 1.0
    """Bandwidth below a rack's switches over bandwidth above."""
    pod_oversubscription: Ratio = 1.0
    """Bandwidth below a pod's switches over bandwidth above."""


class Torus(_Wired):
    """Chips that route for each other, wrapped in every dimension."""

    shape: list[int] = Field(min_length=1)
    """Chips along each dimension. [chips]"""
    link_bandwidth: Figure[BytesPerSecond]
    """One link to one neighbour, one way."""


class Dragonfly(_Wired):
    """Groups of routers, all to all inside, one link for each pair of groups."""

    groups: int = Field(ge=1)
    """Groups."""
    routers: int = Field(ge=1)
    """Routers of a group."""
    hosts: int = Field(ge=1)
    """Endpoints of a router."""
    chips: int = Field(ge=1)
    """Chips of an endpoint. [chips]"""
    nic_bandwidth: Figure[BytesPerSecond]
    """Scale-out bandwidth of one chip, one way."""
    local_bandwidth: Figure[BytesPerSecond]
    """Link inside a group, one way."""
    global_bandwidth: Figure[BytesPerSecond]
    """Link between groups, one way."""
    global_links: int = Field(ge=1)
    """Ports of a router that leave its group."""


class SiteLink(Spec):
    """A wide-area link between two sites."""

    ends: list[Id] = Field(min_length=2, max_length=2)
    """The two sites."""
    bandwidth: Figure[BytesPerSecond]
    """One way."""
    terms: LinkTerms = LinkTerms()
    """Latency and wear."""


class Backbone(_Wired):
    """Sites whose fabrics are joined by wide-area links."""

    sites: dict[Id, Id] = Field(min_length=2)
    """Site → its fabric, a name in the same file."""
    site_bandwidth: Figure[BytesPerSecond]
    """Of each site's router towards its fabric, one way."""
    links: list[SiteLink] = Field(min_length=1)
    """The wide-area links."""


class Fabrics(Spec):
    """All fabrics of a file, by kind."""

    domains: dict[Id, Domain] = Field(default_factory=dict)
    """Scale-up domains."""
    clos: dict[Id, Clos] = Field(default_factory=dict)
    """Clos fabrics and fat trees."""
    tori: dict[Id, Torus] = Field(default_factory=dict)
    """Tori."""
    dragonflies: dict[Id, Dragonfly] = Field(default_factory=dict)
    """Dragonflies."""
    backbones: dict[Id, Backbone] = Field(default_factory=dict)
    """Backbones between sites."""

    def names(self) -> list[str]:
        """Return the names of all fabrics, by kind, in order."""
        kinds = (self.domains, self.clos, self.tori, self.dragonflies, self.backbones)
        return [name for kind in kinds for name in kind]


class _File(Spec):
    fabrics: Fabrics


def load_fabrics(path: Path) -> Fabrics:
    """Read the fabrics a YAML file states under ``fabrics:``.

    Raises
    ------
    SpecError
        With every fault of the file: its line, key, value, and the nearest valid name.
    """
    tree = yamlfile.read(path)
    plain = tree.plain()
    if isinstance(plain, dict) and "fabrics" not in plain and {"network", "horizon"} & {*plain}:
        message = (
            "this file is a scenario's, whose fabrics grow with its racks: run it with --set "
            "network.fidelity=contended, and its report shows them under load; this "
            "reads fabrics of fixed size, as scenarios/catalog/fabrics.yaml has them"
        )
        raise SpecError([fault(tree.place, (), message)])
    try:
        fabrics = _File.model_validate(tree.plain()).fabrics
    except ValidationError as error:
        raise SpecError(explain(error, _File, tree)) from None
    found = []
    names = fabrics.names()
    for twice in {name for name in names if names.count(name) > 1}:
        found.append(fault(tree.place, ("fabrics",), f"{twice!r} is the name of two fabrics"))
    inner = [name for name in names if name not in fabrics.backbones]
    for name, backbone in fabrics.backbones.items():
        at = ("fabrics", "backbones", name)
        for site, fabric in backbone.sites.items():
            if fabric not in inner:
                loc = (*at, "sites", site)
                message = f"{fabric!r} is no fabric{hint(fabric, inner)}"
                found.append(fault(tree.place_of(loc), loc, message))
        for k, link in enumerate(backbone.links):
            for end in link.ends:
                if end not in backbone.sites:
                    ends = (*at, "links", k, "ends")
                    message = f"{end!r} is no site{hint(end, backbone.sites)}"
                    found.append(fault(tree.place_of(ends), ends, message))
    if found:
        raise SpecError(found)
    return fabrics
