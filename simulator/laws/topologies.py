"""How interconnects are wired: scale-up domains, Clos fabrics, tori, dragonflies, backbones.

Builders take counts and bandwidths and return a `Fabric`; the published numbers are in the
catalogue. Endpoints come out in an order such that the first and the second half of them are what
the fabric's own bisection separates (whole pods, slabs across a torus's longest side; of a
backbone, whole sites if they are alike and even in number).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import numpy as np

from simulator.laws.fabric import Fabric, Tier, Wiring

__all__ = ["backbone", "clos", "dragonfly", "fat_tree", "scale_up_domain", "torus"]

_NO_TIERS: Mapping[str, Tier] = {}


def _positive(**named: float) -> None:
    for name, value in named.items():
        if not value > 0:
            raise ValueError(f"{name} must be > 0, got {value:g}")


def scale_up_domain(
    chips: int, switches: int, chip_b_per_s: float, tiers: Mapping[str, Tier] = _NO_TIERS
) -> Fabric:
    """Return a scale-up domain: each chip on every switch, non-blocking (NVLink, NVL72, MTIA).

    Parameters
    ----------
    chips, switches : int
        Chips of the domain and parallel switches that join them. [1]
    chip_b_per_s : float
        Of one chip, one way, over all switches. [B/s]
    tiers : mapping
        Latency and wear of tier ``domain``.

    Raises
    ------
    ValueError
        If a count or the bandwidth is not above zero.

    Examples
    --------
    >>> nvl72 = scale_up_domain(72, 18, 900e9)
    >>> nvl72.capacity_b_per_s[0].item() / 1e9, nvl72.chips.sum().item()
    (50.0, 72)
    """
    _positive(chips=chips, switches=switches, chip_b_per_s=chip_b_per_s)
    w = Wiring(tiers)
    ends = [w.node(f"chip{k}", chips=1) for k in range(chips)]
    tops = [w.node(f"switch{k}") for k in range(switches)]
    for end, top in product(ends, tops):
        w.link(end, top, chip_b_per_s / switches, "domain")
    return w.done(tops)


def clos(
    pods: int,
    racks: int,
    hosts: int,
    chips: int,
    nic_b_per_s: float,
    *,
    planes: int,
    spines: int = 0,
    rails: int = 1,
    rack_oversubscription: float = 1.0,
    pod_oversubscription: float = 1.0,
    tiers: Mapping[str, Tier] = _NO_TIERS,
) -> Fabric:
    """Return a folded Clos of hosts, racks, pods and spine, plain or rail-optimised.

    Each rack has one switch, or *rails* of them with chip ``k`` of a host on rail ``k mod rails``;
    each of those has a trunk to every one of the pod's *planes* switches; switch ``p`` of each pod
    has a trunk to each of the *spines* of plane ``p``.

    Parameters
    ----------
    pods, racks, hosts, chips : int
        Pods; racks of a pod; endpoints of a rack; chips of an endpoint. [1]
    nic_b_per_s : float
        Scale-out bandwidth of one chip, one way. [B/s]
    planes, spines : int
        Switches of a pod; spine switches of each plane (none with a single pod). [1]
    rails : int
        Switches of a rack; 1 is plain, the chips of a host are rail-optimised. [1]
    rack_oversubscription, pod_oversubscription : float
        Bandwidth below the rack (pod) switches over bandwidth above. [1]
    tiers : mapping
        Latency and wear of tiers ``nic``, ``rack`` and ``pod``.

    Raises
    ------
    ValueError
        If a count, bandwidth or ratio is not above zero, or several pods have no spine.

    Examples
    --------
    The published 24K-GPU RoCE cluster: 16 GPUs a rack, 3,072 a pod, 1:7 above.

    >>> roce = clos(8, 192, 2, 8, 50e9, planes=16, spines=4, pod_oversubscription=7)
    >>> roce.chips.sum().item(), roce.switches.size
    (24576, 1728)
    """
    _positive(pods=pods, racks=racks, hosts=hosts, chips=chips, nic_b_per_s=nic_b_per_s)
    _positive(planes=planes, rails=rails, rack_oversubscription=rack_oversubscription)
    _positive(pod_oversubscription=pod_oversubscription)
    if (pods > 1) != (spines > 0):
        raise ValueError(f"spines must be > 0 with several pods and 0 with one, got {spines}")
    w = Wiring(tiers)
    host_b_per_s = chips * nic_b_per_s
    rack_up = hosts * host_b_per_s / rack_oversubscription
    pod_up = racks * rack_up / pod_oversubscription
    lower: list[int] = []
    upper: list[int] = []
    for pod in range(pods):
        layer = [w.node(f"pod{pod}/plane{p}") for p in range(planes)]
        upper += layer
        for rack in range(racks):
            name = f"pod{pod}/rack{rack}"
            leaves = [w.node(f"{name}/switch{r}") for r in range(rails)]
            lower += leaves
            for host in range(hosts):
                end = w.node(f"{name}/host{host}", chips=chips)
                for leaf in leaves:
                    w.link(end, leaf, host_b_per_s / rails, "nic")
            for leaf, top in product(leaves, layer):
                w.link(leaf, top, rack_up / rails / planes, "rack")
    if not spines:
        return w.done(upper)
    spine = [[w.node(f"plane{p}/spine{s}") for s in range(spines)] for p in range(planes)]
    for pod, p, s in product(range(pods), range(planes), range(spines)):
        w.link(upper[pod * planes + p], spine[p][s], pod_up / planes / spines, "pod")
    return w.done([node for plane in spine for node in plane])


def fat_tree(
    k: int, nic_b_per_s: float, chips: int = 1, tiers: Mapping[str, Tier] = _NO_TIERS
) -> Fabric:
    """Return the k-ary fat tree of Al-Fares et al. (2008), doi:10.1145/1402958.1402967.

    Parameters
    ----------
    k : int
        Ports of a switch, even: ``k**3 / 4`` hosts on ``5 k**2 / 4`` switches. [1]
    nic_b_per_s : float
        Bandwidth of a chip, one way. [B/s]
    chips : int
        Chips of a host. [1]
    tiers : mapping
        As in `clos`.

    Raises
    ------
    ValueError
        If *k* is odd or below 2.

    Examples
    --------
    >>> tree = fat_tree(4, 1e9)
    >>> tree.endpoints.size, tree.switches.size
    (16, 20)
    """
    if k < 2 or k % 2:
        raise ValueError(f"k must be even and >= 2, got {k}")
    half = k // 2
    return clos(k, half, half, chips, nic_b_per_s, planes=half, spines=half, tiers=tiers)


def torus(
    shape: Sequence[int], link_b_per_s: float, tiers: Mapping[str, Tier] = _NO_TIERS
) -> Fabric:
    """Return a torus of chips that route for each other, wrapped in every dimension.

    Parameters
    ----------
    shape : sequence of int
        Chips along each dimension. The halves of the bisection are across the first of the
        longest. [chips]
    link_b_per_s : float
        One link to one neighbour, one way. [B/s]
    tiers : mapping
        Latency and wear of tier ``torus``.

    Raises
    ------
    ValueError
        If a dimension or the bandwidth is not above zero.

    Examples
    --------
    >>> cube = torus((4, 4, 4), 45e9)
    >>> len(cube.nodes), cube.tail.size
    (64, 192)
    """
    _positive(link_b_per_s=link_b_per_s, **{f"shape[{k}]": n for k, n in enumerate(shape)})
    w = Wiring(tiers)
    sides = sorted(shape, reverse=True)
    index = {
        at: w.node("chip" + "-".join(map(str, at)), chips=1, forwards=True)
        for at in product(*(range(n) for n in sides))
    }
    for at, here in index.items():
        for axis, side in enumerate(sides):
            ahead = (*at[:axis], (at[axis] + 1) % side, *at[axis + 1 :])
            # On a side of two both directions reach the same neighbour: one trunk of two.
            if side > 2 or (side == 2 and at[axis] == 0):
                lanes = 2 if side == 2 else 1
                w.link(here, index[ahead], lanes * link_b_per_s, "torus", lanes)
    return w.done(list(index.values()))


def dragonfly(
    groups: int,
    routers: int,
    hosts: int,
    chips: int,
    nic_b_per_s: float,
    *,
    local_b_per_s: float,
    global_b_per_s: float,
    global_links: int,
    tiers: Mapping[str, Tier] = _NO_TIERS,
) -> Fabric:
    """Return a dragonfly (Kim et al. 2008, doi:10.1109/ISCA.2008.19), shortest paths only.

    Routers of a group are joined all to all, and each pair of groups by one link; a router has at
    most *global_links* of those.

    Parameters
    ----------
    groups, routers, hosts, chips : int
        Groups; routers of a group; hosts of a router; chips of a host. [1]
    nic_b_per_s, local_b_per_s, global_b_per_s : float
        One way: of a chip, of a link inside a group, of a link between groups. [B/s]
    global_links : int
        Ports of a router that leave its group. [1]
    tiers : mapping
        Latency and wear of tiers ``nic``, ``local`` and ``global``.

    Raises
    ------
    ValueError
        If there are more groups than global links can join.

    Examples
    --------
    >>> small = dragonfly(9, 4, 2, 1, 25e9, local_b_per_s=25e9, global_b_per_s=25e9, global_links=2)
    >>> small.endpoints.size, small.tail.size
    (72, 162)
    """
    _positive(groups=groups, routers=routers, hosts=hosts, chips=chips, nic_b_per_s=nic_b_per_s)
    _positive(local_b_per_s=local_b_per_s, global_b_per_s=global_b_per_s)
    if groups > routers * global_links + 1:
        most = routers * global_links + 1
        raise ValueError(f"groups must be <= {most} (routers x global_links + 1), got {groups}")
    w = Wiring(tiers)
    table = [[w.node(f"group{g}/router{r}") for r in range(routers)] for g in range(groups)]
    for g, row in enumerate(table):
        for r, router in enumerate(row):
            for h in range(hosts):
                end = w.node(f"group{g}/router{r}/host{h}", chips=chips)
                w.link(end, router, chips * nic_b_per_s, "nic")
        for a, b in combinations(row, 2):
            w.link(a, b, local_b_per_s, "local")
    for g, far in combinations(range(groups), 2):
        # The way from g to far is the (far - g - 1)th of g's ports, and conversely.
        a = table[g][(far - g - 1) % groups % routers]
        b = table[far][(g - far - 1) % groups % routers]
        w.link(a, b, global_b_per_s, "global")
    return w.done([node for row in table for node in row])


def backbone(
    sites: Mapping[str, Fabric],
    links: Sequence[tuple[str, str, float, Tier]],
    site_b_per_s: Mapping[str, float],
    tiers: Mapping[str, Tier] = _NO_TIERS,
) -> Fabric:
    """Return several sites' fabrics joined by a wide-area backbone.

    Each site gains a router joined to its fabric's top layer; routers are joined as listed.

    Parameters
    ----------
    sites : mapping
        Fabric of each site.
    links : sequence of (site, site, capacity, Tier)
        Wide-area links, each way [B/s], with their own latency and wear.
    site_b_per_s : mapping
        Bandwidth of each site's router towards its fabric, in all, one way. [B/s]
    tiers : mapping
        Latency and wear of tier ``site``, between fabric and router.

    Raises
    ------
    KeyError
        If a link or a bandwidth names no site.
    """
    w = Wiring(tiers)
    router: dict[str, int] = {}
    for name, part in sites.items():
        tops = part.gateways + w.add(part, name)
        router[name] = w.node(f"{name}/router")
        _positive(**{f"site_b_per_s[{name}]": site_b_per_s[name]})
        for top in np.asarray(tops):
            w.link(int(top), router[name], site_b_per_s[name] / tops.size, "site")
    for a, b, capacity_b_per_s, terms in links:
        w.link(router[a], router[b], capacity_b_per_s, "backbone", terms=terms)
    return w.done(list(router.values()))
